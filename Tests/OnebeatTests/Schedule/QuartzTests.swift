import Testing

@testable import Onebeat

/// Quartz' dialect, row by row as Quartz' own manual has it.
struct QuartzTests {
    private func schedule(_ text: String, timezone: String = "UTC") throws -> Schedule {
        var definition = ScheduleDefinition(.cron([text]), timezone: timezone)
        definition.dialect = .quartz
        return try Schedule(definition, jobName: "j")
    }

    private func fires(_ text: String, from: String, count: Int) throws -> [String] {
        let start = try #require(Timestamp(iso8601: from)) - .microseconds(1)
        return try schedule(text).occurrences(after: start, through: .distantFuture, limit: count)
            .map { String("\($0)".prefix(19)) }
    }

    @Test(arguments: [
        ("0 0 12 * * ?", "2026-01-01T00:00:00Z", ["2026-01-01T12:00:00", "2026-01-02T12:00:00"]),
        ("0 15 10 ? * *", "2026-01-01T00:00:00Z", ["2026-01-01T10:15:00", "2026-01-02T10:15:00"]),
        ("0 15 10 * * ? 2027", "2026-01-01T00:00:00Z", ["2027-01-01T10:15:00", "2027-01-02T10:15:00"]),
        (
            "0 0/5 14 * * ?", "2026-01-01T14:50:00Z",
            ["2026-01-01T14:50:00", "2026-01-01T14:55:00", "2026-01-02T14:00:00"]
        ),
        ("0 /20 14,18 * * ?", "2026-01-01T14:40:00Z", ["2026-01-01T14:40:00", "2026-01-01T18:00:00"]),
        (
            "10-12 0 0 1 1 ?", "2026-01-01T00:00:00Z",
            ["2026-01-01T00:00:10", "2026-01-01T00:00:11", "2026-01-01T00:00:12"]
        ),
        // Sunday is 1: 2026-03-11 is a Wednesday, 4.
        (
            "0 10,44 14 ? 3 WED", "2026-03-01T00:00:00Z",
            ["2026-03-04T14:10:00", "2026-03-04T14:44:00", "2026-03-11T14:10:00"]
        ),
        ("0 0 0 ? * 4", "2026-03-01T00:00:00Z", ["2026-03-04T00:00:00", "2026-03-11T00:00:00"]),
        ("0 0 0 ? * 1", "2026-03-01T00:00:00Z", ["2026-03-01T00:00:00", "2026-03-08T00:00:00"]),
        ("0 15 10 ? * MON-FRI", "2026-01-02T00:00:00Z", ["2026-01-02T10:15:00", "2026-01-05T10:15:00"]),
        (
            "0 0 0 ? * 6-2", "2026-01-01T00:00:00Z",
            [
                "2026-01-02T00:00:00", "2026-01-03T00:00:00", "2026-01-04T00:00:00",
                "2026-01-05T00:00:00", "2026-01-09T00:00:00",
            ]
        ),
        ("0 0 0 ? * L", "2026-01-01T00:00:00Z", ["2026-01-03T00:00:00", "2026-01-10T00:00:00"]),
        ("0 0 0 ? * SAT,SUN", "2026-01-01T00:00:00Z", ["2026-01-03T00:00:00", "2026-01-04T00:00:00"]),
        (
            "0 0 0 ? * */3", "2026-01-04T00:00:00Z",
            ["2026-01-04T00:00:00", "2026-01-07T00:00:00", "2026-01-10T00:00:00"]
        ),
        ("0 15 10 15 * ?", "2026-01-01T00:00:00Z", ["2026-01-15T10:15:00", "2026-02-15T10:15:00"]),
        ("0 15 10 L * ?", "2026-01-01T00:00:00Z", ["2026-01-31T10:15:00", "2026-02-28T10:15:00"]),
        ("0 15 10 L-2 * ?", "2026-01-01T00:00:00Z", ["2026-01-29T10:15:00", "2026-02-26T10:15:00"]),
        // 2026-01-31 and 2026-02-28 are Saturdays.
        (
            "0 0 0 LW * ?", "2026-01-01T00:00:00Z",
            ["2026-01-30T00:00:00", "2026-02-27T00:00:00", "2026-03-31T00:00:00"]
        ),
        ("0 0 0 L-3W * ?", "2026-02-01T00:00:00Z", ["2026-02-25T00:00:00", "2026-03-27T00:00:00"]),
        ("0 0 0 15W * ?", "2026-02-01T00:00:00Z", ["2026-02-16T00:00:00", "2026-03-16T00:00:00"]),
        ("0 0 0 1W * ?", "2026-08-01T00:00:00Z", ["2026-08-03T00:00:00", "2026-09-01T00:00:00"]),
        // 6 is Friday.
        ("0 15 10 ? * 6L", "2026-01-01T00:00:00Z", ["2026-01-30T10:15:00", "2026-02-27T10:15:00"]),
        ("0 15 10 ? * FRIL 2026-2027", "2027-12-01T00:00:00Z", ["2027-12-31T10:15:00"]),
        ("0 15 10 ? * 6#3", "2026-01-01T00:00:00Z", ["2026-01-16T10:15:00", "2026-02-20T10:15:00"]),
        ("0 0 12 1/5 * ?", "2026-01-27T00:00:00Z", ["2026-01-31T12:00:00", "2026-02-01T12:00:00"]),
        ("0 11 11 11 11 ?", "2026-01-01T00:00:00Z", ["2026-11-11T11:11:00", "2027-11-11T11:11:00"]),
        ("0 0 0 29 2 ? 2026/3", "2026-01-01T00:00:00Z", ["2032-02-29T00:00:00", "2044-02-29T00:00:00"]),
        (
            "0 0 22-2/2 1 JAN ?", "2026-01-01T00:00:00Z",
            ["2026-01-01T00:00:00", "2026-01-01T02:00:00", "2026-01-01T22:00:00"]
        ),
        ("0 0 0 1 1 ? 2026,2030", "2026-06-01T00:00:00Z", ["2030-01-01T00:00:00"]),
    ])
    func firesAsQuartz(_ text: String, _ from: String, _ wanted: [String]) throws {
        let count = text.contains("20") ? wanted.count + 1 : wanted.count
        let found = try fires(text, from: from, count: count)
        #expect(Array(found.prefix(wanted.count)) == wanted)
        if text.hasSuffix("2026-2027") || text.hasSuffix("2026,2030") { #expect(found == wanted, "its years are over") }
    }

    @Test(arguments: [
        ("0 15 10 ? * 6L", "at 10:15 on the last Friday of the month"),
        ("0 15 10 L-2 * ?", "at 10:15 on 2 days before the last of the month"),
        ("0 0 3 L-1W * ?", "at 03:00 on the weekday nearest to the day before the last of the month"),
        ("0 0/5 * * * ?", "every 5 minutes"),
        ("0 0 3 ? * MON-FRI 2026-2028,2030", "at 03:00 on Monday to Friday in 2026 to 2028 and 2030"),
        ("0 0 3 * * ? 2027", "at 03:00 every day in 2027"),
    ])
    func saysWhatItMeans(_ text: String, _ words: String) throws {
        let found = try schedule(text).words
        #expect(found.contains(words), "\(found)")
    }

    @Test(arguments: [
        ("0 0 12 * *", "it has 5 fields"), ("0 0 12 * * ? 2026 2027", "it has 8 fields"),
        ("0 0 12 * * *", "? in one of the two"), ("0 0 12 ? * ?", "? in one of the two"),
        ("0 0 12 1 * MON", "? in one of the two"), ("0 0 12 ? * 0", "days of week start at 1"),
        ("0 0 12 ? * 8", "days of week end at 7"), ("0 0 12 L-31 * ?", "0 to 30"), ("0 0 12 L- * ?", "0 to 30"),
        ("0 60 12 * * ?", "minutes end at 59"), ("0 0 12 * * ? 1969", "years start at 1970"),
        ("0 0 12 * * ? 2030-2026", "runs backwards"), ("0 0 H * * ?", "hour cannot be"), ("? 0 12 * * ?", "day fields"),
        ("0 0 12 30 2 ?", "never fires"), ("0 0 0 29 2 ? 2026,2027", "none of its years"), ("0 0 12 ? * 6#6", "1 to 5"),
        ("0 0 12 ? * 6W", "W is for the day of month"), ("0 0 12 6L * ?", "such as 6L"),
    ])
    func whatQuartzRefusesIsToldInWords(_ text: String, _ words: String) {
        let error = #expect(throws: ScheduleError.self) { try schedule(text) }
        #expect(error?.message.contains(words) == true, "\(String(describing: error?.message))")
    }

    /// What the audit recomputes with code of its own is what was planned, also across a change of clocks.
    @Test(arguments: ["0 0/30 2 * * ?", "0 30 2 ? * SUN", "0 0 0/2 L-2 * ? 2026-2027", "15 */20 1-3 ? 3,4,10 1"])
    func theAuditAgrees(_ text: String) throws {
        let schedule = try schedule(text, timezone: "Europe/Berlin")
        var job = JobDefinition(name: "j", schedule: schedule.definition, work: .handler)
        job.schedule.dialect = .quartz
        let scan = try #require(try DueScan(job, zones: .system))
        for (from, to) in [("2026-03-27", "2026-04-03"), ("2026-10-23", "2026-10-31")] {
            let start = try #require(Timestamp(iso8601: "\(from)T00:00:00Z"))
            let end = try #require(Timestamp(iso8601: "\(to)T00:00:00Z"))
            let planned = schedule.occurrences(after: start, through: end, limit: 10_000)
            #expect(!planned.isEmpty && Array(scan.instants(after: start, through: end)) == planned)
        }
    }

    @Test func otherDialectsHaveNoYears() throws {
        #expect(throws: ScheduleError.self) { try CronExpression("0 0 12 * * ? 2026", jobName: "j") }
        #expect(throws: ScheduleError.self) { try CronExpression("0 0 12 L-2 * ?", jobName: "j") }
        #expect(try CronExpression("0 0 * * 7", jobName: "j").days.ofWeek.members == [0])
    }
}
