/// Turns the text of a cron expression into bit sets, or into an error that points at the place.
///
/// Quartz' dialect: six fields or seven, seconds first and the year last; days of the week are 1 to 7, Sunday first; one of the two
/// fields of days is `?`, and the other counts; `/n` is `*/n`; `L` is Saturday where a day of the week stands; `L-n` and `L-nW` count
/// from the end of the month. There is no `H`.
struct CronParser {
    private let text: String
    private let jobName: String
    private let dialect: CronDialect
    private let bytes: [UInt8]
    private var position = 0
    private var field = CronField.minute
    private var fieldEnd = 0
    private var cron: CronExpression

    static func parse(
        _ text: String, jobName: String, dialect: CronDialect
    ) throws(ScheduleError) -> CronExpression {
        var parser = CronParser(text, jobName: jobName, dialect: dialect)
        return dialect == .quartz ? try parser.quartzExpression() : try parser.expression()
    }

    private init(_ text: String, jobName: String, dialect: CronDialect) {
        self.text = text
        self.jobName = jobName
        self.dialect = dialect
        bytes = Array(text.utf8)
        cron = CronExpression(blank: text)
    }

    private static let nicknames = [
        "yearly": "0 0 1 1 *", "annually": "0 0 1 1 *", "monthly": "0 0 1 * *", "weekly": "0 0 * * 0",
        "daily": "0 0 * * *", "midnight": "0 0 * * *", "hourly": "0 * * * *",
    ]

    private mutating func expression() throws(ScheduleError) -> CronExpression {
        let words = words()
        if let first = words.first, bytes[first.lowerBound] == UInt8(ascii: "@") {
            return try nickname(String(decoding: bytes[first.lowerBound + 1..<bytes.count], as: UTF8.self), first)
        }
        guard words.count == 5 || words.count == 6 else {
            let needed = "cron needs 5 (minute, hour, day of month, month, day of week), or 6 with seconds first"
            throw wrongCount(words, most: 6, needed)
        }
        cron.hasSeconds = words.count == 6
        if cron.hasSeconds { cron.seconds = 0 }
        try read(words, as: CronField.usual.suffix(words.count))
        let starts = words.suffix(5).map { [UInt8(ascii: "*"), UInt8(ascii: "?")].contains(bytes[$0.lowerBound]) }
        cron.isFixedTime = !starts[0] && !starts[1]
        cron.days.matchesBoth = starts[2] || starts[4]
        cron.days.seal()
        return cron
    }

