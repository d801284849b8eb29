import Synchronization

/// The node's idea of the store's time: its own wall clock, corrected by the offset measured at each heartbeat.
public final class NodeClock: Sendable {
    /// The clocks underneath.
    public let time: any TimeSource
    private let offset = Mutex(Duration.zero)

    /// A clock without correction.
    public init(_ time: any TimeSource) { self.time = time }

    /// The store's time, as far as this node knows it.
    public func now() -> Timestamp { time.now() + skew }

    /// How far the store's clock is ahead of this node's.
    public var skew: Duration { offset.withLock { $0 } }

    /// Takes over the store's time as of a request that was sent at `sent` and answered at `received`, both by the
    /// node's own wall clock. A correction that puts the answer between the two is kept: nothing better is known, and
    /// halfway would be wrong by half of the commit that comes after the store looked at its clock. Otherwise the answer
    /// is taken to be from halfway; the error is at most half the way.
    public func correct(to store: Timestamp, sent: Timestamp, received: Timestamp) {
        // A wall clock may be set back meanwhile.
        let bounds = (store.duration(since: sent), store.duration(since: received))
        let possible = min(bounds.0, bounds.1)...max(bounds.0, bounds.1)
        offset.withLock { offset in
            if !possible.contains(offset) { offset = (possible.lowerBound + possible.upperBound) / 2 }
        }
    }
}
