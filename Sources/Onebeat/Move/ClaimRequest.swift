/// A worker's reach for runs.
public struct ClaimRequest: Sendable, Equatable {
    /// The worker's node.
    public var node: NodeID
    /// The queues it serves.
    public var queues: [String]
    /// What it can do; runs that need something else are left.
    public var abilities: Abilities
    /// How many runs it can start now, at least 1.
    public var slots: Int
    /// Names this request, so that a lost reply can be read back.
    public var nonce: ClaimNonce
    /// What the worker knows of locks; `nil` when it keeps none.
    public var locks: LockView?
    /// Whether nothing runs on the node, so that a run which must be alone may start there (``Solitude``).
    public var isIdle: Bool

    /// Makes a request.
    public init(
        node: NodeID, queues: [String], abilities: Abilities = .everything, slots: Int, nonce: ClaimNonce,
        locks: LockView? = nil, isIdle: Bool = true
    ) {
        self.node = node
        self.queues = queues
        self.abilities = abilities
        self.slots = slots
        self.nonce = nonce
        self.locks = locks
        self.isIdle = isIdle
    }
}

/// Numbers the claims of one life of a node, from 1; the higher was sent later.
public struct ClaimNonce: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number itself.
    public let value: Int64

    /// Wraps a number.
    public init(_ value: Int64) { self.value = value }

    /// The number in digits.
    public var description: String { String(value) }

    /// Orders by when they were sent.
    public static func < (a: ClaimNonce, b: ClaimNonce) -> Bool { a.value < b.value }
}

/// What a worker found out about the locks of due jobs that may not overlap, before it reached for their runs.
public struct LockView: Sendable, Equatable {
    /// Jobs whose lock it asked for; the runs of others that may not overlap are passed over.
    public var asked: Set<String> = []
    /// Who holds a lock that the worker did not get, by job: another program's token.
    public var heldElsewhere: [String: String] = [:]
    /// Whether locks that ought to have been asked for were not, since whoever keeps them did not answer.
    public var isIncomplete = false

    /// A view of nothing.
    public init() {}

    /// Whether a run that follows `policies` may be decided on.
    public func covers(_ job: String, _ policies: JobPolicies) -> Bool {
        policies.effectiveLimit > 1 || asked.contains(job)
    }
}

/// What a claim brought.
public struct ClaimResult: Sendable, Equatable {
    /// The attempts to start.
    public var claims: [Claim]
    /// Runs that were decided on and ended without a start, as they are now.
    public var refused: [Run]
    /// Whether more due runs may be there.
    public var hasMore: Bool
    /// When the next run of these queues may start, as ``RunStore/nextDue(queues:)`` would say after this claim; of use
    /// when there is no more now.
    public var nextDue: Timestamp?
    /// Whether due runs were passed over since nobody had asked for their locks.
    public var passedOver: Bool
    /// Whether due runs were left since they must be alone, and something runs on the node.
    public var hasWaiting: Bool

    /// Makes a result; stores do.
    public init(
        claims: [Claim], refused: [Run], hasMore: Bool, nextDue: Timestamp? = nil, passedOver: Bool = false,
        hasWaiting: Bool = false
    ) {
        self.claims = claims
        self.refused = refused
        self.hasMore = hasMore
        self.nextDue = nextDue
        self.passedOver = passedOver
        self.hasWaiting = hasWaiting
    }
}
