import ArgumentParser
import Onebeat
import OnebeatServer

struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Run a job's past due instants, a few at a time, beside what is due.",
        discussion: """
            The schedule in force and its zone decide the instants, and `except` counts. With a root goes its flow. Runs of a \
            backfill come after all that is due, take no place of the job's `limit`, and count for none of it. The leader \
            goes on with it, whoever leads; `onebeat backfills` shows, pauses, resumes and cancels it.
            """)
    @Argument(help: "The job's name.")
    var job: String
    @Option(help: "The first instant, such as 2026-11-01 or \"last friday\"; it is included.")
    var from: String
    @Option(help: "The end, which is not included; otherwise now.")
    var to: String?
    @Option(help: "oldest or newest: which comes first.")
    var order = Backfill.Order.oldest
    @Option(help: "How many runs, or flows, may be open at one time, 1 to 1000.")
    var limit = 1
    @Option(help: "Of instants that were run before: none, failed (the newest run did not succeed) or all.")
    var rerun = Backfill.Repeats.none
    @Flag(help: "Say what would be run, and do nothing.")
    var dryRun = false
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// How many instants `--dry-run` lists, and counts.
    private static let mostShown = 20
    private static let mostCounted = 100_000

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
    }

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let clock = try reader.clock()
        let record = try await store.record(of: job)
        let start = try Moment.read(from, option: "--from", on: clock, now: now)
        let end = try to.map { try Moment.read($0, option: "--to", on: clock, now: now) } ?? now
        var backfill = Backfill(of: job, from: start, to: min(end, now), by: Person.current)
        backfill.order = order
        backfill.limit = limit
        backfill.repeats = rerun
        if end > now, to != nil { throw CommandFailure("--to lies ahead; a backfill runs what is past", .badData) }
        if let problem = BackfillPlan.problem(backfill, record) { throw CommandFailure(problem, .badData) }
        if dryRun { return try await show(backfill, record, in: store, Clock(clock, [record], now: now)) }
        let added = try await store.add(backfill)
        if format.json { return try Output.json(BackfillResource(added)) }
        Output.line(
            "backfill \(added.id) of \(job) begins, \(limit) at a time; `onebeat backfills` shows how far it is")
    }

    private struct Preview: Encodable {
        var job: String
        var runs: Int
        var passed: Int
        var isWhole: Bool
        var first: [Timestamp]
    }

    private func show(_ backfill: Backfill, _ record: JobRecord, in store: any Store, _ clock: Clock) async throws {
        let schedule = try Schedule(of: record.definition)
        var backfill = backfill
        var preview = Preview(job: job, runs: 0, passed: 0, isWhole: true, first: [])
        while true {
            let instants = BackfillPlan.next(of: backfill, schedule)
            guard let last = instants.last else { break }
            let states = try await store.newestStates(of: job, at: instants)
            for instant in instants {
                guard rerun.include(states[instant]) else {
                    preview.passed += 1
                    continue
                }
                preview.runs += 1
                if preview.first.count < Self.mostShown { preview.first.append(instant) }
            }
            backfill.reached = last
            preview.isWhole = preview.runs + preview.passed < Self.mostCounted
            if !preview.isWhole { break }
        }
        if format.json { return try Output.json(preview) }
        for instant in preview.first { Output.line("\(clock.text(instant))  \(clock.own(instant, of: job))") }
        let rest = preview.runs - preview.first.count
        if rest > 0 { Output.line("… and \(rest) more\(preview.isWhole ? "" : " at least")") }
        let followers = try await store.followers(of: job).count
        Output.line(
            "\(preview.runs) run\(preview.runs == 1 ? "" : "s")\(followers > 0 ? ", each with \(followers) that follow" : "");"
                + " \(preview.passed) instants passed over, since they were run (--rerun \(rerun.rawValue)). Nothing was done"
        )
    }
}

extension Backfill.Order: ExpressibleByArgument {}
extension Backfill.Repeats: ExpressibleByArgument {}
