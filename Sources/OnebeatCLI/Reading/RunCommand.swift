import ArgumentParser
import Onebeat
import OnebeatServer

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Show one run: its attempts, its outcome and why.")
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    private struct Answer: Encodable {
        var run: RunResource
        var attempts: [AttemptResource]
        var explanation: [String]
    }

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let number = try RunID(named: id)
        guard let run = try await witness.whole(number) else { throw CommandFailure(unknownRun: number) }
        let attempts = try await witness.attempts(of: number)
        let now = try await witness.now()
        let reader = try reader.clock()
        let explanation = try await witness.explanation(of: number, on: reader)
        if format.json { return try Output.json(Answer(run: run, attempts: attempts, explanation: explanation)) }
        let terminal = Terminal.output
        let clock = Clock(reader, now: now)
        Output.line(
            "\(terminal.paint("run \(run.id)", .title))  \(run.key)  "
                + terminal.paint("\(run.state.rawValue)", run.state.colour))
        for sentence in explanation { Output.line("\(clock.told(sentence))") }
        if let mark = run.mark {
            Output.line(
                "For what follows it counts as \(mark.state), by the word of \(mark.by) at \(clock.text(mark.at)): \(mark.because)"
            )
        }
        show(attempts, clock)
        if let value = run.value { Output.line("\nhanded on: \(value.text)") }
        if run.secretValue == true { Output.line("\nhanded on: a value that is secret") }
        Output.line(terminal.paint("\nonebeat logs \(run.id) shows its output", .quiet))
    }

    private func show(_ attempts: [AttemptResource], _ clock: Clock) {
        guard !attempts.isEmpty else { return }
        var table = TextTable(
            "attempt", "started", "took", "outcome", "exit", "on", "fence", "message", rightAligned: [0],
            optional: [6, 4])
        for attempt in attempts {
            let outcome = attempt.outcome ?? "running"
            table.add(
                .init("\(attempt.number)"),
                .init(clock.text(attempt.startedAt)),
                .init(attempt.finishedAt.map { $0.duration(since: attempt.startedAt).brief } ?? ""),
                .init(outcome, outcome == "succeeded" ? .good : outcome == "running" ? .active : .bad),
                .init(attempt.exitCode.map(String.init) ?? ""),
                .init(attempt.node),
                .init("\(attempt.fence)"),
                .init(clock.told(attempt.message ?? "")))
        }
        Output.line()
        for line in table.lines(for: .output) { Output.line(line) }
    }
}
