import Logging
import Synchronization

/// A node's line to dispatch. Nobody fails for it: what could not be announced is found a little later, and a worker
/// that gets no answer looks into the store as if there were no dispatch. People are told once in each direction.
package final class Announcer: Sendable {
    private let dispatch: any Dispatch
    private let clock: NodeClock
    private let logger: Logger
    private let isFailing = Mutex(false)

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

    /// Takes pointers to due runs; `nil` when there is no answer.
    func take(_ queues: [String], dueBy now: Timestamp, limit: Int) async -> TakenPointers? {
        do throws(DispatchError) {
            let taken = try await dispatch.take(queues, dueBy: now, limit: limit)
            works()
            return taken
        } catch {
            fails(error)
            return nil
        }
    }

    private func fails(_ error: DispatchError) {
        guard !isFailing.withLock({ swap(&$0, with: true) }) else { return }
        logger.warning("no dispatch; workers look into the store themselves", metadata: ["error": "\(error)"])
    }

    private func works() {
        guard isFailing.withLock({ swap(&$0, with: false) }) else { return }
        logger.notice("dispatch again")
    }

    private func swap(_ value: inout Bool, with new: Bool) -> Bool {
        defer { value = new }
        return value
    }
}

extension FirePlan {
    /// Pointers to the runs it makes. Rows for missed instants have nothing to start.
    func pointers(to queue: String) -> [RunPointer] {
        fires.filter { $0.missed == nil }.map {
            RunPointer(run: "\(version.job)@\($0.scheduledAt)", queue: queue, dueAt: $0.dueAt)
        }
    }
}
