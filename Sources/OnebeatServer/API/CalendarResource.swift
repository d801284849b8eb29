import Onebeat

/// What fires in the coming week, where much comes at once, and what did not run in the weeks before, as JSON.
struct CalendarResource: Encodable {
    struct Frequent: Encodable {
        var jobs: Int
        var pace: Int
    }

    struct PileUp: Encodable {
        var at: Timestamp
        var count: Int
        var days: Int
        var jobs: [String]
        var spread: Double
    }

    struct Missing: Encodable {
        var day: String
        var job: String
        var state: RunState
        var count: Int
        var run: Int64
        var why: String?
    }

    var now: Timestamp
    /// When the first hour begins.
    var start: Timestamp
    /// How many starts each hour has.
    var hours: [Int]
    var isEstimated: Bool
    var jobs: Int
    /// Jobs that fire too often to be counted in the hours, and how many starts an hour they have together.
    var frequent: Frequent
    var pileUps: [PileUp]
    var missing: [Missing]
    /// Whether there are more of those that did not run.
    var isCut: Bool

    init(_ page: CalendarPage) {
        let forecast = page.forecast
        (now, start, hours, jobs) = (page.now, page.start, forecast.counts, page.jobs)
        (isEstimated, isCut) = (forecast.isEstimated, page.isCut)
        frequent = Frequent(jobs: forecast.frequent.jobs, pace: forecast.frequent.pace)
        pileUps = forecast.pileUps.map {
            PileUp(at: $0.at, count: $0.count, days: $0.days, jobs: $0.jobs, spread: $0.spread.inSeconds)
        }
        missing = page.missing.map { line in
            Missing(
                day: String("\(line.last.scheduledAt)".prefix(10)), job: line.job, state: line.state, count: line.count,
                run: line.last.id.value, why: line.last.message ?? line.last.reason?.sentence)
        }
    }
}
