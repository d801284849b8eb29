/// Holds a run of a flow against those it follows, and a root's against its flow.
package enum FlowAudit {
    /// - Parameter flow: of a root, how many jobs its flow has, and since when that has been so.
    package static func faults(
        of entry: LedgerEntry, _ definition: JobDefinition?, flow: (jobs: Int, since: Timestamp)?
    ) -> [AuditFault] {
        let run = entry.run
        var found: [AuditFault] = []
        func report(_ kind: AuditFault.Kind, _ words: String) {
            found.append(AuditFault(kind: kind, job: run.job, at: run.scheduledAt, run: run.id, words: words))
        }
        if let flow, run.kind == .scheduled, run.scheduledAt > flow.since, wasRun(run), entry.jobsInFlow != flow.jobs {
            report(
                .flow,
                "the flow of \(run.key) has runs of \(entry.jobsInFlow ?? 1) jobs, and \(flow.jobs) belong to it")
        }
        guard run.isFollower, !entry.parents.isEmpty, let rule = definition?.policies.triggerRule else { return found }
        let moments = Self.decisions(on: entry)
        let views = moments.map { moment in entry.parents.map { $0.end(at: moment) } }
        // A mark that another took the place of is gone: what was decided by it cannot be judged.
        let isUncertain = entry.parents.contains { parent in moments.contains { parent.isUncertain(at: $0) } }
        guard let parents = views.first, !isUncertain else { return found }
        /// Whether it is so by what was known when it was decided on, as far as that moment is known.
        func holds(_ verdict: TriggerRule.Verdict) -> Bool {
            views.contains { rule.decide(ParentTally($0)) == verdict }
        }
        let ends = parents.map { "\($0.job) \($0.state?.rawValue ?? "gone")" }.joined(separator: ", ")
        if parents.contains(where: { $0.isElement(of: run) }) {
            let troubles = views.map { contradiction(of: run, to: $0, rule) }
            if !troubles.contains(nil), let trouble = troubles.first ?? nil { report(.follower, trouble) }
            return found
        }
        let words = "\(run.key) is \(run.state.rawValue), by \(rule.rawValue) of: \(ends)"
        switch run.state {
        case .waiting: if !holds(.wait) { report(.follower, words) }
        case .skipped where run.reason == .upstream || run.reason == .upstreamSkipped:
            if !holds(.never) { report(.follower, words) }
        // Somebody ended it while it waited.
        case .cancelled where entry.attempts.isEmpty: break
        case .unknown: break
        case .scheduled, .running, .succeeded, .failed, .timedOut, .cancelled, .lost, .dead, .skipped, .missed:
            if !holds(.start) { report(.follower, words) }
            if let trouble = ahead(entry, rule) { report(.follower, "\(run.key) \(trouble)") }
        }
        return found
    }

    /// When it was decided on, since a mark counts for what is decided after it. Where it was tried again the moment is not
    /// kept, and lies before its first attempt: then as well by the ends without marks.
    private static func decisions(on entry: LedgerEntry) -> [Timestamp?] {
        let run = entry.run
        if run.state == .waiting { return [nil] }
        if entry.attempts.isEmpty {
            // What never waited for anything but its turn was let go when it fell due.
            return [run.finishedAt ?? run.dueAt, run.dueAt]
        }
        guard entry.attempts.count > 1, let first = entry.attempts.first else { return [run.dueAt] }
        return [first.startedAt, .distantPast]
    }

    /// The whole of a list's elements ends with the last of them, by their ends.
    private static func contradiction(of whole: Run, to elements: [ParentEnd], _ rule: TriggerRule) -> String? {
        let tally = ParentTally(elements)
        let outcome = rule.outcome(of: tally)
        let holds =
            switch whole.state {
            case .waiting: outcome == nil
            case .succeeded, .failed, .skipped: outcome == whole.state
            case .cancelled, .unknown: true
            case .scheduled, .running, .timedOut, .lost, .dead, .missed: false
            }
        return holds
            ? nil
            : "\(whole.key) is \(whole.state.rawValue), by \(rule.rawValue) of \(elements.count) elements:"
                + " \(tally.succeeded) succeeded, \(tally.failed + tally.skipped) did not, \(tally.open) are open"
    }

    /// What was never a run has no flow.
    private static func wasRun(_ run: Run) -> Bool { run.state != .missed || run.reason == .tooLate && run.flow != nil }

    private static func ahead(_ entry: LedgerEntry, _ rule: TriggerRule) -> String? {
        switch rule {
        case .oneSuccess, .oneFailed: return nil
        case .allSuccess, .allDone, .noneFailed, .allFailed: break
        }
        guard let start = entry.attempts.first?.startedAt, let last = entry.parents.compactMap(\.finishedAt).max(),
            start + AuditFault.clockError < last
        else { return nil }
        return "began at \(start.exactWords), before the last that it follows had ended, at \(last.exactWords)"
    }
}
