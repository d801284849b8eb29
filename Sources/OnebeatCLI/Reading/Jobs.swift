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

    func run() async throws {
        let store = try await store.open()
        let schedules = ScheduleCache()
        let reading = try await HealthReader(store, schedules: schedules).all()
        let now = reading.now
        let lines = chosen(of: reading)
        if format.json {
            return try Output.json(
                lines.map { JobResource($0, schedule: try? schedules.schedule(for: $0.job), now: now) })
        }
        if reading.lines.isEmpty {
            return Output.note("no jobs are stored; `onebeat apply FILE` stores those of a file")
        }
        if lines.isEmpty { return Output.note("none of the \(reading.lines.count) jobs fits") }
        var beyond = JobFilter()
        beyond.plannedBeyond = now + JobRecord.farthest
        let ahead = Set(try await store.jobs(beyond).map(\.name))
        var table = TextTable(
            "job", "health", "next due", "", "job's clock", "last", "", "schedule", "why", optional: [7, 4, 6, 3])
        let clock = Clock(try reader.clock(), lines.map(\.job), now: now)
        for line in lines {
            let (job, health) = (line.job, line.health)
            let schedule = try? schedules.schedule(for: job)
            let planned = ahead.contains(job.name) ? job.plannedThrough : job.nextDue(by: schedule, after: now)
            let next = job.isPaused ? nil : line.expectedAt ?? planned
            table.add(
                .init(job.name, .title), .init(health.state.rawValue, health.state.colour),
                .init(next.map(clock.text) ?? (job.definition.hasDelay && !job.isPaused ? "after its run" : "–")),
                .init(next.map(clock.relative) ?? "", .quiet),
                .init(next.map { clock.own($0, of: job.name) } ?? "", .quiet),
                .init(line.status?.status ?? "–", line.status.map(\.colour) ?? .quiet),
                .init(line.status?.lastRunAt.map(clock.relative) ?? "", .quiet),
                .init(schedule.map(job.definition.words) ?? "cannot be read on this machine", .quiet),
                .init(health.needsLook ? health.why : ""))
        }
        for line in table.lines(for: .output) { Output.line(line) }
        for job in lines.map(\.job).filter({ ahead.contains($0.name) }).prefix(5) {
            Output.note("onebeat: \(job.aheadWords); the leader sets that right within half a minute")
        }
        tellOfUnserved(reading)
    }

    private func chosen(of reading: HealthReader.Reading) -> [HealthReader.Line] {
        var selection = JobSelection()
        selection.needsLook = failing
        selection.states = Set(state)
        selection.tag = tag
        selection.queue = queue
        selection.owner = owner
        let lines = reading.lines.filter { selection.fits($0.job, $0.health) }
        guard failing else { return lines }
        let byName = Dictionary(lines.map { ($0.job.name, $0) }) { first, _ in first }
        return lines.map(\.health).worstFirst.compactMap { byName[$0.job] }
    }

    /// Jobs that no node would start now. Where none is up at all, that goes without saying for each of them.
    private func tellOfUnserved(_ reading: HealthReader.Reading) {
        let living = reading.nodes.filter { $0.standing(at: reading.now) == "alive" }
        if living.isEmpty { return }
        let unserved = Set(
            reading.lines.map(\.job).filter { $0.definition.trouble == nil && $0.definition.signal == nil }.compactMap {
                Unserved(
                    queue: $0.definition.policies.queue, need: $0.definition.need, among: living, at: reading.now)
            })
        for sentence in unserved.map(\.sentence).sorted().prefix(5) { Output.note("onebeat: \(sentence)") }
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

extension HealthReader.Reading {
    /// The line of a job that was asked about.
    /// - Throws: ``CommandFailure`` when it was removed meanwhile.
    func line(of job: String) throws -> HealthReader.Line {
        if let line = lines.first(where: { $0.job.name == job }) { return line }
        throw CommandFailure("there is no job \"\(job)\" any more")
    }
}

extension JobStatus {
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
