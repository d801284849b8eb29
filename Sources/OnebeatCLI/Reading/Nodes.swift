import ArgumentParser
import Onebeat
import OnebeatServer

struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the nodes: who is up, who leads, who serves what.")
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let nodes = try await store.nodes(limit: 100)
        if format.json { return try Output.json(nodes.map { NodeResource($0, now: now) }) }
        if nodes.isEmpty { return Output.note("no node has joined yet; `onebeat up` starts one") }
        var table = TextTable(
            "node", "state", "", "slots", "queues", "joined", "lease", "version", "pid", rightAligned: [3])
        for node in nodes {
            let state = node.standing(at: now)
            table.add(
                .init(node.id.name, .title),
                .init(state, state == "alive" ? .good : state == "gone" ? .quiet : .bad),
                .init(node.isLeader && state == "alive" ? "leads" : "", .active),
                .init("\(node.slots)"),
                .init(node.queues.joined(separator: ", ")),
                .init(node.joinedAt.relative(to: now), .quiet),
                .init(state == "alive" ? "ends \(node.leaseUntil.relative(to: now))" : "", .quiet),
                .init(node.version),
                .init("\(node.processID)"))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}
