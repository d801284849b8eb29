import Onebeat

/// One thing seen of a cluster: what its store answered, or what really ran on a node.
public enum Observation: Sendable {
    /// Definitions were stored.
    case applied([JobChange])
    /// A job was paused or resumed.
    case paused(job: String, Bool)
    /// Plans were handed in; the jobs as they are after it.
    case planned([FirePlan], jobs: [JobRecord])
    /// A run was asked for by hand.
    case triggered(Run)
    /// Someone asked for the end of a run; the run after that.
    case cancelled(Run)
    /// Runs were claimed or refused.
    case claimed(ClaimResult, by: NodeID)
    /// A report was answered.
    case settled(AttemptReport, SettleResult)
    /// Nodes were declared dead and runs taken from them.
    case reaped(ReapResult)
    /// A node's lease was granted or renewed for so long, whatever the store's clock says.
    case leased(NodeID, for: Duration)
    /// An attempt began on a node.
    case started(Claim)
    /// An attempt is gone; how it ended, as far as its node got to know.
    case ended(Claim, Outcome?)
}

/// A store whose answers are seen by an observer, before a bad line can lose them on their way to a node.
struct ObservedStore: StoreWrapper {
    let base: any Store
    let see: @Sendable (Observation) -> Void

    func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        let changes = try await base.apply(
            request, unless: isOverdue, deciding: deciding)
        see(.applied(changes))
        return changes
    }

    func setPaused(_ isPaused: Bool, job: String, by actor: String) async throws(StoreError) {
        try await base.setPaused(isPaused, job: job, by: actor)
        see(.paused(job: job, isPaused))
    }

    func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        let inserted = try await base.plan(plans, term: term)
        if !plans.isEmpty { see(.planned(plans, jobs: try await base.jobs())) }
        return inserted
    }

    func trigger(
        _ job: String, requestID: String, alone: Bool, by actor: String
    ) async throws(StoreError) -> Run {
        let run = try await base.trigger(job, requestID: requestID, alone: alone, by: actor)
        see(.triggered(run))
        return run
    }

    func cancel(_ id: RunID, by actor: String) async throws(StoreError) -> Run {
        let run = try await base.cancel(id, by: actor)
        see(.cancelled(run))
        return run
    }

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        let result = try await base.claim(request, deciding: deciding)
        if !result.claims.isEmpty || !result.refused.isEmpty { see(.claimed(result, by: request.node)) }
        return result
    }

    func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        let ended = try await base.endOverdue(limit: limit, deciding: deciding)
        if !ended.isEmpty { see(.claimed(ClaimResult(claims: [], refused: ended, hasMore: false), by: Self.nobody)) }
        return ended
    }

    /// Whoever ends a run that nobody claimed.
    private static let nobody = NodeID(name: "", boot: "")

    func settle(
        _ reports: [AttemptReport],
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        let results = try await base.settle(reports, deciding: deciding)
        for (report, result) in zip(reports, results) { see(.settled(report, result)) }
        return results
    }

    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        let result = try await base.reap(limit: limit, deciding: deciding)
        if !result.dead.isEmpty || !result.runs.isEmpty { see(.reaped(result)) }
        return result
    }

    func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp {
        let granted = try await base.join(node, lease: lease)
        see(.leased(node.id, for: lease))
        return granted
    }

    func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        let granted = try await base.renew(node, lease: lease, skew: skew)
        see(.leased(node, for: lease))
        return granted
    }
}
