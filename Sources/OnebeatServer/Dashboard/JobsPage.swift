import Onebeat

/// All jobs, by name, or those that were asked for.
struct JobsPage {
    struct Line {
        var job: JobRecord
        var schedule: String
        var next: Timestamp?
        var status: JobStatus?
        var health: JobHealth
        /// The newest first.
        var recent: [Run] = []
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
            <div class="title"><h1>\(say("Jobs"))</h1></div>
            <form action="/jobs" role="search"><label>\(say("Name contains")) \
            <input name="name" data-search value="\(selection.text ?? "")"></label>\
            <label>\(say("Health")) <select name="health">\(options)</select></label>\
            <label>\(say("Tag")) <input name="tag" value="\(selection.tag ?? "")"></label>\
            <label>\(say("Queue")) <input name="queue" value="\(selection.queue ?? "")"></label>\
            <label>\(say("Owner")) <input name="owner" value="\(selection.owner ?? "")"></label>\
            <button>\(say("Show"))</button></form>
            \(table)
            \(more)
            """
        return Page(title: say("Jobs"), place: .jobs, refresh: 30, now: now, content: content)
    }

    private var options: [HTML] {
        let choices: [(String, HTML)] =
            [("", say("any")), (JobSelection.look, say("needs a look"))]
            + JobHealth.State.allCases.map { ($0.rawValue, $0.said) }
        return choices.map { value, title in
            "<option value=\"\(value)\"\(value == selection.healthWord ? " selected" as HTML : "")>\(title)</option>"
        }
    }

    private var more: HTML? {
        guard let next else { return nil }
        let query = Address.query(
            "/jobs",
            [
                ("after", next), ("name", selection.text), ("health", selection.healthWord), ("tag", selection.tag),
                ("queue", selection.queue), ("owner", selection.owner),
            ])
        return "<p><a href=\"\(query)\">\(say("more jobs"))</a></p>"
    }

    private var table: HTML {
        HTML.table(
            ["Job", "Health", .wide("Due"), "Next", "Last", .wide("Last runs"), .why("Why")],
            lines.map { line in
                [
                    Address.link(job: line.job.name), line.health.state.badge, english(line.schedule), due(line),
                    last(line.status), RunStrip(runs: line.recent).html,
                    "<span class=\"why\">\(english(line.health.needsLook ? line.health.why : ""))</span>",
                ]
            }, otherwise: say("No job. Define some with <code>onebeat apply FILE</code>."))
    }

    private func due(_ line: Line) -> HTML {
        if line.job.definition.trouble != nil || line.job.isPaused { return "<span class=\"faint\">–</span>" }
        if line.next == nil, line.job.definition.hasDelay {
            return "<span class=\"faint\">\(say("after its run"))</span>"
        }
        return words.relative(line.next)
    }

    private func last(_ status: JobStatus?) -> HTML {
        guard let status else { return "<span class=\"faint\">\(say("never ran"))</span>" }
        let tone =
            switch status.status {
            case "success": "good"
            case "running": "busy"
            case "skipped", "cancelled": "calm"
            default: "bad"
            }
        return """
            <span class="badge \(tone)">\(say(Sentence(word: status.status.replacing("_", with: " "))))</span> \
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
