import Logging

/// Brings ended attempts into the store, many in one commit. What the store did not answer for stays and is sent again:
/// a settlement is guarded by its fence, so sending it twice is harmless.
struct SettlingLoop: TurnTaking {
    static let batch = 250

    let name = "settling"
    let store: any RunStore
    let outbox: Outbox
    let settle: @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    var locks: LockKeeper?
    let demand: Demand
    var announcer: Announcer?
    /// What the node has room for, where it claims by nobody's leave but the store's.
    var room: @Sendable () async -> OwnRoom? = { nil }
    let metrics: RunMetrics
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        let reports = outbox.first(Self.batch)
        guard !reports.isEmpty else { return .after(.seconds(60)) }
        let room = await room()
        let results = try await store.settle(reports, room: room, deciding: settle)
        outbox.drop(reports.count)
        for (report, result) in zip(reports, results) {
            if result == .later {
                outbox.putBack(report)
                continue
            }
            note(report, result)
            locks?.settled(report.claim)
        }
        await announcer?.announce(results.compactMap(Self.nextAttempt))
        if zip(reports, results).contains(where: { Self.mayLetGo($0, $1) }) {
            if room != nil {
                demand.isDue()
            } else if (store as? any WakeSource)?.reachesNodes != true {
                // Where the store has told all nodes, this one too, a look would come before that word, and a claim after it.
                demand.mayBeDue()
            }
        }
        // All that is left may be what somebody else has.
        return results.allSatisfy { $0 == .later } ? .after(Self.pauseOfHeld) : .now
    }

    /// Between two tries of reports whose rows somebody else has.
    private static let pauseOfHeld = Duration.milliseconds(250)

    /// Whether a run may have become due by this settlement: its own next attempt, one that
    /// follows it, or one that it held up. A further
    /// attempt of a job that skips may be held as well; that is rare, and found by the worker's next poll.
    private static func mayLetGo(_ report: AttemptReport, _ result: SettleResult) -> Bool {
        guard case .settled(let run) = result else { return false }
        if run.state == .scheduled || run.flow != nil { return true }
        return switch report.claim.definition.policies.overlap {
        case .allow: false
        case .skip: run.kind == .manual
        case .queue, .queueAll, .cancel: true
        }
    }

    private static func nextAttempt(_ result: SettleResult) -> RunPointer? {
        guard case .settled(let run) = result, run.state == .scheduled else { return nil }
        return RunPointer(run)
    }

    private func note(_ report: AttemptReport, _ result: SettleResult) {
        var about: Logger.Metadata {
            [
                "job": "\(report.claim.run.job)", "run": "\(report.claim.run.key)",
                "attempt": "\(report.claim.attempt)", "fence": "\(report.claim.fence)",
            ]
        }
        switch result {
        case .settled(let run):
            metrics.ended(run)
            logger.debug("attempt settled", metadata: about.merging(["state": "\(run.state.rawValue)"]) { $1 })
        case .fenced:
            metrics.fenced()
            logger.warning("settlement refused as stale", metadata: about)
        case .later: break
        }
    }
}
