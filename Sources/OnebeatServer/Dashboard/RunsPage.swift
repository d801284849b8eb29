import Onebeat

/// Runs that fit a filter, newest first.
struct RunsPage {
    var now: Timestamp
    var filter: RunFilter
    /// The filter's states as they stood in the address.
    var states: String
    var runs: [Run]

    private static let trouble = "failed,timed_out,lost,dead,missed"

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(say("Runs"))</h1></div>
            <form action="/runs" role="search">
            <label>\(say("Job")) <input name="job" data-search value="\(filter.job ?? "")"></label>
            <label>\(say("State")) <select name="state">\(options)</select></label>
            <label>\(say("Due from")) <input name="from" value="\(filter.from.map { "\($0)" } ?? "")" placeholder="\(example)"></label>
            <label>\(say("before")) <input name="before" value="\(filter.before.map { "\($0)" } ?? "")"></label>
            <button>\(say("Show"))</button>
            </form>
            \(RunTable(runs: runs, words: Words(now: now)).html)
            \(turns)
            """
        return Page(
            title: say("Runs"), place: .runs, refresh: filter.after == nil && filter.newer == nil ? 30 : nil, now: now,
            content: content)
    }

    private var example: String { String("\(now)".prefix(10)) }

    private var options: [HTML] {
        let choices: [(String, HTML)] =
            [("", say("all")), (Self.trouble, say("failed or missed"))]
            + RunState.allCases.map { ($0.rawValue, $0.said) }
        let isOwn = !choices.contains { $0.0 == states }
        let own: [(String, HTML)] = isOwn ? [(states, "\(states)" as HTML)] : []
        return (choices + own).map { value, title in
            "<option value=\"\(value)\"\(value == states ? " selected" as HTML : "")>\(title)</option>"
        }
    }

    private var turns: HTML? {
        // Going back, one page less than a whole one is the first.
        let isFirst = filter.newer == nil ? filter.after == nil : runs.count < filter.limit
        let isLast = filter.newer == nil && runs.count < filter.limit
        let newer = isFirst ? nil : runs.first.map { turn("newer", $0.id, say("newer runs")) }
        let older = isLast ? nil : runs.last.map { turn("after", $0.id, say("older runs")) }
        return newer == nil && older == nil ? nil : "<p class=\"turning\">\(newer) \(older)</p>"
    }

    private func turn(_ direction: String, _ run: RunID, _ words: HTML) -> HTML {
        let query = Address.query(
            "/runs",
            [
                (direction, "\(run)"), ("job", filter.job), ("state", states), ("from", filter.from.map { "\($0)" }),
                ("before", filter.before.map { "\($0)" }),
            ])
        return "<a href=\"\(query)\">\(words)</a>"
    }
}
