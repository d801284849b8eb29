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
        if !reading.isWell { throw CommandFailure.silent(.failed) }
    }

    private func show(_ headline: Headline, _ looks: [JobHealth], at now: Timestamp) throws {
        let picture = StatusPicture(terminal: .output, clock: Clock(try reader.clock(), now: now))
        Output.line(picture.sentence(headline))
        for line in picture.table(looks.prefix(limit)) { Output.line(line) }
        if looks.count > limit { Output.note("and \(looks.count - limit) more; --limit shows them") }
    }
}
