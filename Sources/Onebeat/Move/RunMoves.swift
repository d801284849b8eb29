extension Run {
    /// The run with an attempt of it begun.
    package func started(by node: NodeID, fence: Fence, at now: Timestamp) -> Run {
        var run = self
        run.state = .running
        run.attempt += 1
        run.fence = fence
        run.node = node.name
        run.boot = node.boot
        run.startedAt = now
        // Why it is to end stays with it.
        if !isCancelRequested { run.reason = nil }
        run.message = nil
        run.exitCode = nil
        return run
    }

    /// The running run with its attempt settled.
    /// - Parameter words: on the attempt's end, where its worker had some.
    /// - Throws: ``IllegalMove`` when it cannot go where the settlement sends it.
    package func settled(
        _ outcome: Outcome, as settlement: Settlement, words: String? = nil, at now: Timestamp
    ) throws(IllegalMove) -> Run {
        var run = self
        run.message = words ?? outcome.failure?.message
        run.exitCode = outcome.failure?.exitCode ?? (outcome == .succeeded ? 0 : nil)
        switch outcome {
        case .failed, .timedOut: run.failures += 1
        // Who watches a task of somebody else's workers does not vanish for it.
        case .lost, .lostAlone: if !run.isRemote { run.crashes += 1 }
        case .succeeded, .cancelled, .interrupted, .notStarted: break
        }
        switch settlement {
        case .end(let state, let reason):
            try run.go(to: state)
            run.reason = reason
            run.finishedAt = now
        case .again(let due, let reason):
            try run.go(to: .scheduled)
            run.reason = reason
            run.dueAt = due
        }
        return run
    }

    /// The run ended before an attempt began.
    /// - Throws: ``IllegalMove`` when it cannot end so.
    package func ended(
        as state: RunState, _ reason: Reason?, message: String?, at now: Timestamp
    ) throws(IllegalMove) -> Run {
        var run = self
        try run.go(to: state)
        run.reason = reason
        run.message = message
        run.finishedAt = now
        return run
    }

    /// The run, which waited for others, due at last.
    package func due(at now: Timestamp, deadline: Timestamp) -> Run {
        var run = self
        run.state = .scheduled
        run.dueAt = now
        run.deadlineAt = deadline
        return run
    }

    private mutating func go(to next: RunState) throws(IllegalMove) {
        guard state.followers.contains(next) else {
            throw IllegalMove(run: id, from: state, to: next)
        }
        state = next
    }
}
