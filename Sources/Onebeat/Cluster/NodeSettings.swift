/// A part that a node plays.
public enum NodeRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// Candidate for the lead: plans what falls due, and removes old history.
    case beat
    /// Claims runs and does their work.
    case worker
    /// Shows health, metrics and pages. Of meaning to the `onebeat` command; the library shows nothing.
    case web

    /// The roles in their usual order.
    public static func sorted(_ roles: Set<NodeRole>) -> [NodeRole] { allCases.filter(roles.contains) }
}

/// What a node is told about itself.
public struct NodeSettings: Sendable, Equatable {
    /// The node's name, unique in the cluster.
    public var name: String
    /// The parts it plays, at least one.
    public var roles: Set<NodeRole>
    /// How many runs it runs at one time, at least 1; without the role of a worker it runs none.
    public var slots: Int
    /// The queues it serves.
    public var queues: [String] { didSet { queues = queues.map(\.composed) } }
    /// How long its leases last.
    public var leases: LeaseLengths
    /// How long running attempts may go on after the node was asked to stop.
    public var drain: Duration
    /// How long ended runs stay in the history.
    public var keep: Duration
    /// What becomes of jobs that may not overlap while locks are not to be had. Only for a node that keeps locks.
    public var lockPolicy: LockPolicy
    /// The version of Onebeat it runs.
    public var version: String

    /// Settings; the defaults suit a node that runs processes on a machine of its own.
    public init(
        name: String, roles: Set<NodeRole> = Set(NodeRole.allCases), slots: Int = 16,
        queues: [String] = [JobPolicies.defaultQueue], leases: LeaseLengths = .init(), drain: Duration = .seconds(30),
        keep: Duration = .seconds(30 * 86_400), lockPolicy: LockPolicy = .lenient,
        version: String = OnebeatVersion.current
    ) {
        self.name = name
        self.roles = roles
        self.slots = slots
        self.queues = queues.map(\.composed)
        self.leases = leases
        self.drain = drain
        self.keep = keep
        self.lockPolicy = lockPolicy
        self.version = version
    }
}
