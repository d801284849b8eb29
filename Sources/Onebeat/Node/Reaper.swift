import Logging

/// Declares nodes dead whose lease is over and settles their runs as lost. Any node may; the store lets one.
struct Reaper: TurnTaking {
    static let page = 100

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
            logger.warning("took over a lost run", metadata: ["run": "\(run.key)", "state": "\(run.state.rawValue)"])
            metrics.ended(run)
        }
        await announcer?.announce(result.runs.filter { $0.state == .scheduled }.map { RunPointer($0) })
        if !result.runs.isEmpty { demand.mayBeDue() }
        return result.hasMore ? .now : .after(.seconds(2))
    }
}
