import ArgumentParser
import Onebeat
import OnebeatServer

struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the versions of a job's definition: when, by whom, and what changed.",
        discussion: """
            A version is named as in the list: 3, or 2.3 for version 3 of the second generation, where a job was removed \
            and defined anew. Variables, headers and bodies may be secrets: that they differ is said, and neither is shown.
            """)
    @Argument(help: "The job's name; it may have been removed.")
    var job: String
    @Option(parsing: .upToNextOption, help: "Shows what differs between two versions: --diff 2 5.")
    var diff: [String] = []
    @Option(help: "At most so many, 1 to 1000.")
    var limit = 20
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Line: Encodable {
        var version: String
        var at: Timestamp
        var by: String
        var source: String
        var removedAt: Timestamp?
        var keys: [PlanAnswer.Key]
    }

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
        if ![0, 2].contains(diff.count) { throw ValidationError("--diff takes two versions, such as --diff 2 5.") }
    }

    func run() async throws {
        let store = try await store.open()
        let newest = try await store.versions(of: job, before: nil, limit: limit + 1)
        if newest.isEmpty { _ = try await store.record(of: job) }
        if diff.count == 2 { return try await show(diff[0], diff[1], in: store, newest.first?.version) }
        let now = try await store.now()
        let lines = VersionHistory(newest, limit: limit).lines.map { ($0.version, $0.changes) }
        if format.json {
            return try Output.json(
                lines.map { version, keys in
                    Line(
                        version: version.version.listed, at: version.since, by: version.actor,
                        source: version.source,
                        removedAt: version.removedAt, keys: keys.map(PlanAnswer.Key.init))
                })
        }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable("version", "in force since", "", "by", "from", "what changed")
        for (version, keys) in lines {
            let removal = version.removedAt.map { ["removed at \(clock.text($0))"] } ?? []
            let first = version.version.version == 1 ? ["defined"] : []
            table.add(
                .init(version.version.listed, .title), .init(clock.text(version.since)),
                .init(clock.relative(version.since), .quiet), .init(version.actor), .init(version.source, .quiet),
                .init((first + keys.map(\.words) + removal).joined(separator: "; ")))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }

    private func show(_ first: String, _ second: String, in store: any Store, _ newest: JobVersion?) async throws {
        var definitions: [JobDefinition] = []
        for text in [first, second] {
            let version = try read(text, newest)
            guard let definition = try await store.definition(version) else {
                throw CommandFailure("\(job) has no version \(text); `onebeat versions \(job)` lists them")
            }
            definitions.append(definition)
        }
        let keys = PlanDiff.keys(from: definitions[0], to: definitions[1])
        if format.json { return try Output.json(keys.map(PlanAnswer.Key.init)) }
        if keys.isEmpty { return Output.line("nothing differs") }
        for key in keys { Output.line("\(key.words)") }
    }

    /// `3` is of the newest generation.
    private func read(_ text: String, _ newest: JobVersion?) throws -> JobVersion {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let version = parts.last ?? nil, let first = parts.first ?? nil else {
            throw CommandFailure("\"\(text)\" is no version; write it as listed, such as 3 or 2.3", .badData)
        }
        return JobVersion(job: job, generation: parts.count == 2 ? first : newest?.generation ?? 1, version: version)
    }
}

extension PlanAnswer.Key {
    init(_ change: PlanDiff.KeyChange) { self.init(key: change.key, before: change.before, after: change.after) }
}
