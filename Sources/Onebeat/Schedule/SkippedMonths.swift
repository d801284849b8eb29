/// Months that a cron schedule passes over though it names none: `0 0 31 * *` fires in seven of twelve.
package enum SkippedMonths {
    /// Their names among the next twelve whole months, in order; none where an expression restricts the month itself.
    package static func names(of schedule: Schedule, after moment: Timestamp) -> [String] {
        guard case .cron(let texts) = schedule.definition.rhythm, texts.allSatisfy(namesNoMonth),
            schedule.definition.start == nil, schedule.definition.end == nil
        else { return [] }
        let today = schedule.zone.local(moment.seconds).date
        let first = today.year * 12 + today.month
        let skipped = (first..<first + 12).filter { month in
            let after = Timestamp(seconds: Int64(begin(of: month, schedule))) - .microseconds(1)
            let end = Timestamp(seconds: Int64(begin(of: month + 1, schedule)))
            return schedule.next(after: after).map { $0 >= end } ?? true
        }
        return skipped.count == 12 ? [] : skipped.map { CronField.month.names[$0 % 12].capitalized }
    }

    private static func begin(of month: Int, _ schedule: Schedule) -> Int {
        schedule.zone.moment(of: CivilTime(CivilDate(year: month / 12, month: month % 12 + 1, day: 1)))
    }

    private static func namesNoMonth(_ text: String) -> Bool {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        return fields.count >= 5 && ["*", "?"].contains(fields[fields.count - 2])
    }
}
