import Onebeat

/// Who does the work: leases, clocks, slots in use, queues and who serves them, and who is gone.
struct NodesPage {
    static let most = 200

    var now: Timestamp
    var nodes: [NodeRecord]
    /// What runs now.
    var running: [Run] = []
    /// What is due and unclaimed.
    var unclaimed: [UnclaimedRuns] = []
    /// How nodes went, newest first.
    var departures: [Event] = []

    private var words: Words { Words(now: now) }
    private var living: [NodeRecord] { nodes.filter { !$0.isGone } }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(say("Nodes"))</h1></div>
            \(HTML.section("Up", upTable))
            \(HTML.section("Queues", queueTable))
            \(HTML.section("Clocks and versions", clockTable))
            \(HTML.section("Gone", goneTable))
            """
        return Page(title: say("Nodes"), place: .nodes, refresh: 10, now: now, content: content)
    }

    private func slotsInUse(_ node: NodeRecord) -> Int {
        running.count { $0.node == node.id.name && ($0.boot ?? node.id.boot) == node.id.boot }
    }

    private var upTable: HTML {
        HTML.table(
            ["Node", "State", "Slots in use", .wide("Queues"), "Lease", .wide("Joined")],
            living.map { node in
                let lease =
                    node.leaseUntil > now
                    ? say("ends \(words.relative(node.leaseUntil)) unless renewed")
                    : say("ended \(words.relative(node.leaseUntil))")
                return [
                    "\(node.id.name)", node.badges(at: now), slots(slotsInUse(node), of: node.slots),
                    "\(node.queues.joined(separator: ", "))", lease, words.relative(node.joinedAt),
                ]
            }, otherwise: say("No node is up. Start one with <code>onebeat up</code>."))
    }

    private func slots(_ used: Int, of all: Int) -> HTML {
        guard all > 0 else { return "<span class=\"faint\">–</span>" }
        return
            "<meter min=\"0\" max=\"\(all)\" value=\"\(min(used, all))\" aria-label=\"\(say("Slots in use"))\"></meter> <span class=\"nowrap\">\(used) / \(all)</span>"
    }

    private struct Queue {
        var name: String
        var nodes: [NodeRecord]
        var waiting: [UnclaimedRuns]
    }

    private var queues: [Queue] {
        let served = living.filter { $0.leaseUntil > now && $0.slots > 0 }
        let names = Set(served.flatMap(\.queues) + unclaimed.map(\.queue))
        let queues = names.map { name in
            Queue(
                name: name, nodes: served.filter { $0.queues.contains(name) },
                waiting: unclaimed.filter { $0.queue == name })
        }
        // What nobody serves comes first.
        return queues.sorted { ($0.nodes.isEmpty ? 0 : 1, $0.name) < ($1.nodes.isEmpty ? 0 : 1, $1.name) }
    }

    private var queueTable: HTML {
        HTML.table(
            ["Queue", "Served by", "Slots in use", "Due and unclaimed", .wide("Longest due")],
            queues.map { queue in
                let isSelfServed = OnceQueue.isOne(queue.name)
                let served: HTML =
                    if queue.nodes.isEmpty {
                        isSelfServed
                            ? say("the next call of <code>once</code>")
                            : "<span class=\"badge bad\">\(say("nobody"))</span>"
                    } else {
                        "\(queue.nodes.map(\.id.name).joined(separator: ", "))"
                    }
                let used = queue.nodes.reduce(0) { $0 + slotsInUse($1) }
                let count = queue.waiting.reduce(0) { $0 + $1.count }
                let oldest = queue.waiting.min { $0.since < $1.since }
                let longest = oldest.map { "\(Address.link(job: $0.job)) \(words.relative($0.since))" as HTML }
                return [
                    "\(queue.name)", served, slots(used, of: queue.nodes.reduce(0) { $0 + $1.slots }), "\(count)",
                    longest ?? "<span class=\"faint\">–</span>",
                ]
            }, otherwise: say("No queue is served."))
    }

    private var clockTable: HTML {
        HTML.table(
            ["Node", "Parts", "Clock", "Version", .wide("Zones"), .wide("Process")],
            living.map { node in
                let length = Words.exact(node.skew < .zero ? .zero - node.skew : node.skew)
                let clock =
                    node.skew == .zero
                    ? say("as the store's") : node.skew > .zero ? say("\(length) behind") : say("\(length) ahead")
                let badge: HTML? = node.isSkewed ? " <span class=\"badge bad\">\(say("skewed"))</span>" : nil
                return [
                    "\(node.id.name)", "\(NodeRole.sorted(node.roles).map(\.rawValue).joined(separator: ", "))",
                    "\(clock)\(badge)", "\(node.version)", "\(node.zones)", "\(node.processID)",
                ]
            }, otherwise: say("No node is up."))
    }

    private var goneTable: HTML {
        HTML.table(
            ["When", "Node", "How", .why("Words")],
            departures.map { event in
                let isDead = event.kind == "node.dead"
                let how: HTML =
                    "<span class=\"badge \(isDead ? "bad" : "calm")\">\(isDead ? say("died") : say("left"))</span>"
                return [
                    words.both(event.at), "\(event.actor)", how,
                    "<span class=\"why\">\(english(event.message))</span>",
                ]
            }, otherwise: say("None within the kept history."))
    }
}
