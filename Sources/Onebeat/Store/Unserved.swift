/// What no living node will claim, since none serves its queue, or none can do it. A run of that kind waits in silence, so
/// whoever looks is told.
package struct Unserved: Sendable, Hashable {
    /// The queue of the work.
    package var queue: String
    /// What it needs.
    package var need: String
    /// Whether there are nodes for the queue, and none of them can do the work.
    package var isQueueServed: Bool

    /// - Returns: `nil` where a living node serves it, and for what `once` does: its next call starts that.
    package init?(queue: String, need: String, among nodes: [NodeRecord], at now: Timestamp) {
        let living = nodes.filter { $0.isAlive(at: now) }
        guard !living.contains(where: { $0.serves(queue, need: need) }), !OnceQueue.isOne(queue) else { return nil }
        self.queue = queue
        self.need = need
        isQueueServed = living.contains { $0.queues.contains(queue) }
    }

    /// Why, and what would do.
    package var sentence: String {
        guard isQueueServed else {
            return
                "no living node serves queue \"\(queue)\"; start one with `onebeat up --queue \(queue)`, or a program"
                + " that serves it"
        }
        if need.hasPrefix(JobDefinition.need(ofHandler: "")) {
            let job = need.dropFirst(JobDefinition.need(ofHandler: "").count)
            return "no living node has the closure of job \"\(job)\"; start the program that registers it, for queue"
                + " \"\(queue)\""
        }
        return "no living node of queue \"\(queue)\" can do work of kind \(need); start one that can"
    }
}

/// The queues of calls of `once`, which serve themselves.
package enum OnceQueue {
    private static let prefix = "once/"

    /// The queue of the calls of a name.
    package static func name(_ job: String) -> String { prefix + job }

    package static func isOne(_ queue: String) -> Bool { queue.hasPrefix(prefix) }
}
