import ArgumentParser
import Onebeat
import OnebeatServer

struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the nodes: who is up, who leads, who does what.")
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let nodes = try await store.nodes(limit: 100)
        if format.json { return try Output.json(nodes.map { NodeResource($0, now: now) }) }
        if nodes.isEmpty { return Output.note("no node has joined yet; `onebeat up` starts one") }
        var table = TextTable(
            "node", "boot", "state", "", "roles", "slots", "queues", "joined", "lease", "skew", "zones", "version",
            "pid",
            rightAligned: [5, 9])
        for node in nodes {
            let state = node.standing(at: now)
            table.add(
                .init(node.id.name, .title),
                .init(String(node.id.boot.prefix(6)), .quiet),
                .init(state, state == "alive" ? .good : state == "gone" ? .quiet : .bad),
                .init(node.isLeader && state == "alive" ? "leads" : "", .active),
                .init(NodeRole.sorted(node.roles).map(\.rawValue).joined(separator: ", ")),
                .init("\(node.slots)"),
                .init(node.queues.joined(separator: ", ")),
                .init(node.joinedAt.relative(to: now), .quiet),
                .init(state == "alive" ? "ends \(node.leaseUntil.relative(to: now))" : "", .quiet),
                .init(Self.skew(node.skew), node.isSkewed ? .bad : .quiet),
                .init(node.zones, .quiet),
                .init(node.version),
                .init("\(node.processID)"))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }

    /// How far the store's clock is ahead, in milliseconds: less is of no meaning between two machines.
    private static func skew(_ skew: Duration) -> String { "\(Int(saturating: (skew.inSeconds * 1000).rounded())) ms" }
}
