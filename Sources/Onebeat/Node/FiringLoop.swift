import Logging

/// Plans what is due soon, while this node leads. Runs are durable before they are due, so that within the horizon a
/// leader can die and nothing is late.
struct FiringLoop: TurnTaking {
    /// A job is planned again when its next instant is nearer than this: not much less than the horizon would write once a
    /// second for a job that is due each second.
    static let refill = Duration.seconds(6)
    /// Between two turns. With the refill it leaves a leader that dies at any moment 4 s of runs that are planned, which
    /// is longer than its lease; each turn wakes an idle node.
    static let pause = Duration.seconds(2)
    static let page = 500
    /// How long to leave a job alone whose schedule cannot be read here, so that it keeps no other waiting.
    static let pauseOfInvalid = Duration.seconds(60)

    let name = "firing"
    let store: any JobStore & HistoryStore
    let membership: Membership
    let schedules: ScheduleCache
    let demand: Demand
    var announcer: Announcer?
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let term = membership.term else { return .after(Self.pause) }
        let horizon = now + Self.refill
        let first = try await store.plannable(through: horizon, limit: Self.page)
        // What has long been due is made up for beside what is due now, and keeps none of that waiting.
        let punctual = now - Misfire.tolerance
        var late = first.filter { $0.nextAt.map { $0 < punctual } ?? false }
        var jobs = Array(first.dropFirst(late.count))
        if late.count == Self.page {
            jobs = try await store.plannable(from: punctual, through: horizon, limit: Self.page)
        }
        let isFull = max(first.count, jobs.count) == Self.page
        var plans: [FirePlan] = []
        var budget = Misfire.bound
        for job in jobs { plans.append(try await plan(job, at: now, &budget)) }
        // A plan that may look at little only would leave a row for a short piece of an outage.
        while budget > Misfire.bound / 10, let job = late.first {
            late.removeFirst()
            jobs.append(job)
            plans.append(try await plan(job, at: now, &budget))
        }
        let inserted = try await store.plan(plans, term: term)
        tell(ofMissed: zip(jobs, plans).flatMap { job, plan in plan.fires.map { (job.name, $0) } })
        if inserted > 0 {
            // Also those of plans that were stale: a pointer to no run is a look for nothing, and that is rare.
            if let announcer {
                await announcer.announce(zip(jobs, plans).flatMap { $1.pointers(to: $0.definition) })
            } else {
                demand.mayBeDue()
            }
        }
        return isFull || !late.isEmpty ? .now : .after(Self.pause)
    }

    /// A line for each row of missed instants, as for other bad ends.
    private func tell(ofMissed fires: [(job: String, fire: PlannedFire)]) {
        for (job, fire) in fires {
            guard let reason = fire.missed else { continue }
            logger.warning(
                "due instants missed",
                metadata: [
                    "job": "\(job)", "from": "\(fire.scheduledAt)", "count": "\(fire.count)", "outcome": "missed",
                    "why": "\(reason.sentence)",
                ])
        }
    }

    /// - Parameter budget: how many instants are still to be looked at in this turn.
    private func plan(_ job: JobRecord, at now: Timestamp, _ budget: inout Int) async throws -> FirePlan {
        let plan = await decide(job, at: now, lookingAt: max(budget, 1), &budget)
        return plan.followed(by: try await store.followers(planning: job), edition: job.flowEdition)
    }

    private func decide(
        _ job: JobRecord, at now: Timestamp, lookingAt most: Int, _ budget: inout Int
    ) async -> FirePlan {
        do {
            let schedule = try schedules.schedule(for: job)
            let plan = Misfire.decide(
                job, schedule: schedule, at: now, through: now + Misfire.horizon, lookingAt: most)
            budget -= schedule.period == nil ? plan.fires.reduce(0) { $0 + $1.count } : plan.fires.count
            return plan
        } catch {
            logger.error("job has no readable schedule", metadata: ["job": "\(job.name)", "error": "\(error)"])
            try? await store.record(
                Event("job.invalid", job: job.name, actor: membership.id?.name ?? "", message: "\(error)"))
            return FirePlan(
                version: job.versionID, from: job.watermark, through: job.watermark,
                nextAt: now + Self.pauseOfInvalid, fires: [])
        }
    }
}
