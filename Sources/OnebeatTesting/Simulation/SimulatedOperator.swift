import Onebeat
import Synchronization

/// The person who edits, pauses, removes and runs jobs while the cluster is in trouble, and tries again until the store
/// says that it is done.
final class SimulatedOperator: Sendable {
    private let store: any Store
    private let time: VirtualTime
    private let dice: Dice
    private let schedules = ScheduleCache()
    private let wanted: Mutex<[String: JobDefinition]>
    private let isBusy = Mutex(false)

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
        filter.states = [.scheduled, .running]
        filter.limit = 20
        guard let open = try? await store.runs(filter), !open.isEmpty else { return }
        let run = dice.one(of: open)
        await persist { [self] in _ = try await store.cancel(run.id, by: "operator") }
    }

    /// One thing at a time, again and again until it is done.
    private func persist(_ move: () async throws -> Void) async {
        while isBusy.withLock({ $0 }) { await time.sleep(until: time.elapsed + .milliseconds(100)) }
        isBusy.withLock { $0 = true }
        defer { isBusy.withLock { $0 = false } }
        for _ in 0..<60 {
            do {
                return try await move()
            } catch StoreError.notFound {
                return
            } catch {
                await time.sleep(until: time.elapsed + .seconds(1))
            }
        }
    }
}
