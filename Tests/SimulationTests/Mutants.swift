import Onebeat
import OnebeatTesting
import Synchronization

/// A bug on purpose, put before a store from the test's side, that the simulation must notice.
struct Mutant: Sendable, CustomStringConvertible {
    let description: String
    /// The invariants that may be the first to break.
    let breaks: Set<Invariant>
    let make: @Sendable (any Store, Dice) -> any Store

    init(
        _ description: String, breaks: Set<Invariant>, _ make: @escaping @Sendable (any Store, Dice) -> any Store
    ) {
        self.description = description
        self.breaks = breaks
        self.make = make
    }

    static let all: [Mutant] = [
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
        Mutant("a run is claimed by two nodes", breaks: [.oneHolder, .oneOutcome]) { store, _ in
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
        Mutant("a root is planned without its flow", breaks: [.flows]) { store, _ in
            OtherPlans(base: store) { plan in plan.followers = [] }
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
        Mutant("the reaper sleeps", breaks: [.eventual]) { store, _ in NoReaper(base: store) },
        Mutant("at most once is treated as at least once", breaks: [.atMostOnce]) { store, _ in
            TriedAgain(base: store)
        },
    ]
}

private struct FenceIgnored: StoreWrapper {
    let base: any Store

    func settle(
        _ reports: [AttemptReport],
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        var patched = reports
        for (index, report) in reports.enumerated() {
            if let run = try await base.run(report.claim.run.id), run.state == .running {
                patched[index].claim.run.fence = run.fence
                patched[index].claim.run.attempt = run.attempt
            }
        }
        return try await base.settle(patched, deciding: deciding)
    }
}

private struct LostSettlement: StoreWrapper {
    let base: any Store
    let dice: Dice

    func settle(
        _ reports: [AttemptReport],
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        if dice.says(0.9) { return try await base.settle(reports, deciding: deciding) }
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
        _ reports: [AttemptReport],
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await base.settle(
            reports.map { report in
                var report = report
                if report.outcome.failure != nil { report.outcome = .succeeded }
                return report
            }, deciding: deciding)
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
