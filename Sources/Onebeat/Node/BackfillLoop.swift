import Logging

/// Takes backfills on while this node leads: as many runs as each may have open at one time.
struct BackfillLoop: TurnTaking {
    static let pause = Duration.seconds(5)
    /// While a backfill goes on.
    static let pace = Duration.milliseconds(500)
    static let most = 100

    let name = "backfill"
    let store: any Store
    let membership: Membership
    let schedules: ScheduleCache
    let demand: Demand
    let logger: Logger

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let term = membership.term else { return .after(Self.pause) }
        let active = try await store.backfills(openOnly: true, limit: Self.most).filter { $0.state == .active }
        // The oldest first.
        for backfill in active.reversed() {
            do {
                try await take(backfill, term)
            } catch let error as ScheduleError {
                logger.warning(
                    "backfill waits, since its job's schedule cannot be read here",
                    metadata: ["backfill": "\(backfill.id)", "job": "\(backfill.job)", "error": "\(error)"])
            }
        }
        return .after(active.isEmpty ? Self.pause : Self.pace)
    }

    private func take(_ backfill: Backfill, _ term: Term) async throws {
        guard let record = try await store.job(backfill.job) else {
            _ = try await store.change(backfill.id, to: .cancelled, by: membership.id?.name ?? "")
            return
        }
        let schedule = try schedules.schedule(for: record)
        let open = try await store.openFlows(of: backfill.id)
        let instants = BackfillPlan.next(of: backfill, schedule)
        let step = BackfillPlan.step(
            backfill, record, instants, try await store.newestStates(of: backfill.job, at: instants), open: open,
            followers: try await store.followers(planning: record).map { follower in
                var follower = follower
                follower.priority = Backfill.priority
                return follower
            })
        guard step.reached != nil || step.isLast else { return }
        if let made = try await store.take(step, term: term), made > 0 { demand.mayBeDue() }
    }
}
