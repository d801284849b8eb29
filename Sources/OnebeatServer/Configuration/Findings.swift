import Yams

/// Collects what is wrong and what is worth a word while one file is read.
final class Findings {
    private let file: String
    private let text: String
    private var found: [(isWarning: Bool, problem: ConfigurationProblem)] = []
    private lazy var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)

    init(file: String, text: String) {
        self.file = file
        self.text = text
    }

    var problems: [ConfigurationProblem] { sorted(warnings: false) }
    var warnings: [ConfigurationProblem] { sorted(warnings: true) }
    var problemCount: Int { found.count { !$0.isWarning } }

    func problem(_ message: String, at mark: Position?, _ place: Place = Place()) {
        add(message, mark, place, isWarning: false)
    }

    func warning(_ message: String, at mark: Position?, _ place: Place = Place()) {
        add(message, mark, place, isWarning: true)
    }

    /// The text of a line, from 1.
    func line(_ number: Int) -> String? { lines.indices.contains(number - 1) ? String(lines[number - 1]) : nil }

    /// The place of byte `offset` of a scalar's value, where its notation lets it be told; else the place it starts.
    func mark(in scalar: Yams.Node.Scalar, offset: Int) -> Position? {
        guard let start = scalar.position, let line = line(start.line) else { return scalar.position }
        let rest = String(String.UnicodeScalarView(line.unicodeScalars.dropFirst(start.column - 1)))
        let notation: (before: String, escaped: String)? =
            switch scalar.style {
            case .plain: ("", scalar.string)
            case .singleQuoted: ("'", scalar.string.replacing("'", with: "''"))
            case .doubleQuoted: ("\"", scalar.string)
            case .any, .literal, .folded: nil
            }
        // Only a notation that shows the value as it is on this very line has columns to count.
        guard let notation, rest.hasPrefix(notation.before + notation.escaped) else { return start }
        var before = String(decoding: scalar.string.utf8.prefix(offset), as: UTF8.self)
        if scalar.style == .singleQuoted { before.replace("'", with: "''") }
        return Position(
            line: start.line, column: start.column + notation.before.unicodeScalars.count + before.unicodeScalars.count)
    }

    private func add(_ message: String, _ mark: Position?, _ place: Place, isWarning: Bool) {
        let problem = ConfigurationProblem(
            file: file, line: mark?.line, column: mark?.column, job: place.job,
            key: place.path.isEmpty ? nil : place.path.joined(separator: "."), message: message,
            sourceLine: mark.flatMap { line($0.line) })
        found.append((isWarning, problem))
    }

    private func sorted(warnings: Bool) -> [ConfigurationProblem] {
        found.filter { $0.isWarning == warnings }.map(\.problem)
            .sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
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
    var message: String
    /// Where, when it is not where the value starts.
    var mark: Position?

    init(_ message: String, at mark: Position? = nil) {
        self.message = message
        self.mark = mark
    }
}
