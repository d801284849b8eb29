/// A cron expression as bit sets: bit n is set where n matches.
///
/// The dialect is that of Debian's cron, down to the rule for the two day fields: when either *starts with* `*` (so
/// `*/2` does), a day must match both; otherwise one is enough. What Debian's parser takes and then never runs is
/// refused, and reversed ranges wrap instead. Extensions: a field of seconds in front, `a/n` from a to the end, `L`,
/// `LW`, `nW`, `nL`, `n#k`, `?`, and `H`, a slot hashed from the job's name. What other dialects have instead is in ``CronParser``.
struct CronExpression: Sendable, Hashable {
    var text: String
    /// Whether the text has a field of seconds; without one the second is 0.
    var hasSeconds = false
    var seconds: UInt64 = 1
    var minutes: UInt64 = 0
    var hours: UInt64 = 0
    var days = CronDays()
    /// Whether neither minute nor hour starts with `*`: the schedules whose times a change of clocks must not lose.
    var isFixedTime = true

    /// - Parameter jobName: seeds the `H` slots.
    /// - Throws: `ScheduleError` with the field and the place in the text.
    init(_ text: String, jobName: String, dialect: CronDialect = .debian) throws(ScheduleError) {
        self = try CronParser.parse(text, jobName: jobName, dialect: dialect)
        if dialect == .celery {
            days.matchesBoth = true
            days.seal()
        }
        guard days.next(after: 0) != nil else {
            throw ScheduleError(
                setting: "cron", text: text,
                message: days.years.isEvery
                    ? "it never fires: no year has such a day; change day of month, month or day of week"
                    : "it never fires: none of its years has such a day; change day of month, month, day of week or year",
                field: "day of month", neverFires: true)
        }
    }

    /// An expression for the parser to fill in.
    init(blank text: String) { self.text = text }

    /// Whether the wall clock time matches, second by second.
    func matches(_ local: CivilTime) -> Bool {
        let second = local.secondOfDay
        return hours.has(second / 3600) && minutes.has(second / 60 % 60) && seconds.has(second % 60)
            && days.matches(local.day)
    }
}

/// Which days match: the day of month, month and day of week fields together.
struct CronDays: Sendable, Hashable {
    /// Bits 1 to 31.
    var ofMonth: UInt64 = 0
    /// Bits 1 to 12.
    var months: UInt64 = 0
    /// Bits 0 (Sunday) to 6.
    var ofWeek: UInt64 = 0
    /// `L` (bit 0) and, of Quartz, `L-n`: the day n days before the last of the month; bits 0 to 30.
    var beforeLast: UInt64 = 0
    /// `LW` (bit 0) and `L-nW`: the Monday to Friday nearest to that day within the month.
    var workdayBeforeLast: UInt64 = 0
    /// `nW`: the Monday to Friday nearest to day n within the month; bits 1 to 31.
    var nearestWorkdays: UInt64 = 0
    /// `nL`: the last such day of week in the month; bits 0 to 6.
    var lastOfWeek: UInt64 = 0
    /// `n#k`: the k-th such day of week in the month; bit 7 × (k − 1) + n.
    var nthOfWeek: UInt64 = 0
    /// In which years; every one, but for Quartz.
    var years = CronYears()
    /// Whether a day must match both fields.
    var matchesBoth = true

    static let allOfMonth: UInt64 = 0xffff_fffe
    static let allMonths: UInt64 = 0x1ffe
    static let allOfWeek: UInt64 = 0x7f

    /// Whether every day matches: most expressions are like that, and then no calendar is needed.
    private(set) var isEveryDay = false

    /// To be called when the fields are set.
    mutating func seal() {
        let everyOfMonth = ofMonth == Self.allOfMonth
        let everyOfWeek = ofWeek == Self.allOfWeek
        isEveryDay =
            years.isEvery && months == Self.allMonths
            && (matchesBoth ? everyOfMonth && everyOfWeek : everyOfMonth || everyOfWeek)
    }
}

/// The years of an expression, as bits, so that a search copies nothing.
struct CronYears: Sendable, Hashable {
    /// Quartz ends a hundred years from now; a definition means the same on every day.
    static let range = 1970...2225

    private var bits = SIMD4<UInt64>(repeating: .max)
    private(set) var isEvery = true

    /// Leaves no year, for the parser to add those it reads.
    mutating func clear() { bits = SIMD4(repeating: 0) }

    /// - Parameter year: one of ``range``.
    mutating func add(_ year: Int) {
        let bit = year - Self.range.lowerBound
        bits[bit >> 6 & 3] |= 1 << UInt64(bit & 63)
        isEvery = bits == SIMD4(repeating: .max)
    }

    /// The first of these years at or after `year`.
    func first(from year: Int) -> Int? {
        if isEvery { return year }
        return (max(year, Self.range.lowerBound)..<Self.range.upperBound + 1).first(where: has)
    }

    func has(_ year: Int) -> Bool {
        if isEvery { return true }
        guard Self.range.contains(year) else { return false }
        let bit = year - Self.range.lowerBound
        return bits[bit >> 6 & 3].has(bit & 63)
    }

    /// Those that are named, lowest first.
    var members: [Int] { isEvery ? [] : Self.range.filter(has) }
}

extension UInt64 {
    func has(_ bit: Int) -> Bool { self & (1 << UInt64(truncatingIfNeeded: bit)) != 0 }

    /// The lowest set bit at or above `bit` (0 to 63).
    func first(from bit: Int) -> Int? {
        let rest = self & (~0 << UInt64(truncatingIfNeeded: bit))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }
}
