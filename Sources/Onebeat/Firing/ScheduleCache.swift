import Synchronization

/// Compiled schedules by job version: parsing a cron line costs a hundred times what asking it does. One that was
/// compiled from a time zone file that changed since is compiled anew, so that an update of tzdata needs no restart.
public final class ScheduleCache: Sendable {
    private let schedules = Mutex<[JobVersion: Schedule]>([:])
    let zones: ZoneFiles

    /// An empty cache over a folder of time zones.
    public init(zones: ZoneFiles = .system) { self.zones = zones }

    /// The compiled schedule of the job's definition in force.
    /// - Throws: ``ScheduleError`` when it cannot be read on this machine, for instance for an unknown time zone.
    public func schedule(for job: JobRecord) throws(ScheduleError) -> Schedule {
        if let known = schedules.withLock({ $0[job.versionID] }), known.isCurrent { return known }
        let schedule = try Schedule(of: job.definition, zones: zones)
        schedules.withLock { $0[job.versionID] = schedule }
        return schedule
    }
}
