// Work: from a claim to an outcome. A worker claims what it has slots for; each attempt runs beside its time-out and
// the wish to stop; its output is kept as it comes; its outcome goes to the outbox and from there into the store.

/// Runs one attempt to its end.
package protocol Executor: Sendable {
    /// Does the work of `claim` and says how it ended. Cancellation of the surrounding Swift task means: stop the
    /// work, return when it is gone, and say ``Outcome/cancelled`` unless it had come to an end of its own by then.
    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome

    /// Told why an attempt is to stop, before its Swift task is cancelled for it.
    func willStop(_ claim: Claim, because cause: StopCause) async

    /// What it can do; no other runs are claimed for it.
    var abilities: Abilities { get }
}

extension Executor {
    /// Whatever there is.
    package var abilities: Abilities { .everything }

    /// It makes no difference.
    package func willStop(_ claim: Claim, because cause: StopCause) async {}
}

/// Takes an attempt's output as it comes. It bounds what is kept; a caller may write without end.
package protocol OutputSink: Sendable {
    /// Keeps bytes. Returns when there is room for more.
    func write(_ bytes: [UInt8], to stream: LogStream) async

    /// Takes the value that the run hands on to those that follow it; the last one counts, and only where the attempt
    /// succeeds.
    func handOn(_ value: RunValue) async

    /// Takes words on an attempt that ends well, for those who wonder: the last ones count. Those on a failure are its own.
    func remark(_ words: String) async
}

extension OutputSink {
    /// Drops it.
    package func handOn(_ value: RunValue) async {}

    /// Drops them.
    package func remark(_ words: String) async {}
}

/// Why an attempt is asked to stop.
package enum StopCause: Sendable, Equatable {
    /// Its time-out passed.
    case timeout
    /// Someone cancelled the run, or a newer one replaced it.
    case cancelled
    /// The node leaves.
    case shutdown
    /// The node's lease can no longer be trusted. Nothing is reported then: the attempt is nobody's any more.
    case leaseLost
}

/// The attempts that a node runs at the moment.
package protocol AttemptRunning: Sendable {
    /// How many there are that have a slot of the node.
    var count: Int { get async }
    /// How many there are beside those: what somebody else's workers do takes no slot.
    var remoteCount: Int { get async }
    /// Starts claimed attempts; each ends as a report in the outbox.
    func start(_ claims: [Claim]) async
    /// Those of the claims that no attempt here is for.
    func unknown(_ claims: [Claim]) async -> [Claim]
    /// Asks attempts of these runs to stop.
    func stop(_ runs: [RunID], because cause: StopCause) async
    /// Asks all attempts to stop.
    func stopAll(because cause: StopCause) async
}

extension AttemptRunning {
    /// None.
    package var remoteCount: Int { 0 }
}
