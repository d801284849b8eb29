import ArgumentParser
import Foundation
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

    func validate() throws {
        if let scalar = requestId?.controlCharacter() {
            throw ValidationError("--request-id has the control character \(scalar) in it; a name has none.")
        }
        if let requestId, !(1...200).contains(requestId.utf8.count) {
            throw ValidationError("--request-id has \(requestId.utf8.count) bytes; 1 to 200 will do.")
        }
    }

    func run() async throws {
        let store = try await store.open()
        try await FirstLook.agree(store)
        _ = try await store.record(of: job)
        let request = requestId ?? UUID().uuidString.lowercased()
        let run = try await store.trigger(job, requestID: request, alone: only, by: Person.current)
        if !wait {
            if format.json { return try Output.json(RunResource(run)) }
            guard run.state == .scheduled else {
                return Output.line("run \(run.id) of \(job) is \(run.state.rawValue)")
            }
            return Output.line("run \(run.id) of \(job) is due, and \(try await store.outlook(of: run).words)")
        }
        if case .isUnserved(let why) = try await store.outlook(of: run) { Output.note("onebeat: \(why)") }
        try await end(with: RunWait.untilEnd(of: run, in: store, showsOutput: !format.json))
    }

    private func end(with run: Run) async throws {
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
