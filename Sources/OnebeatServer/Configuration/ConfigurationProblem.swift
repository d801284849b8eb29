/// Something wrong with a configuration file, or worth a second look: where it is, what it is and what would do.
package struct ConfigurationProblem: Sendable, Hashable {
    /// The file's path, as it was given.
    package var file: String
    /// The line, from 1; `nil` when it is about the file as a whole.
    package var line: Int?
    /// The column, from 1, in Unicode scalars.
    package var column: Int?
    /// The job it is about.
    package var job: String?
    /// The key it is about, with the keys around it: `retry.limit`.
    package var key: String?
    /// What is wrong and what would do.
    package var message: String
    /// The line's text.
    package var sourceLine: String?

    /// The problem in one line: `onebeat.yaml:14:11: job "backup", cron: minute is 61, but minutes end at 59`.
    package var summary: String {
        var text = file
        if let line { text += ":\(line)" }
        if let column { text += ":\(column)" }
        let subject = [job.map { "job \(quoted($0))" }, key].compactMap(\.self).joined(separator: ", ")
        return text + ": " + (subject.isEmpty ? "" : subject + ": ") + message
    }

    /// The line with a caret below the place, or `nil` when there is no one place.
    package var picture: String? {
        guard let sourceLine, let column else { return nil }
        let scalars = Array(sourceLine.unicodeScalars)
        let first = max(0, min(column - 1, scalars.count) - 70)
        let shown = scalars[first..<min(scalars.count, first + 110)]
        var line = String.UnicodeScalarView()
        // A control character could move the terminal's cursor, and does not belong into a file of settings anyhow.
        line.append(contentsOf: shown.map { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7f ? "\u{FFFD}" : $0 })
        var indent = String.UnicodeScalarView()
        // A tab is as wide as the terminal says, so the caret's line repeats it.
        indent.append(contentsOf: shown.prefix(column - 1 - first).map { $0 == "\t" ? $0 : " " })
        return "    \(String(line))\n    \(String(indent))^"
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// The summary and, where there is one, the picture.
    package var description: String { [summary, picture].compactMap(\.self).joined(separator: "\n") }
}

/// A configuration file that cannot be used: everything that is wrong with it.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problems, in the order of the file; at least one.
    package var problems: [ConfigurationProblem]

    /// All problems, one below the other.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// A piece of user's text in quotes, safe for a terminal and short enough for a line.
func quoted(_ text: some StringProtocol) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(80) {
        shown += scalar == "\"" || scalar == "\\" ? String(scalar) : scalar.escaped(asASCII: false)
    }
    return "\"\(shown)\(text.unicodeScalars.count > 80 ? "…" : "")\""
}
