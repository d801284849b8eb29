import Onebeat

/// Who did what, newest first.
struct EventsPage {
    var now: Timestamp
    var filter: EventFilter
    var events: [EventRecord]

    /// Kinds that a reader may look for; any other can be typed.
    private static let kinds = [
        "job.added", "job.changed", "job.removed", "job.paused", "job.resumed", "job.invalid", "job.unserved",
        "run.triggered", "run.cancel_requested", "run.taken_over", "node.joined", "node.left", "node.dead",
        "node.skewed", "leader.elected", "clock.held", "store.restored", "alert.acknowledged",
    ]

    private var words: Words { Words(now: now) }

    var page: Page {
        let kinds = Self.kinds.map { "<option value=\"\($0)\"></option>" as HTML }
        let content: HTML = """
            <div class="title"><h1>\(say("Events"))</h1></div>
            <form action="/events" role="search">
            <label>\(say("Job")) <input name="job" data-search value="\(filter.job ?? "")"></label>
            <label>\(say("Kind")) <input name="kind" list="kinds" value="\(filter.kind ?? "")"></label>
            <datalist id="kinds">\(kinds)</datalist>
            <button>\(say("Show"))</button></form>
            \(table)
            \(turning)
            """
        let isNewest = filter.before == nil && filter.after == nil
        return Page(title: say("Events"), place: .events, refresh: isNewest ? 15 : nil, now: now, content: content)
    }

    private var table: HTML {
        HTML.table(
            ["When", "What", "About", .wide("Who"), .why("Words")],
            events.map { record in
                let event = record.event
                let job = event.job.map(Address.link(job:))
                let run = event.run.map { " <a href=\"\(Address.run($0))\">\(say("run \("\($0)")"))</a>" as HTML }
                return [
                    words.both(event.at), "<code>\(event.kind)</code>", "\(job)\(run)", "\(event.actor)",
                    "<span class=\"why\">\(english(event.message))</span>",
                ]
            }, otherwise: say("No event of that kind is kept."))
    }

    /// To what is newer, and to what is older.
    private var turning: HTML? {
        func link(_ name: String, _ number: Int64?, _ words: Sentence) -> HTML? {
            number.map { number in
                let address = Address.query(
                    "/events", [("job", filter.job), ("kind", filter.kind), (name, "\(number)")])
                return "<a href=\"\(address)\">\(say(words))</a> "
            }
        }
        let isFull = events.count == filter.limit
        let hasNewer = filter.before != nil || (filter.after != nil && isFull)
        let hasOlder = filter.after != nil || isFull
        let newer = hasNewer ? link("after", events.first?.number ?? filter.before.map { $0 - 1 }, "newer events") : nil
        let older = hasOlder ? link("before", events.last?.number ?? filter.after.map { $0 + 1 }, "older events") : nil
        return newer == nil && older == nil ? nil : "<p class=\"turning\">\(newer)\(older)</p>"
    }
}
