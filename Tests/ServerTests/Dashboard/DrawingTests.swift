import Onebeat
import Testing

@testable import OnebeatServer

private let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!

private func member(_ name: String, _ definition: ScheduleDefinition) throws -> FireForecast.Member {
    FireForecast.Member(name: name, schedule: try Schedule(definition, jobName: name))
}

@Suite(.timeLimit(.minutes(1))) struct DrawingTests {
    @Test func whatFiresIsCountedHourByHour() throws {
        let forecast = FireForecast(
            [try member("a", .cron("30 13,14 * * *")), try member("b", .cron("15 * * * *"))], from: now,
            part: .seconds(3600), parts: 4)
        #expect(forecast.counts == [1, 2, 2, 1])
        let hourly = FireForecast([try member("c", .cron("0 * * * *"))], from: now, part: .seconds(3600), parts: 168)
        #expect(hourly.counts == Array(repeating: 1, count: 168))
        #expect(!forecast.isEstimated)
    }

    @Test func tenThousandJobsOfASecondCostNoMoreThanTheirShare() throws {
        let members = try (0..<10_000).map { try member("j\($0)", .every(.seconds(1))) }
        var forecast: FireForecast?
        let time = ContinuousClock().measure {
            forecast = FireForecast(members, from: now, part: .seconds(3600), parts: 168)
        }
        #expect(time < .seconds(10))
        #expect(forecast?.isEstimated == true)
        #expect(forecast?.counts.allSatisfy { abs($0 - 36_000_000) < 36_000 } == true)
        let rest = FireForecast(members, from: now, part: .seconds(3600), parts: 168, leavingOutFrequent: true)
        #expect(rest.counts.allSatisfy { $0 == 0 })
        #expect(rest.frequent.jobs == 10_000 && rest.frequent.pace == 36_000_000)
    }

    @Test func aPileUpIsToldOnceWithTheSpreadThatHelps() throws {
        let members =
            try (0..<7).map { try member("night\($0)", .cron("0 3 * * *")) }
            + (0..<2).map { try member("noon\($0)", .cron("0 13 * * *")) } + [try member("tick", .every(.seconds(60)))]
        let piles = FireForecast(members, from: now, part: .seconds(3600), parts: 168).pileUps
        #expect(piles.map(\.count) == [7])
        #expect(piles[0].days == 7)
        #expect("\(piles[0].at)" == "2026-11-24T03:00:00Z")
        #expect(piles[0].spread == .seconds(300))
    }

    @Test(
        arguments: [
            ([], nil, nil), ([5], 5, nil), ([5, 5, 5, 5, 9, 9, 9, 9], 5, nil),
            ([8, 8, 8, 8, 8, 4, 4, 4, 4, 4], 8, 2), ([4, 4, 4, 4, 4, 8, 8, 8, 8, 8], 4, 0.5),
            ([4, 4, 4, 4, 60, 4, 4, 4, 4, 4], 4, 1),
        ] as [([Int], Int?, Double?)])
    func aJobThatTakesLongerThanItDidIsSeen(_ seconds: [Int], _ usual: Int?, _ factor: Double?) {
        let runs = seconds.map { seconds in
            var run = Run(
                id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: now, dueAt: now,
                state: .succeeded)
            run.startedAt = now
            run.finishedAt = now + .seconds(seconds)
            return run
        }
        let trend = DurationTrend(runs)
        #expect(trend?.usual == usual.map { .seconds($0) })
        #expect(trend?.factor == factor)
    }

    @Test func aJobStandsRightOfAllThatItFollows() throws {
        let nodes = ["a", "b", "c", "d"].map { LayeredDrawing.Node(title: $0, detail: "", address: "/\($0)") }
        let edges = [(0, 1), (1, 2), (0, 3), (2, 3)].map { LayeredDrawing.Edge(from: $0.0, to: $0.1) }
        let svg = try #require(LayeredDrawing(nodes, edges)).html(label: "x").text
        let places = svg.matches(of: /<rect x="(\d+)"/).compactMap { Int($0.1) }
        #expect(places == places.sorted() && Set(places).count == 4)
        #expect(svg.components(separatedBy: "<path").count == 5)
    }

    @Test func whatGoesInACircleOrIsTooLargeIsNotDrawn() {
        func node(_ name: Int) -> LayeredDrawing.Node { .init(title: "\(name)", detail: "", address: "/") }
        #expect(LayeredDrawing([node(0), node(1)], [.init(from: 0, to: 1), .init(from: 1, to: 0)]) == nil)
        #expect(LayeredDrawing([node(0)], [.init(from: 0, to: 7)]) == nil)
        #expect(LayeredDrawing((0...LayeredDrawing.mostNodes).map(node), []) == nil)
        #expect(LayeredDrawing((0..<LayeredDrawing.mostNodes).map(node), []) != nil)
    }

    @Test func aNameInAPictureIsTextAndCut() throws {
        let name = "<script>alert(1)</script>" + String(repeating: "x", count: 170)
        let node = LayeredDrawing.Node(title: name, detail: "", address: Address.job(name))
        let svg = try #require(LayeredDrawing([node], [])).html(label: "\(name)").text
        #expect(!svg.contains("<script"))
        #expect(svg.contains(">&lt;script&gt;alert(1)&lt;/scr…</text>"))
    }

    @Test func theHourLineCountsByMinute() {
        var run = Run.example(.succeeded)
        run.startedAt = now - .seconds(61)
        var failed = Run.example(.failed)
        failed.startedAt = now - .seconds(1)
        var old = failed
        old.startedAt = now - .seconds(3600)
        let line = HourLine(now: now, runs: [run, failed, old], coming: [2, 0, 1])
        #expect(line.minutes[58].good == 1 && line.minutes[59].bad == 1)
        #expect(line.minutes.reduce(0) { $0 + $1.bad } == 1)
        #expect(line.minutes[60].coming == 2 && line.minutes[62].coming == 1)
    }

    @Test func durationsAreDrawnWithTheirPercentiles() throws {
        let runs = (1...20).map { number in
            var run = Run.example(.succeeded)
            run.startedAt = now
            run.finishedAt = now + .seconds(number)
            return run
        }
        let chart = DurationChart(runs)
        #expect(chart.percentile(50) == .seconds(10) && chart.percentile(95) == .seconds(19))
        #expect(chart.html?.text.contains("half took at most 10 s") == true)
        #expect(DurationChart([]).html == nil)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ScheduleTrialTests {
    private func trial(_ text: String, _ zone: String = "UTC") throws -> ScheduleTrial {
        try ScheduleTrial(text, timezone: zone, from: now, count: 5)
    }

    @Test func anExpressionIsCountedAndItsClockChangesFound() throws {
        let trial = try trial("30 2 * * *", "Europe/Berlin")
        #expect(trial.day.number == 1 && trial.week.number == 7 && trial.year.number == 366)
        #expect(
            trial.changes.map { "\($0.at) \($0.before) \($0.after)" } == [
                "2027-03-28T01:00:00Z +01:00 +02:00", "2027-10-31T01:00:00Z +02:00 +01:00",
            ])
        #expect(trial.changes.allSatisfy { $0.around.contains { $0.note != nil } })
        #expect(trial.shortest == .seconds(84_600) && trial.longest == .seconds(90_000))
    }

    @Test func otherFormsAreRead() throws {
        #expect(try ScheduleTrial.rhythm(in: "90s") == .every(.seconds(90)))
        #expect(try ScheduleTrial.rhythm(in: "every 2h") == .every(.seconds(7200)))
        #expect(try ScheduleTrial.rhythm(in: "@daily") == .cron(["@daily"]))
        let interval = "R3/2027-01-01T00:00:00Z/PT6H"
        #expect(try ScheduleTrial.rhythm(in: interval) == .repeat(interval))
        #expect(try trial(interval).next.count == 3)
    }

    @Test(arguments: [
        "", " ", "x", "61 * * * *", "* * * *", "0 0 30 2 *", "1ns", "R/x/y", String(repeating: "1,", count: 100_000),
        "<b>",
        "0 0 29 2 1#5", "R999999999999/0001-01-01T00:00:00Z/PT0.001S", "every every", "H H H H H H H",
    ])
    func whatIsNoScheduleIsSaidAndNothingTakesLong(text: String) {
        let time = ContinuousClock().measure { _ = try? trial(text) }
        #expect(time < .seconds(3), "\(text.prefix(40))")
    }

    @Test func theShortestRhythmIsCountedToAnEnd() throws {
        let trial = try trial("1ms", "America/New_York")
        #expect(trial.day == .init(number: 10_000, isMore: true))
        #expect(trial.changes.count == 2)
    }
}

extension Run {
    fileprivate static func example(_ state: RunState) -> Run {
        Run(
            id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: now, dueAt: now,
            state: state)
    }
}
