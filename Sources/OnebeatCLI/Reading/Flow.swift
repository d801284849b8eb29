import ArgumentParser
import Onebeat
import OnebeatServer

struct Flow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the flow that a run is part of: how each job stands, and what it waits for.")
    @Argument(help: "The number of any run of the flow.")
    var id: String
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// As many as a flow may have runs, and a good many edges a run.
    private static let mostWaits = 100_000

    private struct Answer: Encodable {
        var flow: Int64
        var runs: [Member]
        var criticalPath: [String]
        var duration: Double?

        struct Member: Encodable {
            var run: RunResource
            var follows: [Int64]
        }
    }

    func run() async throws {
        let store = try await store.open()
        let run = try await store.run(named: id)
        guard let flow = run.flow else {
            throw CommandFailure(
                "run \(run.id) of \(run.job) is part of no flow: nothing followed its job when it was planned")
        }
        let progress = FlowProgress(
            flow, runs: try await store.all(of: flow), waits: try await store.waits(in: flow, limit: Self.mostWaits))
        if format.json {
            return try Output.json(
                Answer(
                    flow: flow.value,
                    runs: progress.runs.map { run in
                        Answer.Member(
                            run: RunResource(run), follows: progress.parents(of: run).map(\.id.value))
                    },
                    criticalPath: progress.criticalPath.map(\.label), duration: progress.length?.inSeconds))
        }
        show(progress)
    }

    private func show(_ progress: FlowProgress) {
        var table = TextTable("run", "job", "state", "started", "took", "on", "why", rightAligned: [0])
        for run in progress.shown {
            let words = [progress.waitsFor(run), run.reason?.sentence, run.message]
            table.add(
                .init(run.id.description), .init(run.label, .title), .init(run.state.rawValue, run.state.colour),
                .init(run.startedAt.map { ReadableTime.text("\($0)") } ?? ""), .init(run.length?.brief ?? ""),
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
