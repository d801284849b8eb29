import Testing

@testable import Onebeat

/// Laws of the search that hold for any expression in any zone.
@Suite struct CronSearchTests {
    static let cases: [(String, String)] = [
        "*/7 * * * *", "0 9 * * mon-fri", "30 2 1 * *", "15,45 */3 * * *", "0 0 L * *", "59 23 31 12 *", "0 12 13 * 5",
        "*/25 30 1-3 * * *", "0 4 * * 1#1", "20 2 15W * *",
    ].flatMap { cron in ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"].map { (cron, $0) } }

    @Test(arguments: cases)
    func nextIsLaterAndNeverGoesBack(_ cron: String, _ zone: String) throws {
        let schedule = try Schedule(.cron(cron, timezone: zone), jobName: "j")
        var random = SplitMix(seed: 3)
        for _ in 0..<300 {
            let a = Timestamp(microseconds: .random(in: 0...4_000_000_000_000_000, using: &random))
            let b = a + .seconds(Int64.random(in: 0...200_000, using: &random))
            let (nextA, nextB) = (try #require(schedule.next(after: a)), try #require(schedule.next(after: b)))
            #expect(nextA > a && nextB > b && nextA <= nextB)
            // Nothing lies in between: asked again just before, the answer is the same.
            #expect(schedule.next(after: nextA - .microseconds(1)) == nextA)
            if nextA > b { #expect(nextA == nextB) }
        }
    }

    @Test(arguments: cases)
    func aSplitPeriodHasTheSameInstants(_ cron: String, _ zone: String) throws {
        let schedule = try Schedule(.cron(cron, timezone: zone), jobName: "j")
        let (start, end) = (Timestamp(iso8601: "2024-03-30")!, Timestamp(iso8601: "2024-04-09")!)
        let whole = schedule.occurrences(after: start, through: end, limit: .max)
        var random = SplitMix(seed: 9)
        for _ in 0..<10 {
            let cut = Timestamp(seconds: .random(in: Int64(start.seconds)...Int64(end.seconds), using: &random))
            let parts =
                schedule.occurrences(after: start, through: cut, limit: .max)
                + schedule.occurrences(after: cut, through: end, limit: .max)
            #expect(parts == whole)
        }
    }

    @Test func aListOfExpressionsIsTheirUnion() throws {
        let both = try Schedule(.cron("*/10 * * * *", "*/15 * * * *"), jobName: "j")
        let start = Timestamp(seconds: 0)
        let found = both.occurrences(after: start, through: start + .seconds(3600), limit: .max).map { $0.seconds / 60 }
        #expect(found == [10, 15, 20, 30, 40, 45, 50, 60])
    }

    @Test(arguments: [
        ("0 0 29 2 *", "2097-01-01", "2104-02-29T00:00:00Z"), ("0 0 29 2 */7", "2024-03-01", "2032-02-29T00:00:00Z"),
        ("0 0 31 12 *", "2026-12-31T00:00:00Z", "2027-12-31T00:00:00Z"),
        ("0 0 * * *", "1969-12-31T12:00:00Z", "1970-01-01T00:00:00Z"),
        ("5 4 3 2 *", "0001-01-01", "0001-02-03T04:05:00Z"),
    ])
    func findsFarInstants(_ cron: String, _ after: String, _ wanted: String) throws {
        #expect(try Schedule(.cron(cron), jobName: "j").next(after: Timestamp(iso8601: after)!)?.description == wanted)
    }

    @Test func thereIsNothingAfterYear9999() throws {
        let schedule = try Schedule(.cron("0 0 * * *", timezone: "Europe/Berlin"), jobName: "j")
        #expect(schedule.next(after: .distantFuture) == nil)
        #expect(schedule.next(after: Timestamp(microseconds: .max)) == nil)
        #expect(schedule.next(after: Timestamp(iso8601: "9998-06-01")!)?.description == "9998-06-01T22:00:00Z")
        #expect(schedule.next(after: Timestamp(microseconds: .min)) != nil)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["0 0 29 2 *", "0 0 29 2 */7", "0 0 30 2,4 1#5", "59 59 23 31 12 *"])
    func theRarestIsFoundQuickly(_ cron: String) throws {
        let clock = ContinuousClock()
        let schedule = try Schedule(.cron(cron, timezone: "Europe/Berlin"), jobName: "j")
        let best = (0..<5).map { _ in clock.measure { _ = schedule.next(after: Timestamp(iso8601: "2897-01-01")!) } }
            .min()!
        #expect(best < .milliseconds(10))
    }
}
