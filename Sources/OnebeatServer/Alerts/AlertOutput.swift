import Onebeat

/// The end of a run's output as it stands in a message: as cron mailed it.
package enum AlertOutput {
    /// The most lines a rule may ask for.
    package static let mostLines = 200
    /// How many bytes of all runs' output a message holds.
    static let room = 8 * 1024
    /// How many pieces are read to find the end.
    private static let page = 500, mostPages = 20

    /// The last lines, harmless, with their run named above them; `nil` where it said nothing.
    static func text(of run: RunID, job: String, lines: Int, room: Int, from store: any HistoryStore) async throws
        -> [String]?
    {
        var bytes: [UInt8] = []
        var position: LogPosition?
        for _ in 0..<mostPages {
            let pieces = try await store.logs(of: run, after: position, limit: page)
            for piece in pieces { bytes += piece.bytes }
            bytes = Array(bytes.suffix(max(0, room)))
            position = pieces.last?.id.position
            if pieces.count < page { break }
        }
        let found = last(lines, of: bytes)
        return found.isEmpty ? nil : ["", "Output of \(job), run \(run):"] + found
    }

    /// The last lines that have something in them, and those between.
    static func last(_ count: Int, of bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self).harmless }
        while lines.last?.allSatisfy(\.isWhitespace) ?? false { lines.removeLast() }
        return Array(lines.suffix(count).drop { $0.allSatisfy(\.isWhitespace) })
    }
}
