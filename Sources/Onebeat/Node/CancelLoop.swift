/// Stops attempts whose runs someone asked to end.
struct CancelLoop: TurnTaking {
    let name = "cancel"
    let store: any RunStore
    let membership: Membership
    let attempts: any AttemptRunning

    func turn(at now: Timestamp) async throws -> NextTurn {
        // The start of an attempt brings the next turn.
        guard let id = membership.id, await attempts.count + attempts.remoteCount > 0 else {
            return .after(.seconds(60))
        }
        let runs = try await store.cancelRequests(of: id)
        if !runs.isEmpty { await attempts.stop(runs, because: .cancelled) }
        return .after(.seconds(1))
    }
}
