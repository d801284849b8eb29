import Synchronization

/// Compiled schedules by job version: parsing a cron line costs a hundred times what asking it does. One that was
/// compiled from a time zone file that changed since is compiled anew, so that an update of tzdata needs no restart.
public final class ScheduleCache: Sendable {
    /// With the definition that each was compiled from: a store that was restored may give out a version anew.
    private let schedules = Mutex<[JobVersion: (definition: JobDefinition, schedule: Schedule)]>([:])
    let zones: ZoneFiles

    /// An empty cache over a folder of time zones.
    public init(zones: ZoneFiles = .system) { self.zones = zones }

    /// The compiled schedule of the job's definition in force.
    /// - Throws: ``ScheduleError`` when it cannot be read on this machine, for instance for an unknown time zone.
    public func schedule(for job: JobRecord) throws(ScheduleError) -> Schedule {
        let known = schedules.withLock { $0[job.versionID] }
        if let known, known.definition == job.definition, known.schedule.isCurrent {
            return known.schedule
        }
        let schedule = try Schedule(of: job.definition, zones: zones)
        schedules.withLock { $0[job.versionID] = (job.definition, schedule) }
        return schedule
    }

    /// When word is expected of a job that only reports; `nil` for others, and where this machine cannot tell.
    package func expectation(of job: JobRecord) -> Schedule? {
        guard let watch = job.definition.signal else { return nil }
        // Kept beside the schedule of the version, under a number that none has.
        var record = job
        record.version = -job.version
        record.definition.schedule = watch.expected
        return try? schedule(for: record)
    }
}
