import Logging

/// Watches the leases of all nodes, declares dead whose is over, and settles their runs as lost. Any node may; the store
/// lets one.
struct Reaper: TurnTaking {
    static let page = 100
    static let pause = Duration.seconds(2)
    static let shortest = Duration.milliseconds(50)

    let name = "reaper"
    let store: any LeaseStore
    let settle: @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    let demand: Demand
    var announcer: Announcer?
    let metrics: RunMetrics
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        let result = try await store.reap(limit: Self.page, deciding: settle)
        for node in result.dead { logger.warning("node is dead", metadata: ["node": "\(node)"]) }
        for run in result.runs {
            logger.warning(
                "took over a lost run",
                metadata: [
                    "job": "\(run.job)", "run": "\(run.key)", "state": "\(run.state.rawValue)",
                    "attempt": "\(run.attempt)", "why": "\(run.reason?.sentence ?? "")",
                ])
            metrics.ended(run)
        }
        await announcer?.announce(result.runs.filter { $0.state == .scheduled }.map { RunPointer($0) })
        if !result.runs.isEmpty { demand.mayBeDue() }
        // At the very end of a lease that nobody renews, so that others wait no longer than they must.
        return result.hasMore ? .now : .after(min(Self.pause, max(result.nextEnd ?? Self.pause, Self.shortest)))
    }
}
