/// The last line that somebody could read, of output that comes in pieces: what most programs say when they fail.
enum LastLine {
    /// How many bytes at the end are kept to find it in.
    static let room = 1024
    /// How much of a line is shown.
    static let longest = 200

    /// The end of output to which more has come.
    static func end(of bytes: [UInt8], followedBy more: [UInt8]) -> [UInt8] {
        more.count >= room ? Array(more.suffix(room)) : Array((bytes + more).suffix(room))
    }

    /// - Returns: `nil` where there is no line with something in it.
    static func of(_ end: [UInt8]) -> String? {
        let lines = end.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
        for line in lines.reversed() {
            let text = plain(String(decoding: line, as: UTF8.self))
            guard text.contains(where: { !$0.isWhitespace }) else { continue }
            return text.count > longest ? text.prefix(longest - 1) + "…" : text
        }
        return nil
    }

    /// Without commands to a terminal (`ESC [ … letter`) and other control characters.
    private static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1b}", rest.first == "[" {
                let end = rest.dropFirst().firstIndex { ("@"..."~").contains($0) }
                rest = rest[(end ?? rest.endIndex)...].dropFirst()
            } else if scalar == "\t" {
                result.append(" ")
            } else if scalar.properties.generalCategory != .control {
                result.append(scalar)
            }
        }
        let words = String(result)
        return String(words.drop { $0.isWhitespace })
    }
}
