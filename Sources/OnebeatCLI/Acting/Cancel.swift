import ArgumentParser
import Onebeat
import OnebeatServer

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a run: one that waits at once, a running one by TERM, grace and KILL.")
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @Flag(help: "End all runs of the flow that it is part of, which also keeps those from starting that wait.")
    var flow = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let path = RemoteNode.path("runs", id, "cancel")
        if let node = try server.node(beside: store) {
            let deed: RemoteNode.Deed = try await node.does(path, flow ? ["flow": .bool(true)] : [:])
            let hint = deed.run.map(Self.hint) ?? ""
            for line in deed.said { Output.line("\(line)\(hint)") }
            return
        }
        let store = try await store.open()
        let run = try await store.run(named: id)
        let acts = Acts(store, by: Person.current)
        let cancelled = try await flow ? acts.cancel(acts.open(inFlowOf: run), ofFlow: run.flow) : acts.cancel(run)
        let hint = flow ? "" : cancelled.runs.first.map { Self.hint(RunResource($0)) } ?? ""
        for line in cancelled.lines { Output.line("\(line)\(hint)") }
    }

    private static func hint(_ run: RunResource) -> String {
        run.state.isTerminal ? "" : "; `onebeat run \(run.id)` shows its end"
    }
}
