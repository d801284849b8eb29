/// Holds a run's row against its attempts.
package enum AttemptAudit {
    package static func faults(of entry: LedgerEntry, _ definition: JobDefinition?) -> [AuditFault] {
        let run = entry.run
        // What stands for the whole of a list's elements has no attempts; theirs are in rows of their own.
        let isWhole = definition?.each != nil && run.element == nil && entry.attempts.isEmpty
        var found: [AuditFault] = []
        func report(_ kind: AuditFault.Kind, _ words: String) {
            found.append(AuditFault(kind: kind, job: run.job, at: run.scheduledAt, run: run.id, words: words))
        }
        if let trouble = order(of: entry) { report(.attempts, "\(run.key): \(trouble)") }
        if let first = entry.attempts.first {
            if first.startedAt + AuditFault.clockError < run.scheduledAt {
                report(.early, "\(run.key) began at \(first.startedAt.exactWords), before it was due")
            }
            if let deadline = run.deadlineAt, first.number == 1, first.startedAt > deadline + AuditFault.clockError {
                report(
                    .late,
                    "\(run.key) began at \(first.startedAt.exactWords), after its deadline, \(deadline.exactWords)")
            }
        }
        if let trouble = contradiction(in: entry, isWhole: isWhole) { report(.outcome, "\(run.key): \(trouble)") }
        if definition?.policies.delivery == .atMostOnce, let trouble = repetition(in: entry) {
            report(.attempts, "\(run.key): \(trouble)")
        }
        return found
    }

    /// At most one attempt is valid at a time, each under a higher fence than all before it.
    private static func order(of entry: LedgerEntry) -> String? {
        let (run, attempts) = (entry.run, entry.attempts)
        guard attempts.count == run.attempt else {
            return "its row counts \(run.attempt) attempts, and there are \(attempts.count)"
        }
        for (index, attempt) in attempts.enumerated() where attempt.number != index + 1 {
            return "attempt \(attempt.number) is where \(index + 1) must be"
        }
        for (earlier, later) in zip(attempts, attempts.dropFirst()) {
            if later.fence <= earlier.fence {
                return "attempt \(later.number) has fence \(later.fence), not above \(earlier.fence)"
            }
            guard let end = earlier.finishedAt else {
                return "attempt \(later.number) began while attempt \(earlier.number) had not ended"
            }
            if later.startedAt + AuditFault.clockError < end {
                return
                    "attempt \(later.number) began at \(later.startedAt.exactWords), before attempt \(earlier.number) ended at"
                    + " \(end.exactWords)"
            }
        }
        if let last = attempts.last, last.fence != run.fence {
            return "its row has fence \(run.fence), and its newest attempt \(last.fence)"
        }
        return nil
    }

    /// The row of a run says what its newest attempt came to.
    private static func contradiction(in entry: LedgerEntry, isWhole: Bool) -> String? {
        let run = entry.run
        let outcome = entry.attempts.last?.outcome
        let isOver = entry.attempts.last.map { $0.finishedAt != nil } ?? true
        if run.state.isTerminal != (run.finishedAt != nil) {
            return "it is \(run.state.rawValue), and its end is \(run.finishedAt?.words ?? "not noted")"
        }
        func says(_ words: String...) -> Bool { outcome.map(words.contains) ?? false }
        let holds =
            switch run.state {
            case .waiting: entry.attempts.isEmpty
            case .scheduled: isOver && !says("succeeded", "cancelled")
            case .running: outcome == nil && !isOver
            case .succeeded: isWhole || says("succeeded")
            case .failed: isWhole || says("failed")
            case .timedOut: says("timed_out")
            case .lost: says("lost", "interrupted")
            case .dead: says("lost")
            case .cancelled: isOver && !says("succeeded")
            case .skipped, .missed: isOver && !says("succeeded", "cancelled")
            case .unknown: true
            }
        return holds ? nil : "it is \(run.state.rawValue), and its newest attempt \(outcome ?? "has no end")"
    }

    /// At most once: after an end that is not known, nothing begins.
    private static func repetition(in entry: LedgerEntry) -> String? {
        let unknown = entry.attempts.dropLast().first { ["lost", "interrupted"].contains($0.outcome) }
        return unknown.map { "it is at_most_once, and began again after attempt \($0.number), \($0.outcome ?? "")" }
    }
}
