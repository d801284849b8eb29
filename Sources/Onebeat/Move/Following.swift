/// A run that waits for others, with what its start is decided by.
package struct WaitingRun: Sendable, Equatable {
    package var run: Run
    package var policies: JobPolicies
    package var parents: [ParentEnd]

    package init(run: Run, policies: JobPolicies, parents: [ParentEnd]) {
        self.run = run
        self.policies = policies
        self.parents = parents
    }
}

extension Changes {
    /// Decides on runs that follow some that ended: they start, wait on, or end as skipped, in which case it is for those
    /// that follow them to be decided on.
    /// - Throws: ``IllegalMove`` for one that does not wait.
    package mutating func follow(_ waiting: [WaitingRun]) throws(IllegalMove) {
        for follower in waiting {
            switch follower.policies.triggerRule.decide(ParentTally(follower.parents)) {
            case .wait: continue
            case .start: try letGo(follower)
            case .never:
                let cause = Self.cause(of: follower)
                _ = try end(
                    follower.run, as: .skipped, cause.isFailure ? .upstream : .upstreamSkipped, message: cause.words,
                    isGuarded: false)
            }
        }
    }

    private mutating func letGo(_ follower: WaitingRun) throws(IllegalMove) {
        let run = follower.run
        guard run.state == .waiting else { throw IllegalMove(run: run.id, from: run.state, to: .scheduled) }
        // A follower's time begins here, but never ahead of its flow's instant: a root may end before that, by a cancel.
        let dueAt = max(now, run.scheduledAt)
        letGo(run.due(at: dueAt, deadline: dueAt + follower.policies.deadline))
    }

    /// Which of the runs it follows keeps it from starting, in words.
    private static func cause(of follower: WaitingRun) -> (words: String, isFailure: Bool) {
        let ends = follower.parents.filter { $0.standing != .open }
        func words(_ parent: ParentEnd) -> String {
            switch parent.state {
            case .skipped: "\(parent.job) was skipped"
            case .missed: "\(parent.job) was missed"
            case .cancelled: "\(parent.job) was cancelled"
            case .timedOut: "\(parent.job) timed out"
            case .lost: "\(parent.job) was lost"
            case .dead: "\(parent.job) is dead"
            case .failed: "\(parent.job) failed"
            case .succeeded: "\(parent.job) succeeded"
            case .waiting, .scheduled, .running, .unknown, nil: "the run of \(parent.job) is gone"
            }
        }
        let failed = ends.first { $0.standing == .failed }
        let skipped = ends.first { $0.standing == .skipped }
        let rule = follower.policies.triggerRule
        let found: ParentEnd? =
            switch rule {
            case .allSuccess, .noneFailed, .oneSuccess, .allDone: failed ?? skipped
            case .oneFailed: skipped ?? ends.first
            case .allFailed: skipped ?? ends.first { $0.standing == .succeeded }
            }
        let why = found.map(words) ?? "nothing it follows ended so"
        let isFailure = found?.standing == .failed
        return (rule == .allSuccess ? why : "\(why) (trigger_rule: \(rule.rawValue))", isFailure)
    }
}
