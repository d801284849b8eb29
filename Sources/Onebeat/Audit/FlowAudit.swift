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
        // A mark counts for what was decided after it.
        let parents = entry.parents.map { $0.end(at: run.state == .waiting ? nil : run.finishedAt ?? run.dueAt) }
        let verdict = rule.decide(ParentTally(parents))
        let ends = parents.map { "\($0.job) \($0.state?.rawValue ?? "gone")" }.joined(separator: ", ")
        if parents.contains(where: { $0.isElement(of: run) }) {
            if let trouble = contradiction(of: run, to: parents, rule) { report(.follower, trouble) }
            return found
        }
        let words = "\(run.key) is \(run.state.rawValue), by \(rule.rawValue) of: \(ends)"
        switch run.state {
        case .waiting: if verdict != .wait { report(.follower, words) }
        case .skipped where run.reason == .upstream || run.reason == .upstreamSkipped:
            if verdict != .never { report(.follower, words) }
        // Somebody ended it while it waited.
        case .cancelled where entry.attempts.isEmpty: break
        case .unknown: break
        case .scheduled, .running, .succeeded, .failed, .timedOut, .cancelled, .lost, .dead, .skipped, .missed:
            if verdict != .start { report(.follower, words) }
            if let trouble = ahead(entry, rule) { report(.follower, "\(run.key) \(trouble)") }
        }
        return found
    }

    /// The whole of a list's elements ends with the last of them, by their ends.
    private static func contradiction(of whole: Run, to elements: [ParentEnd], _ rule: TriggerRule) -> String? {
        let tally = ParentTally(elements)
        let holds =
            switch whole.state {
            case .waiting: tally.open > 0
            case .succeeded: tally.open == 0 && rule.decide(tally) == .start
            case .failed: tally.open == 0 && rule.decide(tally) != .start
            case .cancelled, .unknown: true
            case .scheduled, .running, .timedOut, .lost, .dead, .skipped, .missed: false
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
        return "began at \(start), before the last that it follows had ended, at \(last)"
    }
}
