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

    private struct Answer: Encodable {
        var job: JobResource
        var next: [OccurrenceResource]
        var runs: [RunResource]
    }

    func run() async throws {
        let store = try await store.open()
        let record = try await store.record(of: name)
        let now = try await store.now()
        let reading = try await HealthReader(store, schedules: ScheduleCache()).of([record])
        let line = try reading.line(of: name)
        let clock = Clock(try reader.clock(), [record], now: now)
        var filter = RunFilter()
        filter.job = name
        filter.limit = 10
        let runs = try await store.runs(filter)
        let schedule = try? Schedule(of: record.definition)
        let next = schedule.map { fires(of: record, $0, after: now) } ?? []
        if format.json {
            let answer = Answer(
                job: JobResource(line, schedule: schedule, now: now), next: next.map(OccurrenceResource.init),
                runs: runs.map { RunResource($0) })
            return try Output.json(answer)
        }
        show(line, schedule, clock)
        showNext(next, record, clock)
        showRuns(runs, clock)
    }

    private func fires(of record: JobRecord, _ schedule: Schedule, after now: Timestamp) -> [Occurrence] {
        guard schedule.isDelay else { return schedule.preview(after: now, count: 3) }
        guard let next = record.nextAt else { return [] }
        return [Occurrence(instant: next, local: schedule.format(next), mark: .plain, note: nil)]
    }

    private func show(_ line: HealthReader.Line, _ schedule: Schedule?, _ clock: Clock) {
        let (record, terminal) = (line.job, Terminal.output)
        Output.line(
            terminal.paint("\(record.name)", .title) + (record.isPaused ? terminal.paint("  paused", .warning) : ""))
        if let description = record.definition.description { Output.line("\(description)") }
        if let trouble = record.definition.trouble {
            Output.line(terminal.paint("invalid: ", .bad) + "\(trouble)")
        } else {
            Output.line("\(schedule.map(record.definition.words) ?? "a schedule that cannot be read on this machine")")
        }
        if line.health.needsLook {
            Output.line(terminal.paint("\(line.health.state.rawValue)", .bad) + ": \(line.health.why)")
        }
        Output.line()
        var table = TextTable("", "")
        for entry in DefinitionKeys(record.definition).entries where !entry.isDefault && entry.key != "description" {
            table.add(.init(entry.key, .quiet), .init(entry.shown))
        }
        table.add(
            .init("stored", .quiet),
            .init("\(clock.text(record.createdAt)) by \(record.source), version \(record.version)"))
        for line in table.lines(for: terminal) { Output.line("  \(line)") }
    }

    private func showNext(_ occurrences: [Occurrence], _ record: JobRecord, _ clock: Clock) {
        guard !occurrences.isEmpty else { return }
        Output.line("\nNext")
        var table = TextTable("", "", "", "")
        for occurrence in occurrences {
            table.add(
                .init(clock.text(occurrence.instant)), .init(clock.relative(occurrence.instant), .quiet),
                .init(clock.own(occurrence.instant, of: record.name), .quiet),
                .init(occurrence.note ?? "", .warning))
        }
        for line in table.lines(for: .output) { Output.line("  \(line)") }
        if record.isPaused { Output.line("  (paused: recorded as skipped until `onebeat resume \(name)`)") }
    }

    private func showRuns(_ runs: [Run], _ clock: Clock) {
        guard !runs.isEmpty else { return }
        Output.line("\nRuns")
        for line in RunTable(runs, clock: clock, showsJob: false).lines(for: .output) {
            Output.line("  \(line)")
        }
    }
}
