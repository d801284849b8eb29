/// A node as the store keeps it.
public struct NodeRecord: Sendable, Equatable {
    /// Name and boot.
    public var id: NodeID
    /// When it joined.
    public var joinedAt: Timestamp
    /// When its lease ends unless renewed, by the store's clock: for people. Nobody takes it over by that.
    public var leaseUntil: Timestamp
    /// How often it was renewed.
    public var renewals: Int64
    /// Whether it was declared dead or left.
    public var isGone: Bool
    /// The parts it plays; none for one that lives for a single run.
    public var roles: Set<NodeRole>
    /// How many runs it may run at one time; 0 for a node that is no worker.
    public var slots: Int
    /// The queues it serves.
    public var queues: [String]
    /// What it can do.
    public var abilities: Abilities
    /// Whether it leads.
    public var isLeader: Bool
    /// Its version of Onebeat.
    public var version: String
    /// The process number on its host.
    public var processID: Int
    /// The release of its zone database, such as `2025b`; empty where it is not known.
    public var zones: String
    /// How far the store's clock was ahead of its own at its newest renewal.
    public var skew: Duration

    /// How far the store's clock was then ahead of what the node took for the store's time.
    public var deviation: Duration

    /// Makes a record.
    public init(
        id: NodeID, joinedAt: Timestamp = .distantPast, leaseUntil: Timestamp = .distantPast, renewals: Int64 = 0,
        isGone: Bool = false, roles: Set<NodeRole> = Set(NodeRole.allCases), slots: Int, queues: [String],
        abilities: Abilities = .everything, isLeader: Bool = false, version: String, processID: Int,
        zones: String = "", skew: Duration = .zero, deviation: Duration = .zero
    ) {
        self.id = id
        self.joinedAt = joinedAt
        self.leaseUntil = leaseUntil
        self.renewals = renewals
        self.isGone = isGone
        self.roles = roles
        self.slots = slots
        self.queues = queues
        self.abilities = abilities
        self.isLeader = isLeader
        self.version = version
        self.processID = processID
        self.zones = zones
        self.skew = skew
        self.deviation = deviation
    }
}

extension NodeRecord {
    /// How far a node's clock may be from the store's before it stands back from the lead. Far above what NTP leaves and
    /// what a slow answer of the store feigns, and below the second that cron is exact to.
    public static let mostSkew = Duration.milliseconds(500)

    /// Whether its clock is too far from the store's for it to lead beside others.
    public var isSkewed: Bool { Self.isTooFar(skew) }

    /// Whether it claims runs of a queue that need this.
    package func serves(_ queue: String, need: String) -> Bool { queues.contains(queue) && abilities.cover(need) }

    /// Whether a clock that far from the store's is too far.
    static func isTooFar(_ skew: Duration) -> Bool { skew > mostSkew || skew < .zero - mostSkew }
}

/// Who lives, who leads, and who holds which lock.
///
/// A lease is counted by whoever would take it over, in the uptime of his own process: it is over for him when he has seen
/// the same renewal for as long as it lasts, and then he declares it over by naming that renewal. So a store value
/// remembers what it saw, a process that has just started looks for that long, and no clock has a say.
public protocol LeaseStore: Sendable {
    /// Joins under a new boot, with a lease of this length.
    /// - Returns: the store's time at the grant.
    func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp

    /// Renews the lease of a node, and never shortens it. One that was declared over is never regained.
    /// - Parameter skew: how far the store's clock is ahead of the node's, as the node measured it; kept for people.
    /// - Returns: the store's time at the renewal.
    /// - Throws: ``StoreError/fenced(_:)`` when the node was declared dead, or has left.
    func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp

    /// Leaves in good order: the node holds no run any more. One without a role leaves no trace: neither its row, nor
    /// events that it came and went.
    func leave(_ node: NodeID) async throws(StoreError)

    /// Declares a node dead before its lease is over, for whoever has seen its process and all its jobs end. What it
    /// was running is settled by the next ``reap(limit:deciding:)``.
    func bury(_ node: NodeID) async throws(StoreError)

    /// Takes or extends the lead, when nobody else holds it. That of a node that is gone is free.
    /// - Returns: the term, or `nil` when another node leads. The term grows by one each time the lead changes hands.
    func lead(_ node: NodeID, lease: Duration) async throws(StoreError) -> Term?

    /// Gives up the lead at once.
    func resign(_ node: NodeID) async throws(StoreError)

    /// Takes a lock that nobody holds, under a fence that is higher than all before it. A lock that the same token holds
    /// is extended and keeps its fence: asking again after a lost reply is asking once. No lock is the lead, and a
    /// holder need not be a node. What a lock leaves behind whose holder vanished is removed by and by.
    func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer

    /// Extends a lock, never shortens it. One that was declared over is never regained.
    /// - Throws: ``StoreError/fenced(_:)`` when the token does not hold the lock any more.
    func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError)

    /// Gives up a lock at once, where the token still holds it.
    func giveUp(_ lock: HeldLock) async throws(StoreError)

    /// Looks at all leases of nodes, declares those dead whose lease is over, each once, and settles what they were running
    /// as lost, up to `limit` runs a call.
    func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult

    /// All nodes, living ones first, then the latest gone.
    func nodes(limit: Int) async throws(StoreError) -> [NodeRecord]
}

extension LeaseStore {
    /// Renews the lease of a node whose clock agrees with the store's.
    public func renew(_ node: NodeID, lease: Duration) async throws(StoreError) -> Timestamp {
        try await renew(node, lease: lease, skew: .zero)
    }
}

/// What became of asking for a lock.
public enum LeaseAnswer: Sendable, Equatable {
    /// It is held by the token that asked, under this fence.
    case held(Fence)
    /// Somebody else holds it: their token.
    case heldBy(String)
}

/// What a reaping found.
public struct ReapResult: Sendable, Equatable {
    /// Nodes that were declared dead by this call.
    public var dead: [NodeID]
    /// Runs that were settled as lost, as they are now.
    public var runs: [Run]
    /// Whether there are more.
    public var hasMore: Bool
    /// How long until a lease is over that was not renewed for half of its length; `nil` where all were.
    public var nextEnd: Duration?

    /// Makes a result; stores do.
    public init(dead: [NodeID] = [], runs: [Run] = [], hasMore: Bool = false, nextEnd: Duration? = nil) {
        self.dead = dead
        self.runs = runs
        self.hasMore = hasMore
        self.nextEnd = nextEnd
    }
}
