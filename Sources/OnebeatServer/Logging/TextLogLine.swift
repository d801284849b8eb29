import Logging
import Onebeat

/// A log line for people: `2026-11-23T03:00:00.012Z info  run ended job=backup state=succeeded`.
enum TextLogLine {
    static func text(_ facts: LogFacts, isColoured: Bool) -> String {
        let level = facts.level.rawValue
        let padded = level + String(repeating: " ", count: max(0, 7 - level.count))
        let pairs = facts.metadata.map { " \(dimmed("\($0.key)=", isColoured))\(value($0.value))" }.joined()
        let time = dimmed(milliseconds(facts.at), isColoured)
        return "\(time) \(coloured(padded, facts.level, isColoured)) \(plain(facts.message))\(pairs)"
    }

    /// The moment with three digits of its fraction, always, so that columns line up.
    static func milliseconds(_ moment: Timestamp) -> String {
        let fraction = (moment.microseconds % 1_000_000 + 1_000_000) % 1_000_000
        let second = "\(Timestamp(microseconds: moment.microseconds - fraction))".dropLast()
        return "\(second).\(String(1000 + fraction / 1000).dropFirst())Z"
    }

    private static func value(_ value: Logger.MetadataValue) -> String {
        let text = "\(value)"
        let isBare = !text.isEmpty && !text.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return isBare ? plain(text) : "\"\(plain(text).replacing("\"", with: "\\\""))\""
    }

    /// Control characters would let a value forge a second line, or write on the terminal as it likes; those that turn the
    /// direction of text would have it read as another.
    private static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.isHarmful || $0 == "\n" || $0 == "\t" }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.isHarmful:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func dimmed(_ text: String, _ isColoured: Bool) -> String {
        isColoured ? "\u{1b}[2m\(text)\u{1b}[0m" : text
    }

    private static func coloured(_ text: String, _ level: Logger.Level, _ isColoured: Bool) -> String {
        guard isColoured else { return text }
        let code =
            switch level {
            case .trace, .debug: "2"
            case .info: "32"
            case .notice: "36"
            case .warning: "33"
            case .error, .critical: "31"
            }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
}
