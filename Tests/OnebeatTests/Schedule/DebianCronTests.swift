import Testing

@testable import Onebeat

@Suite struct DebianCronTests {
    static let zones = [
        "America/New_York", "America/St_Johns", "America/Scoresbysund", "America/Nuuk", "America/Havana",
        "Antarctica/Casey", "Antarctica/Troll", "Africa/Casablanca", "Asia/Gaza", "Asia/Beirut", "Asia/Pyongyang",
        "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Chatham",
    ]
    static let expressions = [
        "* * * * *", "*/5 * * * *", "0 * * * *", "30 * * * *", "15 */2 * * *", "0 */2 * * *", "*/30 1 * * *",
        "*/20 2 * * *", "30 2 * * *", "0 2 * * *", "0 3 * * *", "30 1 * * *", "0 0 * * *", "30 0 * * *",
        "59 23 * * *", "0 1-5 * * *", "0,30 0-3 * * *", "15 1,2,3 * * 0", "30 2 1-7 * 0", "0 0 */2 * 6",
        "45 23 28-31 * *", "0 12 30,31 12 *", "5-55/10 2-10/2 * * *", "1 0,8,9,10,11 * * *",
    ]

    /// The hours around each change of the clocks, in windows of UTC minutes.
    static func windows(_ zone: Zone, years: ClosedRange<Int>, hours: Int) -> [Range<Int>] {
        var windows: [Range<Int>] = []
        let end = CivilTime(CivilDate(year: years.upperBound + 1, month: 1, day: 1)).seconds
        var segment = zone.segment(at: CivilTime(CivilDate(year: years.lowerBound, month: 1, day: 1)).seconds)
        while segment.end < end {
            let middle = segment.end / 60
            windows.append(middle - hours * 60..<middle + hours * 60)
            segment = zone.segment(at: segment.end)
        }
        return windows
    }

    @Test(.timeLimit(.minutes(3)), arguments: zones)
    func firesWhenDebiansCronWould(_ name: String) throws {
        let zone = try ZoneFiles.system.zone(named: name)
        let years =
            ["Pacific/Apia", "Pacific/Kwajalein", "Antarctica/Casey"].contains(name) ? 1993...2024 : 2014...2025
        let windows = Self.windows(zone, years: years, hours: 7)
        #expect(!windows.isEmpty)
        for expression in Self.expressions {
            let debian = DebianCron(expression)
            let schedule = try Schedule(.cron(expression, timezone: name), jobName: "j")
            for window in windows {
                let wanted = debian.starts(in: window, zone: zone)
                let found = schedule.occurrences(
                    after: Timestamp(seconds: Int64(window.lowerBound) * 60 - 1),
                    through: Timestamp(seconds: Int64(window.upperBound) * 60 - 1), limit: .max
                ).map { $0.seconds / 60 }
                let place = Timestamp(seconds: Int64(window.lowerBound) * 60)
                #expect(found == wanted, "\(expression) in \(name), 14 hours from \(schedule.format(place))")
            }
        }
    }

    struct Fact: Sendable, CustomTestStringConvertible {
        var cron: String
        var zone: String
        var after: String
        var fires: [String]
        var testDescription: String { "\(cron) in \(zone) after \(after)" }
    }

