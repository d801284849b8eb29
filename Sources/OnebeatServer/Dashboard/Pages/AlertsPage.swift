import Onebeat

/// What people were told of, what is silenced, and the forms for both.
struct AlertsPage {
    var now: Timestamp
    var hand: Hand
    var deed: Deed?
    /// Those that are not over, the newest first.
    var open: [Incident]
    /// The newest that are over, and news.
    var past: [Incident]
    var fate: MessageFate
    var silences: [Silence]
    /// Whether anybody is told of anything.
    var hasRules: Bool
    /// What the form has for a name at first.
    var pattern: String?

    static let mostOpen = 200
    static let mostPast = 20
    static let mostSilences = 100
    /// What a silence lasts, in seconds.
    static let lengths: [(seconds: Int, words: Sentence)] = [
        (1800, "30 minutes"), (3600, "1 hour"), (7200, "2 hours"), (28_800, "8 hours"), (86_400, "1 day"),
        (259_200, "3 days"), (604_800, "7 days"),
    ]

    private var words: Words { Words(now: now) }

    var page: Page {
        let none: HTML? =
            hasRules
            ? nil
            : "<p class=\"notice calm\">\(say("Nobody is told of anything: the file has no <code>alerts:</code>."))</p>"
        let content: HTML = """
            <div class="title"><h1>\(say("Alerts"))</h1></div>
            \(Deed.notice(deed))
            \(none)
            \(HTML.section("Open incidents", openTable))
            \(HTML.section("Silences", silenceTable))
            \(HTML.section("Over", pastTable))
            """
        return Page(title: say("Alerts"), place: .alerts, refresh: 15, now: now, content: content)
    }

    private func kind(_ incident: Incident) -> HTML {
        let tone = incident.kind == AlertKind.recovered.rawValue ? "good" : "bad"
        return "<span class=\"badge \(tone)\">\(say(Sentence(word: incident.kind.replacing("_", with: " "))))</span>"
    }

    private func told(_ incident: Incident) -> HTML {
        let word: HTML
        if incident.isHeld, let hush = incident.heldBy {
            let said: Sentence = incident.closedAt == nil ? "held back" : "told to nobody"
            word = "<span class=\"badge calm\">\(say(said))</span> <span class=\"faint\">\(english(hush))</span>"
        } else if let run = fate.run(of: incident) {
            let tone = run.state == .succeeded ? "good" : RunState.troubles.contains(run.state) ? "bad" : "busy"
            let said: Sentence = run.state == .succeeded ? "told" : tone == "bad" ? "not told" : "under way"
            word = "<a href=\"\(Address.run(run.id))\"><span class=\"badge \(tone)\">\(say(said))</span></a>"
        } else {
            word = say(incident.batch == nil ? "soon" : "its run is not kept")
        }
        let late: HTML? = incident.releasedAt.map {
            " <span class=\"faint\">\(say("held back until \(words.clock($0))"))</span>"
        }
        return
            "\(word)\(late) <a class=\"rule\" href=\"\(Address.job(incident.rule))\" title=\"\(incident.rule)\">\(incident.rule)</a>"
    }

    /// What is of no job has no page.
    private func subject(_ incident: Incident) -> HTML {
        WholeTrouble.isOne(incident) ? "\(incident.job)" : Address.link(job: incident.job)
    }

    private func seen(_ incident: Incident) -> HTML {
        if let who = incident.acknowledgedBy { return "\(who)" }
        guard hand.visitor.mayAct(on: incident.job) else { return "<span class=\"faint\">–</span>" }
        return hand.button("Acknowledge", to: "/alerts/\(incident.id)/acknowledge")
    }

    private var openTable: HTML {
        HTML.table(
            ["Job", "What", "Since", "Told", "Seen by", .why("Why")],
            open.map { incident in
                [
                    subject(incident), kind(incident), words.both(incident.openedAt), told(incident), seen(incident),
                    "<span class=\"why\">\(english(incident.summary))</span>",
                ]
            }, otherwise: say("Nothing is open."))
    }

    private var pastTable: HTML {
        HTML.table(
            ["Job", "What", "When", "Told", .why("Why")],
            past.map { incident in
                [
                    subject(incident), kind(incident), words.both(incident.openedAt), told(incident),
                    "<span class=\"why\">\(english(incident.summary))</span>",
                ]
            }, otherwise: say("Nothing was told yet."))
    }

    private var silenceTable: HTML {
        let table = HTML.table(
            ["Of", "Until", .wide("By"), "", .why("Because")],
            silences.map { silence in
                let end: HTML =
                    hand.visitor.mayAct(on: silence.pattern)
                    ? hand.button("End it", to: "/silences/\(silence.id)/end") : ""
                return [
                    "<code>\(silence.pattern)</code>", words.both(silence.until), "\(silence.actor)", end,
                    "<span class=\"why\">\(silence.reason)</span>",
                ]
            }, otherwise: say("Nothing is silenced."))
        guard hand.visitor.may(.operator) else { return table }
        return "\(table)\(form)"
    }

    private var form: HTML {
        let options = Self.lengths.map { length in
            let chosen: HTML = length.seconds == 7200 ? " selected" : ""
            return "<option value=\"\(length.seconds)\"\(chosen)>\(say(length.words))</option>" as HTML
        }
        return """
            <form method="post" action="/silences" class="below">\
            <input type="hidden" name="proof" value="\(hand.proof)">\
            <label>\(say("Tell nobody of")) \
            <input name="pattern" required maxlength="200" value="\(pattern ?? "")" placeholder="backup-*"></label>\
            <label>\(say("for")) <select name="seconds">\(options)</select></label>\
            <label>\(say("because")) <input name="because" required maxlength="200"></label>\
            <button>\(say("Silence"))</button></form>\
            <p class="empty">\(say("A name of jobs or of an alert; * stands for any characters. What is still so when the silence ends is told then."))</p>
            """
    }
}
