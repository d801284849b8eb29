import Onebeat

/// Makes output readable: what of one stream stands together is joined, and commands to a terminal are taken out but for
/// those that colour.
enum OutputText {
    struct Stretch: Equatable {
        var stream: LogStream
        var text: String
    }

    static func stretches(of pieces: [LogPiece]) -> [Stretch] {
        var decoder = PieceDecoder()
        let texts = pieces.map { ($0.stream, decoder.text(of: $0)) } + decoder.end()
        var stretches: [Stretch] = []
        for (stream, text) in texts where !text.isEmpty {
            if stretches.last?.stream == stream {
                stretches[stretches.count - 1].text += text
            } else {
                stretches.append(Stretch(stream: stream, text: text))
            }
        }
        return stretches.map { Stretch(stream: $0.stream, text: plain($0.text)) }
    }

    /// Without `ESC [ … letter` (cursor) and `ESC ] … BEL` (titles), and with plain ends of lines. `ESC [ … m` stays, for
    /// ``TerminalColours``.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r" where rest.first == "\n": continue
            case "\r": result.append("\n")
            case "\u{1b}" where rest.first == "[":
                let end = rest.dropFirst().firstIndex { ("@"..."~").contains($0) }
                if let end, rest[end] == "m" {
                    result.append(scalar)
                    result.append(contentsOf: rest[...end])
                }
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
