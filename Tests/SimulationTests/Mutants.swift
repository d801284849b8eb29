import Onebeat
import OnebeatTesting
import Synchronization

/// A bug on purpose, put before a store from the test's side, or into its tables, that the simulation must notice.
struct Mutant: Sendable, CustomStringConvertible {
    let description: String
    /// The invariants that may be the first to break.
    let breaks: Set<Invariant>
    /// What SQLite does beside what it is told: bugs within a transaction, where no wrapper reaches.
    let triggers: String?
    let make: @Sendable (any Store, Dice) -> any Store

    init(
        _ description: String, breaks: Set<Invariant>, triggers: String? = nil,
        _ make: @escaping @Sendable (any Store, Dice) -> any Store = { store, _ in store }
    ) {
        self.description = description
        self.breaks = breaks
        self.triggers = triggers
        self.make = make
    }

    static let all = ofRuns + ofFlows + ofNeeds + ofBackfills

    private static let ofRuns: [Mutant] = [
        Mutant("settling ignores the fence", breaks: [.oneOutcome]) { store, _ in FenceIgnored(base: store) },
        Mutant("a settlement is lost", breaks: [.oneOutcome, .eventual, .bounded]) {
            LostSettlement(base: $0, dice: $1)
        },
        Mutant("a failure is recorded as a success", breaks: [.oneOutcome]) { store, _ in Whitewash(base: store) },
        Mutant("the watermark moves without the run", breaks: [.complete]) { store, _ in
            OtherPlans(base: store) { plan in if plan.fires.last?.missed == nil { _ = plan.fires.popLast() } }
        },
        Mutant("what is missed leaves no row", breaks: [.complete]) { store, _ in
            OtherPlans(base: store) { plan in plan.fires.removeAll { $0.missed != nil } }
        },
        Mutant("the unique key is missing", breaks: [.unique, .complete, .notEarly]) { store, _ in
            // The key cannot be taken out of the table from here, but it does not bite on a neighbouring instant.
            OtherPlans(base: store) { plan in
                plan.fires += plan.fires.filter { $0.missed == nil }.map { fire in
                    var twin = fire
                    twin.scheduledAt += .microseconds(1)
                    return twin
                }
            }
        },
        Mutant("a change of definitions buries what fell due", breaks: [.complete]) { store, _ in
            HastyChange(base: store)
        },
        Mutant("runs start before they are due", breaks: [.notEarly]) { store, _ in
            OtherPlans(base: store) { plan in
                for index in plan.fires.indices { plan.fires[index].dueAt -= .seconds(2) }
            }
        },
        Mutant("a plan ignores term and watermark", breaks: [.watermark, .complete]) { store, _ in
            StalePlans(base: store)
        },
        Mutant("a claim ignores the limit", breaks: [.oneHolder]) { store, _ in
            OtherAdmission(base: store) { _, _, job in
                job.activeRuns = 0
                job.activeManualRuns = 0
            }
        },
        Mutant("a claim ignores the pause", breaks: [.versions]) { store, _ in
            OtherAdmission(base: store) { _, _, job in job.isPaused = false }
        },
        Mutant("a claim ignores the deadline", breaks: [.bounded]) { store, _ in
            OtherAdmission(base: store) { run, _, _ in run.deadlineAt = nil }
        },
        Mutant("a claim skips where there is room", breaks: [.bounded]) { store, _ in
            OtherAdmission(base: store) { _, _, job in if job.heldRuns == 0 { job.activeRuns = 1000 } }
        },
        Mutant("a run is claimed by two nodes", breaks: [.oneHolder, .oneOutcome, .notEarly]) { store, _ in
            DoubleClaim(base: store)
        },
        Mutant("a held run is never let go", breaks: [.eventual]) { store, _ in HeldForever(base: store) },
        Mutant("a claim whose reply was lost is not read back", breaks: [.eventual]) { store, _ in
            NonceForgotten(base: store)
        },
        Mutant("a lease that is over is regained", breaks: [.lawfulTakeover]) { store, _ in LeaseRegained(base: store)
        },
        Mutant("the reaper comes too early", breaks: [.lawfulTakeover, .selfStop]) { store, _ in
            EarlyReaper(base: store)
        },
        Mutant("leases are counted by the store's clock", breaks: [.lawfulTakeover, .selfStop]) { store, _ in
            ReaperByClock(base: store)
        },
        Mutant("the reaper sleeps", breaks: [.eventual]) { store, _ in NoReaper(base: store) },
        Mutant("at most once is treated as at least once", breaks: [.atMostOnce]) { store, _ in
            TriedAgain(base: store)
        },
    ]

