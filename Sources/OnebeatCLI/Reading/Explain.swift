import ArgumentParser
import Onebeat
import OnebeatServer

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a job ran, ran late or did not run, or when it will.",
        discussion: """
            Without --at it tells of the newest run and of the next. A moment without an offset is read on the wall \
            clock of the job's zone; a length of time (2h) is so long ago.
            """)
    @Argument(help: "The job's name.")
    var job: String
    @Option(help: "The moment in question, such as 2026-11-23T03:00.")
    var at: String?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        var job: String
        var at: Timestamp?
        var verdict: Explanation.Verdict
        var sentences: [String]
        var run: RunResource?
    }

    func run() async throws {
        let surroundings = try store.surroundings()
        let store = try await surroundings.openStore()
        let record = try await store.record(of: job)
        let now = try await store.now()
        let clock = Schedule.clock(of: record.definition.schedule.timezone)
        let moment = try at.map { try Moment.read($0, option: "--at", on: clock, now: now) }
        var evidence = try await store.evidence(on: record, at: moment, now: now)
        let policies = record.definition.policies
        if surroundings.settings.redis.value != nil, policies.effectiveLimit == 1 {
            let p95 = LockLength.p95(of: try await store.measuredRuns(of: job))
            evidence.lock = LockLength.decide(expect: policies.expect, p95: p95)
        }
        let explanation = Explanation(evidence)
        if format.json {
            return try Output.json(
                Answer(
                    job: job, at: moment, verdict: explanation.verdict, sentences: explanation.sentences,
                    run: explanation.run.map(RunResource.init)))
        }
        for sentence in explanation.sentences { Output.line("\(sentence)") }
    }
}
