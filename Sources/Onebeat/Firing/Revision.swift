/// Sets right where planning of a job goes on, when something else than the passing of time has changed it: the store's
/// clock was ahead and is not any more, or the zone database has changed.
enum Revision {
    /// How far ahead of the store's time a job can be planned: as far as a leader does, and as much again for two nodes that
    /// do not see quite the same time.
    static let reach = Misfire.horizon * 2

    /// Whether a clock that was ahead has taken the job with it.
    static func isAhead(_ job: JobRecord, at now: Timestamp) -> Bool {
        if case .delay(let length) = job.definition.schedule.rhythm {
            return max(job.watermark, job.nextAt ?? now) > now + length + reach
        }
        return job.watermark > now + reach
    }

    /// Takes a job back that was planned too far, to now, or to where the first instant is that was given up as missed and
    /// is not over yet. Those are due after all; a run that an instant has is its run, whenever it was made.
    ///
    /// - Parameter missed: the job's rows of missed instants.
    static func setBack(_ job: JobRecord, schedule: Schedule, missed: [Run], at now: Timestamp) -> FirePlan {
        let early = missed.filter { ($0.rangeEnd ?? $0.scheduledAt) > now }
        let first = early.map { $0.scheduledAt - .microseconds(1) }.min()
        let through = min(now, first ?? now)
        var nextAt = schedule.next(after: through)
        // A delay whose run is open waits for its end.
        if schedule.isDelay { nextAt = job.nextAt.flatMap { old in nextAt.map { min(old, $0) } } }
        return FirePlan(
            version: job.versionID, from: job.watermark, through: through, nextAt: nextAt, fires: [],
            withdrawn: early.map(\.id))
    }

    /// The plan for a job whose zone has other rules now: the same watermark, and the next instant after it.
    /// - Returns: `nil` where that is what is stored.
    static func followingZones(_ job: JobRecord, schedule: Schedule) -> FirePlan? {
        guard case .cron = job.definition.schedule.rhythm, job.nextAt != nil else { return nil }
        let next = schedule.next(after: job.watermark)
        guard next != job.nextAt else { return nil }
        return FirePlan(version: job.versionID, from: job.watermark, through: job.watermark, nextAt: next, fires: [])
    }
}
