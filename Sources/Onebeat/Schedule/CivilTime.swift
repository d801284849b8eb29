/// A day of the proleptic Gregorian calendar.
///
/// The arithmetic follows from counting days from 1 March of year 0: then a leap day is the last of its year and
/// every 400 years are the same 146,097 days, which is also a whole number of weeks.
struct CivilDate: Sendable, Hashable, Comparable {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// 1 to the length of the month.
    var day: Int

    static let daysInCycle = 146_097

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter days: days since 1 January 1970.
    init(daysSince1970 days: Int) {
        let shifted = days &+ 719_468
        let cycle = (shifted >= 0 ? shifted : shifted &- (Self.daysInCycle &- 1)) / Self.daysInCycle
        let dayOfCycle = shifted &- cycle &* Self.daysInCycle
        let yearOfCycle = (dayOfCycle &- dayOfCycle / 1460 &+ dayOfCycle / 36524 &- dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle &- (365 &* yearOfCycle &+ yearOfCycle / 4 &- yearOfCycle / 100)
        let marchMonth = (5 &* dayOfYear &+ 2) / 153
        day = dayOfYear &- (153 &* marchMonth &+ 2) / 5 &+ 1
        month = marchMonth < 10 ? marchMonth &+ 3 : marchMonth &- 9
        year = yearOfCycle &+ cycle &* 400 &+ (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int {
        let marchYear = month <= 2 ? year &- 1 : year
        let cycle = (marchYear >= 0 ? marchYear : marchYear &- 399) / 400
        let yearOfCycle = marchYear &- cycle &* 400
        let dayOfYear = (153 &* (month > 2 ? month &- 3 : month &+ 9) &+ 2) / 5 &+ day &- 1
        let dayOfCycle = yearOfCycle &* 365 &+ yearOfCycle / 4 &- yearOfCycle / 100 &+ dayOfYear
        return cycle &* Self.daysInCycle &+ dayOfCycle &- 719_468
    }

    /// 0 is Sunday, as in cron.
    var weekday: Int { Self.weekday(ofDay: daysSince1970) }

    static func weekday(ofDay daysSince1970: Int) -> Int {
        let remainder = (daysSince1970 &+ 4) % 7
        return remainder < 0 ? remainder &+ 7 : remainder
    }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func < (a: CivilDate, b: CivilDate) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }
}

/// A reading of a wall clock, without a zone.
///
/// `seconds` counts as if the clock were UTC's, so wall times compare and subtract as plain numbers.
struct CivilTime: Sendable, Hashable, Comparable {
    var seconds: Int

    static let secondsInDay = 86_400

    init(seconds: Int) { self.seconds = seconds }

    init(_ date: CivilDate, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        seconds = date.daysSince1970 &* Self.secondsInDay &+ hour &* 3600 &+ minute &* 60 &+ second
    }

    var day: Int { seconds.flooredQuotient(by: Self.secondsInDay) }
    var secondOfDay: Int { seconds &- day &* Self.secondsInDay }
    var date: CivilDate { CivilDate(daysSince1970: day) }

    static func < (a: CivilTime, b: CivilTime) -> Bool { a.seconds < b.seconds }
}

extension CivilDate: CustomStringConvertible {
    var description: String {
        let digits = String(abs(year))
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return "\(year < 0 ? "-" : "")\(padded)-\(month.twoDigits)-\(day.twoDigits)"
    }
}

extension CivilTime: CustomStringConvertible {
    /// `2026-03-29T02:30:00`.
    var description: String { "\(date)T\(clock)" }

    /// `02:30:00`.
    var clock: String {
        let second = secondOfDay
        return "\((second / 3600).twoDigits):\((second / 60 % 60).twoDigits):\((second % 60).twoDigits)"
    }
}

extension BinaryInteger {
    /// Division that rounds towards minus infinity, so that moments before 1970 land on the right day.
    /// The divisor must be positive.
    func flooredQuotient(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
}
