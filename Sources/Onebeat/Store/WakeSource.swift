/// A store that can say when something may have become due because of what another node did: a hint that saves a poll
/// interval. Hints may be lost, and may come for nothing; polling stays the truth.
public protocol WakeSource: Sendable {
    /// Hints from now on, until the surrounding Swift task is cancelled. Those that nobody took yet count as one.
    func wakeUps() -> AsyncStream<Void>
}
