import ArgumentParser
import Onebeat
import OnebeatServer

struct MarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark",
        abstract: "Say what an ended run counts as for the jobs that follow it.",
        discussion: """
            The run keeps its outcome, and shows both. Those that wait for it are decided on by the mark; those that were \
            skipped for it have new runs where their rule can come true now. What has begun goes on.
            """)
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @Argument(help: "succeeded or failed.")
    var state: String
    @Option(help: "Why; it is kept with your name.")
    var because: String
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        guard let state = RunMark.State(rawValue: state) else {
            throw CommandFailure("a run can be marked as succeeded or failed, and not as \(self.state)", .badData)
        }
        let fields: [String: JSONValue] = ["state": .string(state.rawValue), "because": .string(because)]
        let path = RemoteNode.path("runs", id, "mark")
        if try await server.act(path, fields, isJSON: format.json, beside: store) { return }
        let store = try await store.open()
        let run = try await store.run(named: id)
        let marked = try await Acts(store, by: Person.current).mark(run, as: state, because: because)
        if format.json { return try Output.json(marked.touched.map { RunResource($0) }) }
        for line in marked.lines { Output.line("\(line)") }
    }
}
