import ArgumentParser
import Onebeat
import OnebeatServer

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the jobs: how they are, when they are due, how they did.",
        discussion: "Options for choosing can be combined; a job is listed when it fits them all.")
    @Flag(help: "Only jobs that need a look, the worst first.")
    var failing = false
    @Option(help: "Only jobs of this health, such as failing, skipping or paused; may be given several times.")
    var state: [JobHealth.State] = []
    @Option(help: "Only jobs with this tag.")
    var tag: String?
    @Option(help: "Only jobs of this queue.")
    var queue: String?
    @Option(help: "Only jobs of this owner.")
    var owner: String?
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let all = try await witness.jobs()
        let jobs = chosen(of: all)
        if format.json { return try Output.json(jobs) }
        if all.isEmpty { return Output.note("no jobs are stored; `onebeat apply FILE` stores those of a file") }
        if jobs.isEmpty { return Output.note("none of the \(all.count) jobs fits") }
        let zones = Dictionary(jobs.map { ($0.name, $0.timezone) }) { first, _ in first }
        let clock = Clock(try reader.clock(), zones: zones, now: try await witness.now())
        show(jobs, clock)
        let ahead = jobs.compactMap { job in job.plannedAhead.map { JobRecord.aheadWords(job.name, through: $0) } }
        for words in ahead.prefix(5) {
            Output.note("onebeat: \(clock.told(words)); the leader sets that right within half a minute")
        }
        for sentence in Set(all.compactMap(\.unserved)).sorted().prefix(5) { Output.note("onebeat: \(sentence)") }
    }

    private func show(_ jobs: [JobResource], _ clock: Clock) {
        var table = TextTable(
            "job", "health", "next due", "", "job's clock", "last", "", "schedule", "why", optional: [7, 4, 6, 3])
        for job in jobs {
            let (health, status) = (job.health, job.status)
            let next = job.paused ? nil : job.expectedAt ?? job.plannedAhead ?? job.nextAt
            table.add(
                .init(job.name, .title), .init(health.state.rawValue, health.state.colour),
                .init(next.map(clock.text) ?? (job.hasDelay && !job.paused ? "after its run" : "–")),
                .init(next.map(clock.relative) ?? "", .quiet),
                .init(next.map { clock.own($0, of: job.name) } ?? "", .quiet),
                .init(status?.status ?? "–", status.map(\.colour) ?? .quiet),
                .init(status?.lastRunAt.map(clock.relative) ?? "", .quiet),
                .init(job.scheduleInWords ?? "cannot be read on this machine", .quiet),
                .init(health.needsLook ? clock.told(health.why) : ""))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }

    private func chosen(of jobs: [JobResource]) -> [JobResource] {
        var selection = JobSelection()
        selection.needsLook = failing
        selection.states = Set(state)
        selection.tag = tag
        selection.queue = queue
        selection.owner = owner
        let found = jobs.filter(selection.fits)
        guard failing else { return found }
        let byName = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
        return found.map { JobHealth($0.health, of: $0.name) }.worstFirst.compactMap { byName[$0.job] }
    }
}

extension JobHealth.State: ExpressibleByArgument {}

extension JobHealth.State {
    /// The colour of the state's word.
    var colour: Colour? {
        switch self {
        case .failing, .missing, .late, .stuck, .skipping, .unserved, .overdue, .invalid: .bad
        case .waiting, .paused: .warning
        case .running: .active
        case .well: .good
        case .new: .quiet
        }
    }
}

extension JobResource.Status {
    /// The colour of the status' word.
    var colour: Colour? {
        switch status {
        case "success": .good
        case "running": .active
        case "skipped", "cancelled": .warning
        default: .bad
        }
    }
}

extension RunState {
    /// The colour of the state's word.
    var colour: Colour? {
        switch self {
        case .succeeded: .good
        case .running: .active
        case .waiting, .scheduled: nil
        case .unknown: .warning
        case .skipped, .cancelled: .warning
        case .failed, .timedOut, .lost, .dead, .missed: .bad
        }
    }
}
