/// Holds a run against the successes of other jobs that it had to wait for.
package enum NeedAudit {
    /// What a run needed.
    package struct Wanted: Sendable {
        package var job: String
        package var need: Need
        /// The due instants of which one must have succeeded.
        package var period: (from: Timestamp, before: Timestamp)
    }

    /// What a run that began had to wait for. A further attempt waits for nothing any more, and what is asked for by hand or
    /// made up for never does.
    package static func wanted(by entry: LedgerEntry, _ definition: JobDefinition?) -> [Wanted] {
        guard let definition, !definition.needs.isEmpty, entry.run.kind == .scheduled, !entry.attempts.isEmpty else {
            return []
        }
        return definition.needs.sorted { $0.key < $1.key }.map { job, need in
            Wanted(
                job: job, need: need,
                period: need.period(at: entry.run.scheduledAt, timezone: definition.schedule.timezone))
        }
    }

    /// - Parameter success: when what was needed was first there; `nil` if never.
    package static func fault(of entry: LedgerEntry, _ wanted: Wanted, success: Timestamp?) -> AuditFault? {
        guard let start = entry.attempts.first?.startedAt else { return nil }
        if let success, success <= start + AuditFault.clockError { return nil }
        let run = entry.run
        let what = "\(wanted.job) (\(wanted.need.words))"
        return AuditFault(
            kind: .need, job: run.job, at: run.scheduledAt, run: run.id,
            words: "\(run.key) began at \(start), and needs \(what), "
                + (success.map { "which succeeded at \($0)" } ?? "which did not succeed"))
    }
}
