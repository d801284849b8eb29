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
    /// Somebody said what an ended run counts as.
    case marked(Run, as: RunMark.State)
    /// A backfill was kept.
    case backfillAdded(Backfill)
    /// A backfill was paused, resumed or cancelled; as it is after that.
    case backfillChanged(Backfill)
    /// A step of a backfill was written; its runs that are open after it, those of followers too.
    case backfilled(BackfillStep, open: [Run])
    /// Runs were claimed or refused.
    case claimed(ClaimResult, by: NodeID)
    /// Runs of backfills were claimed, and these are due and were not.
    case preferred([Claim], to: [Run])
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

    func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) {
        try await base.setPaused(isPaused, job: job, asSeen: sight, by: actor)
        see(.paused(job: job, isPaused))
    }

    func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        let inserted = try await base.plan(plans, term: term)
        if !plans.isEmpty { see(.planned(plans, jobs: try await base.jobs())) }
        return inserted
    }

    func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run {
        let run = try await base.trigger(job, requestID: requestID, alone: alone, asSeen: sight, by: actor)
        see(.triggered(run))
        return run
    }

    func cancel(_ id: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run {
        let run = try await base.cancel(id, asSeen: sight, by: actor)
        see(.cancelled(run))
        return run
    }

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        let result = try await base.claim(request, deciding: deciding)
        if !result.claims.isEmpty || !result.refused.isEmpty { see(.claimed(result, by: request.node)) }
        let besides = result.claims.filter { $0.run.kind == .backfill }
        // What was passed over waits for a lock, or to be alone.
        if !besides.isEmpty, !result.passedOver, !result.hasWaiting {
            let due = try await base.dueRuns(
                queues: request.queues, abilities: request.abilities, within: .zero, limit: 100)
            see(.preferred(besides, to: due.map(\.run).filter { $0.kind != .backfill }))
        }
        return result
    }

    func mark(
        _ id: RunID, as state: RunMark.State, because reason: String, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> [Run] {
        let runs = try await base.mark(id, as: state, because: reason, asSeen: sight, by: actor)
        if let run = try await base.run(id) { see(.marked(run, as: state)) }
        return runs
    }

    func add(_ backfill: Backfill) async throws(StoreError) -> Backfill {
        let added = try await base.add(backfill)
        see(.backfillAdded(added))
        return added
    }

    func change(
        _ backfill: Int64, to state: Backfill.State, by actor: String
    ) async throws(StoreError) -> Backfill {
        let changed = try await base.change(backfill, to: state, by: actor)
        see(.backfillChanged(changed))
        return changed
    }

    func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        guard let made = try await base.take(step, term: term) else { return nil }
        var filter = RunFilter()
        filter.states = [.waiting, .scheduled, .running]
        filter.limit = 1000
        let open = try await base.runs(filter).filter { $0.requestID.isOf(step.backfill.id) && $0.kind == .backfill }
        see(.backfilled(step, open: open))
        return made
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
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        let results = try await base.settle(reports, room: room, deciding: deciding)
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

extension String {
    /// Whether a run with this request belongs to a backfill. An element's has its place behind it.
    func isOf(_ backfill: Int64) -> Bool {
        let request = "backfill-\(backfill)"
        return self == request || hasPrefix("\(request)[")
    }
}
