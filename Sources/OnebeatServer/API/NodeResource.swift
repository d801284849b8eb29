import Onebeat

/// A node as JSON.
package struct NodeResource: Encodable {
    var name: String
    var boot: String
    var state: String
    var leader: Bool
    var roles: [String]
    var slots: Int
    var queues: [String]
    var abilities: [String]?
    var version: String
    var processId: Int
    var zones: String
    var skew: Double
    var skewed: Bool
    var joinedAt: Timestamp
    var leaseUntil: Timestamp

    /// - Parameter now: the store's time.
    package init(_ node: NodeRecord, now: Timestamp) {
        name = node.id.name
        boot = node.id.boot
        state = node.isGone ? "gone" : node.leaseUntil > now ? "alive" : "expired"
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
package struct EventResource: Encodable {
    var number: Int64
    var kind: String
    var job: String?
    var run: Int64?
    var actor: String
    var message: String
    var at: Timestamp

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