    @Test(arguments: [
        // A gap: fixed times fire in the first minute after it, once.
        Fact(
            cron: "30 2 * * *", zone: "America/New_York", after: "2024-03-09T12:00:00Z",
            fires: ["2024-03-10T03:00:00-04:00", "2024-03-11T02:30:00-04:00"]),
        Fact(
            cron: "0 1-5 * * *", zone: "America/New_York", after: "2024-03-10T05:30:00Z",
            fires: ["2024-03-10T01:00:00-05:00", "2024-03-10T03:00:00-04:00", "2024-03-10T04:00:00-04:00"]),
        Fact(
            cron: "*/30 2 * * *", zone: "America/New_York", after: "2024-03-09T12:00:00Z",
            fires: ["2024-03-11T02:00:00-04:00"]),
        Fact(
            cron: "0 * * * *", zone: "Europe/Berlin", after: "2026-03-29T00:30:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"]),
        Fact(
            cron: "0 0 * * *", zone: "Asia/Beirut", after: "2022-03-26T12:00:00Z",
            fires: ["2022-03-27T01:00:00+03:00", "2022-03-28T00:00:00+03:00"]),
        // An overlap: fixed times fire in the first pass, wildcards in both.
        Fact(
            cron: "30 1 * * *", zone: "America/New_York", after: "2024-11-02T12:00:00Z",
            fires: ["2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"]),
        Fact(
            cron: "30 * * * *", zone: "America/New_York", after: "2024-11-03T05:00:00Z",
            fires: ["2024-11-03T01:30:00-04:00", "2024-11-03T01:30:00-05:00", "2024-11-03T02:30:00-05:00"]),
        // Half an hour.
        Fact(
            cron: "0 */2 * * *", zone: "Australia/Lord_Howe", after: "2024-10-05T14:00:00Z",
            fires: ["2024-10-06T04:00:00+11:00"]),
        Fact(
            cron: "15 2 * * *", zone: "Australia/Lord_Howe", after: "2024-10-05T14:00:00Z",
            fires: ["2024-10-06T02:30:00+11:00", "2024-10-07T02:15:00+11:00"]),
        Fact(
            cron: "45 1 * * *", zone: "Australia/Lord_Howe", after: "2024-04-06T12:00:00Z",
            fires: ["2024-04-07T01:45:00+11:00", "2024-04-08T01:45:00+10:30"]),
        // A day that never was: no correction, the clock is a new one.
        Fact(
            cron: "0 12 * * *", zone: "Pacific/Apia", after: "2011-12-29T12:00:00Z",
            fires: ["2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"]),
        Fact(
            cron: "0 12 21 8 *", zone: "Pacific/Kwajalein", after: "1993-01-01T00:00:00Z",
            fires: ["1994-08-21T12:00:00+12:00"]),
        // Three hours are too much forward but not back.
        Fact(
            cron: "30 9 * * *", zone: "Antarctica/Casey", after: "2018-03-09T12:00:00Z",
            fires: ["2018-03-10T09:30:00+11:00", "2018-03-11T09:30:00+08:00"]),
    ])
    func knownAnswers(_ fact: Fact) throws {
        let schedule = try Schedule(.cron(fact.cron, timezone: fact.zone), jobName: "j")
        let found = schedule.occurrences(
            after: Timestamp(iso8601: fact.after)!, through: .distantFuture, limit: fact.fires.count)
        #expect(found.map(schedule.format) == fact.fires)
    }

    @Test(arguments: [
        (DaylightSaving(gap: .skip), ["2024-03-11T02:30:00-04:00"]),
        (DaylightSaving(gap: .next), ["2024-03-10T03:00:00-04:00"]),
    ])
    func theGapRuleCanBeChosen(_ rule: DaylightSaving, _ fires: [String]) throws {
        let schedule = try Schedule(
            .init(.cron(["30 2 * * *"]), timezone: "America/New_York", daylightSaving: rule), jobName: "j")
        let found = schedule.occurrences(
            after: Timestamp(iso8601: "2024-03-09T12:00:00Z")!, through: .distantFuture, limit: 1)
        #expect(found.map(schedule.format) == fires)
    }

    @Test(arguments: [
        (DaylightSaving.Overlap.first, ["2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"]),
        (.last, ["2024-11-03T01:30:00-05:00", "2024-11-04T01:30:00-05:00"]),
        (.both, ["2024-11-03T01:30:00-04:00", "2024-11-03T01:30:00-05:00"]),
    ])
    func theOverlapRuleCanBeChosen(_ overlap: DaylightSaving.Overlap, _ fires: [String]) throws {
        let schedule = try Schedule(
            .init(
                .cron(["30 1 * * *"]), timezone: "America/New_York", daylightSaving: .init(overlap: overlap)),
            jobName: "j")
        let found = schedule.occurrences(
            after: Timestamp(iso8601: "2024-11-02T12:00:00Z")!, through: .distantFuture, limit: 2)
        #expect(found.map(schedule.format) == fires)
    }

    @Test func aFieldOfSecondsKeepsItsSecondsInTheMinuteAfterAGap() throws {
        let schedule = try Schedule(.cron("*/20 30 2 * * *", timezone: "Europe/Berlin"), jobName: "j")
        let found = schedule.occurrences(
            after: Timestamp(iso8601: "2026-03-28T12:00:00Z")!, through: .distantFuture, limit: 4)
        #expect(
            found.map(schedule.format) == [
                "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:20+02:00", "2026-03-29T03:00:40+02:00",
                "2026-03-30T02:30:00+02:00",
            ])
    }
}
