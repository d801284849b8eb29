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
            <div class="title"><h1>Runs</h1></div>
            <form action="/runs">
            <label>Job <input name="job" value="\(filter.job ?? "")"></label>
            <label>State <select name="state">\(options)</select></label>
            <label>Due from <input name="from" value="\(filter.from.map { "\($0)" } ?? "")" placeholder="\(example)"></label>
            <label>before <input name="before" value="\(filter.before.map { "\($0)" } ?? "")"></label>
            <button>Show</button>
            </form>
            \(RunTable(runs: runs, words: Words(now: now)).html)
            \(older)
            """
        return Page(title: "Runs", place: .runs, now: now, content: content)
    }

    private var example: String { String("\(now)".prefix(10)) }

    private var options: [HTML] {
        let choices =
            [("", "all"), (Self.trouble, "failed or missed")] + RunState.allCases.map { ($0.rawValue, $0.words) }
        let isOwn = !choices.contains { $0.0 == states }
        return (choices + (isOwn ? [(states, states)] : [])).map { value, title in
            "<option value=\"\(value)\"\(value == states ? " selected" as HTML : "")>\(title)</option>"
        }
    }

    private var older: HTML? {
        guard runs.count == filter.limit, let last = runs.last else { return nil }
        var parameters = ["after=\(last.id)"]
        if let job = filter.job { parameters.append("job=\(Address.encoded(job))") }
        if !states.isEmpty { parameters.append("state=\(Address.encoded(states))") }
        if let from = filter.from { parameters.append("from=\(Address.encoded("\(from)"))") }
        if let before = filter.before { parameters.append("before=\(Address.encoded("\(before)"))") }
        return "<p><a href=\"/runs?\(parameters.joined(separator: "&"))\">older runs</a></p>"
    }
}
