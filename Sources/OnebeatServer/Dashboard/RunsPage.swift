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
            \(older)
            """
        return Page(
            title: say("Runs"), place: .runs, refresh: filter.after == nil ? 30 : nil, now: now, content: content)
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

    private var older: HTML? {
        guard runs.count == filter.limit, let last = runs.last else { return nil }
        let query = Address.query(
            "/runs",
            [
                ("after", "\(last.id)"), ("job", filter.job), ("state", states), ("from", filter.from.map { "\($0)" }),
                ("before", filter.before.map { "\($0)" }),
            ])
        return "<p><a href=\"\(query)\">\(say("older runs"))</a></p>"
    }
}
