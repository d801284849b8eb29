import Logging
import Synchronization

/// A node's line to dispatch. Nobody fails for it: what could not be announced is found a little later, and a worker
/// that gets no answer looks into the store as if there were no dispatch. People are told once in each direction.
package final class Announcer: Sendable {
    private let dispatch: any Dispatch
    private let clock: NodeClock
    private let logger: Logger
    private let health = Mutex(Health())

    package init(_ dispatch: any Dispatch, clock: NodeClock, logger: Logger) {
        self.dispatch = dispatch
        self.clock = clock
        self.logger = logger
    }

    /// Tells workers of runs.
    func announce(_ pointers: [RunPointer]) async {
        guard !pointers.isEmpty else { return }
        do throws(DispatchError) {
            try await dispatch.announce(pointers, at: clock.now())
            works()
        } catch {
            fails(error)
        }
    }

    /// Takes pointers to due runs; `nil` when there is no answer, or one that is not to be believed: that nothing is due is
    /// what an empty set says too that could not be written to.
    func take(
        _ queues: [String], by abilities: Abilities, dueBy now: Timestamp, limit: Int
    ) async -> TakenPointers? {
        do throws(DispatchError) {
            let taken = try await dispatch.take(RunPointer.lanes(queues, abilities), dueBy: now, limit: limit)
            works()
            return taken.runs.isEmpty && health.withLock({ $0.isFailing }) ? nil : taken
        } catch {
            fails(error)
            return nil
        }
    }

    private func fails(_ error: DispatchError) {
        guard health.withLock({ $0.fails(at: clock.time.uptime()) }) else { return }
        logger.warning("no dispatch; workers look into the store themselves", metadata: ["error": "\(error)"])
    }

    private func works() {
        guard health.withLock({ $0.works(at: clock.time.uptime()) }) else { return }
        logger.notice("dispatch again")
    }
}

extension FirePlan {
    /// Pointers to the runs it makes. Rows for missed instants have nothing to start.
    func pointers(to definition: JobDefinition) -> [RunPointer] {
        fires.filter { $0.missed == nil }.map {
            RunPointer(
                run: "\(version.job)@\($0.scheduledAt)",
                queue: RunPointer.lane(definition.policies.queue, need: definition.need), dueAt: $0.dueAt)
        }
    }
}
