import Onebeat

/// Makes output readable: pieces of one stream are joined before they are decoded, since a character may be cut
/// between two; commands to a terminal are taken out.
enum OutputText {
    struct Stretch: Equatable {
        var stream: LogStream
        var text: String
    }

    static func stretches(of pieces: [LogPiece]) -> [Stretch] {
        var stretches: [Stretch] = []
        var index = pieces.startIndex
        while index < pieces.endIndex {
            let stream = pieces[index].stream
            let end = pieces[index...].firstIndex { $0.stream != stream } ?? pieces.endIndex
            let bytes = pieces[index..<end].flatMap(\.bytes)
            stretches.append(Stretch(stream: stream, text: plain(String(decoding: bytes, as: UTF8.self))))
            index = end
        }
        return stretches
    }

    /// Without `ESC [ … letter` (colours, cursor) and `ESC ] … BEL` (titles), and with plain ends of lines.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r" where rest.first == "\n": continue
            case "\r": result.append("\n")
            case "\u{1b}" where rest.first == "[":
                let end = rest.dropFirst().firstIndex { ("@"..."~").contains($0) }
                rest = rest[(end ?? rest.endIndex)...].dropFirst()
            case "\u{1b}" where rest.first == "]":
                let end = rest.firstIndex { $0 == "\u{7}" || $0 == "\n" }
                rest = rest[(end ?? rest.endIndex)...].dropFirst()
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
