/// Announces again, while this node leads, what is due and was not claimed, and what will be due before its next turn:
/// pointers that were lost, and runs that nobody announced since they came with an edit or were let go.
struct ReconcileLoop: TurnTaking {
    static let pause = Duration.seconds(1)
    /// A little more than the pause, so that nothing falls between two turns.
    static let ahead = Duration.milliseconds(1_500)
    /// What one turn announces at most. Under a load that needs more, those who plan announce what they plan all the same.
    static let page = 500

    let name = "reconcile"
    let store: any RunStore & LeaseStore
    let membership: Membership
    let announcer: Announcer

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard membership.term != nil else { return .after(Self.pause) }
        let nodes = try await store.nodes(limit: NeighbourLoop.most).filter { $0.isAlive(at: now) }
        let queues = Set(nodes.flatMap(\.queues)).sorted()
        let runs = try await store.dueRuns(queues: queues, within: Self.ahead, limit: Self.page)
        await announcer.announce(runs.map { RunPointer($0.run) })
        return .after(Self.pause)
    }
}
