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

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(Address.link(job: run.job)) <span class="faint">run \("\(run.id)")</span></h1>\
            \(run.state.badge)</div>
            \(Deed.notice(deed))
            \(Hand.row(buttons))
            \(explanation.map { "<p class=\"notice \(isBad ? "bad" : "calm")\">\($0)</p>" as HTML })
            <section>\(HTML.facts(facts))</section>
            \(HTML.section("Attempts", attemptTable))
            \(HTML.section("Output of attempt \(shownAttempt)", outputText))
            """
        return Page(
            title: "\(run.job) run \(run.id)", place: .runs, refresh: run.state.isTerminal ? nil : 5, now: now,
            content: content)
    }

    private var buttons: [HTML] {
        guard hand.visitor.mayAct(on: run.job) else { return [] }
        let place = Address.run(run.id)
        var buttons: [HTML] = []
        if run.state.isTerminal {
            buttons.append(hand.button("Run again", to: "\(place)/retry"))
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

    private var explanation: String? {
        let parts = [run.reason?.sentence, run.message].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }

    private var facts: [(String, HTML?)] {
        let isStarted = run.startedAt != nil
        return [
            (run.kind == .manual ? "Asked for" : "Scheduled", words.both(run.scheduledAt)),
            ("Stands for", run.rangeEnd.map { "\(run.count) due instants, the last at \(words.clock($0))" }),
            ("May start", run.dueAt == run.scheduledAt ? nil : words.both(run.dueAt)),
            ("Started", isStarted ? words.both(run.startedAt) : nil),
            ("Late by", run.lateness.map { "\(Words.exact(max($0, .zero)))" }),
            ("Ended", run.finishedAt == nil ? nil : words.both(run.finishedAt)),
            ("Took", isStarted ? words.duration(of: run) : nil),
            ("Exit code", run.exitCode.map { "\($0)" }),
            ("Node", run.node.map { "\($0)" }),
            ("Queue", "\(run.queue)"),
            ("Key", "<code>\(run.key)</code>"),
            ("Fence", run.fence.value == 0 ? nil : "\(run.fence.value)"),
            ("Cancel", run.isCancelRequested ? "asked for" : nil),
        ]
    }

    private var attemptTable: HTML {
        HTML.table(
            ["Attempt", "End", .wide("Started"), "Took", .wide("Node"), .why("Words")],
            attempts.map { attempt in
                let length = (attempt.finishedAt ?? now).duration(since: attempt.startedAt)
                return [
                    "<a href=\"\(Address.run(run.id))?attempt=\(attempt.number)\">\(attempt.number)</a>",
                    "\((attempt.outcome ?? "running").replacing("_", with: " "))", words.both(attempt.startedAt),
                    "\(Words.exact(length))", "\(attempt.node)", "<span class=\"why\">\(attempt.message ?? "")</span>",
                ]
            }, otherwise: run.state.isTerminal ? "It was never started." : "Not started yet.")
    }

    private var outputText: HTML {
        if output.isEmpty {
            return "<p class=\"empty\">\(run.state.isTerminal ? "It said nothing." : "Nothing yet.")</p>"
        }
        let pieces = OutputText.stretches(of: output).map { stretch in
            "<span class=\"\(stretch.stream.rawValue)\">\(stretch.text)</span>" as HTML
        }
        let rest: HTML? =
            isCut ? "<p class=\"empty\">There is more: <code>onebeat logs \("\(run.id)")</code></p>" : nil
        return "<pre class=\"output\">\(pieces)</pre>\(rest)"
    }
}
