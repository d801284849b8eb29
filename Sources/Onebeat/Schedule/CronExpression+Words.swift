extension CronExpression {
    /// The expression in plain English, such as `every 5 minutes on Monday to Friday`.
    var words: String {
        // What says "every" of minutes or hours needs no "every day" after it.
        if hours.members.count == 24, days.isEveryDay { return timeWords }
        return "\(timeWords) \(days.words)"
    }

    private var timeWords: String {
        let (minutes, hours) = (minutes.members, hours.members)
        let second = seconds.members
        let everySecond = hasSeconds && second.count > 1
        let beat = everySecond ? Self.beat(second, of: 60, "second") : nil
        // A handful of times of day is clearest as a list of them.
        if !everySecond, minutes.count * hours.count <= 6 {
            let suffix = second == [0] ? "" : ":\(second[0].twoDigits)"
            let times = hours.flatMap { hour in minutes.map { "\(hour.twoDigits):\($0.twoDigits)\(suffix)" } }
            return "at \(list(times))"
        }
        var words: [String] = []
        if let beat {
            words.append(beat)
        } else if second != [0] {
            words.append("at second \(second[0])")
        }
        let allHours = hours.count == 24
        if minutes.count == 60 {
            if !everySecond { words.append("every minute") }
        } else if let minuteBeat = Self.beat(minutes, of: 60, "minute") {
            words.append(everySecond ? "in \(minuteBeat)" : minuteBeat)
        }
        if !allHours {
            words.append(Self.hourWords(hours))
        } else if minutes.count == 1 {
            words.append("of every hour")
        }
        return words.joined(separator: " ")
    }

    /// `every 5 minutes` for a step that goes round evenly, else `at minutes 1, 2 and 30`.
    private static func beat(_ numbers: [Int], of cycle: Int, _ unit: String) -> String? {
        if numbers.count == cycle { return "every \(unit)" }
        if numbers.count == 1 { return "at \(unit) \(numbers[0])" }
        let step = numbers[1] - numbers[0]
        let isEven =
            cycle % step == 0 && numbers.count == cycle / step
            && zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == step }
        if isEven {
            return numbers[0] == 0 ? "every \(step) \(unit)s" : "every \(step) \(unit)s from \(unit) \(numbers[0])"
        }
        return "at \(unit)s \(list(runs(numbers).map { $0.map(String.init) }))"
    }

    private static func hourWords(_ hours: [Int]) -> String {
        let stretches = runs(hours).map { stretch -> String in
            switch stretch {
            case .one(let hour): "from \(hour.twoDigits):00 to \(hour.twoDigits):59"
            case .many(let first, let last): "from \(first.twoDigits):00 to \(last.twoDigits):59"
            }
        }
        if stretches.count <= 3 { return list(stretches) }
        return "in the hours \(list(hours.map(String.init)))"
    }

    enum Stretch {
        case one(Int)
        case many(Int, Int)

        func map(_ name: (Int) -> String) -> String {
            switch self {
            case .one(let number): name(number)
            case .many(let first, let last): "\(name(first)) to \(name(last))"
            }
        }
    }

    /// Neighbours as stretches, where three or more stand together.
    static func runs(_ numbers: [Int]) -> [Stretch] {
        var found: [Stretch] = []
        var index = 0
        while index < numbers.count {
            var last = index
            while last + 1 < numbers.count, numbers[last + 1] == numbers[last] + 1 { last += 1 }
            if last - index >= 2 {
                found.append(.many(numbers[index], numbers[last]))
            } else {
                found += numbers[index...last].map(Stretch.one)
            }
            index = last + 1
        }
        return found
    }
}

extension CronDays {
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let ordinals = ["first", "second", "third", "fourth", "fifth"]

    /// `every day`, `on Monday to Friday`, `on day 1 of the month in January`.
    var words: String {
        let byMonth = ofMonth == Self.allOfMonth ? nil : monthDayWords
        let byWeek = ofWeek == Self.allOfWeek ? nil : weekDayWords
        var day: String
        switch (byMonth, byWeek) {
        case (nil, nil): day = "every day"
        case (let days?, nil): day = matchesBoth ? "on \(days)" : "every day"
        case (nil, let days?): day = matchesBoth ? "on \(days)" : "every day"
        case (let month?, let week?):
            day = matchesBoth ? "on \(month) where that is \(week)" : "on \(month) and on every \(week)"
        }
        if months != Self.allMonths {
            day += " in \(list(CronExpression.runs(months.members).map { $0.map { Self.monthNames[$0 - 1] } }))"
        }
        let years = years.members
        if !years.isEmpty { day += " in \(list(CronExpression.runs(years).map { $0.map(String.init) }))" }
        return day
    }

    private static func days(_ count: Int) -> String { count == 1 ? "the day" : "\(count) days" }

    private var monthDayWords: String {
        var parts: [String] = []
        let numbers = ofMonth.members
        if !numbers.isEmpty {
            parts.append("day \(list(CronExpression.runs(numbers).map { $0.map(String.init) }))")
        }
        parts += nearestWorkdays.members.map { "the weekday nearest to day \($0)" }
        parts += beforeLast.members.map { $0 == 0 ? "the last day" : "\(Self.days($0)) before the last" }
        parts += workdayBeforeLast.members.map {
            $0 == 0 ? "the last weekday" : "the weekday nearest to \(Self.days($0)) before the last"
        }
        return "\(list(parts)) of the month"
    }

    private var weekDayWords: String {
        // Monday first, so that the working week and the weekend are each one stretch.
        let numbers = ofWeek.members.map { $0 == 0 ? 7 : $0 }.sorted()
        var parts = CronExpression.runs(numbers).map { $0.map { Self.weekdays[$0 % 7] } }
        parts += nthOfWeek.members.map { "the \(Self.ordinals[$0 / 7]) \(Self.weekdays[$0 % 7]) of the month" }
        parts += lastOfWeek.members.map { "the last \(Self.weekdays[$0]) of the month" }
        return list(parts, last: matchesBoth && ofMonth != Self.allOfMonth ? "or" : "and")
    }
}

extension UInt64 {
    /// The set bits, lowest first.
    var members: [Int] { (0..<64).filter(has) }
}
