import Synchronization

/// What is known of the worker's next claim without asking the store: when it will find something, whether a look is
/// worth it, and whether it waits for a slot. Whoever changes that wakes the worker.
package final class Demand: Sendable {
    /// How long a run that another process added, and did not announce, may go unseen; each look wakes an idle node.
    package static let poll = Duration.seconds(1)

    private struct State {
        var nextDue: Timestamp?
        var isHinted = false
        var wantsLook = false
        var awaitsSlot = false
    }

    private let state = Mutex(State())
    private let worker: Bell
    private let other: Demand?

    /// - Parameter other: of the worker that claims what takes no slot; told of all that others say here.
    init(ringing worker: Bell, other: Demand? = nil) {
        self.worker = worker
        self.other = other
    }

    /// The demand of the worker that claims what takes no slot.
    var remote: Demand { other ?? self }

    /// The last claim's word on when the next run is due.
    func expect(_ due: Timestamp?) { state.withLock { $0.nextDue = due } }

    /// Another node's word that something has just become due.
    func hint() {
        state.withLock { $0.isHinted = true }
        worker.ring()
        // Most that falls due is none of its: it looks before it claims.
        other?.mayBeDue()
    }

    /// This node's word that something has most likely become due, and that it is the one to claim it.
    func isDue() {
        state.withLock { $0.isHinted = true }
        worker.ring()
    }

    /// This node's word that something may have become due that nobody announced.
    func mayBeDue() {
        state.withLock { $0.wantsLook = true }
        worker.ring()
        other?.mayBeDue()
    }

    /// Whether a claim is worth it by now, as far as was said; asking forgets what was said.
    func takeDue(at now: Timestamp) -> Bool {
        state.withLock { state in
            defer { (state.nextDue, state.isHinted) = (nil, false) }
            return state.isHinted || state.nextDue.map { $0 <= now } ?? false
        }
    }

    /// Whether the store is worth a look, as far as was said; asking forgets it.
    func takeLook() -> Bool {
        state.withLock { state in
            defer { state.wantsLook = false }
            return state.wantsLook
        }
    }

    /// There is more to claim than there are slots.
    func awaitSlot() { state.withLock { $0.awaitsSlot = true } }

    /// A slot has fallen free, and whoever waits for it is woken.
    func slotIsFree() {
        let isAwaited = state.withLock { state in
            defer { state.awaitsSlot = false }
            return state.awaitsSlot
        }
        if isAwaited { worker.ring() }
    }
}
