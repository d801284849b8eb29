import Onebeat

/// When a schedule fires next, on the reader's clock and on its own, with what a change of the clocks does to it.
struct FireTable {
    var occurrences: [Occurrence]
    var zone: String
    var words: Words
    var otherwise: HTML

    var html: HTML {
        HTML.table(
            ["When", "At", .titled("On the clock of \(zone)")],
            occurrences.map { occurrence in
                let isFire = occurrence.mark != .skipped
                let note = occurrence.note.map { "<br><span class=\"warned\">\(english($0))</span>" as HTML }
                let own: HTML = "\(occurrence.local.replacing("T", with: " "))\(note)"
                let when = isFire ? words.relative(occurrence.instant) : say("not fired")
                return [when, isFire ? words.clock(occurrence.instant) : "<span class=\"faint\">–</span>", own]
            }, otherwise: otherwise)
    }
}
