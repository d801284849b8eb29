import Onebeat

/// Makes text of output that comes in pieces. A character may begin in one piece of a stream and end in the next: it
/// belongs to the piece in which it ends.
package struct PieceDecoder: Sendable {
    private var attempt = 0
    private var rest: [LogStream: [UInt8]] = [:]

    package init() {}

    /// The piece's text, with what was left of its stream before it. Bytes that are no UTF-8 become replacement
    /// characters.
    package mutating func text(of piece: LogPiece) -> String {
        if piece.id.position.attempt != attempt {
            attempt = piece.id.position.attempt
            rest = [:]
        }
        let bytes = (rest[piece.stream] ?? []) + piece.bytes
        let tail = Self.unfinished(bytes)
        rest[piece.stream] = tail == 0 ? nil : Array(bytes.suffix(tail))
        return String(decoding: bytes.dropLast(tail), as: UTF8.self)
    }

    /// What is left of characters that were begun and never ended.
    package mutating func end() -> [(stream: LogStream, text: String)] {
        defer { rest = [:] }
        return Self.streams.compactMap { stream in
            rest[stream].map { (stream, String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// How many bytes at the end are the beginning of a character that could go on.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            switch byte {
            case 0x80...0xbf: continue
            case 0xc2...0xdf: return length < 2 ? length : 0
            case 0xe0...0xef: return length < 3 ? length : 0
            case 0xf0...0xf4: return length
            default: return 0
            }
        }
        return 0
    }

    // MARK: Going on later

    private static let streams: [LogStream] = [.stdout, .stderr, .note]

    /// What a reader hands back to go on where it stopped: nothing, or the bytes that are left, as in `stdout-e381`.
    var bookmark: String {
        Self.streams.compactMap { stream in
            rest[stream].map { bytes in
                "." + stream.rawValue + "-" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
        }.joined()
    }

    /// Goes on in an attempt, with the parts of a bookmark.
    init?(attempt: Int, bookmarks: some Sequence<Substring>) {
        self.attempt = attempt
        for bookmark in bookmarks {
            let parts = bookmark.split(separator: "-")
            guard parts.count == 2, let stream = LogStream(rawValue: String(parts[0])), parts[1].utf8.count <= 6,
                parts[1].utf8.count % 2 == 0
            else { return nil }
            var bytes: [UInt8] = []
            var digits = parts[1]
            while !digits.isEmpty {
                // Ours: what is no number of two digits is nil, and never a trap.
                guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
                bytes.append(byte)
                digits = digits.dropFirst(2)
            }
            rest[stream] = bytes
        }
    }
}
