import ArgumentParser
import Onebeat
import OnebeatServer

struct Next: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Preview when a cron expression, or a job, is due.",
        discussion: """
            EXPR is a cron expression in quotes ("0 3 * * *", "@daily"), or an ISO 8601 repeating interval. Instants \
            that a change of the clocks moves, doubles or drops are marked and explained.

            With --batch, reads lines such as {"cron": "0 3 * * *", "timezone": "Asia/Shanghai", "after": \
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
        let schedule = try await schedule(of: subject)
        let now = Timestamp.now
        let start = try after.map { try Moment.read($0, option: "--after", on: schedule, now: now) } ?? now
        let occurrences = schedule.preview(after: start, count: count)
        if format.json { return try Output.json(NextAnswer(schedule, occurrences)) }
        show(schedule, occurrences, now: now)
    }

    private func schedule(of subject: String) async throws -> Schedule {
        if let rhythm = Self.rhythm(in: subject) {
            var definition = ScheduleDefinition(rhythm, timezone: timezone ?? "UTC")
            if let dialect { definition.dialect = dialect }
            return try Schedule(definition, jobName: "next")
        }
        let record = try await store.open().record(of: subject)
        var definition = record.definition.schedule
        definition.timezone = timezone ?? definition.timezone
        return try Schedule(definition, jobName: record.name)
    }

    /// What the text says if it is an expression; a job's name has neither blanks nor an `@`.
    private static func rhythm(in text: String) -> ScheduleDefinition.Rhythm? {
        if text.contains(" ") || text.hasPrefix("@") { return .cron([text]) }
        let isInterval = text.hasPrefix("R") && text.contains("/P")
        return isInterval ? .repeat(text) : nil
    }

    private func show(_ schedule: Schedule, _ occurrences: [Occurrence], now: Timestamp) {
        let terminal = Terminal.output
        Output.line(terminal.paint("\(schedule.words)", .title))
        if case .cron(let texts) = schedule.definition.rhythm {
            for warning in texts.flatMap({ StepWarning.all(in: $0) }) { Output.note("onebeat: warning: \(warning)") }
        }
        if occurrences.isEmpty { return Output.line("  nothing is due after that") }
        var table = TextTable("", "", "")
        for occurrence in occurrences {
            let isFire = occurrence.mark != .skipped
            table.add(
                .init(ReadableTime.text(occurrence.local), isFire ? nil : .quiet),
                .init(isFire ? occurrence.instant.relative(to: now) : "not fired", .quiet),
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

    init(_ schedule: Schedule, _ occurrences: [Occurrence]) {
        self.schedule = schedule.words
        timezone = schedule.definition.timezone
        next = occurrences.map(OccurrenceResource.init)
    }
}
