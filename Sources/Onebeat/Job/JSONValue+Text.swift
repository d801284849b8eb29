extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self = .string(text) }
}

extension JSONValue {
    /// The value as JSON on one line, members by name: the same text for the same value, always.
    package var text: String {
        var text = JSONText()
        write(to: &text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// The same without blanks, as stores keep it: byte for byte what Foundation's encoder with sorted keys writes, which is what
    /// stores and the digests of sources were made of before, but for numbers, which stay what they are.
    package var compactText: String {
        var text = JSONText(isCompact: true)
        write(to: &text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Whether values lie in one another more than `depth` times.
    package func isDeeper(than depth: Int) -> Bool {
        guard depth > 0 else { return true }
        return switch self {
        case .null, .bool, .int, .large, .number, .string: false
        case .array(let elements): elements.contains { $0.isDeeper(than: depth - 1) }
        case .object(let members): members.values.contains { $0.isDeeper(than: depth - 1) }
        }
    }

    private func write(to text: inout JSONText) {
        switch self {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .int(let number): text += "\(number)"
        case .large(let digits): text += digits
        // JSON has no word for what is no number.
        case .number(let number): text += number.isFinite ? "\(number)" : "null"
        case .string(let string): text.quote(string)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += text.isCompact ? "," : ", " }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            let isCompact = text.isCompact
            let sorted = members.sorted {
                isCompact ? $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) : $0.key < $1.key
            }
            for (index, member) in sorted.enumerated() {
                if index > 0 { text += isCompact ? "," : ", " }
                text.quote(member.key)
                text += isCompact ? ":" : ": "
                member.value.write(to: &text)
            }
            text += "}"
        }
    }
}

/// JSON as it is written, byte by byte: a string grows more slowly by far.
private struct JSONText {
    private(set) var bytes: [UInt8] = []
    let isCompact: Bool

    init(isCompact: Bool = false) { self.isCompact = isCompact }

    static func += (text: inout JSONText, words: String) { text.bytes.append(contentsOf: words.utf8) }

    mutating func quote(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly all there is needs no second look.
        if string.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        ) {
            bytes.append(contentsOf: string.utf8)
        } else {
            for scalar in string.unicodeScalars { write(scalar) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": self += "\\\""
        case "\\": self += "\\\\"
        case "\n": self += "\\n"
        case "\r": self += "\\r"
        case "\t": self += "\\t"
        case "\u{8}" where isCompact: self += "\\b"
        case "\u{c}" where isCompact: self += "\\f"
        // YAML takes JSON, but not with these as they are.
        case _ where scalar.value < 0x20 || !isCompact && Self.isNotForYAML(scalar):
            let digits = String(scalar.value, radix: 16)
            self += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: UTF8.encode(scalar) { bytes.append($0) }
        }
    }

    private static func isNotForYAML(_ scalar: Unicode.Scalar) -> Bool {
        (0x7f..<0xa0).contains(scalar.value)
            || ["\u{2028}", "\u{2029}", "\u{feff}", "\u{fffe}", "\u{ffff}"].contains(scalar)
    }
}
