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
    /// How many bytes of output are kept of each attempt: half of them of its beginning, half of its end.
    public var output: Int
    /// What becomes of jobs that may not overlap while locks are not to be had. Only for a node that keeps locks.
    public var lockPolicy: LockPolicy
    /// The version of Onebeat it runs.
    public var version: String

    /// How many bytes of output are kept of each attempt unless told otherwise: 512 KiB.
    public static let standardOutput = 512 * 1024

    /// The settings themselves, when a node can live by them.
    /// - Throws: ``SettingsError`` naming the setting, what was wrong and what would do.
    func validated() throws(SettingsError) -> NodeSettings {
        func require(_ holds: Bool, _ setting: String, _ problem: @autoclosure () -> String) throws(SettingsError) {
            if !holds { throw SettingsError(setting: setting, problem: problem()) }
        }
        try require(
            (1...200).contains(name.utf8.count) && name.controlCharacter() == nil, "name",
            "is \"\(name)\"; a node's name has 1 to 200 bytes and no control characters")
        try require(!roles.isEmpty, "roles", "there are none; name one at least: beat, worker")
        guard roles.contains(.worker) else { return self }
        try require((1...10_000).contains(slots), "slots", "is \(slots); 1 to 10000 will do")
        try require(!queues.isEmpty, "queues", "there are none, so that the worker would start nothing; name one")
        for queue in queues {
            try require(
                (1...100).contains(queue.utf8.count) && queue.controlCharacter() == nil, "queues",
                "\"\(queue)\" is none; a queue's name has 1 to 100 bytes and no control characters")
        }
        return self
    }

    /// Settings; the defaults suit a node that runs processes on a machine of its own.
    public init(
        name: String, roles: Set<NodeRole> = Set(NodeRole.allCases), slots: Int = 16,
        queues: [String] = [JobPolicies.defaultQueue], leases: LeaseLengths = .init(), drain: Duration = .seconds(30),
        keep: Duration = .seconds(30 * 86_400), output: Int = standardOutput, lockPolicy: LockPolicy = .lenient,
        version: String = OnebeatVersion.current
    ) {
        self.name = name
        self.roles = roles
        self.slots = slots
        self.queues = queues.map(\.composed)
        self.leases = leases
        self.drain = drain
        self.keep = keep
        self.output = output
        self.lockPolicy = lockPolicy
        self.version = version
    }
}

/// Settings that a node cannot live by: which one, what was wrong and what would do.
public struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The setting's name in ``NodeSettings``.
    public let setting: String
    /// What was wrong and what would do.
    public let problem: String

    /// The error in one line.
    public var description: String { "the node's \(setting): \(problem)" }
}
