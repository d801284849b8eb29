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
            let names = flows[run.id, default: []].map(\.job).sorted()
            try require(
                Set(names).isSuperset(of: ["left", "right", Self.root]) && Set(names).count == names.count, .flows,
                "the flow of \(run.key) has runs of \(names)")
        }
        for run in rows.runs where run.isFollower {
            guard case .after(let jobs)? = version(run.version)?.definition.schedule.rhythm else { continue }
            let followed = parents[run.id] ?? []
            try require(
                followed.map(\.job).sorted() == jobs.sorted(), .flows,
                "\(run.key) follows \(followed.map(\.job)), not \(jobs)")
            try checkStart(of: run, after: followed)
        }
    }

    private func checkStart(of run: Run, after parents: [Run]) throws(Violation) {
        guard let policies = version(run.version)?.definition.policies else { return }
        let rule = policies.triggerRule
        let verdict = rule.decide(ParentTally(parents.map(ParentEnd.init)))
        let ends = parents.map { "\($0.job) \($0.state.rawValue)" }
        let isEnded = run.reason == .requested && run.attempt == 0
        switch run.state {
        case .waiting: try require(verdict == .wait, .flows, "\(run.key) waits, \(rule.rawValue) of \(ends)")
        case .skipped where run.reason == .upstream || run.reason == .upstreamSkipped:
            try require(verdict == .never, .flows, "\(run.key) was skipped, \(rule.rawValue) of \(ends)")
        case .cancelled where isEnded: break
        default:
            try require(verdict == .start, .flows, "\(run.key) was let go, \(rule.rawValue) of \(ends)")
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
