// Settlement: what an attempt's outcome makes of its run. The store applies it in one statement guarded by the
// attempt's fence; a stale attempt's settlement is refused and changes nothing.

/// What becomes of a run when an attempt of it ended.
public enum Settlement: Sendable, Equatable {
    /// The run has its outcome.
    case end(RunState, Reason?)
    /// The run is due again.
    case again(at: Timestamp, Reason?)

    /// A run whose worker vanished this often may be what kills them. It is buried when it was alone; with others beside
    /// it, it is tried alone next (``Solitude``).
    public static let crashLimit = 3
    /// A run whose worker vanished this often is buried whatever was beside it: everything has an end.
    public static let mostCrashes = 10

    /// The rule.
    ///
    /// - Parameters:
    ///   - run: as it is stored, before this outcome is counted.
    ///   - now: the store's time.
    ///   - chance: 0 to 1, drawn by the caller, for the jitter of a retry's pause.
    public static func decide(
        _ run: Run, _ outcome: Outcome, of policies: JobPolicies, at now: Timestamp, chance: Double
    ) -> Settlement {
        switch outcome {
        case .succeeded: .end(.succeeded, nil)
        case .failed(let failure):
            failure.isFinal && !run.isCancelRequested
                ? .end(.failed, nil) : afterFailure(of: run, as: .failed, policies, at: now, chance: chance)
        case .timedOut: afterFailure(of: run, as: .timedOut, policies, at: now, chance: chance)
        case .cancelled: .end(.cancelled, whyCancelled(run))
        case .interrupted: afterLoss(of: run, policies, at: now, because: .handedBack)
        case .lost: afterLoss(of: run, policies, at: now, because: .workerLost, limit: mostCrashes)
        case .lostAlone: afterLoss(of: run, policies, at: now, because: .workerLost, limit: crashLimit)
        case .notStarted:
            run.isCancelRequested && !mayGoOnElsewhere(run)
                ? .end(.cancelled, whyCancelled(run)) : .again(at: now, replacement(of: run) ?? .handedBack)
        }
    }

    /// Whether an attempt before this one may have left it with somebody else's workers.
    private static func mayGoOnElsewhere(_ run: Run) -> Bool { run.isRemote && run.attempt > run.failures + 1 }

    /// A reason may also be left from an earlier attempt, and says nothing of this end then.
    private static func whyCancelled(_ run: Run) -> Reason { replacement(of: run) ?? .requested }

    /// Why it is to end stays with it, whoever comes to end it.
    private static func replacement(of run: Run) -> Reason? {
        run.reason == .replaced ? .replaced : nil
    }

    private static func afterFailure(
        of run: Run, as state: RunState, _ policies: JobPolicies, at now: Timestamp, chance: Double
    ) -> Settlement {
        if run.isCancelRequested { return .end(.cancelled, whyCancelled(run)) }
        if run.failures >= policies.retry.limit { return .end(state, nil) }
        return .again(at: now + policies.retry.pause(after: run.failures + 1, chance: chance), nil)
    }

    private static func afterLoss(
        of run: Run, _ policies: JobPolicies, at now: Timestamp, because reason: Reason, limit: Int = .max
    ) -> Settlement {
        if run.isCancelRequested {
            // Its workers have not been told: whoever adopts it does.
            return run.isRemote
                ? .again(at: now, replacement(of: run) ?? reason) : .end(.cancelled, whyCancelled(run))
        }
        // It runs elsewhere; nothing here can start it again.
        if run.isReported { return .end(.lost, reason) }
        // What was handed back goes on elsewhere, and is watched on there: that sends nothing a second time.
        if run.isRemote, reason == .handedBack { return .again(at: now, reason) }
        switch policies.delivery {
        case .atMostOnce: return .end(.lost, reason)
        case .atLeastOnce:
            if run.isRemote { return .again(at: now, reason) }
            if run.crashes + 1 >= limit { return .end(.dead, reason) }
            return .again(at: now, reason)
        }
    }
}
