/// A run that waits for others, with what its start is decided by.
package struct WaitingRun: Sendable, Equatable {
    package var run: Run
    package var policies: JobPolicies
    package var parents: [ParentEnd]
    /// The list for each element of which it runs.
    package var each: Each?
    /// What the job handed on that has the list.
    package var handedOn: RunValue?

    package init(run: Run, policies: JobPolicies, parents: [ParentEnd], each: Each? = nil) {
        self.run = run
        self.policies = policies
        self.parents = parents
        self.each = each
    }

    package init(run: Run, by definition: JobDefinition?, parents: [ParentEnd]) {
        self.init(
            run: run, policies: definition?.policies ?? JobPolicies(), parents: parents, each: definition?.each)
    }

    /// Whether it stands for the whole of its elements, whose runs it waits for.
    package var isWhole: Bool { parents.contains { $0.isElement(of: run) } }
    /// The job of which it needs what was handed on, before it is decided on.
    package var source: String? { isWhole ? nil : each?.job }
}

extension Changes {
    /// Decides on runs that follow some that ended: they start, wait on, or end as skipped, in which case it is for those
    /// that follow them to be decided on.
    /// - Throws: ``IllegalMove`` for one that does not wait.
    package mutating func follow(_ waiting: [WaitingRun]) throws(IllegalMove) {
        for follower in waiting {
            if follower.isWhole {
                try gather(follower)
                continue
            }
            switch follower.policies.triggerRule.decide(ParentTally(follower.parents)) {
            case .wait: continue
            case .start:
                if let each = follower.each { try fanOut(follower, each) } else { try letGo(follower) }
            case .never:
                let cause = Self.cause(of: follower)
                _ = try end(
                    follower.run, as: .skipped, cause.isFailure ? .upstream : .upstreamSkipped, message: cause.words,
                    isGuarded: false)
            }
        }
    }

    private mutating func letGo(_ follower: WaitingRun) throws(IllegalMove) {
        let dueAt = try start(of: follower.run)
        letGo(follower.run.due(at: dueAt, deadline: dueAt + follower.policies.deadline))
    }

    /// A follower's time begins here, but never ahead of its flow's instant: a root may end before that, by a cancel.
    private func start(of run: Run) throws(IllegalMove) -> Timestamp {
        guard run.state == .waiting else { throw IllegalMove(run: run.id, from: run.state, to: .scheduled) }
        return max(now, run.scheduledAt)
    }

    /// A run for each element, and one outcome for the whole. Of an empty list all have ended.
    private mutating func fanOut(_ follower: WaitingRun, _ each: Each) throws(IllegalMove) {
        var whole = follower.run
        whole.dueAt = try start(of: whole)
        whole.startedAt = now
        let count: Int
        do {
            count = try each.list(in: follower.handedOn).count
        } catch {
            try endWhole(whole, as: .failed, error.description, fence: nil)
            return
        }
        guard count > 0 else {
            let hasSucceeded = follower.policies.triggerRule.decide(ParentTally([])) == .start
            let words = "\(each.words) is empty"
            try endWhole(whole, as: hasSucceeded ? .succeeded : .failed, words, fence: nil)
            return
        }
        fanOut(FanOut(whole: whole, count: count, deadlineAt: whole.dueAt + follower.policies.deadline))
    }

    /// All elements count, also where the rule would be content with one of them.
    private mutating func gather(_ whole: WaitingRun) throws(IllegalMove) {
        let tally = ParentTally(whole.parents)
        guard tally.open == 0 else { return }
        let rule = whole.policies.triggerRule
        let hasSucceeded = rule.decide(tally) == .start
        let count = "\(tally.succeeded) of \(whole.parents.count) succeeded"
        let words = rule == .allSuccess ? count : "\(count) (trigger_rule: \(rule.rawValue))"
        let fence = whole.parents.map(\.fence).max()
        try endWhole(whole.run, as: hasSucceeded ? .succeeded : .failed, words, fence: fence)
    }

    /// - Parameter fence: the newest of its elements', by which its word on the job is the newest; it has none of its own.
    private mutating func endWhole(
        _ run: Run, as state: RunState, _ words: String, fence: Fence?
    ) throws(IllegalMove) {
        var ended = try end(run, as: state, nil, message: words, isGuarded: false)
        guard let fence else { return }
        ended.fence = fence
        note(ended)
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
