@testable import Onebeat

/// Debian's cron as it behaves, minute by minute: a clock that wakes once a minute, a virtual time that trails or leads
/// it, and the choice between catching up, running only wildcards and starting afresh. It shares nothing with the search
/// it is held against but the zone's offsets. Starting a job twice in one minute counts once here, as it does for us.
struct DebianCron {
    private var minutes: [Bool]
    private var hours: [Bool]
    private var daysOfMonth: [Bool]
    private var months: [Bool]
    private var daysOfWeek: [Bool]
    private let isWild: Bool
    private let needsBothDays: Bool

    init(_ text: String) {
        let fields = text.split(separator: " ").map(String.init)
        minutes = Self.bits(fields[0], 0...59)
        hours = Self.bits(fields[1], 0...23)
        daysOfMonth = Self.bits(fields[2], 1...31)
        months = Self.bits(fields[3], 1...12)
        daysOfWeek = Self.bits(fields[4], 0...7)
        if daysOfWeek[0] || daysOfWeek[7] { daysOfWeek[0] = true }
        isWild = fields[0].hasPrefix("*") || fields[1].hasPrefix("*")
        needsBothDays = fields[2].hasPrefix("*") || fields[4].hasPrefix("*")
    }

    private static func bits(_ text: String, _ range: ClosedRange<Int>) -> [Bool] {
        var bits = [Bool](repeating: false, count: 61)
        for part in text.split(separator: ",") {
            let halves = part.split(separator: "/")
            let step = halves.count == 2 ? Int(halves[1])! : 1
            let ends =
                halves[0] == "*"
                ? [range.lowerBound, range.upperBound] : halves[0].split(separator: "-").map { Int($0)! }
            for number in stride(from: ends[0], through: ends[ends.count - 1], by: step) { bits[number] = true }
        }
        return bits
    }

    /// The minutes of UTC (since 1970) in `range` at which the job starts, when cron came up a while before.
    func starts(in range: Range<Int>, zone: Zone) -> [Int] {
        var starts: [Int] = []
        func wallMinute(_ minute: Int) -> Int {
            (minute * 60 + 1 + zone.offset(at: minute * 60 + 1)).flooredQuotient(by: 60)
        }
        var running = wallMinute(range.lowerBound - 1)
        var virtual = running
        for minute in range {
            let clock = wallMinute(minute)
            if clock == running { continue }
            running = clock
            var isStarted = false
            let difference = running - virtual
            if difference == 1 {
                virtual = running
                isStarted = matches(virtual)
            } else if difference > 180 || difference <= -180 {
                virtual = running
                isStarted = matches(virtual)
            } else if difference > 5 {
                isStarted = isWild && matches(running)
                while virtual < running {
                    virtual += 1
                    if !isWild && matches(virtual) { isStarted = true }
                }
            } else if difference > 0 {
                while virtual < running {
                    virtual += 1
                    if matches(virtual) { isStarted = true }
                }
            } else {
                isStarted = isWild && matches(running)
            }
            if isStarted { starts.append(minute) }
        }
        return starts
    }

    private func matches(_ wallMinute: Int) -> Bool {
        let day = wallMinute.flooredQuotient(by: 1440)
        let minuteOfDay = wallMinute - day * 1440
        guard minutes[minuteOfDay % 60], hours[minuteOfDay / 60] else { return false }
        let date = CivilDate(daysSince1970: day)
        let (ofMonth, ofWeek) = (daysOfMonth[date.day], daysOfWeek[CivilDate.weekday(ofDay: day)])
        return months[date.month] && (needsBothDays ? ofMonth && ofWeek : ofMonth || ofWeek)
    }
}
