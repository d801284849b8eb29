import Foundation
import Onebeat

/// What fires when in the coming week, where much comes at once, and what did not run in the weeks before.
struct CalendarPage {
    static let days = 7
    static let backDays = 14
    static let mostMissing = 200
    /// How many runs of each state it looks at.
    static let mostRuns = 300
    /// What did not run. Runs that failed did: there may be a thousand of them a day, and none is looked through for these.
    static let missingStates: [RunState] = [.missed, .lost, .dead]

    /// A day of a job on which something did not run.
    struct Missing: Equatable {
        var job: String
        var state: RunState
        var count: Int
        var last: Run
    }

    var now: Timestamp
    /// The hour in which the week begins.
    var start: Timestamp
    var forecast: FireForecast
    var jobs: Int
    var missing: [Missing] = []
    var isCut = false

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(say("Calendar"))</h1></div>
            \(HTML.section("What fires in the coming week", week))
            \(HTML.section("Much at once", piles))
            \(HTML.section("Did not run in the past two weeks", missingTable))
            """
        return Page(title: say("Calendar"), place: .calendar, now: now, content: content)
    }

    private var week: HTML {
        let most = forecast.counts.max() ?? 0
        let left: HTML? =
            forecast.frequent.jobs > 0
            ? "<p class=\"empty\">\(say("\(forecast.frequent.jobs) more jobs fire more often than every 10 minutes, about \(forecast.frequent.pace) times an hour together; they are not drawn."))</p>"
            : nil
        guard most > 0 else { return "<p class=\"empty\">\(say("Nothing else fires by itself."))</p>\(left)" }
        let heads = (0..<24).map { "<span>\($0.isMultiple(of: 3) ? "\($0)" : "")</span>" as HTML }
        // The first row begins at midnight, so that a column is an hour of the day.
        let midnight = Timestamp(seconds: Int64(start.seconds / 86_400 * 86_400))
        let rows = (0...Self.days).map { day in
            let date = midnight + .seconds(day * 86_400)
            let cells = (0..<24).map { hour in cell(date + .seconds(hour * 3600), most) }
            return "<span class=\"day\">\("\(date)".dropFirst(5).prefix(5))</span>\(cells)" as HTML
        }
        let about = forecast.isEstimated ? say("about \(total)") : "\(total)"
        let busiest = forecast.counts.enumerated().max { ($0.element, $1.offset) < ($1.element, $0.offset) }
        let hour = busiest.map { words.clock(start + .seconds($0.offset * 3600)) }
        return """
            <p class="lead">\(say("\(about) starts of \(jobs - forecast.frequent.jobs) jobs; the busiest hour begins at \(hour ?? "") and has \(most).")) \
            \(say("Hours are UTC."))</p>
            <div class="heat" role="img" aria-label="\(say("Starts by hour"))"><span></span>\(heads)\(rows)</div>\(left)
            """
    }

    private var total: Int { forecast.counts.reduce(0) { $0.addingReportingOverflow($1).partialValue } }

    private func cell(_ hour: Timestamp, _ most: Int) -> HTML {
        let place = Int(saturating: hour.duration(since: start).inSeconds / 3600)
        guard hour >= start, forecast.counts.indices.contains(place) else { return "<i class=\"none\"></i>" }
        let count = forecast.counts[place]
        // By orders of magnitude: a few starts a day matter as much as a thousand.
        let steps = 5.0
        let level = count == 0 ? 0 : 1 + Int(saturating: (steps - 1) * log(count) / max(log(most), 0.001))
        return
            "<i class=\"h\(min(max(level, 0), 5))\" title=\"\("\(hour)".dropFirst(5).prefix(11).replacing("T", with: " ")): \(count)\"></i>"
    }

    private func log(_ count: Int) -> Double { Foundation.log(Double(max(count, 1))) }

    private var piles: HTML {
        let lines = forecast.pileUps.map { pile in
            let names = pile.jobs.map(Address.link(job:))
            let list: HTML = "\(names.enumerated().map { $0 == 0 ? $1 : ", \($1)" as HTML })"
            let rest = pile.count - pile.jobs.count
            let who = rest > 0 ? say("\(list) and \(rest) more") : list
            let days =
                pile.days > 1 ? say("on \(pile.days) days, first at \(words.clock(pile.at))") : words.clock(pile.at)
            let spread: HTML = "<code>spread: \(pile.spread.text)</code>"
            return """
                <li>\(say("\(pile.count) jobs start in one minute (\(days)): \(who).")) \
                \(say("\(spread) on them leaves about \(max(1, pile.count * 60 / Int(saturating: pile.spread.inSeconds))) a minute."))</li>

                """ as HTML
        }
        if lines.isEmpty {
            return "<p class=\"empty\">\(say("No minute has three or more jobs that start at once."))</p>"
        }
        return "<ul>\(lines)</ul>"
    }

    private var missingTable: HTML {
        let rest: HTML? = isCut ? "<p class=\"empty\">\(say("There are more; these are the newest."))</p>" : nil
        let table = HTML.table(
            ["Day", "Job", "What", "How often", .why("Why")],
            missing.map { line in
                [
                    "\("\(line.last.scheduledAt)".prefix(10))", Address.link(job: line.job),
                    "<a href=\"\(Address.run(line.last.id))\">\(line.state.badge)</a>", "\(line.count)",
                    "<span class=\"why\">\(line.last.why)</span>",
                ]
            }, otherwise: say("All that was due was started."))
        return "\(table)\(rest)"
    }

    /// Reads what it shows.
    static func read(_ store: any Store, _ readings: SharedReadings) async throws -> CalendarPage {
        let snapshot = try await readings.snapshot()
        let week = readings.week(of: snapshot)
        let start = snapshot.now - .seconds(backDays * 86_400)
        var found: [Run] = []
        var isCut = false
        for state in missingStates {
            // The newest of all time are looked at, and not all since then: how many there are of those nobody knows.
            let newest = try await store.runs(RunFilter(states: [state], limit: mostRuns))
            found += newest.filter { $0.scheduledAt >= start }
            if newest.count == mostRuns, let last = newest.last, last.scheduledAt >= start { isCut = true }
        }
        let missing = missing(found.sorted { $0.id > $1.id })
        return CalendarPage(
            now: snapshot.now, start: week.start, forecast: week.forecast, jobs: week.jobs,
            missing: Array(missing.prefix(mostMissing)), isCut: isCut || missing.count > mostMissing)
    }

    /// Of runs that did not run, one line a day, job and state; the newest first.
    static func missing(_ runs: [Run]) -> [Missing] {
        var lines: [Missing] = []
        var places: [String: Int] = [:]
        for run in runs where missingStates.contains(run.state) {
            let key = "\("\(run.scheduledAt)".prefix(10)) \(run.state.rawValue) \(run.job)"
            if let place = places[key] {
                lines[place].count += run.count
            } else {
                places[key] = lines.count
                lines.append(Missing(job: run.job, state: run.state, count: run.count, last: run))
            }
        }
        return lines
    }
}
