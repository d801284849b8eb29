import Foundation
import Testing

@testable import Onebeat

@Suite struct ScheduleTests {
    private static func moment(_ text: String) -> Timestamp { Timestamp(iso8601: text)! }

    private static func fires(_ definition: ScheduleDefinition, after: String, limit: Int = 3) throws -> [String] {
        let schedule = try Schedule(definition, jobName: "j")
        return schedule.occurrences(after: moment(after), through: .distantFuture, limit: limit).map(schedule.format)
    }

    // MARK: Rhythms

    @Test func aFixedRateIsTheSameOnAllNodes() throws {
        #expect(
            try Self.fires(.every(.seconds(45)), after: "2026-01-01T00:00:10.5Z", limit: 2)
                == ["2026-01-01T00:00:45+00:00", "2026-01-01T00:01:30+00:00"])
    }

    @Test func aFixedRateIsCountedFromItsStart() throws {
        let definition = ScheduleDefinition(.every(.seconds(3600)), start: Self.moment("2026-01-01T00:10:00Z"))
        #expect(
            try Self.fires(definition, after: "2025-06-01", limit: 2)
                == ["2026-01-01T00:10:00+00:00", "2026-01-01T01:10:00+00:00"])
    }

    @Test func aDelayFollowsTheEndOfTheRunBefore() throws {
        let schedule = try Schedule(.delay(.seconds(30)), jobName: "j")
        #expect(schedule.next(after: Self.moment("2026-01-01T00:00:10.5Z"))?.description == "2026-01-01T00:00:40.5Z")
        let later = try Schedule(.init(.delay(.seconds(30)), start: Self.moment("2026-02-01")), jobName: "j")
        #expect(later.next(after: Self.moment("2026-01-01"))?.description == "2026-02-01T00:00:00Z")
        #expect(later.next(after: Self.moment("2026-02-01"))?.description == "2026-02-01T00:00:30Z")
    }

    @Test func momentsFireInOrderAndOnce() throws {
        let (a, b) = (Self.moment("2026-05-01"), Self.moment("2026-04-01"))
        #expect(
            try Self.fires(.at(a, b, a), after: "2026-01-01") == [
                "2026-04-01T00:00:00+00:00", "2026-05-01T00:00:00+00:00",
            ])
    }

    @Test func flowsAndHandsKeepNoTime() throws {
        #expect(try Schedule(.after("a", "b"), jobName: "j").next(after: .distantPast) == nil)
        #expect(try Schedule(.manual, jobName: "j").next(after: .distantPast) == nil)
    }

    // MARK: Bounds, exceptions and spread

    @Test func startAndEndAreIncluded() throws {
        var definition = ScheduleDefinition.cron("0 * * * *")
        definition.start = Self.moment("2026-01-01T05:00:00Z")
        definition.end = Self.moment("2026-01-01T07:00:00Z")
        #expect(
            try Self.fires(definition, after: "2025-01-01", limit: 9).map { $0.dropFirst(11).prefix(2) } == [
                "05", "06", "07",
            ])
    }

    @Test(arguments: [
        (["2026-12-25"], ["2026-12-24", "2026-12-26", "2026-12-27"]),
        (["2026-12-24/2026-12-26"], ["2026-12-27", "2026-12-28", "2026-12-29"]),
        (["* * * * sat,sun"], ["2026-12-24", "2026-12-25", "2026-12-28"]),
        (["0 3 25 * *", "2026-12-26"], ["2026-12-24", "2026-12-27", "2026-12-28"]),
        (["* 4-23 * * *"], ["2026-12-24", "2026-12-25", "2026-12-26"]),
        (["@yearly"], ["2026-12-24", "2026-12-25", "2026-12-26"]),
    ])
    func exceptionsTakeInstantsAway(_ except: [String], _ days: [String]) throws {
        let definition = ScheduleDefinition(.cron(["30 0 3 * * *"]), timezone: "Asia/Shanghai", except: except)
        let other = ScheduleDefinition(.cron(["0 3 * * *"]), timezone: "Asia/Shanghai", except: except)
        #expect(try Self.fires(definition, after: "2026-12-23").map { String($0.prefix(10)) } == days)
        #expect(try Self.fires(other, after: "2026-12-23").map { String($0.prefix(10)) } == days)
    }

    /// Each takes tens of thousands of instants in a row away, and leaves some long after.
    @Test(arguments: [
        (["1-59 * * * * *", "0 1-59 * * * *", "0 0 1-23 * * *", "0 0 0 2-31 * *"], "2027-01-01T00:00:00Z"),
        (["*/2 * * * 1-11 *", "*/2 * * 1-24 12 *"], "2026-12-25T00:00:00Z"),
        (["*/2 * * 1-28 * *", "*/2 * * 30-31 * *", "*/2 * * 29 3-12,1 *"], "2028-02-29T00:00:00Z"),
        (["0-58 * * * *", "59 0-22 * * *", "59 23 1-30 * *", "59 23 31 1-11 *"], "2026-12-31T23:59:00Z"),
    ])
    func whatTakesThirtyThousandInstantsAwayIsNotTheEnd(_ except: [String], _ next: String) throws {
        let start = try #require(Timestamp(iso8601: "2026-12-01T10:00:00Z"))
        let instant = try #require(Timestamp(iso8601: next))
        for rhythm in [ScheduleDefinition.Rhythm.every(.seconds(2)), .cron(["*/2 * * * * *"])] {
            let schedule = try Schedule(ScheduleDefinition(rhythm, except: except), jobName: "j")
            #expect(schedule.next(after: start) == instant, "\(rhythm)")
        }
    }

    @Test func whatExceptionsTakeAwayForEverEnds() throws {
        let rhythms: [ScheduleDefinition.Rhythm] = [
            .every(.seconds(2)), .cron(["*/2 * * * * *"]), .cron(["0 12 * * *"]), .every(.seconds(7 * 2)),
        ]
        for rhythm in rhythms {
            let except = ["*/2 * * * * *"]
            let error = #expect(throws: ScheduleError.self) {
                try Schedule(ScheduleDefinition(rhythm, except: except), jobName: "j")
            }
            #expect(error?.neverFires == true)
        }
    }

    @Test func exceptionsHoldForEveryRhythm() throws {
        let every = ScheduleDefinition(
            .every(.seconds(1)), timezone: "Asia/Shanghai", except: ["2026-12-25/2027-12-24"])
        #expect(try Self.fires(every, after: "2026-12-24T15:59:59Z", limit: 1) == ["2027-12-25T00:00:00+08:00"])
        let delay = ScheduleDefinition(.delay(.seconds(60)), except: ["2026-12-25"])
        #expect(try Self.fires(delay, after: "2026-12-24T23:59:30Z", limit: 1) == ["2026-12-26T00:00:00+00:00"])
        let night = ScheduleDefinition(.every(.milliseconds(500)), except: ["*/10 * * * * *"])
        #expect(try Self.fires(night, after: "2026-12-24T23:59:59.5Z", limit: 1) == ["2026-12-25T00:00:01+00:00"])
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [["* * * * *"], ["* * * * * *"], ["0 0-23 * * *"], ["0001-01-01/9999-12-31"]])
    func aScheduleWithoutAnInstantIsRefused(_ except: [String]) {
        #expect {
            try Schedule(.init(.cron(["0 * * * *"]), except: except), jobName: "j")
        } throws: { ($0 as! ScheduleError).neverFires }
    }

    @Test func spreadPutsOffByAFixedShareAndKeepsTheOrder() throws {
        var definition = ScheduleDefinition.cron("0 * * * *")
        definition.spread = .seconds(600)
        let hour = Self.moment("2026-01-01T05:00:00Z")
        var delays: [Duration] = []
        for name in (0..<200).map({ "job\($0)" }) {
            let schedule = try Schedule(definition, jobName: name)
            delays.append(schedule.dueAt(for: hour).duration(since: hour))
            #expect(schedule.dueAt(for: hour + .seconds(3600)).duration(since: hour + .seconds(3600)) == delays.last)
            #expect(schedule.next(after: hour - .seconds(1)) == hour)
        }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < .seconds(600) })
        #expect(delays.min()! < .seconds(60) && delays.max()! > .seconds(540))
        definition.spread = .seconds(86_400)
        let wide = try Schedule(definition, jobName: "job1")
        #expect(wide.dueAt(for: hour) < hour + .seconds(3600))
    }

    @Test(
        arguments: [
            (ScheduleDefinition(.cron([])), "cron"), (.init(.at([])), "at"), (.init(.after([])), "after"),
            (.every(.zero), "every"), (.every(.seconds(-1)), "every"), (.delay(.microseconds(1)), "delay"),
            (.init(.manual, spread: .seconds(-1)), "spread"), (.init(.manual, except: ["christmas"]), "except"),
            (.init(.manual, except: ["2026-12-26/2026-12-24"]), "except"),
            (.init(.manual, except: ["* * * * 9"]), "except"),
            (.init(.manual, timezone: "Mars/Base"), "timezone"),
            (.cron("* * * * *", timezone: "Mars/Base"), "timezone"),
            (.init(.manual, start: Timestamp(seconds: 2), end: Timestamp(seconds: 1)), "end"),
            (.init(.at([Timestamp(seconds: 5)]), start: Timestamp(seconds: 6)), "at"),
        ] as [(ScheduleDefinition, String)])
    func whatCannotWorkIsRefused(_ definition: ScheduleDefinition, _ setting: String) {
        #expect { try Schedule(definition, jobName: "j") } throws: { ($0 as? ScheduleError)?.setting == setting }
    }

    // MARK: Words and previews

    @Test(arguments: [
        ("0 3 * * *", "at 03:00 every day"), ("*/5 * * * *", "every 5 minutes"),
        ("* * * * *", "every minute"), ("30 9 * * mon-fri", "at 09:30 on Monday to Friday"),
        ("0,30 8,20 * * *", "at 08:00, 08:30, 20:00 and 20:30 every day"),
        ("15 * * * *", "at minute 15 of every hour"),
        ("*/10 9-17 * * *", "every 10 minutes from 09:00 to 17:59 every day"),
        ("0 0 1 1 *", "at 00:00 on day 1 of the month in January"),
        ("0 0 L * *", "at 00:00 on the last day of the month"),
        ("0 0 13 * fri", "at 00:00 on day 13 of the month and on every Friday"),
        ("0 0 */13 * fri", "at 00:00 on day 1, 14 and 27 of the month where that is Friday"),
        ("0 12 * * 1#2", "at 12:00 on the second Monday of the month"),
        ("0 12 * * 5L", "at 12:00 on the last Friday of the month"),
        ("*/15 * * * * *", "every 15 seconds"), ("30 0 3 * * *", "at 03:00:30 every day"),
        ("0 22-2 * * sat,sun", "at 00:00, 01:00, 02:00, 22:00 and 23:00 on Saturday and Sunday"),
    ])
    func cronInWords(_ cron: String, _ words: String) throws {
        #expect(try Schedule(.cron(cron), jobName: "j").words == "\(words), UTC")
    }

    @Test func otherRhythmsInWords() throws {
        func words(_ definition: ScheduleDefinition) throws -> String { try Schedule(definition, jobName: "j").words }
        #expect(try words(.every(.seconds(90))) == "every 1m30s")
        #expect(try words(.delay(.seconds(30))) == "30s after the end of the run before")
        #expect(try words(.after("extract", "check")) == "after extract and check")
        #expect(try words(.manual) == "by hand only")
        #expect(
            try words(.init(.repeat("R10/2026-01-01T00:00:00Z/PT6H")))
                == "10 times from 2026-01-01T00:00:00+00:00 by PT6H, UTC")
        #expect(
            try words(
                .init(.cron(["@daily"]), timezone: "Asia/Shanghai", spread: .seconds(600), except: ["2026-12-25"]))
                == "at 00:00 every day, Asia/Shanghai, except 2026-12-25, spread over 10m")
    }

    struct Line: Equatable {
        var local: String
        var mark: Occurrence.Mark
    }

    @Test(arguments: [
        (
            "30 2 * * *", "2026-03-28T12:00:00Z",
            [Line(local: "2026-03-29T03:00:00+02:00", mark: .moved(from: "2026-03-29T02:30:00"))]
        ),
        (
            "0 * * * *", "2026-03-29T00:30:00Z",
            [
                Line(local: "2026-03-29T02:00:00", mark: .skipped),
                Line(local: "2026-03-29T03:00:00+02:00", mark: .plain),
            ]
        ),
        ("30 2 * * *", "2026-10-24T12:00:00Z", [Line(local: "2026-10-25T02:30:00+02:00", mark: .firstPass)]),
        (
            "30 * * * *", "2026-10-25T00:00:00Z",
            [
                Line(local: "2026-10-25T02:30:00+02:00", mark: .firstPass),
                Line(local: "2026-10-25T02:30:00+01:00", mark: .secondPass),
                Line(local: "2026-10-25T03:30:00+01:00", mark: .plain),
            ]
        ),
    ])
    func previewsExplainTheClocks(_ cron: String, _ after: String, _ wanted: [Line]) throws {
        let schedule = try Schedule(.cron(cron, timezone: "Europe/Berlin"), jobName: "j")
        let fires = wanted.filter { $0.mark != .skipped }.count
        let lines = schedule.preview(after: Self.moment(after), count: fires)
        #expect(lines.map { Line(local: $0.local, mark: $0.mark) } == wanted)
        #expect(lines.allSatisfy { ($0.mark == .plain) || $0.note?.isEmpty == false })
    }

    @Test func aFireThatStandsForAMissedOneSaysSo() throws {
        let schedule = try Schedule(.cron("0 1-5 * * *", timezone: "Europe/Berlin"), jobName: "j")
        let line = try #require(schedule.preview(after: Self.moment("2026-03-29T00:30:00Z"), count: 1).first)
        #expect(line.local == "2026-03-29T03:00:00+02:00" && line.mark == .plain)
        #expect(line.note?.contains("one fire for both") == true)
    }

    // MARK: Definitions as text

    @Test(arguments: [
        (
            ScheduleDefinition.cron("0 3 * * *", timezone: "Asia/Shanghai"),
            #"{"cron":["0 3 * * *"],"timezone":"Asia\/Shanghai"}"#
        ),
        (.every(.seconds(90)), #"{"every":"1m30s"}"#), (.manual, "{}"), (.after("a"), #"{"after":["a"]}"#),
        (.at(Timestamp(seconds: 0)), #"{"at":["1970-01-01T00:00:00Z"]}"#),
        (
            .init(
                .delay(.seconds(1)), start: Timestamp(seconds: 0), spread: .seconds(5), except: ["2026-12-25"],
                daylightSaving: .init(gap: .skip)),
            #"{"delay":"1s","dst":{"gap":"skip","overlap":"first"},"except":["2026-12-25"],"spread":"5s","start":"1970-01-01T00:00:00Z"}"#
        ),
    ])
    func definitionsAreWrittenAsTheirConfiguration(_ definition: ScheduleDefinition, _ text: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(definition), as: UTF8.self) == text)
    }
}
