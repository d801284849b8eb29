/// An ISO 8601 repeating interval as Chronos took it: `R10/2026-01-01T00:00:00Z/PT6H` fires ten times, first at its
/// start; `R/…` fires for ever.
///
/// Years, months, weeks and days are counted on the wall clock of the schedule's zone: `P1D` stays at the same time of
/// day, and `P1M` from 31 January gives 28 February and 31 March, each counted from the start. Hours, minutes and seconds
/// are lengths of time. What falls into a gap of the clocks fires as they jump; what comes twice fires the first time.
struct RepeatingInterval: Sendable {
    let start: Timestamp
    /// How often it fires; `nil` is for ever.
    let count: Int?
    private let months: Int
    private let days: Int
    private let microseconds: Int64
    private let zone: Zone
    /// The period as written, such as `PT6H`.
    let periodText: String

    /// - Parameter fallback: where it starts when the text leaves that out, as in `R//PT10M`.
    init(_ text: String, zone: Zone, start fallback: Timestamp?) throws(ScheduleError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        func failure(_ message: String, at part: Int) -> ScheduleError {
            let offset = parts.prefix(part).reduce(0) { $0 + $1.utf8.count + 1 }
            return ScheduleError(setting: "repeat", text: text, message: message, offset: offset)
        }
        guard parts.count == 3 else {
            throw failure("it needs three parts, such as R10/2026-01-01T00:00:00Z/PT6H", at: 0)
        }
        var reader = TextReader(parts[0])
        guard reader.take("R") else {
            throw failure("it must start with R, as in R10 for ten times or R for ever", at: 0)
        }
        count = reader.isAtEnd ? nil : reader.number()
        guard reader.isAtEnd, count != 0 else {
            throw failure("after R comes how often, 1 to 999999999, or nothing for ever", at: 0)
        }
        if parts[1].isEmpty, let fallback {
            start = fallback
        } else {
            guard let moment = Timestamp(iso8601: parts[1]) else {
                throw failure("its start is not a moment; write it like 2026-01-01T00:00:00Z", at: 1)
            }
            let clock = parts[1].dropFirst(10)
            let hasOffset = clock.contains { "Zz+-".contains($0) }
            let shift = hasOffset ? 0 : zone.moment(of: CivilTime(seconds: moment.seconds)) - moment.seconds
            start = moment + .seconds(shift)
        }
        guard let period = Period(parts[2]) else {
            throw failure("its period cannot be read; write it like PT6H, P1D or P1M", at: 2)
        }
        guard period.months + period.days > 0 || period.microseconds >= 1000 else {
            throw failure("its period is shorter than a millisecond; write it like PT6H, P1D or P1M", at: 2)
        }
        guard period.months <= 12_000, period.days <= 366_000 else {
            throw failure("its period is longer than a thousand years; write it like PT6H, P1D or P1M", at: 2)
        }
        (months, days, microseconds) = (period.months, period.days, period.microseconds)
        self.zone = zone
        periodText = String(parts[2])
    }

    /// The first firing strictly after `moment`.
    func next(after moment: Timestamp) -> Timestamp? {
        if moment < start { return start }
        // Firings never go back, so once one before and one after are known, halving finds the border.
        let average = Double(months) * 30.436875 * 86_400e6 + Double(days) * 86_400e6 + Double(microseconds)
        let passed = Double(moment.microseconds) - Double(start.microseconds)
        let guess = Int(min(passed / average, 1e15))
        var step = 4
        var low = max(0, guess - step)
        while low > 0, firing(low) > moment {
            step *= 2
            low = max(0, low - step)
        }
        step = 4
        var high = guess + step
        while firing(high) <= moment {
            step *= 2
            high += step
            if high > 1 << 60 { return nil }
        }
        while high - low > 1 {
            let middle = (low + high) / 2
            if firing(middle) > moment { high = middle } else { low = middle }
        }
        if let count, high >= count { return nil }
        return firing(high)
    }

    /// Firing number `index`, counted from 0; beyond year 9999 a moment that only keeps the order.
    private func firing(_ index: Int) -> Timestamp {
        let (length, tooLong) = microseconds.multipliedReportingOverflow(by: Int64(index))
        let clockPart: Duration = .microseconds(tooLong ? .max : length)
        if months == 0 && days == 0 || index == 0 { return start + clockPart }
        // A period of a day or more comes no 4,000,000 times before the year 9999.
        if index > 4_000_000 { return Timestamp(microseconds: .max) }
        let local = zone.local(start.seconds)
        let date = local.date
        let month = date.year * 12 + date.month - 1 + months * index
        let year = month.flooredQuotient(by: 12)
        let monthLength = CivilDate.length(ofMonth: month - year * 12 + 1, year: year)
        let day = CivilDate(year: year, month: month - year * 12 + 1, day: min(date.day, monthLength)).daysSince1970
        let wanted = CivilTime(seconds: (day + days * index) * CivilTime.secondsInDay + local.secondOfDay)
        return Timestamp(seconds: Int64(zone.moment(of: wanted))) + .microseconds(start.fraction) + clockPart
    }
}

extension RepeatingInterval {
    /// `P1Y2M3W4DT5H6M7.5S`; every part may be left out, but not all.
    struct Period {
        var months = 0
        var days = 0
        var microseconds: Int64 = 0

        init?(_ text: some StringProtocol) {
            var reader = TextReader(text)
            guard reader.take("P") else { return nil }
            var dateUnits = "YMWD"[...]
            var clockUnits = "HMS"[...]
            var isClock = false
            var isEmpty = true
            while !reader.isAtEnd {
                if !isClock, reader.take("T") {
                    isClock = true
                    isEmpty = true
                    continue
                }
                guard let number = reader.number() else { return nil }
                let fraction = reader.take(".") || reader.take(",") ? reader.fraction() : 0
                let unit = isClock ? reader.unit(from: &clockUnits) : reader.unit(from: &dateUnits)
                guard let fraction, let unit, fraction == 0 || unit == "S" else { return nil }
                isEmpty = false
                switch (unit, isClock) {
                case ("Y", false): months += number * 12
                case ("M", false): months += number
                case ("W", false): days += number * 7
                case ("D", false): days += number
                case ("H", true): microseconds += Int64(number) * 3_600_000_000
                case ("M", true): microseconds += Int64(number) * 60_000_000
                default: microseconds += Int64(number) * 1_000_000 + Int64(fraction)
                }
            }
            if isEmpty { return nil }
        }
    }
}

extension TextReader {
    /// One of the letters in `units`, which keeps only those after it: units come in order, each once.
    fileprivate mutating func unit(from units: inout Substring) -> Character? {
        guard let byte = next, let index = units.firstIndex(of: Character(Unicode.Scalar(byte))) else { return nil }
        position += 1
        let unit = units[index]
        units = units[units.index(after: index)...]
        return unit
    }
}

extension Duration {
    /// A length of time as ISO 8601 has it, such as `PT15M`; days and weeks are as long as they are without a change of clocks.
    /// `nil` where it has months or years, which have no length of their own.
    package init?(iso8601 text: String) {
        guard let period = RepeatingInterval.Period(text), period.months == 0, period.days <= 366_000 else {
            return nil
        }
        self = .seconds(Int64(period.days) * 86_400) + .microseconds(period.microseconds)
    }
}
