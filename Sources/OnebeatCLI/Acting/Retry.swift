import ArgumentParser
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
        let retried = try await Acts(store, by: Person.current).retry(old, of: store.record(of: old.job))
        if format.json { return try Output.json(RunResource(retried.run)) }
        Output.line("\(retried.words)")
    }
}
