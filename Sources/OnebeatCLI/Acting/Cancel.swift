import ArgumentParser
import Onebeat

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a run: one that waits at once, a running one by TERM, grace and KILL.")
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @Flag(help: "End all runs of the flow that it is part of, which also keeps those from starting that wait.")
    var flow = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let run = try await store.run(named: id)
        if flow { return try await cancelFlow(of: run, in: store) }
        if run.state.isTerminal {
            throw CommandFailure("run \(run.id) has ended already: it is \(run.state.rawValue)")
        }
        let after = try await store.cancel(run.id, by: Person.current)
        Output.line(
            after.state.isTerminal
                ? "run \(run.id) is \(after.state.rawValue)"
                : "run \(run.id) is being stopped on node \(after.node ?? "?"); `onebeat run \(run.id)` shows its end")
    }

    private func cancelFlow(of run: Run, in store: any Store) async throws {
        guard let flow = run.flow else {
            throw CommandFailure("run \(run.id) of \(run.job) is part of no flow; cancel it without --flow")
        }
        // Those that wait first, the last of all first: so none starts, or is skipped, since another was cancelled.
        let open = try await store.all(of: flow).filter { !$0.state.isTerminal }.sorted { $0.id > $1.id }
        if open.isEmpty { throw CommandFailure("all runs of flow \(flow) have ended already") }
        for run in open {
            let after = try await store.cancel(run.id, by: Person.current)
            Output.line(
                after.state.isTerminal
                    ? "run \(run.id) of \(run.job) is \(after.state.rawValue)"
                    : "run \(run.id) of \(run.job) is being stopped on node \(after.node ?? "?")")
        }
    }
}
