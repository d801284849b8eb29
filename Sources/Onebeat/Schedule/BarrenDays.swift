/// What a search has learnt of days whose every due instant an exception takes away: another day on which the same
/// expressions match, and the beats fall to the same times, is passed over as a whole. So what takes thousands of instants a
/// day away costs one day's search, however many years it lasts.
struct BarrenDays {
    /// What decides a whole day: which expressions of the rhythm and of the exceptions match it, and where the first beat falls.
    private struct Kind: Hashable {
        var rhythm: Int64
        var exceptions: UInt64
        var offset: Int
    }

    private struct Day {
        var number: Int
        /// Its first moment, and the first one after.
        var start: Timestamp
        var end: Timestamp
        /// `nil` where the clocks change or the day is like no other.
        var kind: Kind?
        /// Whether its first instants were looked at, too.
        var isWhole: Bool
    }

    /// No calendar takes longer to come round to what it has: some 110 years.
    private static let most = 40_000

    private var barren: Set<Kind> = []
    private var count = 0
    private var day: Day?
    private var before: Timestamp

    /// - Parameter start: the search looks at every instant after it.
    init(after start: Timestamp) { before = start }

    /// Whether so many days had nothing that there is no hope.
    var isHopeless: Bool { count > Self.most }

    /// Notes that an exception takes `fire` away, and says from when on to search: `end`, where the exception ends, or the end of
    /// a day that is known to be barren.
    mutating func next(after fire: Timestamp, end: Timestamp, _ rhythm: Rhythm, _ exceptions: Exceptions) -> Timestamp {
        defer { before = fire }
        if let day, fire < day.end { return end }
        // All of the day before was taken away.
        if let day, day.isWhole, let kind = day.kind { barren.insert(kind) }
        count += 1
        let today = Self.day(of: fire, lookedAtAfter: before, rhythm, exceptions)
        day = today
        guard let kind = today.kind, barren.contains(kind) else { return end }
        return max(end, today.end)
    }

    private static func day(
        of fire: Timestamp, lookedAtAfter before: Timestamp, _ rhythm: Rhythm, _ exceptions: Exceptions
    ) -> Day {
        let segment = exceptions.zone.segment(at: fire.seconds)
        let number = CivilTime(seconds: fire.seconds + segment.offset).day
        let first = number * CivilTime.secondsInDay - segment.offset
        let last = first + CivilTime.secondsInDay
        let (start, end) = (Timestamp(seconds: Int64(first)), Timestamp(seconds: Int64(last)))
        var kind: Kind?
        if segment.start <= first, last <= segment.end, let mask = exceptions.mask(ofDay: number),
            let beat = rhythm.phase(ofDay: number, from: start)
        {
            kind = Kind(rhythm: beat, exceptions: mask, offset: segment.offset)
        }
        return Day(number: number, start: start, end: end, kind: kind, isWhole: before < start)
    }
}

extension Rhythm {
    /// What days of the same instants have in common; `nil` where that is not known.
    fileprivate func phase(ofDay number: Int, from start: Timestamp) -> Int64? {
        switch self {
        case .crons(let crons):
            guard crons.count < 63 else { return nil }
            return crons.enumerated().reduce(0) { mask, cron in
                cron.element.cron.days.matches(number) ? mask | 1 << Int64(cron.offset) : mask
            }
        case .every(let length, let anchor):
            let passed = start.duration(since: anchor).wholeMicroseconds
            return passed - passed.flooredQuotient(by: length) * length
        case .delay, .moments, .repeating, .solar, .none: return nil
        }
    }
}
