import Testing

@testable import Onebeat

/// What was to be done by a time of the day.
struct DutyTests {
    private func duty(_ rhythm: ScheduleDefinition.Rhythm, by: String, zone: String = "UTC", at now: String) throws
        -> String?
    {
        let schedule = try Schedule(ScheduleDefinition(rhythm, timezone: zone), jobName: "a")
        return schedule.duty(by: try #require(TimeOfDay(by)), at: try #require(Timestamp(iso8601: now)))
            .map { "\($0.due) \($0.by)" }
    }

    @Test(
        arguments: [
            ("0 3 * * *", "06:30", "2026-11-23T06:30:00Z", "2026-11-23T03:00:00Z 2026-11-23T06:30:00Z"),
            ("0 3 * * *", "06:30", "2026-11-23T06:29:59Z", "2026-11-22T03:00:00Z 2026-11-22T06:30:00Z"),
            // Due the evening before.
            ("0 23 * * *", "06:30", "2026-11-23T07:00:00Z", "2026-11-22T23:00:00Z 2026-11-23T06:30:00Z"),
            // Not due on a Sunday.
            ("0 3 * * 1", "06:30", "2026-11-22T12:00:00Z", nil),
            ("*/5 * * * *", "06:32", "2026-11-23T07:00:00Z", "2026-11-23T06:30:00Z 2026-11-23T06:32:00Z"),
            ("0 3 * * *", "03:00", "2026-11-23T03:00:00Z", "2026-11-23T03:00:00Z 2026-11-23T03:00:00Z"),
        ] as [(String, String, String, String?)])
    func theLastThatWasDueBeforeIt(cron: String, by: String, now: String, found: String?) throws {
        #expect(try duty(.cron([cron]), by: by, at: now) == found)
    }

    @Test func itIsReadOnTheWallClockOfTheSchedule() throws {
        #expect(
            try duty(.cron(["0 3 * * *"]), by: "06:30", zone: "Asia/Shanghai", at: "2026-11-23T00:00:00Z")
                == "2026-11-22T19:00:00Z 2026-11-22T22:30:00Z")
        #expect(try duty(.manual, by: "06:30", at: "2026-11-23T00:00:00Z") == nil)
    }

    @Test(arguments: ["06:30", "0:00", "23:59"]) func timesOfDay(text: String) throws {
        #expect(try #require(TimeOfDay(text)).description == (text.count == 4 ? "0" + text : text))
    }

    @Test(arguments: ["", "6", "24:00", "06:60", "6:3", "06:30:00", "-1:00", "٠٦:٣٠", "6 : 30"])
    func whatIsNoTimeOfDay(text: String) { #expect(TimeOfDay(text) == nil) }
}
