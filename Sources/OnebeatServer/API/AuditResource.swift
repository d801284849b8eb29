import Onebeat

/// A fault that an audit found, as JSON.
package struct FaultResource: Codable, Sendable {
    package var fault: String
    package var job: String
    package var at: Timestamp
    package var run: Int64?
    package var count: Int
    package var words: String

    package init(_ fault: AuditFault) {
        self.fault = fault.kind.rawValue
        (job, at, run) = (fault.job, fault.at, fault.run?.value)
        (count, words) = (fault.count, fault.words)
    }
}

/// What an audit looked at, as JSON.
package struct AuditSummary: Codable, Sendable {
    package var clean: Bool
    /// The begin of the period; left out where it is as far back as anything is kept.
    package var from: Timestamp?
    package var through: Timestamp
    package var jobs: Int
    package var instants: Int
    package var runs: Int
    package var attempts: Int
    package var faults: Int
    package var notes: [String]

    package init(_ summary: Auditor.Summary) {
        clean = summary.faults == 0
        from = summary.after == .distantPast ? nil : summary.after
        (through, jobs, instants) = (summary.through, summary.jobs, summary.instants)
        (runs, attempts, faults) = (summary.runs, summary.attempts, summary.faults)
        notes = summary.notes
    }

    /// Takes in what the next part of the same audit looked at.
    package mutating func add(_ other: AuditSummary) {
        clean = clean && other.clean
        jobs += other.jobs
        instants += other.instants
        runs += other.runs
        attempts += other.attempts
        faults += other.faults
        notes += other.notes.filter { !notes.contains($0) }
    }
}

/// A part of an audit, as JSON.
package struct AuditPage: Codable, Sendable {
    package var items: [FaultResource]
    package var summary: AuditSummary
    /// What `after` must be to go on; absent where this was the last part.
    package var next: String?
}
