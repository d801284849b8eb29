import Testing

@testable import Onebeat

@Suite struct CronExpressionTests {
    private static func minutes(_ field: String) throws -> [Int] {
        try CronExpression("\(field) * * * *", jobName: "j").minutes.members
    }

    @Test(arguments: [
        ("*/15", [0, 15, 30, 45]), ("5/20", [5, 25, 45]), ("10-20/5", [10, 15, 20]), ("58-2", [58, 59, 0, 1, 2]),
        ("50-10/10", [50, 0, 10]), ("1,2,2,1", [1, 2]), ("*/90", [0]), ("007", [7]), ("0-0", [0]),
    ])
    func minuteFields(_ field: String, _ wanted: [Int]) throws {
        #expect(try Self.minutes(field) == wanted.sorted())
    }

    @Test(arguments: [
        ("0", [0]), ("7", [0]), ("mon-fri", [1, 2, 3, 4, 5]), ("SAT-Mon", [6, 0, 1]), ("fri-sun", [5, 6, 0]),
        ("5-7", [5, 6, 0]), ("6-2", [6, 0, 1, 2]), ("7-2", [0, 1, 2]), ("*/2", [0, 2, 4, 6]), ("1/2", [1, 3, 5, 0]),
        ("mon,wed", [1, 3]), ("0-7", [0, 1, 2, 3, 4, 5, 6]), ("1-fri/2", [1, 3, 5]), ("?", [0, 1, 2, 3, 4, 5, 6]),
    ])
    func dayOfWeekFields(_ field: String, _ wanted: [Int]) throws {
        #expect(try CronExpression("0 0 * * \(field)", jobName: "j").days.ofWeek.members == wanted.sorted())
    }

    @Test(arguments: [
        ("nov-feb", [11, 12, 1, 2]), ("apr-8", [4, 5, 6, 7, 8]), ("jan/6", [1, 7]), ("*/5", [1, 6, 11]), ("12", [12]),
    ])
    func monthFields(_ field: String, _ wanted: [Int]) throws {
        #expect(try CronExpression("0 0 1 \(field) *", jobName: "j").days.months.members == wanted.sorted())
    }

    @Test(arguments: [
        ("@daily", "0 0 * * *"), ("@MIDNIGHT", "0 0 * * *"), ("@hourly", "0 * * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), (" 1\t2  * * * ", "1 2 * * *"),
    ])
    func meansTheSame(_ text: String, _ other: String) throws {
        var (a, b) = (try CronExpression(text, jobName: "j"), try CronExpression(other, jobName: "j"))
        (a.text, b.text) = ("", "")
        #expect(a == b)
    }

    /// Fires of an expression in UTC, as days of a month.
    private static func days(_ expression: String, _ month: String) throws -> [Int] {
        let schedule = try Schedule(.cron(expression), jobName: "j")
        let first = Timestamp(iso8601: "\(month)-01")!
        let all = schedule.occurrences(
            after: first - .microseconds(1), through: first + .seconds(31 * 86_400), limit: 40)
        return all.map { CivilTime(seconds: $0.seconds).date }.filter { "\($0)".hasPrefix(month) }.map(\.day)
    }

    @Test(arguments: [
        ("0 0 L * *", "2026-02", [28]), ("0 0 L * *", "2024-02", [29]), ("0 0 LW * *", "2026-05", [29]),
        ("0 0 LW * *", "2026-01", [30]), ("0 0 15W * *", "2026-08", [14]), ("0 0 1W * *", "2026-08", [3]),
        ("0 0 31W * *", "2026-05", [29]), ("0 0 30W * *", "2026-02", []), ("0 0 * * 5L", "2026-11", [27]),
        ("0 0 * * sunL", "2026-11", [29]), ("0 0 * * 1#2", "2026-11", [9]), ("0 0 * * fri#5", "2026-11", []),
        ("0 0 * * sun#5", "2026-11", [29]), ("0 0 * * 7#1,2L", "2026-11", [1, 24]),
        ("0 0 1,L * *", "2026-11", [1, 30]),
        // Either is enough, unless one starts with a star.
        ("0 0 13 * fri", "2026-11", [6, 13, 20, 27]), ("0 0 */13 * fri", "2026-11", [27]),
        ("0 0 13 * */5", "2026-11", [13]), ("0 0 10-16 * ?", "2026-11", [10, 11, 12, 13, 14, 15, 16]),
    ])
    func dayRules(_ expression: String, _ month: String, _ wanted: [Int]) throws {
        #expect(try Self.days(expression, month) == wanted)
    }

    @Test(arguments: [
        ("61 * * * *", 0, "minute is 61, but minutes end at 59"),
        ("* 24 * * *", 2, "hour is 24, but hours end at 23"),
        ("0 0 0 * *", 4, "day of month is 0, but days of month start at 1"),
        ("0 0 * 13 *", 6, "month is 13, but months end at 12"),
        ("0 0 * * 8", 8, "day of week is 8, but days of week end at 7"),
        ("60 * * * * *", 0, "second is 60, but seconds end at 59"),
        ("1.5 * * * *", 1, "\".\" where it cannot be"), ("1-2-3 * * * *", 3, "\"-\" where it cannot be"),
        ("* * * * 2#", 10, "after # comes the week of the month"), ("* * * * 2#6", 10, "1 to 5"),
        ("*/0 * * * *", 2, "the smallest step is 1"), ("*/ * * * *", 2, "after / comes the step"),
        ("1, * * * *", 2, "empty place"), (",1 * * * *", 0, "empty place"), ("5- * * * *", 2, "stops short"),
        ("* * * foo *", 6, "the names are jan, feb"), ("* * * * monday", 8, "the names are sun, mon"),
        ("x * * * *", 0, "it takes numbers"), ("* * * *", 7, "it has 4 fields"), ("", 0, "it has 0 fields"),
        ("* * * * * * 2026", 12, "it has 7 fields"), ("@reboot", 0, "not a time"), ("@every 5m", 0, "write every: 5m"),
        ("@never", 0, "there is no @never"), ("? * * * *", 0, "two day fields"), ("* * * * L", 8, "5L"),
        ("* * 5L * *", 5, "day of week only"), ("* * * * 5W", 9, "day of month only"),
        ("* * 1#1 * *", 5, "day of week only"),
        ("H( * * * *", 2, "stops short"), ("H(5-1) * * * *", 2, "runs backwards"), ("H(1-5 * * * *", 5, "not closed"),
        ("99999999999999999999 * * * *", 0, "but minutes end at 59"), ("é * * * *", 0, "where it cannot be"),
    ])
    func refusesWithThePlace(_ text: String, _ offset: Int, _ message: String) {
        #expect {
            try CronExpression(text, jobName: "j")
        } throws: { error in
            let error = error as! ScheduleError
            return error.setting == "cron" && error.text == text && error.offset == offset
                && error.message.contains(message)
        }
    }

