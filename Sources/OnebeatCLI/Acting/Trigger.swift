import ArgumentParser
import Onebeat
import OnebeatServer

struct Trigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a job now, beside its due runs, and with it all that follows it.",
        discussion: """
            With --wait the exit code is the outcome: 0 succeeded, 1 failed, timed out, lost or dead, 3 not run \
            (skipped, missed or cancelled).
            """)
    @Argument(help: "The job's name.")
    var job: String
    @Flag(help: "Wait for the end, show the output, and exit with the outcome.")
    var wait = false
    @Flag(help: "Run this job alone, without those that follow it.")
    var only = false
    @Option(help: "Names this wish: the same job and id twice is one run.")
    var requestId: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let problem = requestId.flatMap(RequestName.problem) { throw ValidationError("--request-id \(problem).") }
    }

    func run() async throws {
        var fields: [String: JSONValue] = only ? ["only": .bool(true)] : [:]
        if let requestId { fields["request_id"] = .string(requestId) }
        let path = RemoteNode.path("jobs", job, "trigger")
        if let node = try server.node(beside: store), wait {
            let answer: Answer = try await node.does(path, fields)
            if let why = answer.unserved { Output.note("onebeat: \(why)") }
            return try await end(with: Run(answer.run), in: node)
        }
        if try await server.act(path, fields, isJSON: format.json, beside: store) { return }
        let store = try await store.open()
        try await FirstLook.agree(store)
        let triggered = try await Acts(store, by: Person.current)
            .trigger(store.record(of: job), request: requestId, alone: only)
        if !wait {
            return format.json ? try Output.json(RunResource(triggered.run)) : Output.line("\(triggered.words)")
        }
        if let why = triggered.outlook.unserved { Output.note("onebeat: \(why)") }
        try await end(with: triggered.run, in: StoreWitness(store))
    }

    private struct Answer: Decodable {
        var unserved: String?
        var run: RunResource
    }

    private func end(with run: Run, in witness: any Witness) async throws {
        let run = try await RunWait.untilEnd(of: run, in: witness, showsOutput: !format.json)
        if format.json {
            try Output.json(RunResource(run))
        } else {
            let words = [run.reason?.sentence, run.message].compactMap(\.self).joined(separator: "; ")
            Output.note(
                "run \(run.id) \(Terminal.errors.paint("\(run.state.rawValue)", run.state.colour))"
                    + "\(run.length.map { " after \($0.brief)" } ?? "")\(words.isEmpty ? "" : ": \(words)")")
        }
        switch run.state {
        case .succeeded: return
        case .skipped, .missed, .cancelled: throw CommandFailure.silent(.notRun)
        case .failed, .timedOut, .lost, .dead, .waiting, .scheduled, .running, .unknown:
            throw CommandFailure.silent(.failed)
        }
    }
}
