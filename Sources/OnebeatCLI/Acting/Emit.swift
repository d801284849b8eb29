import ArgumentParser
import Onebeat
import OnebeatServer

struct Emit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Emit an event: each job with `on: {event: NAME}` starts, once for each id.",
        discussion: """
            What --data brings is given to the jobs as the value of `event` in the file $ONEBEAT_INPUT, and to HTTP calls as \
            {{ event.key }}. The same name and id twice is one event.
            """)
    @Argument(help: "The event's name.")
    var name: String
    @Option(help: "What it brings: JSON of at most 64 KiB.")
    var data: String?
    @Option(help: "What tells it from others of its name, such as a file's name; otherwise one that nobody had before.")
    var id: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let runs = try await emit()
        if format.json { return try Output.json(runs) }
        if runs.isEmpty { return Output.line("no job starts on \(name); `on: {event: \(name)}` makes one do") }
        for run in runs { Output.line("run \(run.id) of \(run.job) is \(run.state.rawValue)") }
    }

    private func emit() async throws -> [RunResource] {
        if let node = try server.node(beside: store) {
            var fields: [String: JSONValue] = ["name": .string(name)]
            if let id { fields["id"] = .string(id) }
            if let value = try Acts.value(ofEvent: data) {
                fields["data"] = value.value
            }
            return try await (node.does("/events", fields) as RemoteNode.Deed).runs ?? []
        }
        let store = try await store.open()
        try await FirstLook.agree(store)
        return try await Acts(store, by: Person.current).emit(name, id: id, data: data).map { RunResource($0) }
    }
}
