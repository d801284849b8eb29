import ArgumentParser
import Onebeat
import OnebeatServer

struct Next: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Preview when a cron expression, or a job, is due.",
        discussion: """
            EXPR is a cron expression in quotes ("0 3 * * *", "@daily"), or an ISO 8601 repeating interval. Instants \
            that a change of the clocks moves, doubles or drops are marked and explained.

            With --batch, reads lines such as {"cron": "0 3 * * *", "timezone": "Asia/Shanghai", "dialect": "debian", "after": \
            "2026-11-22T00:00:00Z", "count": 2} and answers each on a line of its own: {"next": [...]}, empty for an \
            expression that never fires, or {"error": "..."}.
            """)

    @Argument(help: ArgumentHelp("What to preview.", valueName: "expr|job"))
    var subject: String?
    @Option(help: "The zone of the wall clock, such as Europe/Berlin. For an expression; a job brings its own.")
    var timezone: String?
    @Option(help: "By whose rules an expression is read: debian, celery or quartz. A job brings its own.")
    var dialect: CronDialect?
    @Option(help: "Look from this moment on. Without an offset it is read on the schedule's wall clock.")
    var after: String?
    @Option(help: "How many instants to show, 1 to 10000.")
    var count = 5
    @Flag(help: "Read JSON lines from standard input, answer each with one.")
    var batch = false
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if batch == (subject != nil) {
            throw ValidationError("next takes an expression or a job's name, or --batch and JSON lines on its input.")
        }
        if dialect != nil, subject.flatMap(Self.rhythm) == nil {
            throw ValidationError("--dialect goes with a cron expression; a job brings its own.")
        }
        if !(1...10_000).contains(count) { throw ValidationError("--count is \(count); 1 to 10000 will do.") }
    }

    func run() async throws {
        guard let subject else { return NextBatch.run() }
        let fires = try await fires(of: subject)
        if format.json { return try Output.json(NextAnswer(fires)) }
        show(fires, now: .now)
    }

    private func fires(of subject: String) async throws -> FiresResource {
        if let rhythm = Self.rhythm(in: subject) {
            // An expression is worked out here, whatever the environment says, unless a node is named.
            if let node = try server.namedNode() {
                let trial: TrialResource = try await node.read(
                    RemoteNode.query(
                        "/next",
                        [
                            ("expression", subject), ("timezone", timezone), ("dialect", dialect?.rawValue),
                            ("after", "\(try start(on: .clock(of: timezone ?? "UTC")))"), ("count", "\(count)"),
                        ]))
                return FiresResource(trial)
            }
            var definition = ScheduleDefinition(rhythm, timezone: timezone ?? "UTC")
            if let dialect { definition.dialect = dialect }
            let schedule = try Schedule(definition, jobName: "next")
            return FiresResource(schedule, schedule.preview(after: try start(on: schedule), count: count))
        }
        let witness = try await server.witness(beside: store)
        let job = try await witness.found(subject, witness.job(subject))
        let start = try start(on: .clock(of: timezone ?? job.timezone))
        return try await witness.found(
            subject, witness.fires(of: subject, after: start, count: count, timezone: timezone))
    }

    private func start(on clock: Schedule) throws -> Timestamp {
        let now = Timestamp.now
        return try after.map { try Moment.read($0, option: "--after", on: clock, now: now) } ?? now
    }

    /// What the text says if it is an expression; a job's name has neither blanks nor an `@`.
    private static func rhythm(in text: String) -> ScheduleDefinition.Rhythm? {
        if text.contains(" ") || text.hasPrefix("@") { return .cron([text]) }
        let isInterval = text.hasPrefix("R") && text.contains("/P")
        return isInterval ? .repeat(text) : nil
    }

    private func show(_ fires: FiresResource, now: Timestamp) {
        let terminal = Terminal.output
        Output.line(terminal.paint("\(fires.schedule)", .title))
        for warning in fires.warnings { Output.note("onebeat: warning: \(warning)") }
        if fires.next.isEmpty {
            return Output.line(
                fires.start.map { "  no clock starts it: it starts \($0)" } ?? "  nothing is due after that")
        }
        var table = TextTable("", "", "")
        for occurrence in fires.next {
            table.add(
                .init(ReadableTime.text(occurrence.local), occurrence.isSkipped ? .quiet : nil),
                .init(occurrence.isSkipped ? "not fired" : occurrence.at.relative(to: now), .quiet),
                .init(occurrence.note ?? "", .warning))
        }
        for line in table.lines(for: terminal) { Output.line("  \(line)") }
    }
}

extension CronDialect: ExpressibleByArgument {}

/// The answer of `next` as JSON.
struct NextAnswer: Encodable {
    var schedule: String
    var timezone: String
    var next: [OccurrenceResource]

    init(_ fires: FiresResource) {
        schedule = fires.schedule
        timezone = fires.timezone
        next = fires.next
    }
}
