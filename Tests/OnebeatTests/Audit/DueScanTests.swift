import Testing

@testable import Onebeat

/// Two ways to the same instants: the search that plans, and the scan that audits.
@Suite struct DueScanTests {
    @Test(.timeLimit(.minutes(3)), arguments: DebianCronTests.zones)
    func theScanAndTheSearchAgreeAroundChangesOfTheClocks(_ name: String) throws {
        let zone = try ZoneFiles.system.zone(named: name)
        let all = DebianCronTests.windows(zone, years: 2010...2026, hours: 5)
        // The other rules differ in nothing but what the changes of some years show as well.
        let newer = DebianCronTests.windows(zone, years: 2018...2026, hours: 5)
        for expression in DebianCronTests.expressions {
            for rule in [
                DaylightSaving(), DaylightSaving(gap: .skip, overlap: .last),
                DaylightSaving(gap: .next, overlap: .both),
            ] {
                let schedule = ScheduleDefinition(.cron([expression]), timezone: name, daylightSaving: rule)
                for window in rule == DaylightSaving() ? all : newer {
                    try check(schedule, from: window.lowerBound * 60, to: window.upperBound * 60)
                }
            }
        }
    }

    static let schedules: [ScheduleDefinition] = [
        .cron("*/7 1,2 */5 * *", "30 2 L * *", timezone: "Europe/Berlin"),
        .cron("5,10 30 2 * * *", timezone: "Europe/Berlin"),
        .cron("*/20 * 1-3 * * sun", timezone: "America/New_York"),
        .cron("H H(1-4) * * *", "0 0 1W * 5L"),
        ScheduleDefinition(
            .cron(["0 * * * *"]), timezone: "Asia/Shanghai", start: Timestamp(seconds: 1_743_000_000),
            end: Timestamp(seconds: 1_743_800_000),
            except: ["2025-03-29/2025-03-30", "* 9-17 * * mon-fri", "2025-04-01"]),
        ScheduleDefinition(
            .every(.seconds(5400)), start: Timestamp(seconds: 1_743_000_123), except: ["30 */2 * * * *"]),
        .every(.milliseconds(7_000_001)),
        .at(Timestamp(seconds: 1_743_200_000), Timestamp(seconds: 1_743_100_000)),
        ScheduleDefinition(.repeat("R20/2025-03-26T00:00:00Z/PT7H")),
    ]

    @Test(arguments: schedules)
    func theScanAndTheSearchAgree(_ schedule: ScheduleDefinition) throws {
        try check(schedule, from: 1_742_860_803, to: 1_743_900_000)
    }

    private func check(_ definition: ScheduleDefinition, from start: Int, to end: Int) throws {
        let job = JobDefinition(name: "report", schedule: definition, work: .handler)
        let (after, through) = (Timestamp(seconds: Int64(start)), Timestamp(seconds: Int64(end)))
        let scan = try #require(try DueScan(job))
        let searched = try Schedule(of: job).occurrences(after: after, through: through, limit: .max)
        let found = Array(scan.instants(after: after, through: through))
        #expect(found == searched, "\(definition.rhythm) \(definition.timezone) from \(after)")
    }

    @Test(arguments: [ScheduleDefinition.every(.seconds(7)), .cron("* * * * *"), .cron("*/5 * * * * *")])
    func momentsThatNoCalendarHasEndNothing(_ schedule: ScheduleDefinition) throws {
        let scan = try #require(try DueScan(JobDefinition(name: "a", schedule: schedule, work: .handler)))
        for moment in [Timestamp(microseconds: .max), .distantFuture] {
            for end in [
                Timestamp(microseconds: .min), .distantPast, Timestamp(seconds: 0), Timestamp(microseconds: .max),
            ] {
                var instants = scan.instants(after: moment, through: end)
                #expect(instants.next() == nil, "\(moment) to \(end)")
            }
        }
        var early = scan.instants(after: Timestamp(microseconds: .min), through: .distantFuture)
        #expect(early.next() != nil)
    }

    @Test func whatNoClockDecidesIsNotScanned() throws {
        for schedule in [ScheduleDefinition.manual, .delay(.seconds(5)), .after("a")] {
            let scan = try DueScan(JobDefinition(name: "a", schedule: schedule, work: .handler))
            #expect(scan.map { _ in true } == nil)
        }
    }
}
