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
    @Flag(help: "Exit with 2 when there are changes.")
    var exitCode = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let surroundings = try store.surroundings(file: file, revision: revision)
        let configuration = try surroundings.requiredFile()
        let request = try surroundings.request(by: Person.current)
        var records: [JobRecord] = []
        var history = SourceHistory(of: request.source)
        var now = Timestamp.now
        var lengths: [String: Duration] = [:]
        // Before the first `apply` or `up` there is no store, and everything is to be added.
        if let store = try await surroundings.openStoreIfThere() {
            records = try await store.jobs()
            history = try await store.history(of: request.source)
            now = try await store.now()
            lengths = try await self.lengths(of: request.definitions, in: store)
        }
        let diff = try PlanDiff(of: request, against: records, at: now)
        let warnings = PlanWarnings.all(of: request.definitions, at: now, lengths: lengths)
        if format.json {
            try Output.json(PlanAnswer(diff, configuration, warnings))
        } else {
            for line in PlanText.lines(diff, for: .output) { Output.line(line) }
            Surroundings.warn(of: configuration)
            for warning in warnings { Output.note("onebeat: warning: \(warning)") }
        }
        if diff.isRefused {
            let names = diff.changes.filter { $0.kind == .conflict }.map(\.job).joined(separator: ", ")
            throw CommandFailure(
                "\(configuration.path) cannot be applied: another source defines \(names); rename one of the two, or"
                    + " remove the job there", .badData)
        }
        if !diff.isEmpty, let why = request.revision.flatMap(history.objection) {
            throw CommandFailure(
                "\(configuration.path) cannot be applied: \(why.told). To go back to it, `onebeat apply --force`",
                .badData)
        }
        if exitCode, !diff.isEmpty { throw CommandFailure.silent(.different) }
    }

    /// How long runs of jobs take of which one may wait for another; asked of a bounded number of them.
    private func lengths(of definitions: [JobDefinition], in store: any Store) async throws -> [String: Duration] {
        var lengths: [String: Duration] = [:]
        for job in definitions.filter({ [.queue, .queueAll].contains($0.policies.overlap) }).prefix(200) {
            lengths[job.name] = LockLength.p95(of: try await store.measuredRuns(of: job.name))
        }
        return lengths
    }
}

/// A diff as JSON.
struct PlanAnswer: Encodable {
    struct Change: Encodable {
        var job: String
        var change: String
        var schedule: String
        var keys: [PlanDiff.KeyChange]
        var nextBefore: [String]
        var nextAfter: [String]
        var followers: [String]
        var owner: String?
    }
    var source: String
    var changes: [Change]
    var unchanged: Int
    var warnings: [String]

    init(_ diff: PlanDiff, _ file: ConfigurationFile, _ more: [String]) {
        source = file.source
        changes = diff.changes.map { change in
            Change(
                job: change.job, change: change.kind.rawValue, schedule: change.schedule,
                keys: change.keys,
                nextBefore: change.firesBefore, nextAfter: change.firesAfter, followers: change.followers,
                owner: change.owner)
        }
        unchanged = diff.unchanged
        warnings = file.warnings.map(\.summary) + more
    }
}
