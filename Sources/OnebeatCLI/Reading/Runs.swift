import ArgumentParser
import Onebeat
import OnebeatServer

struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List runs, the newest first.",
        discussion: """
            --since and --until take a moment (2026-11-23T03:00+08:00, 2026-11-23, "yesterday 3am") or a length of time, \
            which is so long ago (2h). Times without an offset are read on the reader's clock (--timezone, TZ).
            """)
    @Option(help: "Only runs of this job.")
    var job: String?
    @Option(help: "Only runs in this state; may be given several times.")
    var state: [RunState] = []
    @Option(help: "Only runs of the flow that the run of this number is part of.")
    var flow: String?
    @Option(help: "Only runs due at or after this moment.")
    var since: String?
    @Option(help: "Only runs due before this moment.")
    var until: String?
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
        let witness = try await server.witness(beside: store)
        let now = try await witness.now()
        let clock = try reader.clock()
        var filter = RunFilter()
        filter.job = job
        filter.states = Set(state)
        filter.from = try since.map { try Moment.read($0, option: "--since", on: clock, now: now) }
        filter.before = try until.map { try Moment.read($0, option: "--until", on: clock, now: now) }
        filter.limit = limit
        if let flow {
            let run = try await witness.run(named: flow)
            // A run without a flow is alone in its own.
            filter.flow = run.flow ?? run.id
        }
        let runs = try await witness.runs(filter)
        // A removed job's runs are still there, so a name is only wrong when neither job nor runs have it.
        if let job, runs.isEmpty { _ = try await witness.found(job, witness.job(job)) }
        if format.json { return try Output.json(runs.map { RunResource($0) }) }
        if runs.isEmpty { return Output.note("no runs fit") }
        let zones = try await witness.zones(of: Set(runs.map(\.job)))
        for line in RunTable(runs, clock: Clock(clock, zones: zones, now: now)).lines(for: .output) {
            Output.line(line)
        }
        if runs.count == limit { Output.note("the newest \(limit); --limit or --until show more") }
    }
}

extension RunState: ExpressibleByArgument {}
