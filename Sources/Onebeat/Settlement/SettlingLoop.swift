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
    let worker: Bell
    let metrics: RunMetrics
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        let reports = outbox.first(Self.batch)
        guard !reports.isEmpty else { return .after(.seconds(60)) }
        let results = try await store.settle(reports, deciding: settle)
        outbox.drop(reports.count)
        for (report, result) in zip(reports, results) {
            note(report, result)
            locks?.settled(report.claim)
        }
        worker.ring()
        return .now
    }

    private func note(_ report: AttemptReport, _ result: SettleResult) {
        var about: Logger.Metadata {
            ["run": "\(report.claim.run.key)", "attempt": "\(report.claim.attempt)", "fence": "\(report.claim.fence)"]
        }
        switch result {
        case .settled(let run):
            metrics.ended(run)
            logger.debug("attempt settled", metadata: about.merging(["state": "\(run.state.rawValue)"]) { $1 })
        case .fenced:
            metrics.fenced()
            logger.warning("settlement refused as stale", metadata: about)
        }
    }
}
