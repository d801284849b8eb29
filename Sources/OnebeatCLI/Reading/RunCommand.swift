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

    private struct Answer: Encodable {
        var run: RunResource
        var attempts: [AttemptResource]
        var explanation: [String]
    }

    func run() async throws {
        let store = try await store.open()
        let run = try await store.run(named: id)
        let attempts = try await store.attempts(of: run.id)
        let value = try await store.shownValue(of: run)
        let mark = try await store.mark(of: run.id)
        let now = try await store.now()
        let reader = try reader.clock()
        let explanation = try await store.explanation(of: run, on: reader, now: now)
        if format.json {
            let answer = Answer(
                run: RunResource(run, value: value, mark: mark), attempts: attempts.map(AttemptResource.init),
                explanation: explanation)
            return try Output.json(answer)
        }
        let terminal = Terminal.output
        let clock = Clock(reader, now: now)
        Output.line(
            "\(terminal.paint("run \(run.id)", .title))  \(run.key)  "
                + terminal.paint("\(run.state.rawValue)", run.state.colour))
        for sentence in explanation { Output.line("\(sentence)") }
        if let mark {
            Output.line(
                "For what follows it counts as \(mark.state.rawValue), by the word of \(mark.actor) at"
                    + " \(clock.text(mark.at)): \(mark.reason)")
        }
        show(attempts, of: run, clock)
        switch value {
        case .value(let value): Output.line("\nhanded on: \(value.json)")
        case .secret: Output.line("\nhanded on: a value that is secret")
        case nil: break
        }
        Output.line(terminal.paint("\nonebeat logs \(run.id) shows its output", .quiet))
    }

    private func show(_ attempts: [Attempt], of run: Run, _ clock: Clock) {
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
                .init(attempt.fence.description),
                .init(attempt.message ?? ""))
        }
        Output.line()
        for line in table.lines(for: .output) { Output.line(line) }
    }
}
