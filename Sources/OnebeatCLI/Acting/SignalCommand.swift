import ArgumentParser
import Onebeat
import OnebeatServer

struct SignalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Tell of a run of a job that runs elsewhere: start, success or fail.",
        discussion: """
            For jobs with `signal: {every: 1d, grace: 2h}`. A start and the word of its end are one run; success alone is one, \
            too. With --id the two find each other whatever else is told meanwhile, and the same word twice is said once.
            """)
    @Argument(help: "The job's name.")
    var job: String
    @Argument(help: "What to say: start, success or fail. Without it what --exit-code says, and otherwise success.")
    var word: JobSignal.Word?
    @Option(help: "Words on it, for people: up to 2000 bytes.")
    var message: String?
    @Option(help: "What its process ended with: 0 is success, others are fail.")
    var exitCode: Int?
    @Option(help: "What tells the run from others.")
    var id: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let exitCode, !(0...255).contains(exitCode) {
            throw ValidationError("--exit-code is \(exitCode); 0 to 255 will do.")
        }
    }

    func run() async throws {
        let said = word ?? (exitCode ?? 0 == 0 ? .success : .fail)
        var fields: [String: JSONValue] = ["state": .string(said.rawValue)]
        if let message { fields["message"] = .string(message) }
        if let exitCode { fields["exit_code"] = .int(Int64(exitCode)) }
        if let id { fields["request_id"] = .string(id) }
        let path = RemoteNode.path("jobs", job, "signal")
        if try await server.act(path, fields, isJSON: format.json, beside: store) { return }
        let store = try await store.open()
        let signalled = try await Acts(store, by: Person.current)
            .signal(said, of: store.record(of: job), id: id, message: message, exitCode: exitCode)
        format.json ? try Output.json(RunResource(signalled.run)) : Output.line("\(signalled.words)")
    }
}

extension JobSignal.Word: ExpressibleByArgument {}
