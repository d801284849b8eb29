import Logging
import Synchronization

/// What people should know of nodes that live side by side.
enum Neighbours {
    /// What is odd about a node beside the others, as events. Nodes that live for one run are left out.
    ///
    /// Two processes of one name are two nodes to the store, which knows them by their boots; people, and whoever reads
    /// `scheduled_job_status`, cannot tell them apart. A life that ended without a word looks alive until its lease is
    /// over, so only one that was renewed after this node joined counts.
    static func oddities(of own: NodeRecord, beside nodes: [NodeRecord], lease: Duration, at now: Timestamp) -> [Event]
    {
        let others = nodes.filter { $0.id.boot != own.id.boot && $0.isAlive(at: now) && !$0.roles.isEmpty }
        var events: [Event] = []
        if let twin = others.first(where: { $0.id.name == own.id.name && $0.wasRenewed(after: own.joinedAt, lease) }) {
            let words =
                "two living nodes are called \(own.id.name): boots \(own.id.boot) and \(twin.id.boot); they are kept"
                + " apart, and no run is doubled, but give each a name of its own with --node"
            events.append(Event("node.name_shared", actor: own.id.name, message: words))
        }
        let known = others.filter { !$0.zones.isEmpty }
        if !own.zones.isEmpty, let other = known.first(where: { $0.zones != own.zones }) {
            let words =
                "this node has zone database \(own.zones), node \(other.id.name) has \(other.zones); the leader plans by"
                + " its own, so make them the same before a rule changes"
            events.append(Event("node.zones_differ", actor: own.id.name, message: words))
        }
        return events
    }
}

extension NodeRecord {
    /// Whether its lease goes on.
    func isAlive(at now: Timestamp) -> Bool { !isGone && leaseUntil > now }

    /// Whether its lease was renewed after `moment`.
    func wasRenewed(after moment: Timestamp, _ lease: Duration) -> Bool {
        leaseUntil - LeaseLengths(node: lease).held(slots: slots) > moment
    }

    /// Whether it could lead in place of a node whose clock is off.
    func isFitToLead(at now: Timestamp) -> Bool { isAlive(at: now) && roles.contains(.beat) && !isSkewed }
}

/// Tells people, once a life of the node, what is odd about it beside its neighbours, and when its clock is off.
final class NeighbourLoop: TurnTaking {
    static let most = 1000

    let name = "neighbours"
    private let store: any JobStore & LeaseStore & HistoryStore
    private let membership: Membership
    private let clock: NodeClock
    private let lease: Duration
    private let logger: Logger
    /// The life whose neighbours were looked at.
    private let known = Mutex<NodeID?>(nil)
    private let isSkewed = Mutex(false)
    /// Whether the store's clock is off, and how many of its steps were followed, as far as that was told.
    private let isHeld = Mutex(false)
    private let followed = Mutex(0)
    private let metrics = LeaseMetrics()

    init(
        store: any JobStore & LeaseStore & HistoryStore, membership: Membership, clock: NodeClock, lease: Duration,
        logger: Logger
    ) {
        self.store = store
        self.membership = membership
        self.clock = clock
        self.lease = lease
        self.logger = logger
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let id = membership.id else { return .after(lease / 3) }
        try await lookAtClock(id)
        try await lookAtStoreClock(id)
        if known.withLock({ $0 != id }) {
            let nodes = try await store.nodes(limit: Self.most)
            // Its first renewal gives the others time to renew theirs, or not.
            if let own = nodes.first(where: { $0.id == id }), own.wasRenewed(after: own.joinedAt, lease) {
                for event in Neighbours.oddities(of: own, beside: nodes, lease: lease, at: now) {
                    try await tell(event)
                }
                known.withLock { $0 = id }
            }
        }
        return .after(lease / 3)
    }

    private func lookAtClock(_ id: NodeID) async throws {
        let skew = clock.skew
        let isNow = NodeRecord.isTooFar(skew)
        guard isSkewed.withLock({ $0 != isNow }) else { return }
        if isNow {
            let words =
                "the clock of node \(id.name) is \(Int(saturating: abs(skew.inSeconds * 1000).rounded())) ms"
                + " \(skew > .zero ? "behind" : "ahead of") the store's; it leads only where no other can. Let NTP set it"
            try await tell(Event("node.skewed", actor: id.name, message: words))
        } else {
            logger.notice("clock agrees with the store's again")
        }
        isSkewed.withLock { $0 = isNow }
    }

    private func lookAtStoreClock(_ id: NodeID) async throws {
        let deviation = store.clock.deviation
        metrics.clock(offBy: deviation ?? .zero)
        let (steps, step) = store.clock.steps
        if isHeld.withLock({ $0 != (deviation != nil) }) {
            if let deviation {
                try await tell(
                    Event(
                        "clock.held", actor: id.name,
                        message:
                            "the store's clock is \(Self.words(deviation)) what it should be by this node's uptime;"
                            + " time goes on as before until that has lasted \(ConfirmedTime.confirmation.length.text)")
                )
            } else if steps == followed.withLock({ $0 }) {
                logger.notice("the store's clock is right again")
            }
            isHeld.withLock { $0 = deviation != nil }
        }
        guard steps != followed.withLock({ $0 }) else { return }
        try await tell(
            Event(
                "clock.stepped", actor: id.name,
                message:
                    "the store's clock stayed \(Self.words(step)) what it was by this node's uptime, and is followed"))
        metrics.clockStepped(by: steps - followed.withLock { $0 })
        followed.withLock { $0 = steps }
    }

    private static func words(_ step: Duration) -> String {
        "\(Duration.seconds(abs(step.inSeconds).rounded()).text) \(step > .zero ? "ahead of" : "behind")"
    }

    private func tell(_ event: Event) async throws {
        try await store.record(event)
        logger.warning("\(event.kind)", metadata: ["message": "\(event.message)"])
    }
}
