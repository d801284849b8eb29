import Onebeat

/// All jobs, by name, or those that were asked for.
struct JobsPage {
    struct Line {
        var job: JobRecord
        var schedule: String
        var next: Timestamp?
        var status: JobStatus?
        var health: JobHealth
    }

    /// How many jobs one page has.
    static let most = 50
    static let parameters = ["name", "after", "health", "tag", "queue", "owner"]

    var now: Timestamp
    var lines: [Line]
    /// What was asked for.
    var selection: JobSelection
    /// Where the next page starts.
    var next: String?

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>Jobs</h1></div>
            <form action="/jobs"><label>Name contains <input name="name" value="\(selection.text ?? "")"></label>\
            <label>Health <select name="health">\(options)</select></label>\
            <label>Tag <input name="tag" value="\(selection.tag ?? "")"></label>\
            <label>Queue <input name="queue" value="\(selection.queue ?? "")"></label>\
            <label>Owner <input name="owner" value="\(selection.owner ?? "")"></label>\
            <button>Show</button></form>
            \(table)
            \(more)
            """
        return Page(title: "Jobs", place: .jobs, now: now, content: content)
    }

    private var options: [HTML] {
        let choices =
            [("", "any"), (JobSelection.look, "needs a look")]
            + JobHealth.State.allCases.map { ($0.rawValue, $0.rawValue) }
        return choices.map { value, title in
            "<option value=\"\(value)\"\(value == selection.healthWord ? " selected" as HTML : "")>\(title)</option>"
        }
    }

    private var more: HTML? {
        guard let next else { return nil }
        let parts = [
            ("after", next), ("name", selection.text ?? ""), ("health", selection.healthWord),
            ("tag", selection.tag ?? ""),
            ("queue", selection.queue ?? ""), ("owner", selection.owner ?? ""),
        ]
        let query = parts.filter { !$0.1.isEmpty }.map { "\($0.0)=\(Address.encoded($0.1))" }.joined(separator: "&")
        return "<p><a href=\"/jobs?\(query)\">more jobs</a></p>"
    }

    private var table: HTML {
        HTML.table(
            ["Job", "Health", .wide("Due"), "Next", "Last", .why("Why")],
            lines.map { line in
                [
                    Address.link(job: line.job.name), line.health.state.badge, "\(line.schedule)", due(line),
                    last(line.status), "<span class=\"why\">\(line.health.needsLook ? line.health.why : "")</span>",
                ]
            }, otherwise: "No job. Define some with <code>onebeat apply FILE</code>.")
    }

    private func due(_ line: Line) -> HTML {
        if line.job.definition.trouble != nil || line.job.isPaused { return "<span class=\"faint\">–</span>" }
        if line.next == nil, line.job.definition.hasDelay { return "<span class=\"faint\">after its run</span>" }
        return words.relative(line.next)
    }

    private func last(_ status: JobStatus?) -> HTML {
        guard let status else { return "<span class=\"faint\">never ran</span>" }
        let tone =
            switch status.status {
            case "success": "good"
            case "running": "busy"
            case "skipped", "cancelled": "calm"
            default: "bad"
            }
        return """
            <span class="badge \(tone)">\(status.status.replacing("_", with: " "))</span> \
            \(words.relative(status.lastRunAt))
            """
    }
}

extension JobSelection {
    /// Stands for all that need a look, where states are named.
    static let look = "look"

    /// What the address asks for.
    /// - Throws: ``Problem`` for a health that there is not.
    init(_ query: QueryReader) throws {
        self.init()
        text = query.text("name")
        tag = query.text("tag")
        queue = query.text("queue")
        owner = query.text("owner")
        for word in (query.text("health") ?? "").split(separator: ",").map(String.init) {
            if word == Self.look {
                needsLook = true
            } else if let state = JobHealth.State(rawValue: word) {
                states.insert(state)
            } else {
                let known = ([Self.look] + JobHealth.State.allCases.map(\.rawValue)).joined(separator: ", ")
                throw Problem(.badRequest, "health names \"\(word)\"; \(known) will do")
            }
        }
    }

    /// The health as the address says it.
    var healthWord: String {
        ((needsLook ? [Self.look] : []) + JobHealth.State.allCases.filter(states.contains).map(\.rawValue))
            .joined(separator: ",")
    }
}
