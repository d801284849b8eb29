import Onebeat

/// The first page: what needs a look, what runs, what comes next, and who does the work.
struct OverviewPage {
    /// A job that failed or missed something lately, and is well now.
    struct Recovery: Equatable {
        var run: Run
    }

    /// Something that will start.
    struct Upcoming: Equatable {
        var job: String
        var at: Timestamp
    }

    /// How many jobs that need a look are shown; the rest is counted.
    static let mostLooks = 50

    var now: Timestamp
    var headline: Headline
    /// The jobs that need a look, the worst first.
    var looks: [JobHealth] = []
    /// When those last ended well that ever did.
    var successes: [String: Timestamp] = [:]
    var recoveries: [Recovery] = []
    var running: [Run] = []
    var upcoming: [Upcoming] = []
    var ended: [Run] = []
    var nodes: [NodeRecord] = []
    /// The past hour and the next.
    var hours: HourLine?
    /// How busy the nodes are.
    var load: Load?

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            \(banner)
            \(looks.isEmpty ? nil : HTML.section("Needs a look", more: looks.count > 1 ? more : "", lookTable))
            \(hours.map { HTML.section("The past hour and the next", $0.html) })
            \(HTML.section("Running now", runningTable))
            \(HTML.section("Next", more: " <a class=\"more\" href=\"/calendar\">\(say("the coming week"))</a>", upcomingTable))
            \(recoveries.isEmpty ? nil : HTML.section("Failed or missed in the last 24 hours, and well since", recoveryTable))
            \(HTML.section("Just ended", more: " <a class=\"more\" href=\"/runs\">\(say("all runs"))</a>", endedTable))
            \(HTML.section("Nodes", more: " <a class=\"more\" href=\"/nodes\">\(say("all nodes"))</a>", "\(loadWords)\(nodeTable)"))
            """
        return Page(title: say("Overview"), place: .overview, refresh: 10, now: now, content: content)
    }

    /// The state of things in one sentence, and what follows in a second one.
    private var banner: HTML {
        "<div class=\"headline \(headline.tone.rawValue)\"><h1>\(say(headline.words))</h1><p>\(outlook)</p></div>"
    }

    private var outlook: HTML {
        let count = self.running.count
        let running: HTML =
            switch count {
            case 0: say("Nothing runs at the moment.")
            case 1: say("1 run is at work.")
            default: say("\(count) runs are at work.")
            }
        let overdue = upcoming.count(where: isOverdue)
        let waiting: HTML? =
            overdue == 0
            ? nil : overdue == 1 ? say("1 job is due and waiting.") : say("\(overdue) jobs are due and waiting.")
        let coming: HTML? =
            if let next = upcoming.first(where: { !isOverdue($0) }) {
                say("Next is \(Address.link(job: next.job)) \(words.relative(next.at)).")
            } else {
                waiting == nil ? say("Nothing is planned.") : nil
            }
        return "\(running) \(waiting) \(coming)"
    }

    private var loadWords: HTML? {
        guard let load, load.slots > 0 else { return nil }
        let slots = say("\(load.taken) of \(load.slots) slots are taken.")
        let late: HTML? =
            load.starts == 0
            ? nil
            : say(
                "Of the last \(load.starts) due runs half began \(Words.exact(load.half)) late at most, and 99 of 100 \(Words.exact(load.most))."
            )
        return "<p>\(slots) \(late)</p>"
    }

    private func isOverdue(_ next: Upcoming) -> Bool { next.at < now - .seconds(1) }

    private var more: HTML { " <a class=\"more\" href=\"/jobs?health=look\">\(say("all \(looks.count) of them"))</a>" }

    private var lookTable: HTML {
        HTML.table(
            ["Job", "What", .why("Why"), "Since", .wide("Last success")],
            looks.prefix(Self.mostLooks).map { health in
                let badge: HTML =
                    health.run.map { "<a href=\"\(Address.run($0))\">\(health.state.badge)</a>" } ?? health.state.badge
                return [
                    Address.link(job: health.job), badge, "<span class=\"why\">\(english(health.why))</span>",
                    words.relative(health.since),
                    successes[health.job].map { words.relative($0) } ?? "<span class=\"faint\">\(say("never"))</span>",
                ]
            }, otherwise: "")
    }

    private var recoveryTable: HTML {
        HTML.table(
            ["Job", "What", .why("Why"), "When"],
            recoveries.map { recovery in
                let run = recovery.run
                return [
                    Address.link(job: run.job), "<a href=\"\(Address.run(run.id))\">\(run.state.badge)</a>",
                    "<span class=\"why\">\(run.why)</span>",
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
                    Address.link(run: run.id),
                ]
            }, otherwise: say("Nothing runs at the moment."))
    }

    private var upcomingTable: HTML {
        HTML.table(
            ["Job", "Starts", .wide("At")],
            upcoming.map { next in
                let start: HTML =
                    isOverdue(next) ? say("due \(words.relative(next.at)), waiting") : words.relative(next.at)
                return [Address.link(job: next.job), start, words.clock(next.at)]
            },
            otherwise: say("Nothing is planned. Define jobs with <code>onebeat apply FILE</code>."))
    }

    private var endedTable: HTML {
        HTML.table(
            ["Job", "End", .wide("Took"), "When", "Run"],
            ended.map { run in
                [
                    Address.link(job: run.job), run.state.badge, words.duration(of: run),
                    words.relative(run.finishedAt),
                    Address.link(run: run.id),
                ]
            }, otherwise: say("Nothing has ended yet."))
    }

    private var nodeTable: HTML {
        HTML.table(
            ["Node", "State", .wide("Roles"), .wide("Slots"), .wide("Queues"), .wide("Version"), "Since"],
            nodes.map { node in
                [
                    "\(node.id.name)", node.badges(at: now),
                    "\(NodeRole.sorted(node.roles).map(\.rawValue).joined(separator: ", "))", "\(node.slots)",
                    "\(node.queues.joined(separator: ", "))",
                    "\(node.version)", words.relative(node.joinedAt),
                ]
            }, otherwise: say("No node has joined yet. Start one with <code>onebeat up</code>."))
    }
}

extension NodeRecord {
    /// How it stands, in words that are coloured.
    func badges(at now: Timestamp) -> HTML {
        let standing = standing(at: now)
        let tone = standing == "alive" ? "good" : standing == "expired" ? "bad" : "calm"
        let lead: HTML? =
            isLeader && standing == "alive" ? " <span class=\"badge busy\">\(say("leads"))</span>" : nil
        let skew: HTML? = isSkewed ? " <span class=\"badge bad\">\(say("skewed"))</span>" : nil
        return "<span class=\"badge \(tone)\">\(say(Sentence(word: standing)))</span>\(lead)\(skew)"
    }
}
