import ArgumentParser
import Onebeat
import OnebeatServer

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the job of an ended run once more.",
        discussion: """
            An outcome is never rewritten: this is a new run by hand of the same job, with a run key of its own, and it \
            follows the definition that is in force now, for the due instant of the old one. Of a run that follows others \
            it is given what those handed on. Asking twice for the same run is asking once.
            """)
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @Flag(help: "Run all that hung on it in its flow once more, too: a new flow.")
    var downstream = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let path = RemoteNode.path("runs", id, "retry")
        let fields: [String: JSONValue] = downstream ? ["downstream": .bool(true)] : [:]
        if try await server.act(path, fields, isJSON: format.json, beside: store) { return }
        let store = try await store.open()
        let old = try await store.run(named: id)
        _ = try await store.record(of: old.job)
        let retried = try await Acts(store, by: Person.current).retry(old, downstream: downstream)
        if format.json { return try Output.json(RunResource(retried.run)) }
        Output.line("\(retried.words)")
    }
}
