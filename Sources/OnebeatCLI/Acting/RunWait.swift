import Onebeat
import OnebeatServer

/// Waits for a run's end, showing its output as it comes.
enum RunWait {
    private static let poll = Duration.milliseconds(200)
    private static let page = 200

    /// - Returns: the run after its end.
    /// - Throws: ``CommandFailure`` when its history went away meanwhile.
    /// - Parameter isPatient: whether further attempts are waited for, or the end of the first is enough.
    static func untilEnd(
        of run: Run, in store: any Store, showsOutput: Bool, isPatient: Bool = true
    ) async throws -> Run {
        var position: LogPosition?
        var decoder = PieceDecoder()
        let started = Timestamp.now
        while true {
            // Asked before its output, so that what was written before the end is not left out.
            guard let current = try await store.run(run.id) else {
                throw CommandFailure("run \(run.id) is no longer kept, so its outcome is unknown")
            }
            if showsOutput { position = try await copyOutput(of: run.id, from: store, after: position, &decoder) }
            if current.state.isTerminal || (!isPatient && current.failures > 0 && current.state != .running) {
                Output.end(&decoder)
                return current
            }
            if position == nil, Timestamp.now.duration(since: started) > .seconds(1) {
                Output.passing("run \(run.id) is \(current.state.rawValue), \(started.relative(to: .now))")
            }
            try await Task.sleep(for: poll)
        }
    }

    private static func copyOutput(
        of run: RunID, from store: any Store, after start: LogPosition?, _ decoder: inout PieceDecoder
    ) async throws -> LogPosition? {
        var position = start
        while true {
            let pieces = try await store.logs(of: run, after: position, limit: page)
            for piece in pieces { Output.piece(piece, &decoder) }
            position = pieces.last?.id.position ?? position
            if pieces.count < page { return position }
        }
    }
}
