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
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
        if ![0, 2].contains(diff.count) { throw ValidationError("--diff takes two versions, such as --diff 2 5.") }
    }

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let versions = try await witness.versions(of: job, limit: limit)
        if versions.isEmpty { _ = try await witness.found(job, witness.job(job)) }
        if diff.count == 2 { return try show(await witness.changes(of: job, from: diff[0], to: diff[1])) }
        if format.json { return try Output.json(versions) }
        let clock = Clock(try reader.clock(), now: try await witness.now())
        var table = TextTable("version", "in force since", "", "by", "from", "what changed")
        for version in versions {
            let removal = version.removedAt.map { ["removed at \(clock.text($0))"] } ?? []
            let first = version.isFirst ? ["defined"] : []
            table.add(
                .init(version.version, .title), .init(clock.text(version.at)),
                .init(clock.relative(version.at), .quiet),
                .init(version.by), .init(version.source, .quiet),
                .init((first + version.keys.map(\.words) + removal).joined(separator: "; ")))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }

    private func show(_ keys: [PlanDiff.KeyChange]) throws {
        if format.json { return try Output.json(keys) }
        if keys.isEmpty { return Output.line("nothing differs") }
        for key in keys { Output.line("\(key.words)") }
    }
}
