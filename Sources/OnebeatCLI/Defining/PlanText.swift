import OnebeatServer

/// A diff for people: a sign a job, the keys that differ, the next fires before and after.
enum PlanText {
    private static let mostFollowers = 10

    static func lines(_ diff: PlanDiff, for terminal: Terminal) -> [TerminalText] {
        var lines: [TerminalText] = []
        for change in diff.changes {
            lines.append(title(change, terminal))
            lines += change.keys.map { "    \($0.words)" }
            lines += fires(change, terminal).map { "    " + $0 }
            if !change.followers.isEmpty {
                let names = change.followers.prefix(mostFollowers).joined(separator: ", ")
                let rest = change.followers.count - mostFollowers
                lines.append(
                    "    " + terminal.paint("with it ", .quiet) + "\(names)\(rest > 0 ? " and \(rest) more" : "")")
            }
        }
        if !lines.isEmpty { lines.append("") }
        lines.append("\(summary(diff))")
        return lines
    }

    private static func title(_ change: PlanDiff.JobChange, _ terminal: Terminal) -> TerminalText {
        let (sign, colour): (String, Colour) =
            switch change.kind {
            case .added: ("+", .good)
            case .changed: ("~", .warning)
            case .removed: ("-", .bad)
            case .conflict: ("!", .bad)
            case .kept: ("=", .warning)
            }
        let kept = change.kind == .kept ? "goes on, though the file does not hold it; --complete removes it" : nil
        let note = change.owner.map { "defined by \($0)" } ?? kept ?? change.schedule
        return terminal.paint("\(sign) \(change.job)", colour) + "  " + terminal.paint("\(note)", .quiet)
    }

    private static func fires(_ change: PlanDiff.JobChange, _ terminal: Terminal) -> [TerminalText] {
        func line(_ word: TerminalText, _ fires: [String]) -> TerminalText {
            let moments = fires.map(ReadableTime.text).joined(separator: ", ")
            return terminal.paint(word, .quiet) + "\(moments.isEmpty ? "never" : moments)"
        }
        switch change.kind {
        case .added: return [line("next    ", change.firesAfter)]
        case .removed: return [line("was due ", change.firesBefore)]
        case .conflict: return []
        case .kept: return [line("next    ", change.firesBefore)]
        case .changed where change.firesBefore == change.firesAfter: return [line("next    ", change.firesAfter)]
        case .changed: return [line("before  ", change.firesBefore), line("after   ", change.firesAfter)]
        }
    }

    private static func summary(_ diff: PlanDiff) -> String {
        if diff.changes.isEmpty { return "nothing changes: \(count(diff.unchanged)) as stored" }
        let counts = [PlanDiff.JobChange.Kind.added, .changed, .removed, .kept, .conflict].compactMap { kind in
            let number = diff.changes.count { $0.kind == kind }
            return number == 0 ? nil : "\(number) \(kind == .conflict ? "refused" : kind.rawValue)"
        }
        let rest = diff.unchanged == 0 ? [] : ["\(diff.unchanged) unchanged"]
        return (counts + rest).joined(separator: ", ")
    }

    private static func count(_ number: Int) -> String { "\(number) job\(number == 1 ? "" : "s")" }
}
