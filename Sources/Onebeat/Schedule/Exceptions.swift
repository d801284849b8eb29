/// When a schedule rests: whole days, and the minutes that cron expressions match, on the wall clock of its zone.
struct Exceptions: Sendable {
    private var days: [ClosedRange<Int>] = []
    private var crons: [CronExpression] = []
    let zone: Zone

    var isEmpty: Bool { days.isEmpty && crons.isEmpty }

    /// - Parameter texts: `2026-12-25`, `2026-12-24/2026-12-26` (both days included) or a cron expression each.
    init(_ texts: [String], zone: Zone, jobName: String) throws(ScheduleError) {
        self.zone = zone
        for text in texts {
            if let range = try Self.range(text) {
                days.append(range)
            } else {
                do {
                    crons.append(try CronExpression(text, jobName: jobName))
                } catch {
                    throw ScheduleError(
                        setting: "except", text: text, message: error.message, field: error.field, offset: error.offset,
                        neverFires: error.neverFires)
                }
            }
        }
    }

    private static func range(_ text: String) throws(ScheduleError) -> ClosedRange<Int>? {
        // Cron expressions hold blanks or start with @; everything else is meant as a date.
        if text.contains(where: \.isWhitespace) || text.hasPrefix("@") { return nil }
        var reader = TextReader(text)
        guard let first = reader.date() else { throw failure(text) }
        if reader.isAtEnd { return first.daysSince1970...first.daysSince1970 }
        guard reader.take("/"), let last = reader.date(), reader.isAtEnd else { throw failure(text) }
        guard first <= last else {
            throw ScheduleError(
                setting: "except", text: text, message: "the range ends before it starts; write the earlier day first")
        }
        return first.daysSince1970...last.daysSince1970
    }

    private static func failure(_ text: String) -> ScheduleError {
        ScheduleError(
            setting: "except", text: text,
            message: "is neither a day (2026-12-25) nor days (2026-12-24/2026-12-26) nor a cron expression")
    }

    /// Which of the expressions match a day; `nil` where there are too many to tell.
    func mask(ofDay number: Int) -> UInt64? {
        guard crons.count < 64 else { return nil }
        return crons.enumerated().reduce(0) { $1.element.days.matches(number) ? $0 | 1 << UInt64($1.offset) : $0 }
    }

    /// `nil` when the schedule may fire at `moment`, else a later moment up to which it may not.
    func end(of moment: Timestamp) -> Timestamp? {
        let segment = zone.segment(at: moment.seconds)
        let local = CivilTime(seconds: moment.seconds + segment.offset)
        let day = local.day
        var end: Int?
        for range in days where range.contains(day) {
            end = max(end ?? .min, (range.upperBound + 1) * CivilTime.secondsInDay)
        }
        for cron in crons {
            if let until = cron.restEnd(local) { end = max(end ?? .min, until) }
        }
        guard let end else { return nil }
        return Timestamp(seconds: Int64(min(segment.end, end - segment.offset)))
    }
}

extension CronExpression {
    private static let wholeHour: UInt64 = (1 << 60) - 1
    private static let wholeDay: UInt64 = (1 << 24) - 1

    /// Where the stretch of matches that holds `local` ends at the earliest, or `nil` when it does not match.
    /// Without a field of seconds the whole minute matches.
    fileprivate func restEnd(_ local: CivilTime) -> Int? {
        let second = local.secondOfDay
        let wholeMinute = !hasSeconds || seconds == Self.wholeHour
        guard hours.has(second / 3600), minutes.has(second / 60 % 60), wholeMinute || seconds.has(second % 60),
            days.matches(local.day)
        else { return nil }
        if !wholeMinute { return local.seconds + 1 }
        if minutes != Self.wholeHour { return local.seconds - second % 60 + 60 }
        if hours != Self.wholeDay { return local.seconds - second % 3600 + 3600 }
        return local.seconds - second + CivilTime.secondsInDay
    }
}
