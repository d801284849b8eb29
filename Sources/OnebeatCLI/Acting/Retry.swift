import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the job of an ended run once more.",
        discussion: """
            An outcome is never rewritten: this is a new run by hand of the same job, with a run key of its own, and it \
            follows the definition that is in force now. Asking twice for the same run is asking once.
            """)
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let old = try await store.run(named: id)
        guard old.state.isTerminal else {
            throw CommandFailure("run \(old.id) has not ended: it is \(old.state.rawValue); cancel it first, or wait")
        }
        _ = try await store.record(of: old.job)
        let run = try await store.trigger(old.job, requestID: "retry-of-\(old.id)", by: Person.current)
        if format.json { return try Output.json(RunResource(run)) }
        Output.line(
            run.state == .scheduled
                ? "run \(run.id) of \(old.job) is due: a new run by hand, in place of run \(old.id)"
                : "run \(run.id) was made for this before and is \(run.state.rawValue); retry that one to go on")
    }
}