    private static let ofFlows: [Mutant] = [
        Mutant("a root is planned without its flow", breaks: [.flows]) { store, _ in
            OtherPlans(base: store) { plan in plan.followers = [] }
        },
        Mutant("a flow is planned apart from its root, and now and then its leader dies between", breaks: [.flows]) {
            store, dice in
            OtherPlans(base: store) { plan in if dice.says(0.1) { plan.followers = [] } }
        },
        Mutant("a follower is forgotten", breaks: [.flows]) { store, _ in
            OtherPlans(base: store) { plan in plan.followers.removeAll { $0.version.job == "left" } }
        },
        Mutant("a follower starts beside what it follows", breaks: [.flows]) { store, _ in
            OtherPlans(base: store) { plan in
                for index in plan.followers.indices where plan.followers[index].version.job == "last" {
                    plan.followers[index].parents.removeLast()
                }
            }
        },
        Mutant(
            "a follower is let go twice", breaks: [.oneOutcome, .oneHolder, .eventual],
            triggers: """
                CREATE TRIGGER twice AFTER UPDATE OF state ON runs
                WHEN OLD.state = 'running' AND NEW.state IN ('succeeded', 'failed')
                BEGIN
                    UPDATE runs SET state = 'scheduled' WHERE state IN ('running', 'succeeded', 'failed')
                        AND id IN (SELECT run_id FROM waits WHERE parent_id = NEW.id);
                END
                """),
        Mutant(
            "a follower is let go by an attempt that is not the last", breaks: [.flows],
            triggers: """
                CREATE TRIGGER early AFTER UPDATE OF state ON runs
                WHEN OLD.state = 'running' AND NEW.state = 'scheduled'
                BEGIN
                    UPDATE runs SET state = 'scheduled' WHERE state = 'waiting'
                        AND id IN (SELECT run_id FROM waits WHERE parent_id = NEW.id);
                END
                """),
        Mutant(
            "a follower is let go by a stale end", breaks: [.flows],
            triggers: """
                CREATE TRIGGER stale AFTER INSERT ON events WHEN NEW.kind = '\(StaleEnds.event)'
                BEGIN
                    UPDATE runs SET state = 'scheduled' WHERE state = 'waiting'
                        AND id IN (SELECT run_id FROM waits WHERE parent_id = NEW.run_id);
                END
                """
        ) { store, _ in StaleEnds(base: store) },
        Mutant(
            "a follower is forgotten on takeover", breaks: [.flows],
            triggers: """
                CREATE TRIGGER forgotten BEFORE UPDATE OF state ON runs
                WHEN OLD.state = 'waiting' AND EXISTS (
                    SELECT 1 FROM waits JOIN runs p ON p.id = parent_id
                    WHERE run_id = OLD.id AND p.state IN ('lost', 'dead'))
                BEGIN
                    SELECT RAISE(IGNORE);
                END
                """),
    ]

    private static let ofNeeds: [Mutant] = [
        Mutant("a claim asks for no need", breaks: [.needs]) { store, _ in
            OtherAdmission(base: store) { _, _, job in job.unmetNeeds = [] }
        },
        Mutant("what waits for a success is missed as if it did not", breaks: [.needs]) { store, _ in
            NeedlessEnds(base: store)
        },
        Mutant(
            "a success lets nobody go who needs it", breaks: [.eventual],
            triggers: """
                CREATE TRIGGER needless BEFORE UPDATE OF is_held ON runs
                WHEN OLD.is_held = 1 AND NEW.is_held = 0 AND OLD.state = NEW.state
                    AND OLD.job_name IN (SELECT job_name FROM needs)
                BEGIN
                    SELECT RAISE(IGNORE);
                END
                """),
    ]

