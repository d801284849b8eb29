import ArgumentParser
import Onebeat
import OnebeatServer

struct Backfills: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List backfills, the newest first; pause, resume or cancel one.",
        subcommands: [ListBackfills.self, PauseBackfill.self, ResumeBackfill.self, CancelBackfill.self],
        defaultSubcommand: ListBackfills.self)
}

struct ListBackfills: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List backfills, the newest first.")
    @Flag(help: "Only those that have not ended.")
    var open = false
    @Option(help: "At most so many, 1 to 1000.")
    var limit = 50
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
    }

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let backfills = try await store.backfills(openOnly: open, limit: limit)
        var lines: [(Backfill, Int)] = []
        for backfill in backfills {
            lines.append((backfill, backfill.state.isOpen ? try await store.openRuns(of: backfill.id) : 0))
        }
        if format.json { return try Output.json(lines.map { BackfillResource($0, open: $1) }) }
        if backfills.isEmpty { return Output.note("there are no backfills") }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable(
            "id", "job", "state", "from", "to", "reached", "made", "passed", "open", "by", rightAligned: [0, 6, 7, 8])
        for (backfill, open) in lines {
            table.add(
                .init("\(backfill.id)"), .init(backfill.job, .title),
                .init(backfill.state.rawValue, backfill.state == .active ? .active : .quiet),
                .init(clock.text(backfill.from)), .init(clock.text(backfill.to)),
                .init(backfill.reached.map(clock.text) ?? ""), .init("\(backfill.made)"), .init("\(backfill.passed)"),
                .init("\(open)"), .init(backfill.actor))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

struct PauseBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin no more runs of a backfill; those that were made go on.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions

    func run() async throws { try await store.open().change(backfill: id, to: .paused) }
}

struct ResumeBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on with a backfill.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions

    func run() async throws { try await store.open().change(backfill: id, to: .active) }
}

struct CancelBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a backfill: its runs that have not begun are cancelled, others go on.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions

    func run() async throws { try await store.open().change(backfill: id, to: .cancelled) }
}

extension BackfillStore {
    fileprivate func change(backfill id: Int64, to state: Backfill.State) async throws {
        let backfill = try await change(id, to: state, by: Person.current)
        Output.line("backfill \(id) of \(backfill.job) is \(backfill.state.rawValue)")
    }
}
