import ArgumentParser
import Onebeat
import OnebeatServer

struct Flow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the flow that a run is part of: how each job stands, and what it waits for.")
    @Argument(help: "The number of any run of the flow.")
    var id: String
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let progress = try await witness.flow(of: witness.run(named: id).id)
        if format.json { return try Output.json(FlowResource(progress)) }
        show(progress, Clock(try reader.clock(), now: try await witness.now()))
    }

    private func show(_ progress: FlowProgress, _ clock: Clock) {
        var table = TextTable("run", "job", "state", "started", "took", "on", "why", rightAligned: [0])
        for run in progress.shown {
            let mark = progress.marks[run.id].map { "counts as \($0.state.rawValue), by \($0.actor): \($0.reason)" }
            let words = [mark, progress.waitsFor(run), run.reason?.sentence, run.message.map(clock.told)]
            table.add(
                .init(run.id.description), .init(run.label, .title), .init(run.state.rawValue, run.state.colour),
                .init(run.startedAt.map(clock.text) ?? ""), .init(run.length?.brief ?? ""),
                .init(run.node ?? ""), .init(words.compactMap(\.self).joined(separator: "; "), .quiet))
        }
        for line in table.lines(for: .output) { Output.line(line) }
        guard let length = progress.length, progress.criticalPath.count > 1 else { return }
        Output.line(
            "\nIt took \(length.brief), by way of "
                + "\(progress.criticalPath.map { "\($0.label) (\($0.length?.brief ?? "?"))" }.joined(separator: " → "))."
        )
    }
}