    private static let ofBackfills: [Mutant] = [
        Mutant("a backfill knows no limit", breaks: [.backfills]) { store, _ in BoundlessBackfill(base: store) },
        Mutant("a backfill's runs count for their job", breaks: [.bounded, .eventual]) { store, _ in
            CountedBackfill(base: store)
        },
        Mutant(
            "a backfill goes ahead of what is due", breaks: [.backfills],
            triggers: """
                CREATE TRIGGER ahead AFTER INSERT ON runs WHEN NEW.kind = 'backfill'
                BEGIN
                    UPDATE runs SET priority = 1000 WHERE id = NEW.id;
                END
                """),
        Mutant("a step of a backfill is counted twice", breaks: [.backfills]) { store, _ in
            DoubleStep(base: store)
        },
        Mutant("a step of a backfill leaves an instant out", breaks: [.backfills]) { store, _ in
            ShortStep(base: store)
        },
        Mutant("a cancelled backfill's runs stay", breaks: [.backfills]) { store, _ in
            OtherBackfillState(base: store, told: .cancelled, done: .paused)
        },
        Mutant("a paused backfill goes on", breaks: [.backfills]) { store, _ in
            OtherBackfillState(base: store, told: .paused, done: .active)
        },
    ]
}

/// Tells the store of each report that it refused as stale.
private struct StaleEnds: StoreWrapper {
    static let event = "test.stale"
    let base: any Store

    func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        let results = try await base.settle(reports, room: room, deciding: deciding)
        for (report, result) in zip(reports, results) where result == .fenced {
            try await base.record(
                Event(Self.event, job: report.claim.run.job, run: report.claim.run.id, actor: "", message: ""))
        }
        return results
    }
}

private struct NeedlessEnds: StoreWrapper {
    let base: any Store

    func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        try await base.endOverdue(limit: limit) { run, policies, job, now in
            var job = job
            job.unmetNeeds = []
            return deciding(run, policies, job, now)
        }
    }
}

private struct BoundlessBackfill: StoreWrapper {
    let base: any Store

    func openFlows(of backfill: Int64) async throws(StoreError) -> Int { 0 }
}

private struct CountedBackfill: StoreWrapper {
    let base: any Store

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        var filter = RunFilter()
        filter.states = [.running]
        let running = try await base.runs(filter).filter { $0.kind == .backfill }
        return try await base.claim(request) { run, policies, job, now in
            var job = job
            job.activeRuns += running.count { $0.job == run.job }
            return deciding(run, policies, job, now)
        }
    }
}

private struct DoubleStep: StoreWrapper {
    let base: any Store

    func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        let made = try await base.take(step, term: term)
        var again = step
        again.backfill.reached = step.reached ?? step.backfill.reached
        if made != nil { _ = try await base.take(again, term: term) }
        return made
    }
}

private struct ShortStep: StoreWrapper {
    let base: any Store

    func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        var step = step
        if step.instants.count > 1 { step.instants.removeFirst() }
        return try await base.take(step, term: term)
    }
}

private struct OtherBackfillState: StoreWrapper {
    let base: any Store
    let told: Backfill.State
    let done: Backfill.State

    func change(
        _ backfill: Int64, to state: Backfill.State, by actor: String
    ) async throws(StoreError) -> Backfill {
        guard state == told else { return try await base.change(backfill, to: state, by: actor) }
        var changed = try await base.change(backfill, to: done, by: actor)
        changed.state = told
        return changed
    }
}

private struct FenceIgnored: StoreWrapper {
    let base: any Store

    func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        var patched = reports
        for (index, report) in reports.enumerated() {
            if let run = try await base.run(report.claim.run.id), run.state == .running {
                patched[index].claim.run.fence = run.fence
                patched[index].claim.run.attempt = run.attempt
            }
        }
        return try await base.settle(patched, room: room, deciding: deciding)
    }
}

private struct LostSettlement: StoreWrapper {
    let base: any Store
    let dice: Dice

    func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        if dice.says(0.9) { return try await base.settle(reports, room: room, deciding: deciding) }
        return reports.map { report in
            var run = report.claim.run
            switch report.outcome {
            case .succeeded: run.state = .succeeded
            case .failed, .timedOut, .interrupted, .lost, .lostAlone, .notStarted: run.state = .scheduled
            case .cancelled: run.state = .cancelled
            }
            return .settled(run)
        }
    }
}

private struct Whitewash: StoreWrapper {
    let base: any Store

