import Onebeat

/// Backfills and how far each is; and of one that is to begin, what it would run.
struct BackfillsPage {
    var now: Timestamp
    var hand: Hand
    var deed: Deed?
    var backfills: [Backfill]
    var wish: Wish
    /// What the wish would run, where there is one.
    var preview: BackfillPreview?

    static let most = 50

    /// What the form holds.
    struct Wish {
        static let parameters = ["job", "from", "to", "order", "limit", "rerun"]

        var job: String?
        var from: String?
        var to: String?
        var order = Backfill.Order.oldest
        var limit = 1
        var rerun = Backfill.Repeats.none

        var fields: [(name: String, value: String)] {
            [
                ("job", job ?? ""), ("from", from ?? ""), ("to", to ?? ""), ("order", order.rawValue),
                ("limit", "\(limit)"), ("rerun", rerun.rawValue),
            ]
        }
    }

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(say("Backfills"))</h1></div>
            \(Deed.notice(deed))
            \(hand.visitor.may(.operator) ? HTML.section("Run past due instants", "\(form)\(shown)") : nil)
            \(table)
            """
        return Page(title: say("Backfills"), place: .backfills, refresh: 15, now: now, content: content)
    }

    private func options<Choice: RawRepresentable & Equatable>(
        _ choices: [(Choice, Sentence)], _ chosen: Choice
    ) -> [HTML] where Choice.RawValue == String {
        choices.map { choice, words in
            let mark: HTML = choice == chosen ? " selected" : ""
            return "<option value=\"\(choice.rawValue)\"\(mark)>\(say(words))</option>"
        }
    }

    private var form: HTML {
        """
        <form action="/backfills"><label>\(say("Job")) \
        <input name="job" required maxlength="200" data-search value="\(wish.job ?? "")"></label>\
        <label>\(say("From")) <input name="from" type="date" required value="\(wish.from ?? "")"></label>\
        <label>\(say("before")) <input name="to" type="date" value="\(wish.to ?? "")"></label>\
        <label>\(say("First")) <select name="order">\
        \(options([(.oldest, "the oldest"), (.newest, "the newest")], wish.order))</select></label>\
        <label>\(say("At one time")) \
        <input name="limit" type="number" min="1" max="1000" value="\("\(wish.limit)")"></label>\
        <label>\(say("Run again")) <select name="rerun">\
        \(options([(.none, "nothing"), (.failed, "what failed"), (.all, "everything")], wish.rerun))</select></label>\
        <button>\(say("Show what would run"))</button></form>\
        <p class="empty">\(say("Days are those of the job's own clock; without an end it is now. Nothing runs yet."))</p>
        """
    }

    private var shown: HTML? {
        guard let preview else { return nil }
        let runs: HTML =
            preview.isWhole
            ? say("\(preview.runs) runs would be made, and \(preview.passed) instants passed over.")
            : say("\(preview.runs) runs or more would be made.")
        let flow: HTML? = preview.followers > 0 ? " \(say("With each go \(preview.followers) that follow."))" : nil
        let first = preview.first.map { "<li>\(words.clock($0))</li>" as HTML }
        let begin: HTML? =
            if preview.runs == 0 {
                nil
            } else if hand.visitor.mayAct(on: preview.job) {
                hand.button("Begin", to: "/backfills", fields: wish.fields)
            } else {
                "<p class=\"empty\">\(say("You may not act on this job: somebody who may has to begin it."))</p>"
            }
        return "<p>\(runs)\(flow)</p><ul class=\"plain\">\(first)</ul>\(begin)"
    }

    private func buttons(_ backfill: Backfill) -> HTML {
        guard backfill.state.isOpen, hand.visitor.mayAct(on: backfill.job) else { return "" }
        let place = "/backfills/\(backfill.id)"
        let isPaused = backfill.state == .paused
        let other = hand.button(isPaused ? "Resume" : "Pause", to: "\(place)/\(isPaused ? "resume" : "pause")")
        return "<div class=\"acts\">\(other)\(hand.button("Cancel", to: "\(place)/cancel", isGrave: true))</div>"
    }

    private var table: HTML {
        HTML.table(
            ["Job", "State", "Instants", "Reached", .wide("Made"), .wide("Passed over"), .wide("Who"), ""],
            backfills.map { backfill in
                let tone = backfill.state == .active ? "busy" : backfill.state == .done ? "good" : "calm"
                return [
                    Address.link(job: backfill.job),
                    "<span class=\"badge \(tone)\">\(say(Sentence(word: backfill.state.rawValue)))</span>",
                    "\(words.clock(backfill.from)) – \(words.clock(backfill.to))", words.clock(backfill.reached),
                    "\("\(backfill.made)")", "\("\(backfill.passed)")", "\(backfill.actor)", buttons(backfill),
                ]
            }, otherwise: say("There are no backfills."))
    }
}

extension BackfillsPage.Wish {
    /// What an address, or a form, holds.
    /// - Throws: ``Problem`` for what is no order, no choice and no number.
    init(_ text: (String) throws -> String?) throws {
        job = try text("job")
        from = try text("from")
        to = try text("to")
        if let word = try text("order") {
            guard let order = Backfill.Order(rawValue: word) else {
                throw Problem(.badRequest, "order is \"\(word)\"; oldest or newest will do")
            }
            self.order = order
        }
        if let word = try text("rerun") {
            guard let rerun = Backfill.Repeats(rawValue: word) else {
                throw Problem(.badRequest, "rerun is \"\(word)\"; none, failed or all will do")
            }
            self.rerun = rerun
        }
        if let word = try text("limit") {
            guard let limit = Int(word) else { throw Problem(.badRequest, "limit is \"\(word)\", which is no number") }
            self.limit = limit
        }
    }

    /// The backfill that is meant: days are those of the job's own clock.
    func backfill(_ job: JobRecord, _ acts: Acts) async throws -> Backfill {
        let schedule = try? Schedule(of: job.definition)
        func moment(_ name: String, _ text: String?) throws -> Timestamp? {
            guard let text else { return nil }
            guard let moment = schedule?.moment(text) ?? Timestamp(iso8601: text) else {
                throw Problem(.badRequest, "\(name) is \"\(text)\"; write a day like 2026-11-23")
            }
            return moment
        }
        guard let start = try moment("from", from) else { throw Problem(.badRequest, "from is missing; name a day") }
        return try await acts.backfill(
            job, from: start, to: moment("to", to), order: order, limit: limit, rerun: rerun)
    }
}
