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
    /// node's own wall clock. The answer is taken to have been given halfway; the error is at most half the way.
    public func correct(to store: Timestamp, sent: Timestamp, received: Timestamp) {
        let halfway = sent + received.duration(since: sent) / 2
        offset.withLock { $0 = store.duration(since: halfway) }
    }
}
