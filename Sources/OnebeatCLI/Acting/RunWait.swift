import Onebeat
import OnebeatServer

/// Waits for a run's end, showing its output as it comes.
enum RunWait {
    /// - Returns: the run after its end.
    /// - Throws: ``CommandFailure`` when its history went away meanwhile.
    /// - Parameter isPatient: whether further attempts are waited for, or the end of the first is enough.
    static func untilEnd(
        of run: Run, in witness: any Witness, showsOutput: Bool, isPatient: Bool = true
    ) async throws -> Run {
        var place: String?
        var decoder = PieceDecoder()
        let started = Timestamp.now
        while true {
            // Asked before its output, so that what was written before the end is not left out.
            guard let current = try await witness.run(run.id) else {
                throw CommandFailure("run \(run.id) is no longer kept, so its outcome is unknown")
            }
            if showsOutput { place = try await copyOutput(of: run.id, from: witness, after: place, &decoder) }
            if current.state.isTerminal || (!isPatient && current.failures > 0 && current.state != .running) {
                Output.end(&decoder)
                return current
            }
            if place == nil, Timestamp.now.duration(since: started) > .seconds(1) {
                Output.passing("run \(run.id) is \(current.state.rawValue), \(started.relative(to: .now))")
            }
            try await Task.sleep(for: witness.pause)
        }
    }

    private static func copyOutput(
        of run: RunID, from witness: any Witness, after start: String?, _ decoder: inout PieceDecoder
    ) async throws -> String? {
        var place = start
        while true {
            let page = try await witness.logs(of: run, after: place)
            for piece in page.pieces { Output.piece(piece, &decoder) }
            place = page.next
            if page.isLast { return place }
        }
    }
}
