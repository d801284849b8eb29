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
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(1...10_000).contains(limit) { throw ValidationError("--limit is \(limit); 1 to 10000 will do.") }
    }

    func run() async throws {
        let standing = try await server.witness(beside: store).standing(limit: limit)
        format.json ? try Output.json(standing) : try show(standing)
        if !standing.isWell { throw CommandFailure.silent(.failed) }
    }

    private func show(_ standing: StandingResource) throws {
        let picture = StatusPicture(terminal: .output, clock: Clock(try reader.clock(), now: standing.now))
        Output.line(picture.sentence(standing.headline, standing.tone))
        let looks = standing.looks.map { JobHealth($0.health, of: $0.job) }
        for line in picture.table(looks) { Output.line(line) }
        let rest = standing.looking - looks.count
        if rest > 0 { Output.note("and \(rest) more; --limit shows them") }
    }
}