    private mutating func quartzExpression() throws(ScheduleError) -> CronExpression {
        let words = words()
        guard words.count == 6 || words.count == 7 else {
            let needed =
                "Quartz needs 6 (second, minute, hour, day of month, month, day of week), or 7 with a year last"
            throw wrongCount(words, most: 7, needed)
        }
        cron.hasSeconds = true
        cron.seconds = 0
        if words.count == 7 { cron.days.years.clear() }
        try read(words, as: CronField.usual + [.year])
        let days = [words[3], words[5]].map { $0.count == 1 && bytes[$0.lowerBound] == UInt8(ascii: "?") }
        guard days[0] != days[1] else {
            throw ScheduleError(
                setting: "cron", text: text,
                message: "Quartz wants ? in one of the two fields of days, and in one only: the other says which days",
                field: "day of week", offset: words[5].lowerBound)
        }
        // What comes round by steps follows the clock, as with a star.
        cron.isFixedTime = !words[1...2].contains {
            bytes[$0].contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "/") }
        }
        cron.days.matchesBoth = true
        cron.days.seal()
        return cron
    }

    private mutating func read(_ words: [Range<Int>], as fields: some Sequence<CronField>) throws(ScheduleError) {
        for (field, word) in zip(fields, words) {
            self.field = field
            position = word.lowerBound
            fieldEnd = word.upperBound
            try list()
        }
    }

    private func wrongCount(_ words: [Range<Int>], most: Int, _ needed: String) -> ScheduleError {
        let fields = words.count == 1 ? "1 field" : "\(words.count) fields"
        return ScheduleError(
            setting: "cron", text: text, message: "it has \(fields), but \(needed)",
            offset: words.count > most ? words[most].lowerBound : bytes.count)
    }

    private func words() -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if isBlank, let begun = start {
                words.append(begun..<index)
                start = nil
            } else if !isBlank, start == nil {
                start = index
            }
        }
        if let start { words.append(start..<bytes.count) }
        return words
    }

    private func nickname(_ rest: String, _ word: Range<Int>) throws(ScheduleError) -> CronExpression {
        let name = rest.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if let meaning = Self.nicknames[name] {
            var inner = CronParser(meaning, jobName: jobName, dialect: .debian)
            var cron = try inner.expression()
            cron.text = text
            return cron
        }
        let message =
            switch name {
            case "reboot": "@reboot is not a time; let systemd start such a job"
            case let name where name.hasPrefix("every"): "@every is not cron; write every: 5m instead"
            default:
                "there is no @\(name); there are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"
            }
        throw ScheduleError(setting: "cron", text: text, message: message, offset: word.lowerBound)
    }

    // MARK: One field

    private mutating func list() throws(ScheduleError) {
        repeat {
            guard let byte = next, byte != UInt8(ascii: ",") else {
                throw failure("\(field.name) has an empty place in its list; take out the comma or put a number there")
            }
            try item(byte)
            guard let byte = next else { return }
            guard byte == UInt8(ascii: ",") else { throw unexpected() }
            position += 1
        } while true
    }

    private mutating func item(_ byte: UInt8) throws(ScheduleError) {
        switch byte {
        case UInt8(ascii: "*"):
            position += 1
            add(from: range.lowerBound, through: range.upperBound, step: try step() ?? 1)
        case UInt8(ascii: "/") where dialect == .quartz:
            add(from: range.lowerBound, through: range.upperBound, step: try step() ?? 1)
        case UInt8(ascii: "?"):
            guard field.isDay else {
                throw failure("? is for the two day fields only; write * for every \(field.name)")
            }
            position += 1
            add(from: range.lowerBound, through: range.upperBound, step: 1)
        case UInt8(ascii: "h") where dialect != .quartz, UInt8(ascii: "H") where dialect != .quartz: try slot()
        case UInt8(ascii: "l"), UInt8(ascii: "L"): try last()
        default: try numbers()
        }
    }

    /// The field's numbers, as the dialect counts them.
    private var range: ClosedRange<Int> { dialect == .quartz && field == .dayOfWeek ? 1...7 : field.range }

    private mutating func numbers() throws(ScheduleError) {
        let start = position
        let low = try value()
        if try dayExtension(low, from: start) { return }
        guard take("-") else {
            if let step = try step() {
                add(from: low, through: range.upperBound, step: step)
            } else {
                add(low)
            }
            return
        }
        let high = try value()
        if field == .year, high < low { throw failure("\(low)-\(high) runs backwards; years do not come round") }
        add(from: low, through: high, step: try step() ?? 1)
    }

    /// `H`, `H/n`, `H(a-b)` and `H(a-b)/n`.
    private mutating func slot() throws(ScheduleError) {
        position += 1
        var range = field.hashRange
        if take("(") {
            let start = position
            let low = try value()
            guard take("-") else {
                throw failure("H( needs a range, such as H(\(range.lowerBound)-\(range.upperBound))")
            }
            let high = try value()
            guard take(")") else { throw failure("H( is not closed; put a ) after the range") }
            guard low <= high else {
                throw failure("H(\(low)-\(high)) runs backwards; write the lower end first", at: start)
            }
            range = low...high
        }
        let hash = StableHash.of(jobName, salt: UInt8(clamping: field.rawValue))
        guard let step = try step() else {
            add(range.lowerBound + Int(hash % UInt64(range.count)))
            return
        }
        let first = range.lowerBound + Int(hash % UInt64(min(step, range.count)))
        add(from: first, through: range.upperBound, step: step)
    }

    /// `L` and `LW`; with Quartz also `L-3`, `L-3W`, and `L` for Saturday.
    private mutating func last() throws(ScheduleError) {
        if dialect == .quartz, field == .dayOfWeek {
            position += 1
            return add(range.upperBound)
        }
        guard field == .dayOfMonth else {
            let friday = dialect == .quartz ? "6L" : "5L"
            let hint = field == .dayOfWeek ? "; write \(friday) for the last Friday of the month, 6 for Saturday" : ""
            throw failure("L alone is for the day of month\(hint)")
        }
        position += 1
        var before = 0
        if dialect == .quartz, take("-") {
            let start = position
            guard let number = number(), (0...30).contains(number) else {
                throw failure("after L- comes how many days before the last, 0 to 30", at: start)
            }
            before = number
        }
        if take("w") {
            cron.days.workdayBeforeLast |= 1 << UInt64(before)
        } else {
            cron.days.beforeLast |= 1 << UInt64(before)
        }
    }

    /// The day of the week, Sunday 0, that a number of that field means.
    private func weekday(_ number: Int) -> Int { dialect == .quartz ? (number + 6) % 7 : number % 7 }

    /// `nW`, `nL` and `n#k` after the number n; whether there was one.
    private mutating func dayExtension(_ value: Int, from start: Int) throws(ScheduleError) -> Bool {
        switch next.map({ $0 | 0x20 }) {
        case UInt8(ascii: "w"):
            guard field == .dayOfMonth else { throw failure("W is for the day of month only, such as 15W") }
            position += 1
            cron.days.nearestWorkdays |= 1 << UInt64(value)
            return true
        case UInt8(ascii: "l"):
            guard field == .dayOfWeek else {
                throw failure(
                    "a number with L is for the day of week only, such as \(dialect == .quartz ? "6L" : "5L") for the last Friday"
                )
            }
            position += 1
            cron.days.lastOfWeek |= 1 << UInt64(weekday(value))
            return true
        case UInt8(ascii: "#") | 0x20:
            guard next == UInt8(ascii: "#") else { return false }
            guard field == .dayOfWeek else { throw failure("# is for the day of week only, such as 1#2") }
            position += 1
            let weekStart = position
            guard let week = number(), (1...5).contains(week) else {
                throw failure("after # comes the week of the month, 1 to 5", at: weekStart)
            }
            cron.days.nthOfWeek |= 1 << UInt64((week - 1) * 7 + weekday(value))
            return true
        default: return false
        }
    }

    /// A number or a name, in the field's range.
    private mutating func value() throws(ScheduleError) -> Int {
        let start = position
        if let byte = next, byte.isLetter {
            var end = position
            while end < fieldEnd, bytes[end].isLetter { end += 1 }
            let word = String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
            // `fri#2` ends by itself, but `friL` runs on: three letters are the name.
            if let index = field.names.firstIndex(of: String(word.prefix(3))),
                word.count == 3 || word.dropFirst(3) == "l"
            {
                position += 3
                return range.lowerBound + index
            }
            let examples =
                field.names.isEmpty ? "it takes numbers" : "the names are \(field.names.joined(separator: ", "))"
            throw failure("\(field.name) cannot be \"\(word)\"; \(examples)")
        }
        guard let number = number() else { throw unexpected() }
        if number < range.lowerBound {
            throw failure("\(field.name) is \(number), but \(field.plural) start at \(range.lowerBound)", at: start)
        }
        if number > range.upperBound {
            throw failure("\(field.name) is \(number), but \(field.plural) end at \(range.upperBound)", at: start)
        }
        return number
    }

    private mutating func step() throws(ScheduleError) -> Int? {
        guard take("/") else { return nil }
        let start = position
        guard let step = number() else { throw failure("after / comes the step, a number such as 5") }
        guard step > 0 else { throw failure("\(field.name) has step 0; the smallest step is 1", at: start) }
        return step
    }

    /// Digits, held to a million: nothing in a cron expression is that large, and the caller says what is wrong.
    private mutating func number() -> Int? {
        let start = position
        var value = 0
        while let byte = next, byte.isDigit {
            value = min(1_000_000, value * 10 + Int(byte - UInt8(ascii: "0")))
            position += 1
        }
        return position == start ? nil : value
    }

    private var next: UInt8? { position < fieldEnd ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = next,
            byte == UInt8(ascii: character) || (byte.isLetter && byte | 0x20 == UInt8(ascii: character))
        else { return false }
        position += 1
        return true
    }

    // MARK: Bits and errors

    /// A range whose end is below its start goes on from the field's beginning: `22-2` is 22, 23, 0, 1, 2.
    private mutating func add(from low: Int, through high: Int, step: Int) {
        var low = low
        var high = high
        if high < low {
            if field == .dayOfWeek, dialect != .quartz { low %= 7 }
            if high < low { high += field.cycle }
        }
        for number in stride(from: low, through: high, by: step) { add(number) }
    }

    private mutating func add(_ number: Int) {
        if field == .year { return cron.days.years.add(number > range.upperBound ? number - field.cycle : number) }
        let highest = field == .dayOfWeek ? 6 : field.range.upperBound
        let counted = dialect == .quartz && field == .dayOfWeek ? number - 1 : number
        let bit: UInt64 = 1 << UInt64(counted > highest ? counted - field.cycle : counted)
        switch field {
        case .second: cron.seconds |= bit
        case .minute: cron.minutes |= bit
        case .hour: cron.hours |= bit
        case .dayOfMonth: cron.days.ofMonth |= bit
        case .month: cron.days.months |= bit
        case .dayOfWeek: cron.days.ofWeek |= bit
        case .year: break
        }
    }

    private func failure(_ message: String, at offset: Int? = nil) -> ScheduleError {
        ScheduleError(
            setting: "cron", text: text, message: message, field: field.name, offset: offset ?? position)
    }

    private func unexpected() -> ScheduleError {
        guard position < fieldEnd else {
            return failure(
                "\(field.name) stops short; a number from \(range.lowerBound) to \(range.upperBound) is missing"
            )
        }
        let rest = String(decoding: bytes[position..<fieldEnd], as: UTF8.self)
        return failure(
            "\(field.name) has \"\(rest.prefix(1))\" where it cannot be; use numbers, ranges a-b, lists a,b and steps /n"
        )
    }
}
