import Synchronization

/// The node's idea of the store's time: its own wall clock as it was at the start, carried on by uptime, so that no step of
/// it has an effect, and corrected by the offset measured at each heartbeat.
package final class NodeClock: Sendable {
    /// The clocks underneath.
    package let time: any TimeSource
    private let origin: Timestamp
    private let offset = Mutex(Duration.zero)

    /// A clock without correction.
    package init(_ time: any TimeSource) {
        self.time = time
        origin = time.now() - time.uptime()
    }

    /// The store's time, as far as this node knows it.
    package func now() -> Timestamp { steady + offset.withLock { $0 } }

    /// The node's own time: a wall clock that is never set.
    package var steady: Timestamp { origin + time.uptime() }

    /// How far the store's clock is ahead of this node's wall clock as it shows now.
    package var skew: Duration { now().duration(since: time.now()) }

    /// Takes over the store's time as of a request that was sent at `sent` and answered at `received`, both by
    /// ``steady``. A correction that puts the answer between the two is kept: nothing better is known, and
    /// halfway would be wrong by half of the commit that comes after the store looked at its clock. Otherwise the answer
    /// is taken to be from halfway; the error is at most half the way.
    package func correct(to store: Timestamp, sent: Timestamp, received: Timestamp) {
        let bounds = (store.duration(since: sent), store.duration(since: received))
        let possible = min(bounds.0, bounds.1)...max(bounds.0, bounds.1)
        offset.withLock { offset in
            if !possible.contains(offset) { offset = (possible.lowerBound + possible.upperBound) / 2 }
        }
    }
}
