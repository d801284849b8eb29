import ArgumentParser
import Onebeat
import OnebeatServer

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether all is well; exits with 1 when it is not.",
        discussion: """
            One sentence, then the jobs that need a look, the worst first, each with its reason. For Nagios, cron and CI: \
            0 means that every enabled job that was due lately did what it is for.
            """)
    @Option(help: "At most so many jobs, 1 to 10000.")
    var limit = 50
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        var tone: Headline.Tone
        var headline: String
        var now: Timestamp
        var nodes: Int
        var jobs: [String: Int]
        var looks: [Look]
    }

    private struct Look: Encodable {
        var job: String
        var health: JobResource.Health
    }

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 10000 will do.") }
    }

    func run() async throws {
        let store = try await store.open()
        let reading = try await HealthReader(store, schedules: ScheduleCache()).all()
        let looks = reading.lines.map(\.health).worstFirst
        if format.json {
            try Output.json(
                Answer(
                    tone: reading.headline.tone, headline: reading.headline.sentence, now: reading.now,
                    nodes: reading.nodes.count { $0.standing(at: reading.now) == "alive" },
                    jobs: reading.lines.reduce(into: [:]) { $0[$1.health.state.rawValue, default: 0] += 1 },
                    looks: looks.prefix(limit).map { Look(job: $0.job, health: .init($0)) }))
        } else {
            try show(reading.headline, looks, at: reading.now)
        }
        // What nobody chose is not well: no node, nothing to run. A pause was somebody's choice.
        let isWell = reading.headline.tone == .good || (reading.headline.tone == .calm && !reading.lines.isEmpty)
        if !isWell { throw CommandFailure.silent(.failed) }
    }

    private func show(_ headline: Headline, _ looks: [JobHealth], at now: Timestamp) throws {
        let colour: Colour =
            switch headline.tone {
            case .good: .good
            case .calm: .warning
            case .bad: .bad
            }
        Output.line(Terminal.output.paint("\(headline.sentence)", colour))
        var table = TextTable("job", "health", "since", "", "run", "why", optional: [3, 4, 2])
        let clock = Clock(try reader.clock(), now: now)
        for health in looks.prefix(limit) {
            table.add(
                .init(health.job, .title), .init(health.state.rawValue, health.state.colour),
                .init(health.since.map(clock.text) ?? ""), .init(health.since.map(clock.relative) ?? "", .quiet),
                .init(health.run?.description ?? "", .quiet), .init(health.why))
        }
        if !table.isEmpty { for line in table.lines(for: .output) { Output.line(line) } }
        if looks.count > limit { Output.note("and \(looks.count - limit) more; --limit shows them") }
    }
}
