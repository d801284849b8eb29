extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC: `2026-11-23T03:00:00Z`, or with a fraction of up to six digits where it is not zero.
    public var description: String { "\(CivilTime(seconds: seconds))\(fractionText)Z" }

    /// For people: `2026-11-23 03:00:00 UTC`, without the fraction of a second. Words that are kept, or sent, name moments so,
    /// and never by how far away they are: they are read later. Whoever shows such words to a reader puts the moments on that
    /// reader's clock.
    package var words: String {
        let remainder = microseconds % 1_000_000
        return Timestamp(microseconds: microseconds - (remainder < 0 ? remainder + 1_000_000 : remainder)).exactWords
    }

    /// The same with the fraction, where less than a second matters: `2026-11-23 03:00:00.25 UTC`.
    package var exactWords: String { description.replacing("T", with: " ").replacing("Z", with: " UTC") }

    /// The moment read from a clock `offset` seconds east of UTC: `2026-11-23T03:00:00+08:00`.
    /// Offsets of old local mean times show their seconds.
    func text(offset: Int) -> String {
        let distance = abs(offset)
        var zone = "\(offset < 0 ? "-" : "+")\((distance / 3600).twoDigits):\((distance / 60 % 60).twoDigits)"
        if distance % 60 != 0 { zone += ":\((distance % 60).twoDigits)" }
        return "\(CivilTime(seconds: seconds + offset))\(fractionText)\(zone)"
    }

    private var fractionText: String {
        if fraction == 0 { return "" }
        var digits = String(fraction + 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return ".\(digits)"
    }

    /// Reads ISO 8601: a date (midnight UTC), or a date and a time with `Z` or an offset; without either it is UTC.
    ///
    /// Accepts `T`, `t` or a space between date and time, seconds left out, a fraction (digits beyond the sixth are
    /// dropped), and offsets written `+08:00`, `+0800` or `+08`. Years are 0001 to 9999 and every field must be in
    /// its range: 30 February, hour 24 and second 60 give `nil`, as does anything left over. So does a moment that falls
    /// out of those years in UTC.
    public init?(iso8601 text: some StringProtocol) {
        var reader = TextReader(text)
        guard let date = reader.date() else { return nil }
        if reader.isAtEnd {
            self.init(seconds: Int64(CivilTime(date).seconds))
            return
        }
        guard reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), hour < 24, reader.take(":"), let minute = reader.digits(2), minute < 60
        else { return nil }
        var second = 0
        var fraction = 0
        if reader.take(":") {
            guard let value = reader.digits(2), value < 60 else { return nil }
            second = value
            if reader.take(".") || reader.take(",") {
                guard let value = reader.fraction() else { return nil }
                fraction = value
            }
        }
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        let local = CivilTime(date, hour: hour, minute: minute, second: second)
        self.init(microseconds: Int64(local.seconds - offset) * 1_000_000 + Int64(fraction))
        guard (Timestamp.distantPast ... .distantFuture).contains(self) else { return nil }
    }
}

extension Timestamp: Codable {
    /// Reads the ISO 8601 text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\"\(text)\" is not a moment; write it like 2026-11-23T03:00:00+08:00"))
        }
        self = value
    }

    /// Writes the ISO 8601 text, in UTC.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
