import Testing

@testable import Onebeat

@Suite struct RepeatingIntervalTests {
    private static func fires(_ text: String, zone: String = "UTC", after: Timestamp = .distantPast, limit: Int = 4)
        throws
        -> [String]
    {
        let schedule = try Schedule(.init(.repeat(text), timezone: zone), jobName: "j")
        return schedule.occurrences(after: after, through: .distantFuture, limit: limit).map(schedule.format)
    }

    @Test func itFiresAsOftenAsItSays() throws {
        #expect(
            try Self.fires("R3/2026-01-01T00:00:00Z/PT6H", limit: 10) == [
                "2026-01-01T00:00:00+00:00", "2026-01-01T06:00:00+00:00", "2026-01-01T12:00:00+00:00",
            ])
        #expect(try Self.fires("R1/2026-01-01/PT1S", limit: 10).count == 1)
    }

    @Test func withoutANumberItGoesOnForEver() throws {
        let after = Timestamp(iso8601: "2199-12-31T23:59:59Z")!
        #expect(try Self.fires("R/2026-01-01T00:00:00Z/PT10M", after: after, limit: 1) == ["2200-01-01T00:00:00+00:00"])
    }

    @Test func monthsAreCountedFromTheStart() throws {
        #expect(
            try Self.fires("R/2026-01-31T03:00:00Z/P1M") == [
                "2026-01-31T03:00:00+00:00", "2026-02-28T03:00:00+00:00", "2026-03-31T03:00:00+00:00",
                "2026-04-30T03:00:00+00:00",
            ])
        #expect(
            try Self.fires("R/2024-02-29T00:00:00Z/P1Y", limit: 5).last == "2028-02-29T00:00:00+00:00")
    }

    @Test func daysKeepTheTimeOfDayAndHoursTheirLength() throws {
        #expect(
            try Self.fires("R/2026-03-28T03:00:00+01:00/P1D", zone: "Europe/Berlin", limit: 2)
                == ["2026-03-28T03:00:00+01:00", "2026-03-29T03:00:00+02:00"])
        #expect(
            try Self.fires("R/2026-03-28T03:00:00+01:00/PT24H", zone: "Europe/Berlin", limit: 2)
                == ["2026-03-28T03:00:00+01:00", "2026-03-29T04:00:00+02:00"])
        #expect(
            try Self.fires("R/2026-03-28T02:30:00+01:00/P1D", zone: "Europe/Berlin", limit: 3)
                == ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"])
    }

    @Test func aStartWithoutAnOffsetIsOnTheWallClock() throws {
        #expect(
            try Self.fires("R1/2026-07-01T09:00:00/P1D", zone: "Asia/Shanghai") == ["2026-07-01T09:00:00+08:00"])
    }

    @Test func theStartMayComeFromTheSchedule() throws {
        let start = Timestamp(iso8601: "2026-01-01T00:00:30Z")!
        let schedule = try Schedule(.init(.repeat("R2//PT1M"), start: start), jobName: "j")
        #expect(
            schedule.occurrences(after: .distantPast, through: .distantFuture, limit: 9) == [
                start, start + .seconds(60),
            ])
    }

    @Test(arguments: [
        "R5/2026-01-31T23:30:00Z/P1M", "R400/1999-12-31T02:30:00Z/P1D", "R90/2026-03-01T02:30:00.5+01:00/P1W",
        "R300/2026-01-01T00:00:00Z/P1DT1H", "R50/2020-02-29T12:00:00Z/P1Y1M1D", "R1000/2026-01-01T00:00:00Z/PT0.25S",
    ])
    func anyStartOfTheSearchFindsTheSameFires(_ text: String) throws {
        let schedule = try Schedule(.init(.repeat(text), timezone: "Europe/Berlin"), jobName: "j")
        let all = schedule.occurrences(after: .distantPast, through: .distantFuture, limit: .max)
        #expect(all.count == Int(text.dropFirst().prefix { $0 != "/" }))
        #expect(zip(all, all.dropFirst()).allSatisfy(<))
        for (fire, next) in zip(all, all.dropFirst()) {
            if schedule.next(after: fire) != next || schedule.next(after: next - .microseconds(1)) != next {
                Issue.record("\(text) at \(fire)")
            }
        }
        #expect(schedule.next(after: all[all.count - 1]) == nil)
    }

    @Test(arguments: [
        ("", "three parts"), ("R/2026-01-01/P1D/x", "three parts"), ("2/2026-01-01/P1D", "start with R"),
        ("R0/2026-01-01/P1D", "how often"), ("R-1/2026-01-01/P1D", "how often"), ("Rx/2026-01-01/P1D", "how often"),
        ("R//P1D", "its start"), ("R/tomorrow/P1D", "its start"), ("R/2026-01-01/", "its period"),
        ("R/2026-01-01/P", "its period"), ("R/2026-01-01/PT", "its period"), ("R/2026-01-01/P1DT", "its period"),
        ("R/2026-01-01/P1H", "its period"), ("R/2026-01-01/PT1D", "its period"), ("R/2026-01-01/P1D1M", "its period"),
        ("R/2026-01-01/P1.5D", "its period"), ("R/2026-01-01/PT0S", "shorter than a millisecond"),
        ("R/2026-01-01/P2000Y", "longer than a thousand years"),
    ])
    func brokenOnesAreRefused(_ text: String, _ message: String) {
        #expect {
            try Schedule(.init(.repeat(text)), jobName: "j")
        } throws: {
            ($0 as! ScheduleError).setting == "repeat" && "\($0)".contains(message)
        }
    }
}
