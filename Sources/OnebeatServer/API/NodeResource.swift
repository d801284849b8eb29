import Onebeat

/// A node as JSON.
package struct NodeResource: Codable, Sendable {
    package var name: String
    package var boot: String
    package var state: String
    package var leader: Bool
    package var roles: [String]
    package var slots: Int
    package var queues: [String]
    package var abilities: [String]?
    package var version: String
    package var processId: Int
    package var zones: String
    package var skew: Double
    package var skewed: Bool
    package var joinedAt: Timestamp
    package var leaseUntil: Timestamp

    /// - Parameter now: the store's time.
    package init(_ node: NodeRecord, now: Timestamp) {
        name = node.id.name
        boot = node.id.boot
        state = node.standing(at: now)
        leader = node.isLeader
        roles = NodeRole.sorted(node.roles).map(\.rawValue)
        slots = node.slots
        queues = node.queues
        abilities = node.abilities.words
        version = node.version
        processId = node.processID
        zones = node.zones
        skew = node.skew.inSeconds
        skewed = node.isSkewed
        joinedAt = node.joinedAt
        leaseUntil = node.leaseUntil
    }
}

/// An event as JSON.
package struct EventResource: Codable, Sendable {
    package var number: Int64
    package var kind: String
    package var job: String?
    package var run: Int64?
    package var actor: String
    package var message: String
    package var at: Timestamp

    package init(_ record: EventRecord) {
        let event = record.event
        number = record.number
        kind = event.kind
        job = event.job
        run = event.run?.value
        actor = event.actor
        message = event.message
        at = event.at
    }
}
