/// Collects what is wrong and what is worth a word while one file is read.
final class Findings {
    /// How many problems, and how many warnings, are told. Nobody mends more in one go, and to tell of tens of thousands
    /// would keep the one who asked waiting.
    static let most = 100
    /// The longest line that is shown and looked into for columns.
    private static let longestLine = 10_000

    private let file: String
    let text: String
    private var found: [(isWarning: Bool, problem: ConfigurationProblem)] = []
    private(set) var problemCount = 0
    private var warningCount = 0
    private lazy var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)

    init(file: String, text: String) {
        self.file = file
        self.text = text
    }

    var problems: [ConfigurationProblem] { sorted(warnings: false) }
    var warnings: [ConfigurationProblem] { sorted(warnings: true) }
    /// Whether nothing is left to tell by reading on.
    var isFull: Bool { problemCount >= Self.most }

    func problem(_ message: String, at mark: Position?, _ place: Place = Place()) {
        add(message, mark, place, isWarning: false)
    }

    func warning(_ message: String, at mark: Position?, _ place: Place = Place()) {
        add(message, mark, place, isWarning: true)
    }

    /// The text of a line, from 1, where it is one that people read.
    func line(_ number: Int) -> String? {
        guard lines.indices.contains(number - 1), lines[number - 1].utf8.count <= Self.longestLine else { return nil }
        return String(lines[number - 1])
    }

    /// The place of byte `offset` of a scalar's value, where its notation lets it be told; else the place it starts.
    func mark(in scalar: YAMLScalar, offset: Int) -> Position {
        let start = scalar.position
        guard let line = line(start.line) else { return start }
        let rest = String(String.UnicodeScalarView(line.unicodeScalars.dropFirst(start.column - 1)))
        let notation: (before: String, escaped: String)? =
            switch scalar.style {
            case .plain: ("", scalar.string)
            case .singleQuoted: ("'", scalar.string.replacing("'", with: "''"))
            case .doubleQuoted: ("\"", scalar.string)
            case .block: nil
            }
        // Only a notation that shows the value as it is on this very line has columns to count.
        guard let notation, rest.hasPrefix(notation.before + notation.escaped) else { return start }
        var before = String(decoding: scalar.string.utf8.prefix(offset), as: UTF8.self)
        if scalar.style == .singleQuoted { before.replace("'", with: "''") }
        return Position(
            line: start.line, column: start.column + notation.before.unicodeScalars.count + before.unicodeScalars.count)
    }

    private func add(_ message: String, _ mark: Position?, _ place: Place, isWarning: Bool) {
        if isWarning { warningCount += 1 } else { problemCount += 1 }
        let count = isWarning ? warningCount : problemCount
        guard count <= Self.most else { return }
        let problem = ConfigurationProblem(
            file: file, line: mark?.line, column: mark?.column, job: place.job,
            key: place.path.isEmpty ? nil : place.path.joined(separator: "."), message: message,
            sourceLine: mark.flatMap { line($0.line) })
        found.append((isWarning, problem))
        guard count == Self.most else { return }
        let words = isWarning ? "there may be more warnings than these" : "there may be more problems; mend these first"
        found.append((isWarning, ConfigurationProblem(file: file, message: words)))
    }

    private func sorted(warnings: Bool) -> [ConfigurationProblem] {
        found.filter { $0.isWarning == warnings }.map(\.problem)
            .sorted { ($0.line ?? Int.max, $0.column ?? 0) < ($1.line ?? Int.max, $1.column ?? 0) }
    }
}

/// Where in the file's structure a value stands.
struct Place {
    var job: String?
    var path: [String] = []

    func child(_ key: String) -> Place { Place(job: job, path: path + [key]) }
}

/// A value that does not fit its key.
package struct Misfit: Error {
    /// What is wrong and what would do.
    package internal(set) var message: String
    /// Where, when it is not where the value starts.
    var mark: Position?

    init(_ message: String, at mark: Position? = nil) {
        self.message = message
        self.mark = mark
    }
}
