import Onebeat

/// A run that counts as a success for those that need its job.
struct Success: Sendable {
    /// Its due instant.
    var scheduledAt: Timestamp
    /// When it came to count.
    var at: Timestamp
}

extension Checker {
    mutating func succeeded(_ run: Run) {
        successes[run.job, default: [:]][run.id] = Success(scheduledAt: run.scheduledAt, at: now)
    }

    /// A mark counts as what it says, whatever the run's outcome was.
    mutating func marked(_ run: Run, as state: RunMark.State) {
        switch state {
        case .succeeded: succeeded(run)
        case .failed: successes[run.job]?[run.id] = nil
        }
        count("mark")
    }

    func checkNeeds(of claim: Claim) throws(Violation) {
        guard claim.run.kind == .scheduled, claim.attempt == 1 else { return }
        let unmet = unmetNeeds(of: claim.run, claim.definition, by: now)
        try require(
            unmet.isEmpty, .needs, "\(claim.run.key) was claimed though there is no success of \(unmet) for it")
    }

    /// At its deadline a run is missed for what it waits for, and for nothing else where it waits for nothing.
    mutating func checkMissed(_ run: Run) throws(Violation) {
        let waits = run.kind == .scheduled && !unmetNeeds(of: run, version(run.version)?.definition, by: now).isEmpty
        let words = waits ? "waits for a success that is not there" : "waits for no success"
        try require(
            waits == (run.reason == .upstream), .needs, "\(run.key) \(words), and was missed as \(run.words)")
        try require(
            run.deadlineAt.map { $0 < now } ?? false, .bounded, "\(run.key) was missed though it was not too late")
        if waits { count("missed upstream") }
    }

    /// Whether a due run may still be open for what it needs. What lets it go at the latest comes round each 10 s.
    func waitsForNeed(_ run: Run, since limit: Timestamp) -> Bool {
        guard run.state == .scheduled, run.kind == .scheduled, run.attempt == 0 else { return false }
        return !unmetNeeds(of: run, version(run.version)?.definition, by: limit - .seconds(4)).isEmpty
            && run.deadlineAt.map { $0 > limit } ?? true
    }

    /// The jobs that had no success for the run at a moment.
    private func unmetNeeds(of run: Run, _ definition: JobDefinition?, by moment: Timestamp) -> [String] {
        (definition?.needs ?? [:]).filter { job, need in
            !(successes[job] ?? [:]).values.contains { success in
                success.at <= moment && Self.will(success.scheduledAt, do: need, at: run.scheduledAt)
            }
        }.map(\.key).sorted()
    }

    private static func will(_ other: Timestamp, do need: Need, at instant: Timestamp) -> Bool {
        switch need {
        case .within(let length): other + length >= instant
        case .sameDay: other.microseconds / 86_400_000_000 == instant.microseconds / 86_400_000_000
        }
    }
}

extension Run {
    fileprivate var words: String { reason?.rawValue ?? "nothing" }
}
