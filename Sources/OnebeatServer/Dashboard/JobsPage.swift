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

    /// How many jobs one page has, and how many that need a look stand before the others on the first one.
    static let most = 50
    static let mostLooks = 10
    static let parameters = ["name", "after", "before", "health", "tag", "queue", "owner"]

    var now: Timestamp
    var hand: Hand
    /// Those that need a look, the worst first, where all jobs are listed and this is the first page.
    var looks: [Line] = []
    /// How many need a look in all.
    var allLooks = 0
    var lines: [Line]
    /// What was asked for.
    var selection: JobSelection
    /// Where the page before ends.
    var previous: String?
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
            \(looks.isEmpty ? nil : HTML.section("Needs a look", more: allLooks > looks.count ? more : "", table(looks)))
            \(table(lines))
            \(turns)
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

    private var turns: HTML? {
        let before = previous.map { turn("before", $0, say("jobs before")) }
        let after = next.map { turn("after", $0, say("more jobs")) }
        return before == nil && after == nil ? nil : "<p class=\"turning\">\(before) \(after)</p>"
    }

    private func turn(_ direction: String, _ name: String, _ words: HTML) -> HTML {
        let query = Address.query(
            "/jobs",
            [
                (direction, name), ("name", selection.text), ("health", selection.healthWord), ("tag", selection.tag),
                ("queue", selection.queue), ("owner", selection.owner),
            ])
        return "<a href=\"\(query)\">\(words)</a>"
    }

    private var more: HTML {
        " <a class=\"more\" href=\"/jobs?health=look\">\(say("all \(allLooks) of them"))</a>"
    }

    private func why(_ line: Line) -> HTML? {
        guard line.health.needsLook, !line.health.why.isEmpty else { return nil }
        return "<span class=\"why\">\(english(line.health.why))</span>"
    }

    /// What can be done with a job, where its reader may.
    private func acts(_ line: Line) -> HTML {
        let (job, place) = (line.job, Address.job(line.job.name))
        guard hand.visitor.mayAct(on: job.name) else { return "" }
        let pause = hand.button(job.isPaused ? "Resume" : "Pause", to: "\(place)/\(job.isPaused ? "resume" : "pause")")
        if job.definition.signal != nil || job.isAlert { return "<div class=\"acts small\">\(pause)</div>" }
        let run = hand.button("Run now", to: "\(place)/trigger", fields: [("request_id", RequestName.fresh())])
        return "<div class=\"acts small\">\(run)\(pause)</div>"
    }

    private func table(_ lines: [Line]) -> HTML {
        HTML.table(
            ["Job", "Health", .wide("Due"), "Next", "Last", .wide("Last runs"), .wide("Took")],
            lines.map { line in
                [
                    "\(Address.link(job: line.job.name))\(why(line))\(acts(line))", line.health.state.badge,
                    english(line.schedule), due(line),
                    last(line.status), RunStrip(runs: line.recent).html,
                    DurationTrend(line.recent)?.html ?? "<span class=\"faint\">–</span>",
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
