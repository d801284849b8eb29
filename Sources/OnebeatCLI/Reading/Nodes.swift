import ArgumentParser
import Onebeat
import OnebeatServer

struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the nodes: who is up, who leads, who does what.")
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let nodes = try await witness.nodes()
        if format.json { return try Output.json(nodes) }
        if nodes.isEmpty { return Output.note("no node has joined yet; `onebeat up` starts one") }
        var table = TextTable(
            "node", "boot", "state", "", "roles", "slots", "queues", "joined", "lease", "skew", "zones", "version",
            "pid",
            rightAligned: [5, 9])
        let now = try await witness.now()
        for node in nodes {
            let state = node.state
            table.add(
                .init(node.name, .title),
                .init(String(node.boot.prefix(6)), .quiet),
                .init(state, state == "alive" ? .good : state == "gone" ? .quiet : .bad),
                .init(node.leader && state == "alive" ? "leads" : "", .active),
                .init(node.roles.joined(separator: ", ")),
                .init("\(node.slots)"),
                .init(node.queues.joined(separator: ", ")),
                .init(node.joinedAt.relative(to: now), .quiet),
                .init(state == "alive" ? "ends \(node.leaseUntil.relative(to: now))" : "", .quiet),
                .init(Self.skew(node.skew), node.skewed ? .bad : .quiet),
                .init(node.zones, .quiet),
                .init(node.version),
                .init("\(node.processId)"))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }

    /// How far the store's clock is ahead, in milliseconds: less is of no meaning between two machines.
    private static func skew(_ seconds: Double) -> String { "\(Int(saturating: (seconds * 1000).rounded())) ms" }
}
