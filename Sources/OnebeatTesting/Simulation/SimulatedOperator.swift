import Onebeat
import Synchronization

/// The people who edit, pause, remove and run jobs while the cluster is in trouble, all at once and each with the file as
/// it was when they last looked, and try again until the store says that it is done.
final class SimulatedOperator: Sendable {
    private let store: any Store
    private let time: VirtualTime
    private let dice: Dice
    private let schedules = ScheduleCache()
    private let wanted: Mutex<[String: JobDefinition]>
    private let marked = Mutex<Set<RunID>>([])

    init(store: any Store, time: VirtualTime, dice: Dice, jobs: [JobDefinition]) {
        self.store = store
        self.time = time
        self.dice = dice
        wanted = Mutex(Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, $0) }))
    }

    func want(_ name: String, _ definition: JobDefinition?) async {
        wanted.withLock { $0[name] = definition }
        await apply()
    }

    func definition(_ name: String) -> JobDefinition? { wanted.withLock { $0[name] } }

    func apply() async {
        await persist { [self] in
            let definitions = wanted.withLock { $0.values.sorted { $0.name < $1.name } }
            try await store.apply(
                definitions, source: "simulation", isComplete: true, by: "operator", schedules: schedules)
        }
    }

    func setPaused(_ isPaused: Bool, _ job: String) async {
        await persist { [self] in try await store.setPaused(isPaused, job: job, by: "operator") }
    }

    func trigger(_ job: String) async {
        let request = dice.word()
        await persist { [self] in _ = try await store.trigger(job, requestID: request, by: "operator") }
    }

    func cancelSomething() async {
        var filter = RunFilter()
        filter.states = [.waiting, .scheduled, .running]
        filter.limit = 20
        guard let open = try? await store.runs(filter), !open.isEmpty else { return }
        let run = dice.one(of: open)
        await persist { [self] in _ = try await store.cancel(run.id, by: "operator") }
    }

    func markSomething() async {
        var filter = RunFilter()
        filter.states = Set(RunState.allCases.filter(\.isTerminal))
        filter.limit = 50
        guard let all = try? await store.runs(filter) else { return }
        let ended = all.filter { $0.flow != nil || $0.job == Scenario.feed }
        guard !ended.isEmpty else { return }
        let run = dice.one(of: ended)
        // Of two marks the store keeps the later, and the checker could not judge what was decided by the earlier.
        guard marked.withLock({ $0.insert(run.id).inserted }) else { return }
        let state: RunMark.State = dice.one(of: [.succeeded, .succeeded, .failed])
        await persist { [self] in _ = try await store.mark(run.id, as: state, because: "seen", by: "operator") }
    }

    func add(_ backfill: Backfill) async {
        await persist(refusalIsFinal: true) { [self] in _ = try await store.add(backfill) }
    }

    /// - Returns: the backfill that was chosen.
    func changeBackfill(to state: Backfill.State) async -> Int64? {
        guard let open = try? await store.backfills(openOnly: true, limit: 20), !open.isEmpty else { return nil }
        let backfill = dice.one(of: open).id
        await change(backfill, to: state)
        return backfill
    }

    func change(_ backfill: Int64, to state: Backfill.State) async {
        await persist(refusalIsFinal: true) { [self] in
            _ = try await store.change(backfill, to: state, by: "operator")
        }
    }

    /// - Parameter refusalIsFinal: whether to ask again is of no use where the store refuses.
    private func persist(refusalIsFinal: Bool = false, _ move: () async throws -> Void) async {
        for _ in 0..<60 {
            do {
                return try await move()
            } catch StoreError.notFound {
                return
            } catch StoreError.refused where refusalIsFinal {
                return
            } catch {
                await time.sleep(until: time.elapsed + .seconds(1))
            }
        }
    }
}
