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
    var runs: [Run] = []
    var events: [Event] = []

    private var words: Words { Words(now: now) }
    private var definition: JobDefinition { job.definition }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(job.name)</h1>\
            \(definition.trouble == nil ? nil : "<span class=\"badge bad\">invalid</span>")
            \(job.isPaused ? "<span class=\"badge warn\">paused</span>" : nil)</div>
            \(Deed.notice(deed))
            \(Hand.row(buttons))
            \(definition.description.map { "<p class=\"lead\">\($0)</p>" as HTML })
            <p class="lead">\(scheduleInWords)</p>
            \(standing)
            <div class="columns">
            \(HTML.section("Next", nextTable))
            \(HTML.section("What it does", workFacts))
            </div>
            \(HTML.section("Last runs", more: moreRuns, RunTable(runs: runs, words: words, showsJob: false).html))
            \(HTML.section("Rules", HTML.facts(PolicyWords(policies: definition.policies).pairs.map { ($0, "\($1)") })))
            \(HTML.section("What happened to it", eventTable))
            """
        return Page(title: job.name, place: .jobs, now: now, content: content)
    }

    /// A form sent twice is one wish.
    private var buttons: [HTML] {
        guard hand.visitor.mayAct(on: job.name) else { return [] }
        let place = Address.job(job.name)
        return [
            hand.button("Run now", to: "\(place)/trigger", fields: [("request_id", RequestName.fresh())]),
            hand.button(job.isPaused ? "Resume" : "Pause", to: "\(place)/\(job.isPaused ? "resume" : "pause")"),
        ]
    }

    private var moreRuns: HTML { " <a class=\"more\" href=\"\(Address.runs(job: job.name))\">all runs</a>" }

    private var scheduleInWords: String {
        switch schedule {
        case .success(let schedule): "Due \(schedule.words)."
        case .failure(let error): "The schedule cannot be read on this node: \(error)"
        }
    }

    private var standing: HTML? {
        guard let health, health.needsLook else { return nil }
        let last: HTML =
            status?.lastSuccessAt == nil
            ? "It has never ended well." : "It last ended well \(words.relative(status?.lastSuccessAt))."
        return "<p class=\"notice bad\">\(health.state.badge) \(health.why). \(last)</p>"
    }

    private var nextTable: HTML {
        if job.isPaused {
            return """
                <p class="empty">Paused: runs that fall due are skipped. <code>onebeat resume \(job.name)</code></p>
                """
        }
        guard case .success(let schedule) = schedule else { return "<p class=\"empty\">Unknown.</p>" }
        if schedule.isDelay {
            let next: HTML = job.nextAt == nil ? "After the end of the run before." : words.both(job.nextAt)
            return "<p class=\"empty\">\(next)</p>"
        }
        return HTML.table(
            ["When", "At", .titled("On the job's clock, \(schedule.definition.timezone)")],
            schedule.preview(after: now, count: 8).map { occurrence in
                let note = occurrence.note.map { "<br><span class=\"faint\">\($0)</span>" as HTML }
                return [
                    words.relative(occurrence.instant), words.clock(occurrence.instant),
                    "\(occurrence.local.replacing("T", with: " "))\(note)",
                ]
            }, otherwise: "Not due again by itself. <code>onebeat trigger \(job.name)</code> runs it by hand.")
    }

    private var workFacts: HTML {
        let settings: ProcessSettings?
        var pairs: [(String, HTML?)] = [("Kind", "\(definition.work.kind)")]
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
            pairs.append(("Closure", "registered by a program under this name"))
            settings = nil
        case .alert(let rule):
            pairs.append(("Tells of", "\(rule.on.joined(separator: ", "))"))
            pairs.append(("By", "\(rule.channel)"))
            settings = nil
        case .unknown: settings = nil
        }
        pairs += [
            ("In", settings?.directory.map { "<code>\($0)</code>" }), ("As user", settings?.user.map { "\($0)" }),
            ("Tags", definition.tags.isEmpty ? nil : "\(definition.tags.joined(separator: ", "))"),
            ("Owner", definition.owner.map { "\($0)" }),
            ("Defined by", "\(job.source), version \(job.version) of generation \(job.generation)"),
        ]
        return HTML.facts(pairs)
    }

    private var eventTable: HTML {
        HTML.table(
            ["When", "What", .wide("Who"), "Words"],
            events.map { [words.relative($0.at), "\($0.kind)", "\($0.actor)", "\($0.message)"] },
            otherwise: "Nothing in the kept history.")
    }
}
