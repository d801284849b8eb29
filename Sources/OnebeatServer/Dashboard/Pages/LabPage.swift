import Onebeat

/// A schedule to try: what it says in words, when it fires, how often, and what its zone does to it.
struct LabPage {
    static let parameters = ["expression", "timezone", "dialect", "from"]
    static let fires = 12

    var now: Timestamp
    var expression: String
    var timezone: String
    var dialect: CronDialect
    var from: Timestamp?
    /// Nothing was asked yet where it is `nil`.
    var answer: Result<ScheduleTrial, ScheduleError>?

    private var words: Words { Words(now: now) }

    var page: Page {
        let content: HTML = """
            <div class="title"><h1>\(say("Schedule lab"))</h1></div>
            <p class="lead">\(say("Try an expression: five fields of cron, six with seconds, <code>@daily</code>, a length such as <code>90s</code>, or <code>R10/2027-01-01T00:00:00Z/PT6H</code>."))</p>
            <form action="/lab">
            <label>\(say("Expression")) <input name="expression" data-search value="\(expression)" placeholder="0 3 * * mon-fri" size="28"></label>
            <label>\(say("Zone")) <input name="timezone" value="\(timezone)" placeholder="Europe/Berlin"></label>
            <label>\(say("Days by")) <select name="dialect">\(dialects)</select></label>
            <label>\(say("From")) <input name="from" value="\(from.map { "\($0)" } ?? "")" placeholder="\("\(now)".prefix(10))"></label>
            <button>\(say("Try"))</button></form>
            \(result)
            """
        return Page(title: say("Schedule lab"), place: .lab, now: now, content: content)
    }

    private var dialects: [HTML] {
        CronDialect.allCases.map { choice in
            "<option value=\"\(choice.rawValue)\"\(choice == dialect ? " selected" as HTML : "")>\(choice.rawValue)</option>"
        }
    }

    private var result: HTML? {
        switch answer {
        case nil: nil
        case .failure(let error)?: "<p class=\"notice bad\" role=\"alert\">\(english("\(error)"))</p>"
        case .success(let trial)?: shown(trial)
        }
    }

    private func shown(_ trial: ScheduleTrial) -> HTML {
        let warnings = trial.warnings.map { "<p class=\"notice calm\">\(english($0))</p>" as HTML }
        return """
            <p class="headline calm big">\(english(trial.schedule.words))</p>
            \(warnings)
            \(HTML.section("How often", HTML.facts(often(trial))))
            \(HTML.section("Next", fireTable(trial.next, trial)))
            \(HTML.section("When the clocks change", changes(trial)))
            """
    }

    private func often(_ trial: ScheduleTrial) -> [(Sentence, HTML?)] {
        func count(_ count: ScheduleTrial.Count) -> HTML {
            if count.isMore { return say("\(count.number) times or more") }
            return switch count.number {
            case 0: say("never")
            case 1: say("once")
            default: say("\(count.number) times")
            }
        }
        return [
            ("In the next day", count(trial.day)), ("In the next week", count(trial.week)),
            ("In the next year", count(trial.year)),
            ("Shortest gap", trial.shortest.map { "\(Words.exact($0))" }),
            ("Longest gap", trial.longest.map { "\(Words.exact($0))" }),
        ]
    }

    private func fireTable(_ occurrences: [Occurrence], _ trial: ScheduleTrial) -> HTML {
        FireTable(
            occurrences: occurrences, zone: trial.schedule.definition.timezone, words: words,
            otherwise: say("It does not fire after that.")
        ).html
    }

    private func changes(_ trial: ScheduleTrial) -> HTML {
        if trial.changes.isEmpty {
            return
                "<p class=\"empty\">\(say("The clocks of \(trial.schedule.definition.timezone) do not change within a year."))</p>"
        }
        let parts = trial.changes.map { change in
            """
            <h3>\(words.clock(change.at)) <span class="faint">\(change.before) → \(change.after)</span></h3>
            \(fireTable(change.around, trial))
            """ as HTML
        }
        return "\(parts)"
    }
}
