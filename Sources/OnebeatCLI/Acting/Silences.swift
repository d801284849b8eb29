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

    private var duration: Duration? { Duration(text: length) }

    func validate() throws {
        guard let duration, duration > .zero, duration <= .seconds(30 * 86_400) else {
            throw ValidationError("--for is \"\(length)\"; a length up to 30d will do, such as 2h or 30m.")
        }
        let isFit = pattern.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && (1...200).contains(pattern.utf8.count)
        if !isFit { throw ValidationError("The name has 1 to 200 characters, as those of jobs; * stands for any.") }
        let words = reason.trimmed
        if words.isEmpty || words.utf8.count > 500 || words.controlCharacter() != nil {
            throw ValidationError("--because says why in a line of up to 500 bytes.")
        }
    }

    func run() async throws {
        guard let duration else { return }
        let store = try await store.open()
        let names = try await store.jobs().map(\.name)
        // An entry of the file is not called as its jobs are.
        let candidates = [pattern, "alerts/\(pattern)", "alerts/\(pattern)/*"]
        guard let chosen = candidates.first(where: { pattern in names.contains { NamePattern.fits($0, pattern) } })
        else {
            throw CommandFailure(
                "no job and no alert is called \"\(pattern)\"; `onebeat jobs` lists them, and * stands for any characters"
            )
        }
        let silence = try await store.silence(chosen, for: duration, because: reason.trimmed, by: Person.current)
        let count = names.count { NamePattern.fits($0, chosen) }
        Output.line(
            "silence \(silence.id): nobody is told \(chosen.hasPrefix("alerts/") ? "by" : "of") \(chosen)"
                + " (\(count) now) until \(silence.until)")
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

    private struct Line: Encodable {
        var id: Int64
        var pattern: String
        var from: Timestamp
        var until: Timestamp
        var reason: String
        var actor: String
    }

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let silences = try await store.silences(endingFrom: all ? .distantPast : now, limit: 1000)
        if format.json {
            return try Output.json(
                silences.map {
                    Line(
                        id: $0.id, pattern: $0.pattern, from: $0.from, until: $0.until, reason: $0.reason,
                        actor: $0.actor)
                })
        }
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

    func run() async throws {
        try await store.open().endSilence(id, by: Person.current)
        Output.line("silence \(id) is over")
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace ?? false { text = text.dropFirst() }
        while text.last?.isWhitespace ?? false { text = text.dropLast() }
        return String(text)
    }
}
