import ArgumentParser
import Onebeat
import OnebeatServer

struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that nothing was missed: recompute what was due, and hold the history against it.",
        discussion: """
            Every due instant of the period, of all jobs that were ever defined, by every version of their definitions, \
            must have one run; each run's attempts must follow one another, each with a higher fence, none ahead of its \
            instant; followers must have started by their rule. Exits with 1 when anything is wrong. With --json each \
            fault is an object on a line of its own, and the last line sums up.
            """)
    @Option(help: "The begin of the period, such as \"yesterday 3am\"; otherwise as far back as runs are kept.")
    var from: String?
    @Option(help: "Its end; otherwise now.")
    var to: String?
    @Option(help: "Only this job, which may have been removed.")
    var job: String?
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// Faults of one kind and job that are shown one by one; the rest is counted.
    private static let mostLines = 20

    private struct FaultLine: Encodable {
        var fault: String
        var job: String
        var at: Timestamp
        var run: Int64?
        var count: Int
        var words: String
    }

    private struct SummaryLine: Encodable {
        var clean: Bool
        var from: Timestamp?
        var through: Timestamp
        var jobs: Int
        var instants: Int
        var runs: Int
        var attempts: Int
        var faults: Int
        var notes: [String]
    }

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let clock = try reader.clock()
        func moment(_ text: String?, _ option: String) throws -> Timestamp? {
            try text.map { try Moment.read($0, option: option, on: clock, now: now) }
        }
        let (start, end) = (try moment(from, "--from"), try moment(to, "--to"))
        if let start, let end, end <= start {
            throw CommandFailure("--to is not after --from; nothing lies between them", .badData)
        }
        if let job, try await store.versions(of: job, before: nil, limit: 1).isEmpty {
            _ = try await store.record(of: job)
        }
        var shown: [String: Int] = [:]
        var spoken = Timestamp.now
        let summary = try await Auditor(store).audit(job: job, from: start, to: end) { fault in
            try show(fault, &shown, on: clock)
        } progress: { summary in
            guard Timestamp.now.duration(since: spoken) > .milliseconds(500) else { return }
            spoken = .now
            Output.passing("onebeat: \(summary.jobs) jobs, \(summary.runs) runs, \(summary.faults) faults so far")
        }
        Output.endPassing()
        try show(summary, shown, on: clock)
        if summary.faults > 0 { throw CommandFailure.silent(.failed) }
    }

    private func show(_ fault: AuditFault, _ shown: inout [String: Int], on clock: Schedule) throws {
        if format.json {
            return try Output.jsonLine(
                FaultLine(
                    fault: fault.kind.rawValue, job: fault.job, at: fault.at, run: fault.run?.value, count: fault.count,
                    words: fault.words))
        }
        shown["\(fault.kind.rawValue) of \(fault.job)", default: 0] += 1
        guard shown["\(fault.kind.rawValue) of \(fault.job)", default: 0] <= Self.mostLines else { return }
        Output.endPassing()
        Output.line(
            Terminal.output.paint("\(fault.kind.rawValue)", .bad)
                + "  \(MomentText.text(fault.words, on: clock, isExact: true))")
    }

    private func show(_ summary: Auditor.Summary, _ shown: [String: Int], on clock: Schedule) throws {
        let isWhole = summary.after == .distantPast
        if format.json {
            return try Output.jsonLine(
                SummaryLine(
                    clean: summary.faults == 0, from: isWhole ? nil : summary.after, through: summary.through,
                    jobs: summary.jobs, instants: summary.instants, runs: summary.runs, attempts: summary.attempts,
                    faults: summary.faults, notes: summary.notes))
        }
        for (what, count) in shown.sorted(by: { $0.key < $1.key }) where count > Self.mostLines {
            Output.line("… and \(count - Self.mostLines) more \(what)")
        }
        let period =
            (isWhole ? "until " : "from \(clock.readable(summary.after)) to ") + clock.readable(summary.through)
        let verdict =
            summary.faults == 0
            ? Terminal.output.paint("clean", .good)
            : Terminal.output.paint("\(summary.faults) fault\(summary.faults == 1 ? "" : "s")", .bad)
        Output.line(
            verdict + ": \(summary.jobs) job\(summary.jobs == 1 ? "" : "s"), \(summary.instants) due instants,"
                + " \(summary.runs) runs, \(summary.attempts) attempts, \(period)")
        for note in summary.notes.prefix(Self.mostLines) {
            Output.line(Terminal.output.paint("note: \(MomentText.text(note, on: clock, isExact: true))", .quiet))
        }
        if summary.notes.count > Self.mostLines {
            Output.line("… and \(summary.notes.count - Self.mostLines) more notes; --json has them all")
        }
    }
}
