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
        var follower = follower
        follower.run.dueAt = try start(of: follower.run)
        follower.run.startedAt = now
        let count: Int
        do {
            count = try each.list(in: follower.handedOn).count
        } catch {
            return try endWhole(follower, as: .failed, error.description)
        }
        guard count > 0 else {
            let hasSucceeded = follower.policies.triggerRule.decide(ParentTally([])) == .start
            return try endWhole(follower, as: hasSucceeded ? .succeeded : .failed, "\(each.words) is empty")
        }
        let whole = follower.run
        fanOut(FanOut(whole: whole, count: count, deadlineAt: whole.dueAt + follower.policies.deadline))
    }

    /// All elements count, also where the rule would be content with one of them.
    private mutating func gather(_ whole: WaitingRun) throws(IllegalMove) {
        let tally = ParentTally(whole.parents)
        let rule = whole.policies.triggerRule
        guard let outcome = rule.outcome(of: tally) else { return }
        let count = "\(tally.succeeded) of \(whole.parents.count) succeeded"
        let words = rule == .allSuccess ? count : "\(count) (trigger_rule: \(rule.rawValue))"
        let skipped = whole.parents.first { $0.standing == .skipped }?.reason
        try endWhole(whole, as: outcome, words, outcome == .skipped ? skipped : nil)
    }

    /// It has no fence of its own: the newest of those that it waited for says how new its word on the job is.
    private mutating func endWhole(
        _ whole: WaitingRun, as state: RunState, _ words: String, _ reason: Reason? = nil
    ) throws(IllegalMove) {
        var ended = try end(whole.run, as: state, reason, message: words, isGuarded: false)
        // What was skipped says nothing of how the job's work went.
        guard state != .skipped else { return }
        ended.fence = whole.parents.map(\.fence).max() ?? ended.fence
        note(ended)
    }

    /// Ends the whole of a list's elements, and those of them that have not begun, by somebody's wish.
    /// - Parameter elements: all of them.
    /// - Returns: those that run, which are to be asked to end.
    package mutating func cancel(
        whole: Run, elements: [Run], message: String
    ) throws(IllegalMove) -> (run: Run, running: [Run]) {
        var ended = try end(whole, as: .cancelled, .requested, message: message)
        for element in elements where element.state == .scheduled {
            _ = try end(element, as: .cancelled, .requested, message: message)
        }
        let run = ended
        if let fence = elements.map(\.fence).max(), fence > Fence(0) {
            ended.fence = fence
            note(ended)
        }
        return (run, elements.filter { $0.state == .running })
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
