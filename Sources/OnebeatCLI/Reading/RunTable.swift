import Onebeat
import OnebeatServer

/// Runs as a table.
struct RunTable {
    private var table: TextTable

    init(_ runs: [Run], clock: Clock, showsJob: Bool = true) {
        table = TextTable(
            "run", showsJob ? "job" : "", "due", "", "job's clock", "state", "late", "took", "on", "why",
            rightAligned: [0], optional: [4, 8, 3, 6, 7])
        for run in runs {
            table.add(
                .init(run.id.description),
                .init(showsJob ? run.label : run.element.map { "[\($0)]" } ?? "", .title),
                .init(clock.text(run.scheduledAt)),
                .init(clock.relative(run.scheduledAt), .quiet),
                .init(clock.own(run.scheduledAt, of: run.job), .quiet),
                .init(run.state.rawValue, run.state.colour),
                .init(Self.lateness(of: run)),
                .init(run.length?.brief ?? ""),
                .init(run.node ?? ""),
                .init(Self.words(on: run, clock)))
        }
    }

    func lines(for terminal: Terminal) -> [TerminalText] { table.lines(for: terminal) }

    /// How late it started, where that is worth a word.
    private static func lateness(of run: Run) -> String {
        guard let lateness = run.lateness, lateness > .milliseconds(100) else { return "" }
        return lateness.brief
    }

    private static func words(on run: Run, _ clock: Clock) -> String {
        var words: [String] = []
        if let origin = run.originInShort { words.append(origin) }
        if let end = run.rangeEnd { words.append("\(run.count) instants until \(clock.text(end))") }
        if run.attempt > 1 { words.append("attempt \(run.attempt)") }
        // Another program's lock counts as overlap, and its words say whose it was.
        let isLock = run.reason == .overlap && run.message != nil
        if let reason = run.reason, run.state.isTerminal, !isLock { words.append(reason.sentence) }
        if let message = run.message { words.append(clock.told(message)) }
        return words.joined(separator: "; ")
    }
}
