import Onebeat

/// The first page: what needs a look, what runs, what comes next, and who does the work.
struct OverviewPage {
    /// The newest bad end of a job, and whether the job has done well since.
    struct Trouble: Equatable {
        var run: Run
        var hasRecovered: Bool
    }

    /// Something that will start.
    struct Upcoming: Equatable {
        var job: String
        var at: Timestamp
        var isPaused = false
    }

    var now: Timestamp
    var troubles: [Trouble] = []
    var running: [Run] = []
    var upcoming: [Upcoming] = []
    var ended: [Run] = []
    var nodes: [NodeRecord] = []

    private var words: Words { Words(now: now) }
    private var living: [NodeRecord] { nodes.filter { !$0.isGone && $0.leaseUntil > now } }

    var page: Page {
        let content: HTML = """
            \(headline)
            \(troubles.isEmpty ? nil : HTML.section("Failed or missed in the last 24 hours", troubleTable))
            \(HTML.section("Running now", runningTable))
            \(HTML.section("Next", upcomingTable))
            \(HTML.section("Just ended", more: " <a class=\"more\" href=\"/runs\">all runs</a>", endedTable))
            \(HTML.section("Nodes", nodeTable))
            """
        return Page(title: "Overview", place: .overview, refresh: 10, now: now, content: content)
    }

    /// The state of things in one sentence, and what follows in a second one.
    private var headline: HTML {
        let open = troubles.filter { !$0.hasRecovered }.count
        let (tone, sentence): (String, String) =
            if living.isEmpty {
                ("bad", "No node is alive: nothing will run until one starts.")
            } else if open > 0 {
                ("bad", "\(Words.count(open, "job needs", "jobs need")) a look.")
            } else {
                ("good", "All is well.")
            }
        return "<div class=\"headline \(tone)\"><h1>\(sentence)</h1><p>\(outlook)</p></div>"
    }

    private var outlook: HTML {
        let running: HTML =
            self.running.isEmpty
            ? "Nothing runs at the moment" : "\(Words.count(self.running.count, "run is", "runs are")) at work"
        let active = upcoming.filter { !$0.isPaused }
        let overdue = active.count(where: isOverdue)
        let waiting: HTML? = overdue > 0 ? "; \(Words.count(overdue, "job is", "jobs are")) due and waiting" : nil
        guard let next = active.first(where: { !isOverdue($0) }) else {
            return "\(running)\(waiting ?? "; nothing is planned")."
        }
        return "\(running)\(waiting); next is \(Address.link(job: next.job)) \(words.relative(next.at))."
    }

    private func isOverdue(_ next: Upcoming) -> Bool { next.at < now - .seconds(1) }

    private var troubleTable: HTML {
        HTML.table(
            ["Job", "What", .wide("Why"), "When"],
            troubles.map { trouble in
                let run = trouble.run
                let since: HTML = trouble.hasRecovered ? " <span class=\"badge good\">well since</span>" : ""
                return [
                    Address.link(job: run.job), "<a href=\"\(Address.run(run.id))\">\(run.state.badge)</a>\(since)",
                    "<span class=\"why\">\(run.message ?? run.reason?.sentence ?? "")</span>",
                    words.relative(run.finishedAt ?? run.scheduledAt),
                ]
            }, otherwise: "")
    }

    private var runningTable: HTML {
        HTML.table(
            ["Job", "For", .wide("Attempt"), "Node", "Run"],
            running.map { run in
                [
                    Address.link(job: run.job), words.duration(of: run), "\(run.attempt)", "\(run.node ?? "")",
                    "<a href=\"\(Address.run(run.id))\">\("\(run.id)")</a>",
                ]
            }, otherwise: "Nothing runs at the moment.")
    }

    private var upcomingTable: HTML {
        HTML.table(
            ["Job", "Starts", .wide("At")],
            upcoming.map { next in
                let start: HTML =
                    if next.isPaused {
                        "<span class=\"badge calm\">paused</span>"
                    } else if isOverdue(next) {
                        "due \(words.relative(next.at)), waiting"
                    } else {
                        words.relative(next.at)
                    }
                return [Address.link(job: next.job), start, words.clock(next.at)]
            },
            otherwise: "Nothing is planned. Define jobs with <code>onebeat apply FILE</code>.")
    }

    private var endedTable: HTML {
        HTML.table(
            ["Job", "End", .wide("Took"), "When", "Run"],
            ended.map { run in
                [
                    Address.link(job: run.job), run.state.badge, words.duration(of: run),
                    words.relative(run.finishedAt),
                    "<a href=\"\(Address.run(run.id))\">\("\(run.id)")</a>",
                ]
            }, otherwise: "Nothing has ended yet.")
    }

    private var nodeTable: HTML {
        HTML.table(
            ["Node", "State", .wide("Roles"), .wide("Slots"), .wide("Queues"), .wide("Version"), "Since"],
            nodes.map { node in
                let isAlive = !node.isGone && node.leaseUntil > now
                let lead: HTML? = node.isLeader ? " <span class=\"badge busy\">leads</span>" : nil
                let skew: HTML? = node.isSkewed ? " <span class=\"badge bad\">skewed</span>" : nil
                let state: HTML =
                    isAlive
                    ? "<span class=\"badge good\">alive</span>\(lead)\(skew)" : "<span class=\"badge calm\">gone</span>"
                return [
                    "\(node.id.name)", state,
                    "\(NodeRole.sorted(node.roles).map(\.rawValue).joined(separator: ", "))", "\(node.slots)",
                    "\(node.queues.joined(separator: ", "))",
                    "\(node.version)", words.relative(node.joinedAt),
                ]
            }, otherwise: "No node has joined yet. Start one with <code>onebeat up</code>.")
    }
}
