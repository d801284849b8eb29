import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a run's output.",
        discussion: "With --json each piece of output is a line of JSON: attempt, sequence, stream, at, text.")
    @Argument(help: "The run's number, as `onebeat runs` shows it.")
    var id: String
    @Flag(name: [.short, .long], help: "Go on until the run has ended.")
    var follow = false
    @Option(help: "Only this attempt's output, counted from 1.")
    var attempt: Int?
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    /// How often a run that is followed is asked for news.
    private static let poll = Duration.milliseconds(250)
    private static let page = 200

    func run() async throws {
        let store = try await store.open()
        let run = try await store.run(named: id)
        if let attempt, !(1...max(run.attempt, 1)).contains(attempt) {
            let words = run.attempt == 0 ? "it was never started" : "it had \(run.attempt)"
            throw CommandFailure("run \(run.id) has no attempt \(attempt): \(words)")
        }
        var decoder = PieceDecoder()
        let end =
            try await follow
            ? copyUntilEnd(of: run, from: store, &decoder) : copy(run, from: store, after: nil, &decoder)
        if !format.json { Output.end(&decoder) }
        guard end.position == nil, !format.json else { return }
        Output.note(
            end.run.startedAt == nil
                ? "run \(run.id) has no output: it is \(end.run.state.rawValue)"
                    + (end.run.reason.map { " (\($0.sentence))" } ?? "")
                : "run \(run.id) has written nothing\(end.run.state.isTerminal ? "" : " yet; -f waits for it")")
    }

    private func copyUntilEnd(
        of run: Run, from store: any Store, _ decoder: inout PieceDecoder
    ) async throws -> (run: Run, position: LogPosition?) {
        var position: LogPosition?
        while true {
            // Asked before its output, so that what was written before the end is not left out.
            guard let current = try await store.run(run.id) else { return (run, position) }
            position = try await copy(current, from: store, after: position, &decoder).position
            if current.state.isTerminal { return (current, position) }
            try await Task.sleep(for: Self.poll)
        }
    }

    /// Copies what there is after a place.
    /// - Returns: the place of the last piece.
    private func copy(
        _ run: Run, from store: any Store, after start: LogPosition?, _ decoder: inout PieceDecoder
    ) async throws -> (run: Run, position: LogPosition?) {
        var position = start
        while true {
            let pieces = try await store.logs(of: run.id, after: position, limit: Self.page)
            for piece in pieces where attempt == nil || piece.id.position.attempt == attempt {
                if position.map({ $0.attempt < piece.id.position.attempt }) ?? false, !format.json {
                    Output.note("onebeat: attempt \(piece.id.position.attempt)")
                }
                try show(piece, &decoder)
                position = piece.id.position
            }
            guard let last = pieces.last else { return (run, position) }
            position = last.id.position
            if pieces.count < Self.page { return (run, position) }
        }
    }

    private func show(_ piece: LogPiece, _ decoder: inout PieceDecoder) throws {
        guard format.json else { return Output.piece(piece, &decoder) }
        try Output.jsonLine(LogResource(piece, text: decoder.text(of: piece)))
    }
}
