import Onebeat

extension Checker {
    /// Holds the rows of flows against the definitions they were planned by, and what became of each run against the ends of
    /// those it follows.
    func checkFlows(_ rows: FinalRows) throws(Violation) {
        let byID = Dictionary(rows.runs.map { ($0.id, $0) }) { first, _ in first }
        let parents = Dictionary(grouping: rows.waits, by: \.run).mapValues { $0.compactMap { byID[$0.parent] } }
        let flows = Dictionary(grouping: rows.runs.filter { $0.flow != nil }, by: { $0.flow ?? $0.id })
        for run in rows.runs where !run.isFollower && run.job == Self.root {
            // What was never a run has no flow.
            let wasRun = run.state != .missed || run.reason == .tooLate && run.flow != nil
            guard wasRun, hasFollowers(at: run) else { continue }
            // What a mark brought back, and what there is of a list, is beside that.
            let planned = flows[run.id, default: []].filter { $0.kind == run.kind && $0.element == nil }
            let names = planned.map(\.job).sorted()
            try require(
                Set(names).isSuperset(of: ["left", "right", Self.root]) && Set(names).count == names.count, .flows,
                "the flow of \(run.key) has runs of \(names)")
        }
        for run in rows.runs where run.isFollower {
            guard case .after(let jobs)? = version(run.version)?.definition.schedule.rhythm else { continue }
            let followed = parents[run.id] ?? []
            if followed.contains(where: { $0.job == run.job }) {
                try checkWhole(run, of: followed, rows.marks)
                continue
            }
            try require(
                followed.map(\.job).sorted() == jobs.sorted(), .flows,
                "\(run.key) follows \(followed.map(\.job)), not \(jobs)")
            try checkStart(of: run, after: followed, rows.marks)
        }
    }

    /// How the runs that are followed counted when the other was decided on; now, for one that waits. Where it was tried
    /// again that moment is not kept: as well without marks, then.
    private func views(_ parents: [Run], for run: Run, _ marks: [RunID: RunMark]) -> [ParentTally] {
        let moments: [Timestamp] =
            if run.state == .waiting {
                [now]
            } else if run.attempt == 0 {
                [run.finishedAt ?? run.dueAt, run.dueAt]
            } else {
                run.attempt == 1 ? [run.dueAt] : [run.startedAt ?? run.dueAt, .distantPast]
            }
        return moments.map { moment in
            ParentTally(
                parents.map { parent in
                    guard let mark = marks[parent.id], mark.at <= moment else { return ParentEnd(parent) }
                    return ParentEnd(parent.counted(as: mark.state))
                })
        }
    }

    /// What stands for the elements of a list ends with the last of them, by all of them.
    private func checkWhole(_ run: Run, of elements: [Run], _ marks: [RunID: RunMark]) throws(Violation) {
        guard let rule = version(run.version)?.definition.policies.triggerRule else { return }
        try require(
            elements.map(\.element).sorted { ($0 ?? -1) < ($1 ?? -1) } == elements.indices.map { $0 }, .flows,
            "\(run.key) has the elements \(elements.map(\.element))")
        let views = views(elements, for: run, marks)
        let ends = elements.map { "\($0.state.rawValue)" }
        switch run.state {
        case .waiting:
            try require(views.contains { $0.open > 0 }, .flows, "\(run.key) waits, and its elements are \(ends)")
        case .cancelled: break
        case .succeeded, .failed, .skipped:
            try require(
                views.contains { rule.outcome(of: $0) == run.state }, .flows,
                "\(run.key) is \(run.state.rawValue), by \(rule.rawValue) of \(ends)")
        default: try require(false, .flows, "\(run.key) is \(run.state.rawValue), and stands for \(ends)")
        }
    }

    private func checkStart(of run: Run, after parents: [Run], _ marks: [RunID: RunMark]) throws(Violation) {
        guard let policies = version(run.version)?.definition.policies else { return }
        let rule = policies.triggerRule
        let verdicts = views(parents, for: run, marks).map(rule.decide)
        let ends = parents.map { "\($0.job) \($0.state.rawValue)" }
        let isEnded = run.reason == .requested && run.attempt == 0
        switch run.state {
        case .waiting: try require(verdicts.contains(.wait), .flows, "\(run.key) waits, \(rule.rawValue) of \(ends)")
        case .skipped where run.reason == .upstream || run.reason == .upstreamSkipped:
            try require(verdicts.contains(.never), .flows, "\(run.key) was skipped, \(rule.rawValue) of \(ends)")
        case .cancelled where isEnded: break
        default:
            try require(verdicts.contains(.start), .flows, "\(run.key) was let go, \(rule.rawValue) of \(ends)")
            guard [.allSuccess, .allDone, .noneFailed, .allFailed].contains(rule), run.attempt > 0 else { return }
            let last = parents.compactMap(\.finishedAt).max()
            try require(
                run.startedAt.map { start in last.map { start >= $0 } ?? true } ?? true, .flows,
                "\(run.key) started before the last that it follows had ended")
        }
    }

    /// Whether the jobs that follow the root had been stored before the run was made.
    private func hasFollowers(at run: Run) -> Bool {
        guard run.kind == .scheduled else { return false }
        return ["left", "right"].allSatisfy { name in
            jobs[name]?.versions.first.map { $0.from < run.scheduledAt - .seconds(30) } ?? false
        }
    }

    private static let root = "root"
}
