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
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...1000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 1000 will do.") }
    }

    func run() async throws {
        let clock = try reader.clock()
        if let node = try server.node(beside: store) {
            let now = try await node.now()
            return try await ask(node, Clock(clock, now: now), period(on: clock, now: now))
        }
        let store = try await store.open()
        let now = try await store.now()
        let record = try await store.record(of: job)
        let period = try period(on: clock, now: now)
        let acts = Acts(store, by: Person.current)
        let backfill = try await acts.backfill(
            record, from: period.from, to: period.to, order: order, limit: limit, rerun: rerun)
        if dryRun {
            let preview = try await acts.preview(backfill, of: record, most: Acts.mostCounted.command)
            if format.json { return try Output.json(preview) }
            return show(
                preview, preview.words(rerun), Clock(clock, zones: [job: record.definition.schedule.timezone], now: now)
            )
        }
        let added = try await store.add(backfill)
        format.json ? try Output.json(BackfillResource(added)) : Output.line("\(added.beginWords)")
    }

    private func period(on clock: Schedule, now: Timestamp) throws -> (from: Timestamp, to: Timestamp?) {
        let start = try Moment.read(from, option: "--from", on: clock, now: now)
        let end = try to.map { try Moment.read($0, option: "--to", on: clock, now: now) }
        if let end, end > now { throw CommandFailure("--to lies ahead; a backfill runs what is past", .badData) }
        return (start, end)
    }

    private struct Answer: Decodable {
        var words: String
        var backfill: BackfillResource?
        var preview: BackfillPreview?
    }

    private func ask(
        _ node: RemoteNode, _ clock: Clock, _ period: (from: Timestamp, to: Timestamp?)
    ) async throws {
        var fields: [String: JSONValue] = [
            "job": .string(job), "from": .string("\(period.from)"), "order": .string(order.rawValue),
            "limit": .int(Int64(limit)), "rerun": .string(rerun.rawValue), "dry_run": .bool(dryRun),
        ]
        if let end = period.to { fields["to"] = .string("\(end)") }
        let answer: Answer = try await node.does("/backfills", fields)
        if let preview = answer.preview {
            return format.json ? try Output.json(preview) : show(preview, answer.words, clock)
        }
        format.json ? try Output.json(answer.backfill) : Output.line("\(answer.words)")
    }

    private func show(_ preview: BackfillPreview, _ words: String, _ clock: Clock) {
        for instant in preview.first { Output.line("\(clock.text(instant))  \(clock.own(instant, of: job))") }
        let rest = preview.runs - preview.first.count
        if rest > 0 { Output.line("… and \(rest) more\(preview.isWhole ? "" : " at least")") }
        Output.line("\(words)")
    }
}

extension Backfill.Order: ExpressibleByArgument {}
extension Backfill.Repeats: ExpressibleByArgument {}
