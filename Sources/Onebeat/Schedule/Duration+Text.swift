extension Duration {
    private static let units: [(name: String, microseconds: Int64)] = [
        ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
        ("ms", 1000), ("us", 1),
    ]

    /// The longest length that is read: no schedule, time-out or lease needs a thousand years, and sums and small multiples of
    /// what is read stay far within what 64 bits can count in microseconds.
    public static let longestText = Duration.seconds(365_000 * 86_400)

    /// Reads a length of time as people write it: `30s`, `5m`, `1h30m`, `250ms`, `2d`, `1w`.
    ///
    /// Units are `w`, `d`, `h`, `m`, `s`, `ms` and `us`, from large to small and each at most once; numbers are whole
    /// and of at most nine digits. A day is 24 hours. Anything else gives `nil`, and so do nothing at all and more than
    /// ``longestText``.
    public init?(text: some StringProtocol) {
        var reader = TextReader(text)
        var total: Int64 = 0
        var remaining = Self.units[...]
        repeat {
            guard let number = reader.number() else { return nil }
            let name = reader.take(while: \.isLetter)
            guard let index = remaining.firstIndex(where: { $0.name == name }) else { return nil }
            let (part, isTooLong) = Int64(number).multipliedReportingOverflow(by: Self.units[index].microseconds)
            let (sum, areTooLong) = total.addingReportingOverflow(part)
            if isTooLong || areTooLong || sum > Self.longestText.wholeMicroseconds { return nil }
            total = sum
            remaining = Self.units[(index + 1)...]
        } while !reader.isAtEnd
        self = .microseconds(total)
    }

    /// The length as people write it, such as `1h30m`; whole microseconds, and `0s` for none.
    public var text: String {
        var rest = wholeMicroseconds
        if rest == 0 { return "0s" }
        var text = rest < 0 ? "-" : ""
        for (name, size) in Self.units where name != "w" {
            let count = (rest / size).magnitude
            if count > 0 { text += "\(count)\(name)" }
            rest %= size
        }
        return text
    }
}
