import ArgumentParser
import Onebeat
import OnebeatServer

struct Job: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one job: its definition, next fires and last runs.")
    @Argument(help: "The job's name.")
    var name: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    private struct Answer: Encodable {
        var job: JobResource
        var next: [OccurrenceResource]
        var runs: [RunResource]
    }

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let job = try await witness.found(name, witness.job(name))
        let now = try await witness.now()
        let clock = Clock(try reader.clock(), zones: [name: job.timezone], now: now)
        var filter = RunFilter()
        filter.job = name
        filter.limit = 10
        let runs = try await witness.runs(filter)
        // A schedule that cannot be read there has no fires.
        let fires =
            job.scheduleInWords == nil ? nil : try await witness.fires(of: name, after: now, count: 3, timezone: nil)
        let next = fires?.next ?? []
        if format.json {
            return try Output.json(Answer(job: job, next: next, runs: runs.map { RunResource($0) }))
        }
        show(job, clock)
        showNext(next, of: job, clock)
        showRuns(runs, clock)
    }

    private func show(_ job: JobResource, _ clock: Clock) {
        let terminal = Terminal.output
        Output.line(terminal.paint("\(job.name)", .title) + (job.paused ? terminal.paint("  paused", .warning) : ""))
        if let description = job.description { Output.line("\(description)") }
        if let trouble = job.invalid {
            Output.line(terminal.paint("invalid: ", .bad) + "\(trouble)")
        } else {
            Output.line("\(job.scheduleInWords ?? "a schedule that cannot be read on this machine")")
        }
        if job.health.needsLook {
            Output.line(terminal.paint("\(job.health.state.rawValue)", .bad) + ": \(clock.told(job.health.why))")
        }
        Output.line()
        var table = TextTable("", "")
        for entry in job.definition ?? [] { table.add(.init(entry.key, .quiet), .init(entry.value)) }
        table.add(
            .init("stored", .quiet), .init("\(clock.text(job.createdAt)) by \(job.source), version \(job.version)"))
        for line in table.lines(for: terminal) { Output.line("  \(line)") }
    }

    private func showNext(_ occurrences: [OccurrenceResource], of job: JobResource, _ clock: Clock) {
        guard !occurrences.isEmpty else { return }
        Output.line(job.work.kind == SignalWatch.kind ? "\nWord of a success is expected" : "\nNext")
        var table = TextTable("", "", "", "")
        for occurrence in occurrences {
            table.add(
                .init(clock.text(occurrence.at)), .init(clock.relative(occurrence.at), .quiet),
                .init(clock.own(occurrence.at, of: job.name), .quiet), .init(occurrence.note ?? "", .warning))
        }
        for line in table.lines(for: .output) { Output.line("  \(line)") }
        if job.paused { Output.line("  (paused: recorded as skipped until `onebeat resume \(name)`)") }
    }

    private func showRuns(_ runs: [Run], _ clock: Clock) {
        guard !runs.isEmpty else { return }
        Output.line("\nRuns")
        for line in RunTable(runs, clock: clock, showsJob: false).lines(for: .output) {
            Output.line("  \(line)")
        }
    }
}
