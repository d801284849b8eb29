import Onebeat

/// One line of a crontab, as Debian's cron takes it apart.
struct CrontabLine {
    /// A schedule and what follows it.
    struct Entry {
        /// Five fields with single spaces, or a word such as `@daily`.
        var schedule: String
        /// The command, with the user before it in the system form.
        var rest: String
    }

    enum Content {
        case blank
        /// Without its `#`.
        case comment(String)
        case variable(name: String, value: String)
        case entry(Entry)
        /// Neither a variable nor enough fields.
        case unreadable
    }

    /// From 1.
    var number: Int
    var text: String
    var content: Content

    static func read(_ text: String) -> [CrontabLine] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map { index, line in
            let trimmed = line.trimming(" \t")
            return CrontabLine(number: index + 1, text: trimmed, content: content(of: trimmed))
        }
    }

    private static func content(of line: String) -> Content {
        if line.isEmpty { return .blank }
        if line.hasPrefix("#") { return .comment(line.dropFirst().trimming(" \t")) }
        return variable(line) ?? entry(line).map(Content.entry) ?? .unreadable
    }

    /// `NAME=value`: blanks around the sign and a pair of quotes around either side do not count; nothing is expanded.
    private static func variable(_ line: String) -> Content? {
        guard line.utf8.contains(UInt8(ascii: "=")), let first = line.first else { return nil }
        let name: Substring
        if first == "\"" || first == "'" {
            guard let end = line.dropFirst().firstIndex(of: first) else { return nil }
            name = line[...end]
        } else {
            name = line.prefix { !$0.isWhitespace && $0 != "=" && $0 != "\"" && $0 != "'" }
        }
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let rest = line[name.endIndex...].drop(while: isBlank)
        guard !name.isEmpty, rest.first == "=" else { return nil }
        return .variable(name: unquoted(name), value: unquoted(rest.dropFirst().drop(while: isBlank)))
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let first = text.first, first == "\"" || first == "'", text.count > 1, first == text.last else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    static func entry(_ line: String) -> Entry? {
        let count = line.hasPrefix("@") ? 1 : 5
        let words = line.split(maxSplits: count, whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count == count + 1 else { return nil }
        return Entry(schedule: words.prefix(count).joined(separator: " "), rest: words[count].trimming(" \t"))
    }
}

extension Substring {
    /// Whether it can be a user's name, as Debian makes them; those of machines end with a dollar sign.
    var isUserName: Bool {
        let name = utf8.last == UInt8(ascii: "$") ? utf8.dropLast() : utf8[...]
        guard let first = name.first, first.isLetter || first.isDigit || first == UInt8(ascii: "_") else {
            return false
        }
        return name.allSatisfy { $0.isLetter || $0.isDigit || "_.-".utf8.contains($0) }
    }
}
