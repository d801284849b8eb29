extension TriggerRule {
    /// What the ends of parents say so far.
    package enum Verdict: Sendable, Equatable {
        /// The follower waits for further ends.
        case wait
        /// It starts.
        case start
        /// It cannot start any more.
        case never
    }

    /// The rule.
    package func decide(_ parents: ParentTally) -> Verdict {
        let isOver = parents.open == 0
        return switch self {
        case .allSuccess: parents.failed + parents.skipped > 0 ? .never : isOver ? .start : .wait
        case .allDone: isOver ? .start : .wait
        case .oneSuccess: parents.succeeded > 0 ? .start : isOver ? .never : .wait
        case .oneFailed: parents.failed > 0 ? .start : isOver ? .never : .wait
        case .noneFailed: parents.failed > 0 ? .never : isOver ? .start : .wait
        case .allFailed: parents.succeeded + parents.skipped > 0 ? .never : isOver ? .start : .wait
        }
    }
}

extension Run {
    /// Whether ends of some of those that it follows leave it waiting, whatever the others did that ended before, as long as
    /// another is open. So a run that follows a thousand others is not looked at as a whole at each of their ends. What is
    /// done once more may follow runs that had ended before it was made: of that all are looked at.
    /// - Parameter ends: those that ended just now. Each end before them left it waiting.
    package func waitsOn(after ends: [ParentEnd], by rule: TriggerRule) -> Bool {
        guard !isForPastInstant else { return false }
        if ends.contains(where: { $0.isElement(of: self) }) { return true }
        var tally = ParentTally(ends)
        tally.open += 1
        return rule.decide(tally) == .wait
    }
}

extension TriggerRule {
    /// How the whole of a list's elements ended; `nil` while one is open. Where none failed and none did its work, their
    /// job's owner chose that, and so it is for the whole.
    package func outcome(of elements: ParentTally) -> RunState? {
        guard elements.open == 0 else { return nil }
        if elements.failed == 0, elements.skipped > 0, elements.succeeded == 0 { return .skipped }
        if decide(elements) == .start { return .succeeded }
        return elements.failed == 0 && elements.skipped > 0 ? .skipped : .failed
    }
}

/// How the runs that a run follows stand.
package struct ParentTally: Sendable, Equatable {
    package var open = 0
    package var succeeded = 0
    /// Failed, timed out, lost or dead, too late, cancelled, or never started since one before it was.
    package var failed = 0
    /// Not started for a reason that its job's owner chose.
    package var skipped = 0

    package init(_ parents: [ParentEnd]) {
        for parent in parents {
            switch parent.standing {
            case .open: open += 1
            case .succeeded: succeeded += 1
            case .failed: failed += 1
            case .skipped: skipped += 1
            }
        }
    }
}

/// A run that another one follows, as far as that one asks.
package struct ParentEnd: Sendable, Equatable {
    package var job: String
    /// `nil` for a run whose row is gone.
    package var state: RunState?
    package var reason: Reason?
    /// The fence of its newest attempt.
    package var fence: Fence

    package init(job: String, state: RunState?, reason: Reason?, fence: Fence = Fence(0)) {
        self.job = job
        self.state = state
        self.reason = reason
        self.fence = fence
    }

    package init(_ run: Run) {
        self.init(job: run.job, state: run.state, reason: run.reason, fence: run.fence)
    }

    /// Whether it is the run of an element of that run's list: no job follows itself.
    package func isElement(of run: Run) -> Bool { job == run.job }

    package enum Standing: Sendable, Equatable { case open, succeeded, failed, skipped }

    package var standing: Standing {
        switch state {
        case .waiting, .scheduled, .running, .unknown: .open
        case .succeeded: .succeeded
        case .failed, .timedOut, .lost, .dead, .missed, .cancelled, nil: .failed
        case .skipped: reason == .upstream ? .failed : .skipped
        }
    }
}
