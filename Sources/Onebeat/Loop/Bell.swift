import Synchronization

/// Wakes one waiting loop. A ring while nobody waits is kept, so that no wake-up is lost between two turns.
package final class Bell: Sendable {
    private enum State {
        case idle
        case rung
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// A silent bell.
    package init() {}

    /// Wakes the waiter, now or as soon as there is one.
    package func ring() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            switch state {
            case .idle, .rung:
                state = .rung
                return nil
            case .waiting(let continuation):
                state = .idle
                return continuation
            }
        }
        waiter?.resume()
    }

    /// Returns at the next ring, or at once if there was one since the last wait, or when the Swift task is cancelled.
    /// Only one may wait at a time.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    switch state {
                    case .rung:
                        state = .idle
                        return true
                    case .idle where Task.isCancelled:
                        return true
                    case .idle:
                        state = .waiting(continuation)
                        return false
                    case .waiting:
                        // Ours: each loop has its bell.
                        preconditionFailure("a bell has one waiter")
                    }
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
                guard case .waiting(let continuation) = state else { return nil }
                state = .idle
                return continuation
            }
            waiter?.resume()
        }
    }

    /// Whether it was rung since the last wait; asking takes the ring away. For whoever does not wait but takes turns.
    package func takeRing() -> Bool {
        state.withLock { state in
            guard case .rung = state else { return false }
            state = .idle
            return true
        }
    }

    /// Returns at the next ring, or when `time` has reached `instant`, or when the Swift task is cancelled.
    ///
    /// The alarm rings as others do, so that it may come before the wait. One that comes as somebody else rings makes the
    /// next wait a short one. There is no group of two that race, since an idle node does little but wait, and each
    /// Swift task wakes a thread.
    package func wait(until instant: Duration, on time: any TimeSource) async {
        let alarm = Task {
            try? await time.sleep(until: instant)
            if !Task.isCancelled { ring() }
        }
        await wait()
        alarm.cancel()
    }
}
