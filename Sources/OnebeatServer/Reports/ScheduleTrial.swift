import Onebeat

/// What an expression does, found out in a bounded number of steps, whatever it is.
package struct ScheduleTrial: Sendable {
    /// How many fires a stretch has; not more than ``mostCounted`` are counted.
    package struct Count: Sendable, Equatable {
        package var number: Int
        package var isMore: Bool
    }

    /// A moment at which the zone's clocks change, and the fires around it.
    package struct Change: Sendable {
        package var at: Timestamp
        /// The offsets on both sides, as `+01:00`.
        package var before: String
        package var after: String
        package var around: [Occurrence]
    }

    /// Longer than any expression that a person writes.
    static let longest = 500
    static let mostCounted = 10_000
    static let mostChanges = 4

    package var schedule: Schedule
    package var next: [Occurrence]
    package var day: Count
    package var week: Count
    package var year: Count
    package var shortest: Duration?
    package var longest: Duration?
    package var changes: [Change]
    package var warnings: [String]

    /// - Throws: `ScheduleError` for what is no schedule.
    package init(
        _ text: String, timezone: String, dialect: CronDialect = .debian, from start: Timestamp, count: Int,
        zones: ZoneFiles = .system
    ) throws(ScheduleError) {
        var definition = ScheduleDefinition(try Self.rhythm(in: text), timezone: timezone)
        definition.dialect = dialect
        let schedule = try Schedule(definition, jobName: "lab", zones: zones)
        self.schedule = schedule
        next = schedule.preview(after: start, count: count)
        func fires(_ days: Int) -> Count {
            let found = schedule.occurrences(
                after: start, through: start + .seconds(days * 86_400), limit: Self.mostCounted + 1)
            return Count(number: min(found.count, Self.mostCounted), isMore: found.count > Self.mostCounted)
        }
        (day, week, year) = (fires(1), fires(7), fires(366))
        let first = schedule.occurrences(after: start, through: .distantFuture, limit: 1000)
        let gaps = zip(first, first.dropFirst()).map { $1.duration(since: $0) }
        (shortest, longest) = (gaps.min(), gaps.max())
        changes = Self.changes(of: schedule, from: start)
        warnings =
            if case .cron(let texts) = definition.rhythm { texts.flatMap { StepWarning.all(in: $0) } } else { [] }
    }

    /// What the text is: an interval of ISO 8601, a length of time, or an expression of cron.
    static func rhythm(in text: String) throws(ScheduleError) -> ScheduleDefinition.Rhythm {
        let text = String(text.trimmingPrefix("every ").drop { $0 == " " })
        guard text.utf8.count <= longest else {
            throw ScheduleError(
                setting: "cron", text: "\(text.prefix(40))…",
                message: "it has \(text.utf8.count) bytes; \(longest) are enough for any schedule")
        }
        if text.hasPrefix("R"), text.contains("/") { return .repeat(text) }
        if let length = Duration(text: text) { return .every(length) }
        return .cron([text])
    }

    /// The changes of the zone's offset within a year, found day by day and then to the second.
    private static func changes(of schedule: Schedule, from start: Timestamp) -> [Change] {
        func offset(_ moment: Timestamp) -> Substring { schedule.format(moment).suffix(6) }
        var changes: [Change] = []
        for day in 0..<366 where changes.count < mostChanges {
            var (low, high) = (start + .seconds(day * 86_400), start + .seconds((day + 1) * 86_400))
            let (before, after) = (offset(low), offset(high))
            if before == after { continue }
            while high.duration(since: low) > .seconds(1) {
                let middle = Timestamp(seconds: Int64((low.seconds + high.seconds) / 2))
                if offset(middle) == before { low = middle } else { high = middle }
            }
            let around = schedule.preview(after: high - .seconds(3 * 3600), count: 6)
                .filter { abs($0.instant.duration(since: high).inSeconds) <= 26 * 3600 }
            changes.append(Change(at: high, before: "\(before)", after: "\(after)", around: around))
        }
        return changes
    }
}
