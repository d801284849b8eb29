import Onebeat

/// One job: when it is due, what it does, how it went.
struct JobPage {
    var now: Timestamp
    var job: JobRecord
    var hand: Hand
    var deed: Deed?
    /// The compiled schedule, or why it cannot be read on this node.
    var schedule: Result<Schedule, ScheduleError>
    var status: JobStatus?
    var health: JobHealth?
    /// When word of it is expected next, where it runs elsewhere.
    var expectedAt: Timestamp?
    /// The newest first.
    var runs: [Run] = []
    var events: [Event] = []
    /// The newest versions of its definition.
    var versions = VersionHistory([], limit: 0)
    /// What `explain` says of the newest run and the next.
    var explanation: [Telling] = []
    /// Whether others follow the job, or it follows others.
    var isInFlow = false

    /// How many of its runs are listed; the drawings show more.
    static let mostListed = 12
    static let mostFires = 10
    static let mostVersions = 10

    private var words: Words { Words(now: now) }
    private var definition: JobDefinition { job.definition }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(job.name)</h1>\
            \(definition.trouble == nil ? nil : "<span class=\"badge bad\">\(say("invalid"))</span>")
            \(job.isPaused ? "<span class=\"badge warn\">\(say("paused"))</span>" : nil)</div>
            \(Deed.notice(deed))
            \(standing)
            \(Hand.row(buttons))\(silenceLink)
            \(definition.description.map { "<p class=\"lead\">\($0)</p>" as HTML })
            <p class="lead">\(scheduleInWords)</p>
            \(explanation.isEmpty ? nil : HTML.section("Why it did what it did", TellingText.paragraph(explanation)))
            \(HTML.section("Last runs", more: moreRuns, runsInShort))
            <div class="columns">
            \(HTML.section("Next", nextTable))
            \(HTML.section("What it does", more: flowLink, workFacts))
            </div>
            \(definition.signal == nil ? HTML.section("Rules", HTML.facts(PolicyWords(policies: definition.policies, hasElements: definition.each != nil).pairs)) : nil)
            \(versions.lines.count > 1 ? HTML.section("Versions", versionTable) : nil)
            \(HTML.section("What happened to it", more: moreEvents, eventTable))
            """
        return Page(title: "\(job.name)", place: .jobs, refresh: 30, now: now, content: content)
    }

    /// A form sent twice is one wish.
    private var buttons: [HTML] {
        guard hand.visitor.mayAct(on: job.name) else { return [] }
        let place = Address.job(job.name)
        let pause = hand.button(
            job.isPaused ? "Resume" : "Pause", to: "\(place)/\(job.isPaused ? "resume" : "pause")")
        // What runs elsewhere cannot be started here.
        if definition.signal != nil { return [pause] }
        return [
            hand.button(
                isToldBy ? "Send a sample" : "Run now", to: "\(place)/trigger",
                fields: [("request_id", RequestName.fresh())]), pause,
        ]
    }

    /// Whether it has due instants of its own that a backfill could run.
    private var hasPast: Bool {
        switch definition.schedule.rhythm {
        case .cron, .every, .at, .repeat, .solar: true
        case .delay, .event, .after, .manual: false
        }
    }

    /// Whether it tells people, and not by itself.
    private var isToldBy: Bool {
        if case .manual = definition.schedule.rhythm { definition.isAlert } else { false }
    }

    private var silenceLink: HTML? {
        guard hand.visitor.mayAct(on: job.name) else { return nil }
        let address = Address.query("/alerts", [("pattern", job.name)])
        let past: HTML? =
            hasPast
            ? " · <a href=\"\(Address.query("/backfills", [("job", job.name)]))\">\(say("Run past due instants"))</a>"
            : nil
        return "<p class=\"empty\"><a href=\"\(address)\">\(say("Tell nobody of it for a while"))</a>\(past)</p>"
    }

    private var moreRuns: HTML {
        " <a class=\"more\" href=\"\(Address.runs(job: job.name))\">\(say("all runs"))</a>"
    }

    private var moreEvents: HTML {
        " <a class=\"more\" href=\"\(Address.events(job: job.name))\">\(say("all events"))</a>"
    }

    private var flowLink: HTML {
        isInFlow ? " <a class=\"more\" href=\"\(Address.graph(job.name))\">\(say("its flow"))</a>" : ""
    }

    private var scheduleInWords: HTML {
        switch schedule {
        case .success(let schedule) where definition.signal != nil:
            say("It runs \(english(definition.words(schedule))).")
        case .success(let schedule) where definition.isAlert:
            say("It tells people \(english(definition.words(schedule))).")
        case .success(let schedule): say("Due \(english(schedule.words)).")
        case .failure(let error): say("The schedule cannot be read on this node: \(english("\(error)"))")
        }
    }

    private var standing: HTML? {
        guard let health, health.needsLook else { return nil }
        let last: HTML =
            status?.lastSuccessAt == nil
            ? say("It has never ended well.") : say("It last ended well \(words.relative(status?.lastSuccessAt)).")
        return "<p class=\"notice bad\">\(health.state.badge) \(english("\(health.why).")) \(last)</p>"
    }

    /// What is to come is told beside: here is what was.
    private var runsInShort: HTML {
        let past = runs.filter { $0.state != .scheduled || $0.dueAt <= now }
        return """
            \(RunStrip(runs: past, isLinked: true).html)
            \(DurationChart(past).html)
            \(LongRuns(past, at: now).html(words))
            \(RunTable(runs: Array(past.prefix(Self.mostListed)), words: words, showsJob: false).html)
            """
    }

    private var nextTable: HTML {
        if definition.signal != nil {
            let expected =
                job.isPaused
                ? say("Paused: nobody is told when no word comes.")
                : say("Word of a success is expected \(words.both(expectedAt)).")
            let signal: HTML = "<code>onebeat signal \(job.name) success</code>"
            return "<p>\(expected)</p><p class=\"empty\">\(say("\(signal) tells of a run that ended well."))</p>"
        }
        if isToldBy {
            let test: HTML = "<code>onebeat alerts test \(job.name)</code>"
            return "<p class=\"empty\">\(say("\(test) sends a sample."))</p>"
        }
        if job.isPaused {
            let resume: HTML = "<code>onebeat resume \(job.name)</code>"
            return "<p class=\"empty\">\(say("Paused: runs that fall due are skipped. \(resume)"))</p>"
        }
        guard case .success(let schedule) = schedule else { return "<p class=\"empty\">\(say("Unknown."))</p>" }
        if schedule.isDelay {
            let next = job.nextAt == nil ? say("After the end of the run before.") : words.both(job.nextAt)
            return "<p class=\"empty\">\(next)</p>"
        }
        let trigger: HTML = "<code>onebeat trigger \(job.name)</code>"
        return FireTable(
            occurrences: schedule.preview(after: now, count: Self.mostFires), zone: schedule.definition.timezone,
            words: words, otherwise: say("Not due again by itself. \(trigger) runs it by hand.")
        ).html
    }

    private var workFacts: HTML {
        let settings: ProcessSettings?
        var pairs: [(Sentence, HTML?)] = [("Kind", "\(definition.work.kind)")]
        if let each = definition.each { pairs.append(("For each of", "<code>\(each.words)</code>")) }
        switch definition.work {
        case .shell(let line, let given):
            pairs.append(("Shell line", "<pre>\(line)</pre>"))
            settings = given
        case .command(let arguments, let given):
            pairs.append(("Command", "<pre>\(arguments.joined(separator: " "))</pre>"))
            settings = given
        case .http(let call):
            pairs.append(("Call", "<pre>\(call.method) \("\(SecretAddress(call.url))")</pre>"))
            settings = nil
        case .celery(let call):
            pairs.append(("Task", "<pre>\(call.task)</pre>"))
            pairs.append(("Celery's queue", call.queue.map { "\($0)" }))
            settings = nil
        case .handler:
            pairs.append(("Closure", say("registered by a program under this name")))
            settings = nil
        case .alert(let rule):
            pairs.append(("Tells of", "\(rule.on.joined(separator: ", "))"))
            pairs.append(("By", "\(rule.channel)"))
            settings = nil
        case .signal: settings = nil
        case .unknown: settings = nil
        }
        pairs += [
            ("In", settings?.directory.map { "<code>\($0)</code>" }), ("As user", settings?.user.map { "\($0)" }),
            ("Tags", definition.tags.isEmpty ? nil : "\(definition.tags.joined(separator: ", "))"),
            ("Owner", definition.owner.map { "\($0)" }),
            (
                "Defined by",
                say("\(job.source), version \(job.version) of generation \(job.generation)")
            ),
        ]
        return HTML.facts(pairs)
    }

    private var versionTable: HTML {
        HTML.table(
            ["Version", "In force since", .wide("Who"), .why("What changed")],
            versions.lines.map { line in
                let changes = line.changes.map { "<div>\($0.words)</div>" as HTML }
                let words: HTML = changes.isEmpty ? say("defined") : "\(changes)"
                return [
                    "\(line.version.version.listed)", self.words.both(line.version.since), "\(line.version.actor)",
                    "<span class=\"why\">\(words)</span>",
                ]
            }, otherwise: say("Nothing in the kept history."))
    }

    private var eventTable: HTML {
        HTML.table(
            ["When", "What", .wide("Who"), "Words"],
            events.map { [words.relative($0.at), "<code>\($0.kind)</code>", "\($0.actor)", english($0.message)] },
            otherwise: say("Nothing in the kept history."))
    }
}
