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
        func line(_ word: TerminalText, _ fires: [String], _ start: String?) -> TerminalText {
            let moments = fires.map(ReadableTime.text).joined(separator: ", ")
            return terminal.paint(word, .quiet) + "\(moments.isEmpty ? start ?? "never" : moments)"
        }
        let (before, after) = (change.firesBefore, change.firesAfter)
        let (startBefore, startAfter) = (change.startBefore, change.startAfter)
        switch change.kind {
        case .added: return [line("next    ", after, startAfter)]
        case .removed: return [line("was due ", before, startBefore)]
        case .conflict: return []
        case .kept: return [line("next    ", before, startBefore)]
        case .changed where before == after && startBefore == startAfter: return [line("next    ", after, startAfter)]
        case .changed: return [line("before  ", before, startBefore), line("after   ", after, startAfter)]
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
