import Onebeat

/// All jobs, by name.
struct JobsPage {
    struct Line {
        var job: JobRecord
        var schedule: String
        var status: JobStatus?
    }

    var now: Timestamp
    var lines: [Line]
    /// The part of a name that was asked for.
    var search: String
    /// Where the next page starts.
    var next: String?

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>Jobs</h1></div>
            <form action="/jobs"><label>Name contains <input name="name" value="\(search)"></label>\
            <button>Show</button></form>
            \(table)
            \(next.map { "<p><a href=\"/jobs?after=\(Address.encoded($0))&amp;name=\(Address.encoded(search))\">more jobs</a></p>" as HTML })
            """
        return Page(title: "Jobs", place: .jobs, now: now, content: content)
    }

    private var table: HTML {
        HTML.table(
            ["Job", .wide("Due"), "Next", "Last"],
            lines.map { line in
                [Address.link(job: line.job.name), "\(line.schedule)", due(line.job), last(line.status)]
            }, otherwise: "No job. Define some with <code>onebeat apply FILE</code>.")
    }

    private func due(_ job: JobRecord) -> HTML {
        if job.definition.trouble != nil { return "<span class=\"badge bad\">invalid</span>" }
        return job.isPaused ? "<span class=\"badge warn\">paused</span>" : words.relative(job.nextAt)
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
