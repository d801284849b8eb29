import Foundation
import Testing

@testable import Onebeat

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-23T03:00:00+08:00", 1_795_374_000_000_000),
            ("2026-11-23", 1_795_392_000_000_000), ("2026-11-23T03:00-0930", 1_795_437_000_000_000),
            ("2026-11-23 03:00:00.25Z", 1_795_402_800_250_000), ("2026-11-23T03:00:00.1234567Z", 1_795_402_800_123_456),
            ("1969-12-31T23:59:59.999999Z", -1), ("0001-01-01T00:00:00Z", Timestamp.distantPast.microseconds),
            ("9999-12-31T23:59:59.999999Z", Timestamp.distantFuture.microseconds),
            ("2024-02-29t12:00:00z", 1_709_208_000_000_000),
            ("2026-11-23T03:00:00+08", 1_795_374_000_000_000),
        ] as [(String, Int64)])
    func readsISO8601(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-02-29", "2026-00-10", "2026-1-1", "0000-01-01", "2026-11-23T",
        "2026-11-23T24:00:00Z",
        "2026-11-23T03:60:00Z", "2026-11-23T03:00:60Z", "2026-11-23T03:00:00.Z", "2026-11-23T03:00:00+24:00",
        "2026-11-23T03:00:00+08:60", "2026-11-23T03:00:00Z ", "2026-11-23T03:00:00ZZ", "now", "２０２６-11-23",
    ])
    func refusesWhatIsNotAMoment(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1_500_000, "1970-01-01T00:00:01.5Z"),
            (1_795_402_800_000_000, "2026-11-23T03:00:00Z"),
        ] as [(Int64, String)])
    func writesUTC(_ microseconds: Int64, _ text: String) {
        #expect("\(Timestamp(microseconds: microseconds))" == text)
    }

    @Test func writtenAndReadAgainIsTheSame() {
        var random = SplitMix(seed: 7)
        for _ in 0..<5000 {
            let span = Timestamp.distantPast.microseconds...Timestamp.distantFuture.microseconds
            let moment = Timestamp(microseconds: .random(in: span, using: &random))
            #expect(Timestamp(iso8601: "\(moment)") == moment)
            #expect(Timestamp(iso8601: moment.text(offset: -34_200)) == moment)
        }
    }

    @Test func codesAsItsText() throws {
        let moment = Timestamp(microseconds: 1_795_402_800_250_000)
        let data = try JSONEncoder().encode([moment])
        #expect(String(decoding: data, as: UTF8.self) == #"["2026-11-23T03:00:00.25Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [moment])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["soon"]"#.utf8))
        }
    }

    @Test func arithmeticStaysInRange() {
        let moment = Timestamp(seconds: 100)
        #expect(moment + .milliseconds(1500) - .seconds(100) == Timestamp(microseconds: 1_500_000))
        #expect((moment + .seconds(7)).duration(since: moment) == .seconds(7))
        #expect(Timestamp(microseconds: .max) + .seconds(1) == Timestamp(microseconds: .max))
        #expect(Timestamp(microseconds: .min) - .seconds(1) == Timestamp(microseconds: .min))
        #expect(Timestamp(seconds: .min) < .distantPast)
        #expect(Timestamp(Date(timeIntervalSince1970: 1.5)).date == Date(timeIntervalSince1970: 1.5))
    }

    @Test func theCalendarAgreesWithADayByDayCount() throws {
        var date = CivilDate(year: 1899, month: 12, day: 31)
        let first = date.daysSince1970
        #expect(CivilDate(year: 1970, month: 1, day: 1).daysSince1970 == 0)
        #expect(CivilDate(year: 1970, month: 1, day: 1).weekday == 4)
        for day in 0..<60_000 {
            try #require(CivilDate(daysSince1970: first + day) == date && date.daysSince1970 == first + day)
            date.day += 1
            if date.day > CivilDate.length(ofMonth: date.month, year: date.year) {
                (date.month, date.day) = (date.month % 12 + 1, 1)
                if date.month == 1 { date.year += 1 }
            }
        }
    }
}

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("30s", .seconds(30)), ("1h30m", .seconds(5400)), ("250ms", .milliseconds(250)), ("2d", .seconds(172_800)),
            ("1w", .seconds(604_800)), ("0s", .zero), ("5us", .microseconds(5)),
        ] as [(String, Duration)])
    func readsLengths(_ text: String, _ length: Duration) {
        #expect(Duration(text: text) == length)
        #expect(Duration(text: length.text) == length)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "1m1h", "1h1h", "1.5h", "5x", "9999999999s", "5sec", "15652174w", "365001d",
        "365000d1us",
        "999999999w999999999d",
    ])
    func refusesOthers(_ text: String) {
        #expect(Duration(text: text) == nil)
    }
}

/// A small generator whose numbers are the same everywhere, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
