/// A store that can say when something may have become due because of what another node did: a hint that saves a poll
/// interval. Hints may be lost, and may come for nothing; polling stays the truth.
public protocol WakeSource: Sendable {
    /// Calls `hint` for each hint from now on, on whatever thread it comes in, until the Swift task is cancelled.
    func hints(_ hint: @escaping @Sendable () -> Void) async

    /// Whether nodes that reach the store in the same way as this value hear of what its moves make due at once.
    var reachesNodes: Bool { get }

    /// Runs Swift tasks where hints come in and claims go out: whoever claims after a hint is spared changes of threads
    /// there. It may block for as long as a claim takes.
    var hintExecutor: any TaskExecutor { get }
}
