/// Reads short ASCII notations from left to right; the parsers of moments, intervals and zone rules share it.
struct TextReader {
    let bytes: [UInt8]
    var position = 0

    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func take(while accepts: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = next, accepts(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + count] {
            guard byte.isDigit else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    /// One digit or more, up to nine digits: anything longer is out of range wherever this is used.
    mutating func number() -> Int? {
        let text = take(while: \.isDigit)
        return text.isEmpty || text.count > 9 ? nil : Int(text)
    }

    /// `2026-11-23`, years 0001 to 9999.
    mutating func date() -> CivilDate? {
        guard let year = digits(4), year > 0, take("-"), let month = digits(2), (1...12).contains(month), take("-"),
            let day = digits(2), day >= 1, day <= CivilDate.length(ofMonth: month, year: year)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// The digits after a decimal point, as microseconds.
    mutating func fraction() -> Int? {
        let text = take(while: \.isDigit)
        return text.isEmpty ? nil : Int((text + "00000").prefix(6))
    }

    /// `Z`, `+08:00`, `+0800`, `+08` or nothing, as seconds east of UTC.
    mutating func offset() -> Int? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = digits(2), hours < 24 else { return nil }
        if isAtEnd { return sign * hours * 3600 }
        _ = take(":")
        guard let minutes = digits(2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}

extension UInt8 {
    package var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
    package var isLetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }
}
