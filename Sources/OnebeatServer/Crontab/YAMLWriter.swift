import Onebeat

/// Writes YAML that reads back as what was meant, and that a person would have written so.
struct YAMLWriter {
    private(set) var text = ""

    mutating func blank() { if !text.isEmpty, !text.hasSuffix("\n\n") { text += "\n" } }

    /// - Parameter depth: in steps of two spaces.
    mutating func comment(_ comment: String, depth: Int = 0) {
        line(comment.isEmpty ? "#" : "# \(Self.printable(comment))", depth)
    }

    mutating func append(_ other: YAMLWriter) { text += other.text }

    mutating func key(_ key: String, depth: Int = 0) { line("\(Self.scalar(key)):", depth) }

    mutating func noEntries(_ key: String) { line("\(Self.scalar(key)): {}", 0) }

    mutating func pair(_ key: String, _ value: String, depth: Int = 0) {
        write(value, after: "\(Self.scalar(key)):", depth)
    }

    /// A value as JSON, which YAML reads as it is.
    mutating func pair(_ key: String, _ value: JSONValue, depth: Int = 0) {
        line("\(Self.scalar(key)): \(value.text)", depth)
    }

    mutating func list(_ key: String, _ values: [String], depth: Int = 0) {
        line("\(Self.scalar(key)):", depth)
        for value in values { write(value, after: "-", depth + 1) }
    }

    /// Several lines become a literal block where that shows them as they are.
    private mutating func write(_ value: String, after lead: String, _ depth: Int) {
        guard value.contains("\n"), Self.fitsBlock(value) else { return line("\(lead) \(Self.scalar(value))", depth) }
        let endsLine = value.hasSuffix("\n")
        line("\(lead) |\(endsLine ? "" : "-")", depth)
        for row in value.split(separator: "\n", omittingEmptySubsequences: false).dropLast(endsLine ? 1 : 0) {
            if row.isEmpty { text += "\n" } else { line(String(row), depth + 1) }
        }
    }

    private mutating func line(_ line: String, _ depth: Int) {
        text += String(repeating: "  ", count: depth) + line + "\n"
    }

    /// A literal block shows lines as they are, but not blanks at the start, a run of ends of lines at the end, or
    /// characters that are not printed.
    private static func fitsBlock(_ value: String) -> Bool {
        guard let first = value.unicodeScalars.first, !" \n\t".unicodeScalars.contains(first) else { return false }
        return !value.hasSuffix("\n\n") && value.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || isPrinted($0) }
    }

    /// Plain where nothing in the text could mean something to YAML, else in the quotes that need the least change.
    static func scalar(_ text: String) -> String {
        let isPlain =
            looksPlain(text)
            && !["null", "yes", "no", "on", "off", "true", "false", "y", "n"].contains(text.lowercased())
            && Double(text) == nil
        if isPlain { return text }
        let needsEscapes = text.contains("\"") || text.contains("\\")
        if needsEscapes, !text.contains("'"), text.unicodeScalars.allSatisfy(isPrinted) { return "'\(text)'" }
        return double(text)
    }

    /// Nothing but what stands for itself, with blanks and `: ` nowhere that would mean something.
    private static func looksPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first(where: { $0 != UInt8(ascii: "-") || bytes.count == 1 }), let last = bytes.last,
            bytes.prefix(2) != [UInt8(ascii: "-"), UInt8(ascii: "-")], isWord(first),
            isWord(last) || "=+@-".utf8.contains(last)
        else { return false }
        return zip(bytes, bytes.dropFirst() + [0]).allSatisfy { byte, next in
            isWord(byte) || "=+@ -".utf8.contains(byte) || byte == UInt8(ascii: ":") && next != UInt8(ascii: " ")
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte.isLetter || byte.isDigit || "_./".utf8.contains(byte) }

    private static func double(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where !isPrinted(scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// What YAML lets stand in a file as it is, on one line.
    private static func isPrinted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e, 0xa0...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe, 0xff00...0xfffd, 0x10000...0x10ffff: true
        default: false
        }
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrinted($0) || $0 == "\t" ? $0 : "\u{FFFD}" }))
    }
}
