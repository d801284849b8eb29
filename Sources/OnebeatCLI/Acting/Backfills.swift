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
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
    }

    func run() async throws {
        let (backfills, now) = try await read()
        if format.json { return try Output.json(backfills) }
        if backfills.isEmpty { return Output.note("there are no backfills") }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable(
            "id", "job", "state", "from", "to", "reached", "made", "passed", "open", "by", rightAligned: [0, 6, 7, 8])
        for backfill in backfills {
            table.add(
                .init("\(backfill.id)"), .init(backfill.job, .title),
                .init(backfill.state, backfill.state == Backfill.State.active.rawValue ? .active : .quiet),
                .init(clock.text(backfill.from)), .init(clock.text(backfill.to)),
                .init(backfill.reached.map(clock.text) ?? ""), .init("\(backfill.made)"), .init("\(backfill.passed)"),
                .init("\(backfill.open)"), .init(backfill.by))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

extension ListBackfills {
    private func read() async throws -> ([BackfillResource], Timestamp) {
        if let node = try server.node(beside: store) {
            let items: Items<BackfillResource> = try await node.read("/backfills?open=\(open)&limit=\(limit)")
            return (items.items, try await node.now())
        }
        let store = try await store.open()
        let found = try await store.backfills(openOnly: open, limit: limit)
        return (try await store.resources(of: found), try await store.now())
    }
}

struct PauseBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin no more runs of a backfill; those that were made go on.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act("/backfills/\(id)/pause", beside: store) { return }
        Output.told(try await Acts(store.open(), by: Person.current).change(backfill: id, to: .paused).words)
    }
}

struct ResumeBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on with a backfill.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act("/backfills/\(id)/resume", beside: store) { return }
        Output.told(try await Acts(store.open(), by: Person.current).change(backfill: id, to: .active).words)
    }
}

struct CancelBackfill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a backfill: its runs that have not begun are cancelled, others go on.")
    @Argument(help: "The backfill's number.")
    var id: Int64
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act("/backfills/\(id)/cancel", beside: store) { return }
        Output.told(try await Acts(store.open(), by: Person.current).change(backfill: id, to: .cancelled).words)
    }
}
