import ArgumentParser
import Onebeat
import OnebeatServer

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the jobs: when they are due and how they do.")
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        let now = try await store.now()
        let jobs = try await store.jobs()
        let statuses = Dictionary(uniqueKeysWithValues: try await store.statuses(job: nil).map { ($0.job, $0) })
        if format.json { return try Output.json(jobs.map { JobResource($0, status: statuses[$0.name]) }) }
        if jobs.isEmpty { return Output.note("no jobs are stored; `onebeat apply FILE` stores those of a file") }
        var beyond = JobFilter()
        beyond.plannedBeyond = now + JobRecord.farthest
        let ahead = Set(try await store.jobs(beyond).map(\.name))
        var table = TextTable("job", "next due", "", "last", "", "schedule")
        let clock = Clock(jobs, now: now)
        for job in jobs {
            let schedule = try? Schedule(of: job.definition)
            let next = ahead.contains(job.name) ? job.plannedThrough : job.nextDue(by: schedule, after: now)
            let status = statuses[job.name]
            table.add(
                .init(job.name, .title),
                due(job, next.map { clock.text($0, of: job.name) }),
                .init(job.isPaused ? "" : next.map(clock.relative) ?? "", .quiet),
                .init(status?.status ?? "–", status.map(\.colour) ?? .quiet),
                .init(status?.lastRunAt.map(clock.relative) ?? "", .quiet),
                .init(job.definition.trouble ?? schedule?.words ?? "cannot be read on this machine", .quiet))
        }
        for line in table.lines(for: .output) { Output.line(line) }
        for job in jobs.filter({ ahead.contains($0.name) }).prefix(5) {
            Output.note("onebeat: \(job.aheadWords); the leader sets that right within half a minute")
        }
        try await tellOfUnserved(jobs, store, at: now)
    }

    /// Jobs that no node would start now. Where none is up at all, that goes without saying for each of them.
    private func tellOfUnserved(_ jobs: [JobRecord], _ store: any Store, at now: Timestamp) async throws {
        let living = try await store.nodes(limit: 1000).filter { $0.standing(at: now) == "alive" }
        if living.isEmpty { return }
        let unserved = Set(
            jobs.filter { $0.definition.trouble == nil }.compactMap {
                Unserved(
                    queue: $0.definition.policies.queue, need: $0.definition.need, among: living, at: now)
            })
        for sentence in unserved.map(\.sentence).sorted().prefix(5) { Output.note("onebeat: \(sentence)") }
    }

    private func due(_ job: JobRecord, _ next: String?) -> TextTable.Cell {
        if job.definition.trouble != nil { return .init("invalid", .bad) }
        return job.isPaused ? .init("paused", .warning) : .init(next ?? "–")
    }
}

extension JobResource {
    init(_ job: JobRecord, status: JobStatus?) {
        let schedule = try? Schedule(of: job.definition)
        self.init(job, schedule: schedule, status: status)
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
