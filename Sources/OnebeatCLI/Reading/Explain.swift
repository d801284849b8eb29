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
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let clock = try reader.clock()
        let moment = try await moment(on: clock, witness)
        let explanation = try await witness.found(job, witness.explanation(of: job, at: moment, on: clock))
        if format.json { return try Output.json(explanation) }
        for sentence in explanation.sentences { Output.line("\(MomentText.text(sentence, on: clock))") }
    }

    private func moment(on clock: Schedule, _ witness: any Witness) async throws -> Timestamp? {
        guard let at else { return nil }
        return try Moment.read(at, option: "--at", on: clock, now: await witness.now())
    }
}
