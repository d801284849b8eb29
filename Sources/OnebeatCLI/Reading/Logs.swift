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
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let witness = try await server.witness(beside: store)
        let run = try await witness.run(named: id)
        if let attempt, !(1...max(run.attempt, 1)).contains(attempt) {
            let words = run.attempt == 0 ? "it was never started" : "it had \(run.attempt)"
            throw CommandFailure("run \(run.id) has no attempt \(attempt): \(words)")
        }
        var copied = Copied()
        var end = run
        while true {
            // Asked before its output, so that what was written before the end is not left out.
            guard let current = try await witness.run(run.id) else { break }
            end = current
            try await copy(run.id, from: witness, &copied)
            if !follow || current.state.isTerminal { break }
            try await Task.sleep(for: witness.pause)
        }
        if format.json { return }
        Output.end(&copied.decoder)
        if copied.attempt != nil { return }
        Output.note(
            end.startedAt == nil
                ? "run \(run.id) has no output: it is \(end.state.rawValue)"
                    + (end.reason.map { " (\($0.sentence))" } ?? "")
                : "run \(run.id) has written nothing\(end.state.isTerminal ? "" : " yet; -f waits for it")")
    }

    /// How far a run's output has been copied.
    private struct Copied {
        var decoder = PieceDecoder()
        var place: String?
        /// That of the newest piece that was shown.
        var attempt: Int?
    }

    /// Copies what there is after a place.
    private func copy(_ run: RunID, from witness: any Witness, _ copied: inout Copied) async throws {
        while true {
            let page = try await witness.logs(of: run, after: copied.place)
            for piece in page.pieces where attempt == nil || piece.id.position.attempt == attempt {
                let number = piece.id.position.attempt
                if copied.attempt.map({ $0 < number }) ?? false, !format.json {
                    Output.note("onebeat: attempt \(number)")
                }
                try show(piece, &copied.decoder)
                copied.attempt = number
            }
            copied.place = page.next
            if page.isLast { return }
        }
    }

    private func show(_ piece: LogPiece, _ decoder: inout PieceDecoder) throws {
        guard format.json else { return Output.piece(piece, &decoder) }
        try Output.jsonLine(LogResource(piece, text: decoder.text(of: piece)))
    }
}
