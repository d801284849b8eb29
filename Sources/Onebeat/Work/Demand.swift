import Synchronization

/// What is known of the worker's next claim without asking the store: when it will find something, and whether it waits
/// for a slot.
final class Demand: Sendable {
    private struct State {
        var nextDue: Timestamp?
        var isHinted = false
        var awaitsSlot = false
    }

    private let state = Mutex(State())

    /// The last claim's word on when the next run is due.
    func expect(_ due: Timestamp?) { state.withLock { $0.nextDue = due } }

    /// Another node's word that something has just become due.
    func hint() { state.withLock { $0.isHinted = true } }

    /// Whether a claim is worth it by now, as far as was said; asking forgets what was said.
    func takeDue(at now: Timestamp) -> Bool {
        state.withLock { state in
            defer { (state.nextDue, state.isHinted) = (nil, false) }
            return state.isHinted || state.nextDue.map { $0 <= now } ?? false
        }
    }

    /// There is more to claim than there are slots.
    func awaitSlot() { state.withLock { $0.awaitsSlot = true } }

    /// Whether somebody waits for the slot that has just fallen free; asking forgets it.
    func takeSlotWish() -> Bool {
        state.withLock { state in
            defer { state.awaitsSlot = false }
            return state.awaitsSlot
        }
    }
}
