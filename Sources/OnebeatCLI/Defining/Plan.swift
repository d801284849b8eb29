import ArgumentParser
import Onebeat
import OnebeatServer

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what applying a file would change; nothing is stored.")
    @Argument(help: "The configuration file.")
    var file: String?
    @Option(help: "Orders the file among those of its source, the higher the newer: a build number, say.")
    var revision: String?
    @Flag(help: "The file is all that its source defines, as for `apply --complete`.")
    var complete = false
    @Flag(help: "Exit with 2 when there are changes.")
    var exitCode = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if let node = try server.node(beside: store) {
            let file = try SentFile(argument: file, config: store.config)
            let options = [("revision", SentFile.revision(revision)), ("complete", complete ? "true" : nil)]
            return try show(try await file.send(to: node, "plan", options), of: file.path)
        }
        let surroundings = try store.surroundings(file: file, revision: revision)
        let configuration = try surroundings.requiredFile()
        var request = try surroundings.request(by: Person.current)
        request.isComplete = request.isComplete || complete
        // Before the first `apply` or `up` there is no store, and everything is to be added.
        var planned = Planned(first: request, at: .now, warnings: configuration.warnings)
        if let store = try await surroundings.openStoreIfThere() {
            planned = try await store.planned(request, warnings: configuration.warnings)
        }
        try show(planned.worked(), of: configuration.path)
    }

    private func show(_ plan: PlanResource, of path: String) throws {
        if format.json {
            try Output.json(plan)
        } else {
            for line in PlanText.lines(plan.diff, for: .output) { Output.line(line) }
            for warning in plan.warnings { Output.note("onebeat: warning: \(warning)") }
        }
        if let refusal = plan.refusal { throw CommandFailure("\(path) cannot be applied: \(refusal.told)", .badData) }
        if exitCode, !plan.isEmpty { throw CommandFailure.silent(.different) }
    }
}
