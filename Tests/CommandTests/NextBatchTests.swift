import Onebeat
import Testing

@testable import OnebeatCLI

@Suite("next --batch")
struct NextBatchTests {
    private func answer(_ line: String) -> String { NextBatch.answer(to: line, now: Timestamp(seconds: 0)) }

    @Test func aLineIsAnsweredOnTheWallClockOfItsZone() {
        #expect(
            answer(#"{"cron":"0 3 * * *","timezone":"Asia/Shanghai","after":"2026-11-22T00:00:00Z","count":2}"#)
                == #"{"next":["2026-11-23T03:00:00+08:00","2026-11-24T03:00:00+08:00"]}"#)
    }

    @Test func aMomentWithoutAnOffsetIsReadOnTheWallClock() {
        #expect(
            answer(#"{"cron":"0 3 * * *","timezone":"Asia/Shanghai","after":"2026-11-22T02:59","count":1}"#)
                == #"{"next":["2026-11-22T03:00:00+08:00"]}"#)
    }

    /// Two misspelt keys were two questions that nobody had asked.
    @Test func aKeyThatIsNotKnownIsSaid() {
        #expect(
            answer(#"{"cron":"0 3 * * *","time_zone":"Asia/Shanghai"}"#)
                == #"{"error":"there is no key \"time_zone\"; cron, timezone, dialect, after, count will do"}"#)
    }

    /// 13 and Friday: Celery wants both.
    @Test func aLineMayNameWhoseRulesItHas() {
        let line = #"{"cron":"0 0 13 * 5","dialect":"DIALECT","after":"2026-01-01","count":1}"#
        #expect(answer(line.replacing("DIALECT", with: "celery")) == #"{"next":["2026-02-13T00:00:00+00:00"]}"#)
        #expect(answer(line.replacing("DIALECT", with: "debian")) == #"{"next":["2026-01-02T00:00:00+00:00"]}"#)
        #expect(
            answer(line.replacing("DIALECT", with: "vixie"))
                == #"{"error":"dialect \"vixie\" is not known; debian, celery, quartz will do"}"#)
    }

    @Test func severalExpressionsAreOneSchedule() {
        #expect(
            answer(#"{"cron":["0 3 * * *","0 2 * * *"],"after":"2026-11-22","count":2}"#)
                == #"{"next":["2026-11-22T02:00:00+00:00","2026-11-22T03:00:00+00:00"]}"#)
    }

    @Test func aMemberThatNeverFiresTakesNothingFromTheOthers() {
        #expect(
            answer(#"{"cron":["0 0 30 2 *","0 3 * * *"],"after":"2026-11-22","count":1}"#)
                == #"{"next":["2026-11-22T03:00:00+00:00"]}"#)
        #expect(answer(#"{"cron":["0 0 30 2 *","0 0 31 4 *"]}"#) == #"{"next":[]}"#)
        #expect(answer(#"{"cron":["0 0 30 2 *","61 * * * *"]}"#).contains("minute is 61"))
    }

    @Test func anExpressionThatNeverFiresHasNoNext() {
        #expect(answer(#"{"cron":"0 0 30 2 *"}"#) == #"{"next":[]}"#)
    }

    @Test(arguments: [
        (#"{"cron":"61 * * * *"}"#, "minute is 61"),
        (#"{"cron":"0 3 * * *","timezone":"Europe/Berln"}"#, "Europe/Berlin"),
        (#"{"cron":"0 3 * * *","after":"yesterday"}"#, "is not a moment"),
        (#"{"cron":"0 3 * * *","count":0}"#, "count is 0"),
        (#"{"timezone":"UTC"}"#, #"key \"cron\" is missing"#),
        (#"{"cron":5}"#, "wrong type"),
        (#"[1]"#, "not a JSON object"),
        ("hello", "not JSON"),
        ("{\"cron\": \"0 3 * * *\", \u{0}", "not JSON"),
    ])
    func aBadLineIsAnsweredWithItsError(_ line: String, _ words: String) {
        let answer = answer(line)
        #expect(answer.hasPrefix(#"{"error":"#))
        #expect(answer.contains(words))
    }
}

@Suite("Moments on the command line")
struct MomentTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func read(_ text: String, zone: String = "Europe/Berlin") throws -> Timestamp {
        try Moment.read(text, option: "--at", on: .clock(of: zone), now: now)
    }

    @Test func aLengthOfTimeIsSoLongAgo() throws {
        #expect(try read("2h") == now - .seconds(7200))
        #expect(try read("now") == now)
    }

    @Test(arguments: [
        ("2026-11-23T03:00", "2026-11-23T02:00:00Z"),
        ("2026-07-23 03:00:05", "2026-07-23T01:00:05Z"),
        ("2026-11-23", "2026-11-22T23:00:00Z"),
        ("2026-11-23T03:00:00-05:00", "2026-11-23T08:00:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
    ])
    func withoutAnOffsetTheWallClockCounts(_ text: String, _ utc: String) throws {
        #expect(try read(text) == Timestamp(iso8601: utc))
    }

    /// It is 2027-01-15, a Friday, 09:00 in Berlin.
    @Test(arguments: [
        ("03:00", "2027-01-15T02:00:00Z"), ("10:30", "2027-01-14T09:30:00Z"), ("yesterday 3am", "2027-01-14T02:00:00Z"),
        ("3 pm yesterday", "2027-01-14T14:00:00Z"), ("last friday", "2027-01-07T23:00:00Z"),
        ("friday", "2027-01-14T23:00:00Z"), ("last mon at 18:30", "2027-01-11T17:30:00Z"),
        ("next tuesday noon", "2027-01-19T11:00:00Z"), ("tomorrow", "2027-01-15T23:00:00Z"),
        ("2 hours ago", "2027-01-15T06:00:00Z"), ("an hour ago", "2027-01-15T07:00:00Z"),
        ("2027-01-02 03:00", "2027-01-02T02:00:00Z"), ("12am", "2027-01-14T23:00:00Z"),
        ("today 12:15pm", "2027-01-15T11:15:00Z"), ("last night", "2027-01-13T23:00:00Z"),
    ])
    func aMomentIsReadAsItIsSaid(_ text: String, _ utc: String) throws {
        #expect(try read(text) == Timestamp(iso8601: utc))
    }

    @Test(arguments: [
        "25:00", "3", "13pm", "0am", "last", "yesterday today", "03:00 04:00", "fri day", "", " ", "-1:00", "ago",
        "99999999999999999999 hours ago", "3:60", "next", "2027-13-01",
    ])
    func whatIsNoMomentIsRefused(_ text: String) {
        #expect(throws: CommandFailure.self) { try read(text) }
    }

    @Test func anythingElseIsRefusedInWords() throws {
        let failure = try #require(throws: CommandFailure.self) { try read("someday") }
        #expect(failure.message.contains("--at \"someday\" is not a moment"))
        #expect(failure.exit == .badData)
    }
}
