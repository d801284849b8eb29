import Onebeat

/// One run: how it went, attempt by attempt, and what it said.
struct RunPage {
    var now: Timestamp
    var run: Run
    var hand: Hand
    var deed: Deed?
    var attempts: [Attempt] = []
    /// The attempt whose output is shown.
    var shownAttempt: Int
    var output: [LogPiece] = []
    /// Whether there is more output than the page holds.
    var isCut = false

    /// What `explain` says of it.
    var story: [Telling] = []
    /// What it handed on.
    var value: ShownValue?
    /// What somebody said that it counts as.
    var mark: RunMark?
    /// Where it stands for the elements of a list: it does nothing itself, and has no attempts and no output.
    var elements: RunElements?
    /// Which element of which list it is for.
    var list: String?
    /// Where the output goes on, for a page that follows it; `nil` when there is no more to come.
    var next: String?

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(Address.link(job: run.job))\(run.element.map { "[\($0)]" }) \
            <span class="faint">\(say("run \("\(run.id)")"))</span></h1>\(run.state.badge)\(flowLink)</div>
            \(Deed.notice(deed))
            \(Hand.row(buttons))
            \(explanation.map { "<p class=\"notice \(isBad ? "bad" : "calm")\">\($0)</p>" as HTML })
            \(story.isEmpty ? nil : HTML.section("Why", TellingText.paragraph(story)))
            \(HTML.section("Its life", lifeList))
            \(elements.map { HTML.section("Its elements", $0.html(words)) } ?? work)
            \(HTML.section("Facts", HTML.facts(facts)))
            """
        return Page(
            title: "\(run.job) · \(say("run \("\(run.id)")"))", place: .runs, refresh: run.state.isTerminal ? nil : 5,
            now: now, content: content)
    }

    private var work: HTML {
        """
        <section data-keep data-scroll><h2>\(say("Output of attempt \(shownAttempt)"))\(download)</h2>\(outputText)</section>
        \(HTML.section("Attempts", attemptTable))
        """
    }

    private var buttons: [HTML] {
        guard hand.visitor.mayAct(on: run.job) else { return [] }
        let place = Address.run(run.id)
        var buttons: [HTML] = []
        if run.state.isTerminal {
            buttons.append(hand.button("Run again", to: "\(place)/retry"))
            if run.flow != nil {
                buttons.append(
                    hand.button("Run again with what follows", to: "\(place)/retry", fields: [("downstream", "true")]))
                buttons.append(hand.markForm(to: "\(place)/mark"))
            }
        } else if !run.isCancelRequested {
            buttons.append(hand.button("Cancel", to: "\(place)/cancel", isGrave: true))
        }
        if run.flow != nil, !run.state.isTerminal {
            buttons.append(
                hand.button("Cancel its flow", to: "\(place)/cancel", fields: [("flow", "true")], isGrave: true))
        }
        return buttons
    }

    private var isBad: Bool { RunState.troubles.contains(run.state) }

    private var flowLink: HTML? {
        run.flow.map { " <a href=\"\(Address.flow($0))\">\(say("its flow"))</a>" }
    }

    private var explanation: HTML? {
        switch (run.reason?.said, run.message) {
        case (nil, nil): nil
        case (let reason?, nil): reason
        case (nil, let message?): english(message)
        case (let reason?, let message?): "\(reason): \(english(message))"
        }
    }

    /// From planned to settled, one moment below the other.
    private var lifeList: HTML {
        var moments: [(Timestamp, HTML, String)] = [
            (
                run.scheduledAt, say(origin), "calm"
            )
        ]
        if elements != nil, let start = run.startedAt {
            moments.append((start, say("its elements may start"), "busy"))
        } else if run.dueAt > run.scheduledAt {
            moments.append((run.dueAt, say("may start"), "calm"))
        }
        for attempt in attempts {
            moments.append(
                (attempt.startedAt, say("attempt \(attempt.number) starts on \(attempt.node)"), "busy"))
            guard let end = attempt.finishedAt else { continue }
            let word = say(Sentence(word: (attempt.outcome ?? "ended").replacing("_", with: " ")))
            let took = Words.exact(end.duration(since: attempt.startedAt))
            moments.append((end, say("attempt \(attempt.number): \(word) after \(took)"), tone(of: attempt)))
        }
        if let end = run.finishedAt { moments.append((end, say("settled: \(run.state.said)"), run.state.tone)) }
        let lines = moments.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { _, moment in
                "<li class=\"\(moment.2)\">\(words.clock(moment.0)) \(moment.1)</li>\n" as HTML
            }
        return "<ol class=\"life\">\(lines)</ol>"
    }

    private var origin: Sentence {
        switch RunOrigin(run) {
        case .due: "due"
        case .told: "told of"
        case .backfill: "the instant that a backfill makes up for"
        case .again, .hand: "asked for by hand"
        case .event: "started by an event"
        case .message(let number): "made to send message \(number)"
        case .remainder(let number): "made to send message \(number) to those whom the mail server had refused"
        case .sample: "asked for by hand, to send a sample"
        }
    }

    private func tone(of attempt: Attempt) -> String {
        attempt.outcome == "succeeded" ? "good" : attempt.outcome == "cancelled" ? "calm" : "bad"
    }

    private var facts: [(Sentence, HTML?)] {
        let isStarted = run.startedAt != nil
        return [
            (run.isReported ? "Told of" : run.kind == .manual ? "Asked for" : "Scheduled", words.both(run.scheduledAt)),
            (
                "Stands for",
                run.rangeEnd.map { say("\(run.count) due instants, the last at \(words.clock($0))") }
            ),
            ("Element", run.element.map { say("\($0) of \(list ?? run.job), counted from 0") }),
            ("May start", run.dueAt == run.scheduledAt ? nil : words.both(run.dueAt)),
            ("Started", isStarted ? words.both(run.startedAt) : nil),
            ("Late by", run.lateness.map { "\(Words.exact(max($0, .zero)))" }),
            ("Ended", run.finishedAt == nil ? nil : words.both(run.finishedAt)),
            ("Took", isStarted ? words.duration(of: run) : nil),
            ("Exit code", run.exitCode.map { "\($0)" }),
            ("Node", run.node.map { "\($0)" }),
            ("Queue", "\(run.queue)"),
            ("Key", "<code>\(run.key)</code>"),
            ("Handed on", handedOn),
            (
                "Counts as",
                mark.map { say("\($0.said), by the word of \($0.actor): \($0.reason)") }
            ),
            ("Fence", run.fence.value == 0 ? nil : "\(run.fence.value)"),
            ("Cancel", run.isCancelRequested ? say("asked for") : nil),
        ]
    }

    private var handedOn: HTML? {
        switch value {
        case .value(let value): "<pre>\(value.json)</pre>"
        case .secret: say("a value that is secret")
        case nil: nil
        }
    }

    private var attemptTable: HTML {
        HTML.table(
            ["Attempt", "End", .wide("Started"), "Took", .wide("Node"), .why("Words")],
            attempts.map { attempt in
                let length = (attempt.finishedAt ?? now).duration(since: attempt.startedAt)
                return [
                    "<a href=\"\(Address.run(run.id))?attempt=\(attempt.number)\">\(attempt.number)</a>",
                    say(Sentence(word: (attempt.outcome ?? "running").replacing("_", with: " "))),
                    words.both(attempt.startedAt), "\(Words.exact(length))", "\(attempt.node)",
                    "<span class=\"why\">\(english(attempt.message ?? ""))</span>",
                ]
            }, otherwise: run.state.isTerminal ? say("It was never started.") : say("Not started yet."))
    }

    private var download: HTML? {
        guard !output.isEmpty || next != nil else { return nil }
        let address = "/api/v1/runs/\(run.id)/output?attempt=\(shownAttempt)"
        return " <a class=\"more\" href=\"\(address)\" download>\(say("download"))</a>"
    }

    private var outputText: HTML {
        let isLive = next != nil && shownAttempt >= run.attempt
        if output.isEmpty, !isLive {
            return "<p class=\"empty\">\(run.state.isTerminal ? say("It said nothing.") : say("Nothing yet."))</p>"
        }
        var colours = TerminalColours()
        let pieces = OutputText.stretches(of: output).map { stretch in
            "<span class=\"\(stretch.stream.rawValue)\">\(colours.html(stretch.text))</span>" as HTML
        }
        let command: HTML = "<code>onebeat logs \("\(run.id)")</code>"
        let rest: HTML? = isCut ? "<p class=\"empty\">\(say("There is more: \(command)"))</p>" : nil
        let logs: HTML? =
            isLive
            ? """
             data-logs="/api/v1/runs/\("\(run.id)")/logs" data-next="\(next ?? "")" data-attempt="\(shownAttempt)" \
            data-ansi="\(colours.classes)"
            """ : nil
        return """
            <pre class="output" tabindex="0" role="region" aria-label="\(say("Output"))" \
            data-empty="\(say("Nothing yet."))"\(logs)>\(pieces)</pre>\(rest)
            <div class="follow"><p data-follows hidden><label><input type="checkbox" checked data-follow> \
            \(say("Follow the end"))</label></p>\
            <p data-finds hidden><label>\(say("Find")) <input type="search" data-search data-find autocomplete="off"></label> \
            <button type="button" data-find-next>\(say("Next one"))</button> \
            <span class="faint" role="status" data-found data-none="\(say("not found"))"></span></p></div>
            """
    }
}
