extension Schedule {
    /// The schedule in plain English, such as `at 03:00 every day, Asia/Shanghai`.
    public var words: String {
        var parts = [rhythmWords]
        if let start = definition.start { parts.append("from \(format(start))") }
        if let end = definition.end { parts.append("until \(format(end))") }
        if !definition.except.isEmpty { parts.append("except \(list(definition.except))") }
        if definition.spread > .zero { parts.append("spread over \(definition.spread.text)") }
        return parts.joined(separator: ", ")
    }

    private var rhythmWords: String {
        switch definition.rhythm {
        case .cron:
            guard case .crons(let crons) = rhythm else { return "" }
            return crons.map(\.cron.words).joined(separator: "; and ") + ", \(definition.timezone)"
        case .every(let length): return "every \(length.text)"
        case .delay(let length): return "\(length.text) after the end of the run before"
        case .at(let moments): return "at \(list(moments.sorted().map(format)))"
        case .repeat:
            guard case .repeating(let interval) = rhythm else { return "" }
            let often = interval.count.map { $0 == 1 ? "once" : "\($0) times" } ?? "for ever"
            return "\(often) from \(format(interval.start)) by \(interval.periodText), \(definition.timezone)"
        case .solar(let event): return event.words
        case .after(let jobs): return "after \(list(jobs))"
        case .event(let name): return "on the event \(name)"
        case .manual: return "by hand only"
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
func list(_ words: [String], last: String = "and") -> String {
    guard words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(last) \(words[words.count - 1])"
}
