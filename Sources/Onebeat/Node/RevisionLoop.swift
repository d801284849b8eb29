import Logging
import Metrics
import Synchronization

/// Looks now and then, while this node leads, for jobs whose planning must be set right.
final class RevisionLoop: TurnTaking {
    static let pause = Duration.seconds(15)
    static let page = 500
    /// How many rows of missed instants are looked at: what a wrong clock left is the newest.
    static let mostMissed = 1000

    let name = "revision"
    private let store: any JobStore & HistoryStore
    private let membership: Membership
    private let schedules: ScheduleCache
    private let planning: Bell
    private let logger: Logger
    private let ahead = Gauge(label: "onebeat_jobs_planned_ahead")
    /// The zones, and the term in which all jobs were held against them.
    private let followed = Mutex<(zones: Int, term: Term)?>(nil)

    init(
        store: any JobStore & HistoryStore, membership: Membership, schedules: ScheduleCache, planning: Bell,
        logger: Logger
    ) {
        self.store = store
        self.membership = membership
        self.schedules = schedules
        self.planning = planning
        self.logger = logger
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let term = membership.term else { return .after(Self.pause) }
        try await setBack(at: now, term)
        try await followZones(term)
        return .after(Self.pause)
    }

    private func setBack(at now: Timestamp, _ term: Term) async throws {
        // By a clock that is off there is no saying who is ahead.
        guard store.clock.deviation == nil else { return }
        var filter = JobFilter()
        filter.plannedBeyond = now + Revision.reach
        filter.limit = Self.page
        let jobs = try await store.jobs(filter).filter { Revision.isAhead($0, at: now) }
        ahead.record(jobs.count)
        for job in jobs {
            guard let schedule = try? schedules.schedule(for: job) else { continue }
            var missed = RunFilter()
            missed.job = job.name
            missed.states = [.missed]
            missed.limit = Self.mostMissed
            let plan = Revision.setBack(job, schedule: schedule, missed: try await store.runs(missed), at: now)
            _ = try await store.plan([plan], term: term)
            let words =
                "it was planned through \(max(job.watermark, job.nextAt ?? job.watermark)), since the store's clock was"
                + " ahead; planning goes on from \(plan.through), and an instant that has a run keeps it"
            logger.warning("job set back", metadata: ["job": "\(job.name)", "message": "\(words)"])
            try await store.record(
                Event("job.set_back", job: job.name, actor: membership.id?.name ?? "", message: words))
        }
        if !jobs.isEmpty { planning.ring() }
    }

    /// A leader that has just been elected may have other zones than the one before.
    private func followZones(_ term: Term) async throws {
        let zones = schedules.zones.fingerprint
        guard followed.withLock({ $0.map { $0 != (zones, term) } ?? true }) else { return }
        var filter = JobFilter()
        filter.limit = Self.page
        var changed = 0
        while true {
            let jobs = try await store.jobs(filter)
            let plans = jobs.compactMap { job in
                (try? schedules.schedule(for: job)).flatMap { Revision.followingZones(job, schedule: $0) }
            }
            if !plans.isEmpty { _ = try await store.plan(plans, term: term) }
            changed += plans.count
            guard jobs.count == Self.page, let last = jobs.last else { break }
            filter.after = last.name
        }
        followed.withLock { $0 = (zones, term) }
        if changed > 0 {
            logger.notice("next instants follow the zone database", metadata: ["jobs": "\(changed)"])
            planning.ring()
        }
    }
}