    @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2,4 ?", "0 0 30W 2 *"])
    func whatNeverFiresIsRefused(_ text: String) {
        #expect { try CronExpression(text, jobName: "j") } throws: { ($0 as! ScheduleError).neverFires }
    }

    @Test func theErrorShowsItsPlace() {
        let error = #expect(throws: ScheduleError.self) { try CronExpression("0 61 * * *", jobName: "j") }
        #expect(error?.description == #"cron "0 61 * * *": hour is 61, but hours end at 23"#)
        #expect(error?.picture == "0 61 * * *\n  ^")
    }

    @Test func slotsAreStableAndSpreadOut() throws {
        let one = try CronExpression("H H * * *", jobName: "backup_daily")
        #expect(one.minutes.members == [Int(StableHash.of("backup_daily", salt: 1) % 60)])
        #expect(StableHash.of("", salt: 0x61) == 0xaf63_dc4c_8601_ec8c)
        let slots = try Set((0..<600).map { try CronExpression("H * * * *", jobName: "job\($0)").minutes })
        #expect(slots.count == 60)
        for name in (0..<50).map({ "job\($0)" }) {
            #expect(try CronExpression("H/15 * * * *", jobName: name).minutes.members.count == 4)
            #expect(try CronExpression("0 H(9-17) * * *", jobName: name).hours.members.allSatisfy((9...17).contains))
            #expect(try CronExpression("0 0 H * *", jobName: name).days.ofMonth.members.allSatisfy((1...28).contains))
        }
    }

    /// Whatever is typed is either understood or refused, quickly; nothing may crash or hang.
    @Test(.timeLimit(.minutes(1)))
    func anyTextIsAnswered() throws {
        var random = SplitMix(seed: 2026)
        let pieces = "0123456789*/,-?LW#H()@ \t.é".map(String.init) + ["mon", "jan", "* ", " 1", "60", "/5", "@daily"]
        let likely = ["*", "*/5", "1", "3,2", "5-2", "1/3", "H", "H/7", "?", "12", "jan", "31", "2"]
        var understood = 0
        let clock = ContinuousClock()
        var slowest = Duration.zero
        for round in 0..<20_000 {
            var text = ""
            if round % 2 == 0 {
                for _ in 0..<Int.random(in: 0...16, using: &random) { text += pieces.randomElement(using: &random)! }
            } else {
                let fields = (0..<5).map { _ in
                    Int.random(in: 0..<8, using: &random) == 0
                        ? pieces.randomElement(using: &random)! : likely.randomElement(using: &random)!
                }
                text = fields.joined(separator: " ")
            }
            let start = clock.now
            do {
                let cron = try CronExpression(text, jobName: "j")
                understood += 1
                #expect(cron.next(after: 0) != nil)
            } catch {
                let offset = error.offset ?? 0
                #expect(offset >= 0 && offset <= text.utf8.count && !error.message.isEmpty)
                _ = error.picture
            }
            slowest = max(slowest, clock.now - start)
        }
        #expect(understood > 100)
        // Ten milliseconds are the bound; the rest is for a busy machine.
        #expect(slowest < .milliseconds(500))
    }
}
