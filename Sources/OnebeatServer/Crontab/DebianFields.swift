import Onebeat

/// Five fields as Debian's cron reads them. What we take beyond that (`L`, `W`, `#`, `H`) it refuses with the whole line.
enum DebianFields {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let words: Set = [
        "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot",
    ]

    /// Why cron would not take a schedule; `nil` when it would, or its numbers are for the schedule's own parser to judge.
    static func problem(with schedule: String) -> String? {
        if schedule.hasPrefix("@") {
            return words.contains(schedule.lowercased()) ? nil : "\(quoted(schedule)) is no word of cron's"
        }
        for field in schedule.split(separator: " ") where !isTaken(field) {
            return "\(quoted(String(field))) is no field of cron's"
        }
        return nil
    }

    /// The first range whose end is below its start, by number or by name.
    static func reversedRange(in schedule: String) -> String? {
        for (place, field) in schedule.split(separator: " ").enumerated() {
            for part in field.split(separator: ",") {
                let range = part.prefix { $0 != "/" }
                let ends = range.split(separator: "-", omittingEmptySubsequences: false)
                guard ends.count == 2, let low = number(ends[0], place), let high = number(ends[1], place) else {
                    continue
                }
                if low > high { return String(range) }
            }
        }
        return nil
    }

    private static func number(_ text: Substring, _ place: Int) -> Int? {
        if let number = Int(text) { return number }
        switch place {
        case 3: return months.firstIndex(of: text.lowercased()).map { $0 + 1 }
        case 4: return days.firstIndex(of: text.lowercased())
        default: return nil
        }
    }

    /// Lists of `*`, a number or a name, or a range of those, each with a step or without.
    private static func isTaken(_ field: Substring) -> Bool {
        field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
            let halves = part.split(separator: "/", omittingEmptySubsequences: false)
            guard let range = halves.first, halves.count < 3, halves.dropFirst().allSatisfy(isNumber) else {
                return false
            }
            if range == "*" { return true }
            let ends = range.split(separator: "-", omittingEmptySubsequences: false)
            return ends.count < 3 && ends.allSatisfy { isNumber($0) || isName($0) }
        }
    }

    private static func isNumber(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy(\.isDigit) }

    private static func isName(_ text: Substring) -> Bool { text.utf8.count == 3 && text.utf8.allSatisfy(\.isLetter) }
}
