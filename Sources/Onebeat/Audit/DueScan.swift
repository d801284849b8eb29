// Audit: was every due instant kept, once and in order? It recomputes what was due and holds it against the rows. For cron
// expressions and fixed rates it does so with code of its own, which tries every minute and second, so that a fault of the
// search in `Schedule/` cannot hide itself. The rules are pure; `Auditor` reads the store page by page.

/// The due instants of a definition, found by trying.
///
/// It shares with `Schedule` what a cron expression's text means and a zone's table of offsets. `at`, `repeat` and `solar`
/// have no second way to compute them: there it asks the schedule.
package struct DueScan: Sendable {
    private enum Rhythm: Sendable {
        case crons([CronExpression])
        case every(Int64, anchor: Int64)
        case other(Schedule)
    }

    private let rhythm: Rhythm
    private let definition: ScheduleDefinition
    private let zone: Zone
    private var restDays: [ClosedRange<Int>] = []
    private var restTimes: [CronExpression] = []

    /// - Returns: `nil` for a schedule that the clock does not decide.
    /// - Throws: `ScheduleError` when it cannot be read on this machine.
    package init?(_ definition: JobDefinition, zones: ZoneFiles = .system) throws(ScheduleError) {
        let schedule = definition.schedule
        switch schedule.rhythm {
        case .cron(let texts):
            var crons: [CronExpression] = []
            for text in texts {
                crons.append(try CronExpression(text, jobName: definition.name, dialect: schedule.dialect))
            }
            rhythm = .crons(crons)
        case .every(let length):
            rhythm = .every(max(length.wholeMicroseconds, 1), anchor: schedule.start?.microseconds ?? 0)
        case .at, .repeat, .solar: rhythm = .other(try Schedule(of: definition, zones: zones))
        case .delay, .event, .after, .manual: return nil
        }
        self.definition = schedule
        zone = try zones.zone(named: schedule.timezone)
        for text in schedule.except {
            if let days = Self.days(text) {
                restDays.append(days)
            } else {
                restTimes.append(try CronExpression(text, jobName: definition.name))
            }
        }
    }

    /// The due instants after `start` through `end`, in order.
    package func instants(after start: Timestamp, through end: Timestamp) -> Instants {
        // A store's moments may be any: within the calendar nothing here overflows.
        Instants(scan: self, after: min(max(start, .distantPast), .distantFuture), through: min(end, .distantFuture))
    }

    /// See ``DueScan/instants(after:through:)``.
    package struct Instants: Sequence, IteratorProtocol, Sendable {
        private let scan: DueScan
        private let start: Timestamp
        private let end: Timestamp
        /// The last instant that was looked at.
        private var place: Timestamp
        /// Of cron, the next minute of UTC to look at, and what was found in the one before, in reverse.
        private var minute: Int
        private var found: [Timestamp] = []
        private var segment: Zone.Segment

        fileprivate init(scan: DueScan, after start: Timestamp, through end: Timestamp) {
            self.scan = scan
            self.start = start
            self.end = end
            place = start
            minute = start.seconds.flooredQuotient(by: 60) * 60
            segment = scan.zone.segment(at: minute)
        }

        /// The next due instant.
        package mutating func next() -> Timestamp? {
            while let instant = candidate(), instant <= end {
                if scan.isWithin(instant), !scan.isResting(instant) { return instant }
            }
            return nil
        }

        private mutating func candidate() -> Timestamp? {
            switch scan.rhythm {
            case .every(let length, let anchor):
                let beats = (place.microseconds - anchor).flooredQuotient(by: length) + 1
                place = Timestamp(microseconds: anchor + beats * length)
                return place
            case .other(let schedule):
                guard let next = schedule.next(after: place) else { return nil }
                place = next
                return next
            case .crons(let crons):
                while found.isEmpty {
                    guard Timestamp(seconds: Int64(minute)) <= end else { return nil }
                    if minute < segment.start || minute >= segment.end { segment = scan.zone.segment(at: minute) }
                    var seconds: UInt64 = 0
                    for cron in crons where scan.fires(cron, minute, segment) { seconds |= cron.seconds }
                    for second in (0..<60).reversed() where seconds.has(second) {
                        let instant = Timestamp(seconds: Int64(minute + second))
                        if instant > start { found.append(instant) }
                    }
                    minute += 60
                }
                return found.popLast()
            }
        }
    }

    /// Debian's cron takes jumps of more than three hours for a new clock, and short ones for having slept.
    private static let longestGap = 3 * 3600 - 1
    private static let longestOverlap = 3 * 3600
    private static let longestSleep = 4 * 60

    /// Whether an expression fires in a minute of UTC that lies in `segment`.
    private func fires(_ cron: CronExpression, _ minute: Int, _ segment: Zone.Segment) -> Bool {
        let rule = definition.daylightSaving
        if shows(cron, minute + segment.offset) {
            guard cron.isFixedTime else { return true }
            let back = segment.previousOffset - segment.offset
            let isSecondPass = (1...Self.longestOverlap).contains(back) && minute < segment.start + back
            let forth = segment.offset - segment.nextOffset
            let isFirstPass = (1...Self.longestOverlap).contains(forth) && minute >= segment.end - forth
            if !(isSecondPass && rule.overlap == .first), !(isFirstPass && rule.overlap == .last) { return true }
        }
        // In the first minute after a gap fires, once, what the clocks jumped over.
        let gap = segment.offset - segment.previousOffset
        guard gap > 0, rule.gap == .next, minute >= segment.start, minute - segment.start < 60,
            gap <= (cron.isFixedTime ? Self.longestGap : Self.longestSleep)
        else { return false }
        let skipped = stride(from: segment.start + segment.previousOffset, to: segment.start + segment.offset, by: 60)
        return skipped.contains { shows(cron, $0) }
    }

    /// Whether a minute of the wall clock matches.
    private func shows(_ cron: CronExpression, _ local: Int) -> Bool {
        let local = CivilTime(seconds: local)
        let second = local.secondOfDay
        return cron.minutes.has(second / 60 % 60) && cron.hours.has(second / 3600) && cron.days.matches(local.day)
    }

    private func isWithin(_ instant: Timestamp) -> Bool {
        definition.start.map { instant >= $0 } ?? true && definition.end.map { instant <= $0 } ?? true
    }

    private func isResting(_ instant: Timestamp) -> Bool {
        if restDays.isEmpty, restTimes.isEmpty { return false }
        let local = zone.local(instant.seconds)
        return restDays.contains { $0.contains(local.day) }
            || restTimes.contains { cron in
                shows(cron, local.seconds) && (!cron.hasSeconds || cron.seconds.has(local.secondOfDay % 60))
            }
    }

    /// `2026-12-25` or `2026-12-24/2026-12-26`; all else is a cron expression.
    private static func days(_ text: String) -> ClosedRange<Int>? {
        let days = text.split(separator: "/", omittingEmptySubsequences: false).map { part -> Int? in
            var reader = TextReader(part)
            guard let date = reader.date(), reader.isAtEnd else { return nil }
            return date.daysSince1970
        }
        guard days.count <= 2, let first = days.first ?? nil, let last = days.last ?? nil, first <= last else {
            return nil
        }
        return first...last
    }
}
