/// Runs that are done once more, and words on what ended runs count as.
public protocol RerunStore: Sendable {
    /// Runs an ended run's job once more, by hand and for the same due instant, by the definition in force. It follows what
    /// the old run followed, as that ended, and is given the same values. Asked twice for one run it is one run.
    /// - Parameter downstream: whether all that hung on it in its flow goes with it: a new flow, of which it is the root.
    ///   Runs of that which follow others as well follow those that there are.
    /// - Parameter sight: how the old run must be still; however it is, without.
    /// - Throws: ``StoreError/notFound(_:)``, ``StoreError/refused(_:)`` for a run that has not ended, and
    ///   ``StoreError/changed(_:)`` for one that is not as it was seen.
    func retry(
        _ run: RunID, downstream: Bool, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> Run

    /// Says what an ended run counts as for those that follow it; its own outcome stays. Those that wait are decided on by
    /// that; those that were skipped for it, or for what was, have new runs by hand in the same flow where their rule can
    /// come true now. What has begun goes on. A later mark takes the place of an earlier one.
    /// - Parameter sight: how it must be still; however it is, without.
    /// - Returns: the runs that were made, let go, or skipped by that.
    /// - Throws: ``StoreError/notFound(_:)``, ``StoreError/refused(_:)`` for a run that has not ended, and
    ///   ``StoreError/changed(_:)`` for one that is not as it was seen.
    func mark(
        _ run: RunID, as state: RunMark.State, because reason: String, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> [Run]

    /// What somebody said that a run counts as.
    func mark(of run: RunID) async throws(StoreError) -> RunMark?

    /// What somebody said that runs of a flow count as, up to `limit` of them.
    func marks(in flow: RunID, limit: Int) async throws(StoreError) -> [RunID: RunMark]
}

extension RerunStore {
    /// Runs an ended run's job once more, however the run is.
    public func retry(_ run: RunID, downstream: Bool, by actor: String) async throws(StoreError) -> Run {
        try await retry(run, downstream: downstream, asSeen: nil, by: actor)
    }

    /// Says what an ended run counts as, however it is.
    public func mark(
        _ run: RunID, as state: RunMark.State, because reason: String, by actor: String
    ) async throws(StoreError) -> [Run] {
        try await mark(run, as: state, because: reason, asSeen: nil, by: actor)
    }
}