    func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await base.settle(
            reports.map { report in
                var report = report
                if report.outcome.failure != nil { report.outcome = .succeeded }
                return report
            }, room: room, deciding: deciding)
    }
}

private struct HastyChange: StoreWrapper {
    let base: any Store

    func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        try await base.apply(
            request, unless: { _, _ in false }, deciding: deciding)
    }
}

private struct OtherPlans: StoreWrapper {
    let base: any Store
    let change: @Sendable (inout FirePlan) -> Void

    func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        var plans = plans
        for index in plans.indices { change(&plans[index]) }
        return try await base.plan(plans, term: term)
    }
}

/// Hands in, after each plan, the one before it again, as a leader does that was away and does not know.
private final class StalePlans: StoreWrapper {
    let base: any Store
    private let old = Mutex<[JobVersion: FirePlan]>([:])

    init(base: any Store) { self.base = base }

    func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        let stale = old.withLock { old in
            defer { for plan in plans { old[plan.version] = plan } }
            return plans.compactMap { old[$0.version] }
        }
        return try await force(plans) + force(stale)
    }

    private func force(_ plans: [FirePlan]) async throws(StoreError) -> Int {
        var plans = plans
        for index in plans.indices {
            if let job = try await base.job(plans[index].version.job) { plans[index].from = job.watermark }
        }
        return try await base.plan(plans, term: nil)
    }
}

private struct OtherAdmission: StoreWrapper {
    let base: any Store
    let change: @Sendable (inout Run, inout JobPolicies, inout JobState) -> Void

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        try await base.claim(request) { [change] run, policies, job, now in
            var run = run
            var policies = policies
            var job = job
            change(&run, &policies, &job)
            return deciding(run, policies, job, now)
        }
    }
}

private final class DoubleClaim: StoreWrapper {
    let base: any Store
    private let last = Mutex<[Claim]>([])

    init(base: any Store) { self.base = base }

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        var result = try await base.claim(request, deciding: deciding)
        let others = last.withLock { last in
            defer { if !result.claims.isEmpty { last = result.claims } }
            return last.filter { $0.run.boot != request.node.boot }
        }
        result.claims += others.prefix(request.slots - result.claims.count).map { claim in
            var claim = claim
            claim.run.node = request.node.name
            claim.run.boot = request.node.boot
            return claim
        }
        return result
    }
}

private final class HeldForever: StoreWrapper {
    let base: any Store
    private let held = Mutex<Set<RunID>>([])

    init(base: any Store) { self.base = base }

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        try await base.claim(request) { [self] run, policies, job, now in
            if held.withLock({ $0.contains(run.id) }) { return .hold(waivingDeadline: true) }
            let admission = deciding(run, policies, job, now)
            if case .hold = admission { held.withLock { _ = $0.insert(run.id) } }
            return admission
        }
    }
}

private struct NonceForgotten: StoreWrapper {
    let base: any Store

    func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim] { [] }

    func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim] { [] }
}

private struct LeaseRegained: StoreWrapper {
    let base: any Store

    func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        do {
            return try await base.renew(node, lease: lease, skew: skew)
        } catch .fenced {
            return try await base.now()
        }
    }
}

private struct EarlyReaper: StoreWrapper {
    let base: any Store

    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        let soon = try await base.now() + .seconds(8)
        for node in try await base.nodes(limit: 100) where !node.isGone && node.leaseUntil < soon {
            try await base.leave(node.id)
        }
        return try await base.reap(limit: limit, deciding: deciding)
    }
}

private struct ReaperByClock: StoreWrapper {
    let base: any Store

    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        let shown = try await base.now() + (base.clock.deviation ?? .zero)
        for node in try await base.nodes(limit: 100) where !node.isGone && node.leaseUntil < shown {
            try await base.bury(node.id)
        }
        return try await base.reap(limit: limit, deciding: deciding)
    }
}

private struct NoReaper: StoreWrapper {
    let base: any Store

    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult { ReapResult() }
}

private struct TriedAgain: StoreWrapper {
    let base: any Store

    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        try await base.reap(limit: limit) { run, outcome, policies, now in
            var policies = policies
            policies.delivery = .atLeastOnce
            return deciding(run, outcome, policies, now)
        }
    }
}
