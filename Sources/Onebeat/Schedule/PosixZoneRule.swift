/// The rule at the end of a zone file, for all time after its table: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// POSIX as extended by RFC 8536: names in angle brackets, hours up to 167 and below zero in the times of change.
struct PosixZoneRule: Sendable, Hashable {
    struct Change: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// 1 to 365; 29 February is never counted.
            case julian(Int)
            /// 0 to 365; 29 February is counted.
            case ordinal(Int)
            /// The `week`-th such weekday of the month; 5 is the last.
            case weekday(month: Int, week: Int, weekday: Int)
        }
        var day: Day
        /// Wall clock seconds after that midnight; may be negative or beyond a day.
        var time: Int
    }

    /// Seconds east of UTC, unlike in the text, which counts west.
    var standardOffset: Int
    var summer: Summer?

    struct Summer: Sendable, Hashable {
        var offset: Int
        var from: Change
        var to: Change
    }

    /// `nil` when the text is not such a rule.
    init?(_ text: some StringProtocol) {
        var reader = TextReader(text)
        guard reader.zoneName(), let west = reader.signedTime(maxHours: 24) else { return nil }
        standardOffset = -west
        if reader.isAtEnd { return }
        guard reader.zoneName() else { return nil }
        var offset = standardOffset + 3600
        if let next = reader.next, next != UInt8(ascii: ",") {
            guard let west = reader.signedTime(maxHours: 24) else { return nil }
            offset = -west
        }
        if reader.isAtEnd {
            // POSIX leaves the dates open; every C library takes those of the United States.
            let first = Change(day: .weekday(month: 3, week: 2, weekday: 0), time: 7200)
            let last = Change(day: .weekday(month: 11, week: 1, weekday: 0), time: 7200)
            summer = Summer(offset: offset, from: first, to: last)
            return
        }
        guard reader.take(","), let from = reader.change(), reader.take(","), let to = reader.change(), reader.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, from: from, to: to)
    }

    /// The two changes of a year in seconds of UTC with the offset that holds from each; empty without summer time.
    func changes(in year: Int) -> [(at: Int, offset: Int)] {
        guard let summer else { return [] }
        return [
            (summer.from.seconds(in: year) - standardOffset, summer.offset),
            (summer.to.seconds(in: year) - summer.offset, standardOffset),
        ]
    }
}

extension PosixZoneRule.Change {
    /// Wall clock seconds since 1970.
    func seconds(in year: Int) -> Int {
        let firstOfYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
        let number =
            switch day {
            case .julian(let day): firstOfYear + day - 1 + (day >= 60 && CivilDate.isLeap(year) ? 1 : 0)
            case .ordinal(let day): firstOfYear + day
            case .weekday(let month, let week, let weekday): Self.day(year, month, week, weekday)
            }
        return number * CivilTime.secondsInDay + time
    }

    private static func day(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int {
        let first = CivilDate(year: year, month: month, day: 1)
        let offset = (weekday - first.weekday + 7) % 7 + (week - 1) * 7
        let length = CivilDate.length(ofMonth: month, year: year)
        return first.daysSince1970 + (offset < length ? offset : offset - 7)
    }
}

extension TextReader {
    fileprivate mutating func zoneName() -> Bool {
        if take("<") {
            let name = take { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
            return !name.isEmpty && take(">")
        }
        return take(while: \.isLetter).utf8.count >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    fileprivate mutating func signedTime(maxHours: Int) -> Int? {
        let sign = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hours = number(), hours <= maxHours else { return nil }
        var seconds = hours * 3600
        if take(":") {
            guard let minutes = digits(2), minutes < 60 else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let rest = digits(2), rest < 60 else { return nil }
                seconds += rest
            }
        }
        return sign * seconds
    }

    fileprivate mutating func change() -> PosixZoneRule.Change? {
        guard let day = changeDay() else { return nil }
        guard take("/") else { return .init(day: day, time: 7200) }
        guard let time = signedTime(maxHours: 167) else { return nil }
        return .init(day: day, time: time)
    }

    private mutating func changeDay() -> PosixZoneRule.Change.Day? {
        if take("M") {
            guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                (1...5).contains(week), take("."), let weekday = number(), weekday <= 6
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if take("J") {
            guard let day = number(), (1...365).contains(day) else { return nil }
            return .julian(day)
        }
        guard let day = number(), day <= 365 else { return nil }
        return .ordinal(day)
    }
}
