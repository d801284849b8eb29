import ArgumentParser
import Onebeat
import OnebeatServer

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a job ran, ran late or did not run, or when it will.",
        discussion: """
            Without --at it tells of the newest run and of the next. T is a moment as a person says it: 03:00 (the last \
            one), "yesterday 3am", "last friday", 2026-11-23T03:00, or 2h (so long ago), on the reader's clock \
            (--timezone, TZ). Removed jobs can be asked about as well.
            """)
    @Argument(help: "The job's name.")
    var job: String
    @Option(help: "The moment in question, such as 03:00, \"yesterday 3am\" or 2026-11-23T03:00.")
    var at: String?
    @OptionGroup var reader: ReaderOptions
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
        let (record, removal) = try await store.subject(named: job)
        let now = try await store.now()
        let clock = try reader.clock()
        let moment = try at.map { try Moment.read($0, option: "--at", on: clock, now: now) }
        var evidence = try await store.evidence(on: record, at: moment, now: now)
        evidence.clock = clock
        evidence.removal = removal
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
                    run: explanation.run.map { RunResource($0) }))
        }
        for sentence in explanation.sentences { Output.line("\(sentence)") }
    }
}
