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
    @OptionGroup var server: ServerOptions

    /// Faults of one kind and job that are shown one by one; the rest is counted.
    private static let mostLines = 20

    func run() async throws {
        let clock = try reader.clock()
        var shown: [String: Int] = [:]
        let summary: AuditSummary
        if let node = try server.node(beside: store) {
            summary = try await audit(by: node, period(on: clock, now: node.now()), &shown)
        } else {
            let store = try await store.open()
            summary = try await audit(in: store, period(on: clock, now: store.now()), &shown)
        }
        Output.endPassing()
        try show(summary, shown, on: clock)
        if summary.faults > 0 { throw CommandFailure.silent(.failed) }
    }

    private typealias Period = (from: Timestamp?, to: Timestamp?)

    private func period(on clock: Schedule, now: Timestamp) throws -> Period {
        func moment(_ text: String?, _ option: String) throws -> Timestamp? {
            try text.map { try Moment.read($0, option: option, on: clock, now: now) }
        }
        let (start, end) = (try moment(from, "--from"), try moment(to, "--to"))
        if let start, let end, end <= start {
            throw CommandFailure("--to is not after --from; nothing lies between them", .badData)
        }
        return (start, end)
    }

    private func audit(
        in store: any Store, _ period: Period, _ shown: inout [String: Int]
    ) async throws -> AuditSummary {
        if let job, try await store.versions(of: job, before: nil, limit: 1).isEmpty {
            _ = try await store.record(of: job)
        }
        var spoken = Timestamp.now
        let summary = try await Auditor(store).audit(job: job, from: period.from, to: period.to) { fault in
            try show(FaultResource(fault), &shown)
        } progress: { summary in
            guard Timestamp.now.duration(since: spoken) > .milliseconds(500) else { return }
            spoken = .now
            Self.tell(AuditSummary(summary))
        }
        return AuditSummary(summary)
    }

    /// A node audits in parts, so that no answer takes too long.
    private func audit(
        by node: RemoteNode, _ period: Period, _ shown: inout [String: Int]
    ) async throws -> AuditSummary {
        var whole: AuditSummary?
        var after: String?
        repeat {
            // All parts end at the moment at which the first did.
            let end = whole?.through ?? period.to
            let page: AuditPage = try await node.readLong(
                RemoteNode.query(
                    "/audit",
                    [
                        ("job", job), ("from", period.from.map { "\($0)" }), ("to", end.map { "\($0)" }),
                        ("after", after),
                    ]))
            for fault in page.items { try show(fault, &shown) }
            if whole == nil { whole = page.summary } else { whole?.add(page.summary) }
            after = page.next
            if let whole { Self.tell(whole) }
        } while after != nil
        guard let whole else { throw CommandFailure("the node audited nothing", .tryLater) }
        return whole
    }

    private static func tell(_ summary: AuditSummary) {
        Output.passing("onebeat: \(summary.jobs) jobs, \(summary.runs) runs, \(summary.faults) faults so far")
    }

    private func show(_ fault: FaultResource, _ shown: inout [String: Int]) throws {
        if format.json { return try Output.jsonLine(fault) }
        let what = "\(fault.fault) of \(fault.job)"
        shown[what, default: 0] += 1
        guard shown[what, default: 0] <= Self.mostLines else { return }
        Output.endPassing()
        Output.line(Terminal.output.paint("\(fault.fault)", .bad) + "  \(fault.words.told)")
    }

    private func show(_ summary: AuditSummary, _ shown: [String: Int], on clock: Schedule) throws {
        if format.json { return try Output.jsonLine(summary) }
        for (what, count) in shown.sorted(by: { $0.key < $1.key }) where count > Self.mostLines {
            Output.line("… and \(count - Self.mostLines) more \(what)")
        }
        let period =
            (summary.from.map { "from \(clock.readable($0)) to " } ?? "until ") + clock.readable(summary.through)
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
