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
        if try await server.act(path, flow ? ["flow": .bool(true)] : [:], beside: store) { return }
        let store = try await store.open()
        let run = try await store.run(named: id)
        let acts = Acts(store, by: Person.current)
        let cancelled = try await flow ? acts.cancel(acts.open(inFlowOf: run), ofFlow: run.flow) : acts.cancel(run)
        let hint = flow || cancelled.isOver ? "" : "; `onebeat run \(run.id)` shows its end"
        for line in cancelled.lines { Output.line("\(line)\(hint)") }
    }
}
