extension JSONValue {
    /// What keeps bytes from being read as JSON.
    package enum Unreadable: Error, Sendable, Equatable {
        case notJSON
        /// A whole number of more than ``mostDigits``, or another one that is too large for any machine.
        case largeNumber
    }

    /// More digits than these some readers refuse: Python's stops at 4300.
    package static let mostDigits = 1000

    /// Reads JSON in UTF-8. Decoders make a whole number of `1.0` and something near it of 2 to the 70th; here numbers stay what
    /// they were.
    package init(json bytes: [UInt8]) throws(Unreadable) {
        var reader = JSONReader(bytes)
        self = try reader.all()
    }

    /// A whole number of any size, from its digits; `nil` for what is none, or has more than ``mostDigits``.
    package init?(digits: some StringProtocol) {
        if let number = Int64(digits) {
            self = .int(number)
            return
        }
        let own = digits.drop { "+-".contains($0) }.drop { $0 == "0" }
        guard (1...Self.mostDigits).contains(own.utf8.count), own.utf8.allSatisfy(\.isDigit) else { return nil }
        self = .large((digits.hasPrefix("-") ? "-" : "") + own)
    }
}

/// Goes through bytes once, from the first to the last.
private struct JSONReader {
    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0
    /// As deep as decoders go, and far less deep than any stack.
    private static let mostDepth = 512

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func all() throws(JSONValue.Unreadable) -> JSONValue {
        let value = try value()
        skipBlanks()
        guard place == bytes.count else { throw .notJSON }
        return value
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { place += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func value() throws(JSONValue.Unreadable) -> JSONValue {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"):
            return .object(try inside { reader throws(JSONValue.Unreadable) in try reader.members() })
        case UInt8(ascii: "["):
            return .array(try inside { reader throws(JSONValue.Unreadable) in try reader.elements() })
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func inside<Value>(
        _ read: (inout JSONReader) throws(JSONValue.Unreadable) -> Value
    ) throws(JSONValue.Unreadable) -> Value {
        place += 1
        depth += 1
        guard depth <= Self.mostDepth else { throw .notJSON }
        let value = try read(&self)
        depth -= 1
        return value
    }

    /// Of two members of one name the last counts, as in Python.
    private mutating func members() throws(JSONValue.Unreadable) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        skipBlanks()
        if skip(UInt8(ascii: "}")) { return members }
        while true {
            skipBlanks()
            let name = try text()
            skipBlanks()
            guard skip(UInt8(ascii: ":")) else { throw .notJSON }
            members[name] = try value()
            skipBlanks()
            if skip(UInt8(ascii: "}")) { return members }
            guard skip(UInt8(ascii: ",")) else { throw .notJSON }
        }
    }

    private mutating func elements() throws(JSONValue.Unreadable) -> [JSONValue] {
        var elements: [JSONValue] = []
        skipBlanks()
        if skip(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value())
            skipBlanks()
            if skip(UInt8(ascii: "]")) { return elements }
            guard skip(UInt8(ascii: ",")) else { throw .notJSON }
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONValue.Unreadable) -> JSONValue {
        guard bytes[place...].starts(with: word.utf8) else { throw .notJSON }
        place += word.utf8.count
        return value
    }

    private mutating func digits() throws(JSONValue.Unreadable) {
        let start = place
        while next?.isDigit == true { place += 1 }
        guard place > start else { throw .notJSON }
    }

    private mutating func number() throws(JSONValue.Unreadable) -> JSONValue {
        let start = place
        var isWhole = true
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        if skip(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isWhole = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isWhole {
            guard let value = JSONValue(digits: text) else { throw .largeNumber }
            return value
        }
        guard let number = Double(text), number.isFinite else { throw .largeNumber }
        return .number(number)
    }

    private mutating func text() throws(JSONValue.Unreadable) -> String {
        guard skip(UInt8(ascii: "\"")) else { throw .notJSON }
        let start = place
        // Most texts have nothing to be read in another way.
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { place += 1 }
        var found = Array(bytes[start..<place])
        while !skip(UInt8(ascii: "\"")) {
            guard let byte = next, byte >= 0x20 else { throw .notJSON }
            place += 1
            if byte == UInt8(ascii: "\\") {
                UTF8.encode(try escaped()) { found.append($0) }
            } else {
                found.append(byte)
            }
        }
        guard let text = String(validating: found, as: UTF8.self) else { throw .notJSON }
        return text
    }

    private mutating func escaped() throws(JSONValue.Unreadable) -> Unicode.Scalar {
        guard let byte = next else { throw .notJSON }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw .notJSON
        }
        let unit = try unit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // The first half of one that UTF-16 has in two.
        guard (0xd800..<0xdc00).contains(unit), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw .notJSON
        }
        let other = try self.unit()
        guard (0xdc00..<0xe000).contains(other),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (other - 0xdc00))
        else { throw .notJSON }
        return scalar
    }

    private mutating func unit() throws(JSONValue.Unreadable) -> UInt32 {
        guard place + 4 <= bytes.count else { throw .notJSON }
        var unit: UInt32 = 0
        for byte in bytes[place..<place + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .notJSON }
            // Ours: the value of a hexadecimal digit.
            unit = unit << 4 + UInt32(digit)
        }
        place += 4
        return unit
    }
}
