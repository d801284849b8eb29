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
        let jobs = try await store.plannable(through: now + Self.refill, limit: Self.page)
        var plans: [FirePlan] = []
        for job in jobs {
            plans.append(
                await plan(job, at: now).followed(
                    by: try await store.followers(planning: job), edition: job.flowEdition))
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
        return jobs.count == Self.page ? .now : .after(Self.pause)
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

    private func plan(_ job: JobRecord, at now: Timestamp) async -> FirePlan {
        do {
            let schedule = try schedules.schedule(for: job)
            return Misfire.decide(job, schedule: schedule, at: now, through: now + Misfire.horizon)
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
