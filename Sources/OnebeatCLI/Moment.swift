import Onebeat

/// Moments as people write them on a command line.
enum Moment {
    /// Reads ISO 8601, `now`, or a length of time as so long ago (`2h`). Without an offset, a time is a reading of the
    /// schedule's wall clock.
    static func exact(_ text: String, on schedule: Schedule, now: Timestamp) -> Timestamp? {
        if text == "now" { return now }
        if let length = Duration(text: text) { return now - length }
        return schedule.moment(text)
    }

    /// Reads the same, or a moment as it is said (``SpokenMoment``).
    static func read(
        _ text: String, option: String, on schedule: Schedule, now: Timestamp
    ) throws(CommandFailure) -> Timestamp {
        if let moment = exact(text, on: schedule, now: now) { return moment }
        if let moment = SpokenMoment.read(text, on: schedule, now: now) { return moment }
        throw CommandFailure(
            "\(option) \"\(text)\" is not a moment; write it like 03:00, \"yesterday 3am\", \"last friday\","
                + " 2026-11-23T03:00, 2026-11-23T03:00:00+08:00 or 2h (so long ago)", .badData)
    }
}

/// A moment as people say it: a day, a time of day, or both, in any order: `03:00`, `yesterday 3am`, `last friday at 18:30`,
/// `2 hours ago`.
struct SpokenMoment {
    private var day: Int?
    private var seconds: Int?

    /// - Returns: `nil` for anything else. A time without a day is the last one that is not to come; a day without a time is
    ///   its beginning.
    static func read(_ text: String, on clock: Schedule, now: Timestamp) -> Timestamp? {
        guard text.utf8.count <= 100 else { return nil }
        let all: [String] = text.lowercased().replacing(",", with: " ").split(separator: " ").map { String($0) }
        let words: [String] = all.filter { !["at", "on", "the"].contains($0) }
        if let moment = past(words, now: now) { return moment }
        guard let today = dayNumber(String(clock.format(now).prefix(10))) else { return nil }
        var spoken = SpokenMoment()
        var rest = words[...]
        while !rest.isEmpty { guard spoken.take(&rest, today: today) else { return nil } }
        guard spoken.day != nil || spoken.seconds != nil else { return nil }
        let seconds = spoken.seconds ?? 0
        if let day = spoken.day { return moment(day, seconds, clock) }
        guard let candidate = moment(today, seconds, clock) else { return nil }
        return candidate <= now ? candidate : moment(today - 1, seconds, clock)
    }

    /// `2 hours ago`, `an hour ago`.
    private static func past(_ words: [String], now: Timestamp) -> Timestamp? {
        guard words.count == 3, words[2] == "ago" else { return nil }
        let units = ["second": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400]
        let unit = words[1].count > 1 && words[1].hasSuffix("s") ? String(words[1].dropLast()) : words[1]
        let number = ["a", "an", "one"].contains(words[0]) ? 1 : Int(words[0])
        guard let size = units[unit], let number, (0...100_000).contains(number) else { return nil }
        return now - .seconds(number * size)
    }

    private mutating func take(_ words: inout ArraySlice<String>, today: Int) -> Bool {
        guard let word = words.popFirst() else { return false }
        switch word {
        case "today", "tonight": return set(day: today)
        case "yesterday": return set(day: today - 1)
        case "tomorrow": return set(day: today + 1)
        case "noon": return set(seconds: 43_200)
        case "midnight": return set(seconds: 0)
        case "last", "next", "this":
            guard let name = words.popFirst() else { return false }
            if name == "night", word == "last" { return set(day: today - 1) && set(seconds: 0) }
            guard let weekday = Self.weekday(name) else { return false }
            return set(day: Self.day(weekday, word, today: today))
        default:
            if let weekday = Self.weekday(word) {
                return set(day: Self.day(weekday, "last", today: today, orToday: true))
            }
            if let number = Self.dayNumber(word) { return set(day: number) }
            // `3 am` in two words.
            if let half = words.first, half == "am" || half == "pm", let seconds = Self.time(word + half) {
                words = words.dropFirst()
                return set(seconds: seconds)
            }
            return Self.time(word).map { set(seconds: $0) } ?? false
        }
    }

    private mutating func set(day number: Int) -> Bool {
        guard day == nil else { return false }
        day = number
        return true
    }

    private mutating func set(seconds number: Int) -> Bool {
        guard seconds == nil else { return false }
        seconds = number
        return true
    }

    /// `3:00`, `03:00:30`, `3am`, `3:30pm`, in seconds since midnight.
    private static func time(_ word: String) -> Int? {
        let isMorning = word.hasSuffix("am")
        let isHalf = isMorning || word.hasSuffix("pm")
        let figures = isHalf ? String(word.dropLast(2)) : word
        let parts = figures.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...3).contains(parts.count), parts.count > 1 || isHalf, !figures.contains(where: { "+-".contains($0) })
        else { return nil }
        guard var hour = parts[0], (isHalf ? 1...12 : 0...23).contains(hour) else { return nil }
        if isHalf { hour = hour % 12 + (isMorning ? 0 : 12) }
        var seconds = hour * 3600
        for (part, size) in zip(parts.dropFirst(), [60, 1]) {
            guard let part, (0...59).contains(part) else { return nil }
            seconds += part * size
        }
        return seconds
    }

    private static func weekday(_ word: String) -> Int? {
        let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        guard word.count >= 3 else { return nil }
        return names.firstIndex { $0 == word || $0.prefix(3) == word || ($0.hasPrefix(word) && word.count > 3) }
    }

    /// The day number of a weekday before, after or around today. Day 0, in 1970, was a Thursday.
    private static func day(_ weekday: Int, _ which: String, today: Int, orToday: Bool = false) -> Int {
        let current = ((today + 4) % 7 + 7) % 7
        let back = ((current - weekday) % 7 + 7) % 7
        switch which {
        case "next": return today + (back == 0 ? 7 : 7 - back)
        case "this": return today + ((weekday - current) % 7 + 7) % 7
        default: return today - (back == 0 && !orToday ? 7 : back)
        }
    }

    /// Days since 1970 of `2026-11-23`.
    private static func dayNumber(_ text: String) -> Int? {
        guard text.utf8.count == 10, text.contains("-"), let start = Timestamp(iso8601: text + "T00:00:00Z") else {
            return nil
        }
        return Int(start.microseconds / 86_400_000_000)
    }

    private static func moment(_ day: Int, _ seconds: Int, _ clock: Schedule) -> Timestamp? {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(Timestamp(seconds: Int64(day) * 86_400))".prefix(10)
        return clock.moment("\(date)T\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))")
    }
}

extension Timestamp {
    /// This moment, by the machine's clock.
    static var now: Timestamp { SystemTime().now() }
}
