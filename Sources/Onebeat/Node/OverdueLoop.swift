import Logging
import Synchronization

/// Sees to runs that nobody reaches for, while this node leads: ends those whose deadline is past, and tells people, once
/// while it lasts, of what no living node serves.
final class OverdueLoop: TurnTaking {
    static let page = 500
    static let pause = Duration.seconds(5)
    /// What has been due for so long was passed over by every worker that lives.
    static let patience = Duration.seconds(15)

    let name = "overdue"
    private let store: any Store
    private let membership: Membership
    private let metrics: RunMetrics
    private let logger: Logger
    /// What people were told of.
    private let known = Mutex<Set<Unserved>>([])

    init(store: any Store, membership: Membership, metrics: RunMetrics, logger: Logger) {
        self.store = store
        self.membership = membership
        self.metrics = metrics
        self.logger = logger
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let id = membership.id, membership.term != nil else { return .after(Self.pause) }
        let ended = try await store.endOverdue(limit: Self.page, deciding: Admission.decide)
        metrics.refused(ended)
        logger.tell(ofMissed: ended)
        try await tell(as: id, at: now)
        // A pause between pages leaves the store to the runs.
        return ended.count == Self.page ? .after(.milliseconds(200)) : .after(Self.pause)
    }

    private func tell(as id: NodeID, at now: Timestamp) async throws {
        let unclaimed = try await store.unclaimed(for: Self.patience, limit: Self.page)
        let nodes = unclaimed.isEmpty ? [] : try await store.nodes(limit: NeighbourLoop.most)
        var found: Set<Unserved> = []
        for runs in unclaimed {
            guard let unserved = Unserved(queue: runs.queue, need: runs.need, among: nodes, at: now) else { continue }
            found.insert(unserved)
            guard !known.withLock({ $0.contains(unserved) }) else { continue }
            let words = "\(runs.count) due and waiting: \(unserved.sentence)"
            try await store.record(Event("job.unserved", job: runs.job, actor: id.name, message: words))
            logger.warning("runs wait that no node serves", metadata: ["job": "\(runs.job)", "message": "\(words)"])
            known.withLock { _ = $0.insert(unserved) }
        }
        known.withLock { [found] in $0.formIntersection(found) }
    }
}
