import ArgumentParser
import Onebeat
import OnebeatServer

struct AlertSilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence", abstract: "Tell nobody of some jobs for a while.",
        discussion: """
            What happens meanwhile is told when the silence ends, if it is still so. For work that is announced: a pause \
            of the job would keep it from running.
            """)
    @Argument(help: "Jobs, or alerts such as alerts/ops/slack: a name, or a pattern with *. An entry's name is enough.")
    var pattern: String
    @Option(name: .customLong("for"), help: "How long: 2h, 30m; 30 days at most.")
    var length: String
    @Option(name: .customLong("because"), help: "Why, for those who wonder.")
    var reason: String
    @OptionGroup var store: StoreOptions

    @OptionGroup var server: ServerOptions

    private var wish: SilenceWish? {
        get throws {
            try Duration(text: length).map { try SilenceWish(pattern, for: $0, because: reason) }
        }
    }

    func validate() throws {
        do {
            guard try wish != nil else {
                throw ValidationError("--for is \"\(length)\"; a length up to 30d will do, such as 2h or 30m.")
            }
        } catch let refusal as ActRefusal {
            throw ValidationError("\(refusal).")
        }
    }

    func run() async throws {
        guard let wish = try wish else { return }
        let fields: [String: JSONValue] = [
            "pattern": .string(wish.pattern), "because": .string(wish.reason),
            "seconds": .int(wish.length.components.seconds),
        ]
        if try await server.act("/silences", fields, beside: store) { return }
        let acts = Acts(try await store.open(), by: Person.current)
        Output.told(try await acts.silence(wish, acts.pattern(of: wish)).words)
    }
}

struct AlertSilences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silences", abstract: "List the silences that hold, or all that are kept.")
    @Flag(help: "Also those that are over.")
    var all = false
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    @OptionGroup var server: ServerOptions

    private func read() async throws -> ([SilenceResource], Timestamp) {
        if let node = try server.node(beside: store) {
            let items: Items<SilenceResource> = try await node.read("/silences?all=\(all)&limit=1000")
            return (items.items, try await node.now())
        }
        let store = try await store.open()
        let silences =
            try await all
            ? store.silences(endingFrom: .distantPast, limit: 1000) : store.silencesNow(limit: 1000)
        return (silences.map(SilenceResource.init), try await store.now())
    }

    func run() async throws {
        let (silences, now) = try await read()
        if format.json { return try Output.json(silences) }
        if silences.isEmpty { return Output.note("nothing is silenced") }
        let clock = Clock(try reader.clock(), now: now)
        var table = TextTable("id", "of", "until", "", "by", "because", rightAligned: [0], optional: [2, 4])
        for silence in silences {
            table.add(
                .init("\(silence.id)"), .init(silence.pattern, .title), .init(clock.text(silence.until)),
                .init(clock.relative(silence.until), .quiet), .init(silence.actor, .quiet), .init(silence.reason))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

struct AlertUnsilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unsilence", abstract: "End a silence now.")
    @Argument(help: "The silence's number, as `onebeat alerts silences` lists it.")
    var id: Int64
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act("/silences/\(id)", method: "DELETE", beside: store) { return }
        Output.told(try await Acts(store.open(), by: Person.current).endSilence(id))
    }
}
