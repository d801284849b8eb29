/// Removes history that is older than what the node was told to keep, a page at a time.
struct PruneLoop: TurnTaking {
    static let page = 1000

    let name = "prune"
    let store: any HistoryStore
    let membership: Membership
    let keep: Duration

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard membership.term != nil else { return .after(.seconds(60)) }
        let removed = try await store.prune(before: now - keep, limit: Self.page)
        // A pause between pages leaves the store to the runs.
        return removed > 0 ? .after(.seconds(1)) : .after(.seconds(600))
    }
}
