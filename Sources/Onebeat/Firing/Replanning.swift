/// Where planning goes on when a definition is stored: for a new job after the moment it is stored, for a changed one
/// with the instants between then and its watermark recomputed, since those were planned from the old definition.
package enum Replanning {
    /// How often a change of definitions is tried again because a job of it fell due in between. Each time takes another
    /// person's change within the same moment, so that more than a few in a row are something else.
    static let looks = 20

    /// The plan for a definition that is being stored at `now`, over the record it replaces, if any.
    ///
    /// The countdown of a delay goes on where the schedule stays as it is, and begins anew where it does not. While a due
    /// run of the job is open its end sets the next instant, whatever is said here: the store sees to that.
    ///
    /// A new job's first fire is the first due instant after it was stored, never at once. Instants up to now stay
    /// with the definition that was in force when they fell due.
    package static func decide(
        _ definition: JobDefinition, replacing record: JobRecord?, schedule: Schedule, at now: Timestamp
    ) -> FirePlan {
        let watermark = max(record?.watermark ?? now, now)
        let version = JobVersion(
            job: definition.name, generation: record?.generation ?? 1, version: (record?.version ?? 0) + 1)
        if schedule.isDelay {
            let isSame = record.map { $0.definition.schedule == definition.schedule } ?? false
            // The row of an instant to come, if there is one, is the newest: it stays, and its end sets the next instant.
            let isPlanned = isSame && watermark > now && record?.nextAt == nil
            return FirePlan(
                version: version, from: watermark, through: watermark,
                nextAt: isSame ? record?.nextAt : schedule.next(after: now),
                fires: isPlanned ? [PlannedFire(scheduledAt: watermark, dueAt: schedule.dueAt(for: watermark))] : [])
        }
        let fires = schedule.occurrences(after: now, through: watermark, limit: Misfire.bound).map { instant in
            let dueAt = schedule.dueAt(for: instant)
            return PlannedFire(
                scheduledAt: instant, dueAt: dueAt, deadlineAt: dueAt + definition.policies.deadline)
        }
        return FirePlan(
            version: version, from: watermark, through: watermark, nextAt: schedule.next(after: watermark),
            fires: fires)
    }
}
