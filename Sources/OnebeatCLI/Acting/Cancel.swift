import ArgumentParser
import Onebeat

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a run: one that waits at once, a running one by TERM, grace and KILL.")
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let run = try await store.run(named: id)
        if run.state.isTerminal {
            throw CommandFailure("run \(run.id) has ended already: it is \(run.state.rawValue)")
        }
        let after = try await store.cancel(run.id, by: Person.current)
        Output.line(
            after.state.isTerminal
                ? "run \(run.id) is \(after.state.rawValue)"
                : "run \(run.id) is being stopped on node \(after.node ?? "?"); `onebeat run \(run.id)` shows its end")
    }
}
