/// Text that is safe to send to a terminal, as `HTML` is for a browser. Literals are ours; whatever is interpolated is
/// made harmless, unless it is `TerminalText` itself. `Output` takes nothing else, so what a job, a server or a file
/// says cannot move the cursor, set the title, fill the clipboard, answer back or turn the direction of what is shown.
struct TerminalText: Sendable, Equatable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// Makes a text harmless.
    init(_ text: some StringProtocol) { self.text = Self.harmless(text) }

    private init(trusted text: String) { self.text = text }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ value: TerminalText) { text += value.text }

        mutating func appendInterpolation(_ value: some Any) { text += TerminalText.harmless("\(value)") }
    }

    static func + (a: TerminalText, b: TerminalText) -> TerminalText { TerminalText(trusted: a.text + b.text) }

    var isEmpty: Bool { text.isEmpty }

    /// Newlines and tabs stay; every other control character, and those that turn the direction of text or are not to
    /// be seen, become visible ones.
    private static func harmless(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: \.isHarmful) else { return String(text) }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case _ where !scalar.isHarmful: result.unicodeScalars.append(scalar)
            case 0..<0x20: result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
            case 0x7f: result += "\u{2421}"
            default: result += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            }
        }
        // Windows' ends of lines are ends of lines.
        return result.replacing("\u{240d}\n", with: "\n")
    }

    /// The text between the commands that switch a colour on and off.
    fileprivate func painted(_ colour: Colour) -> TerminalText {
        TerminalText(trusted: "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m")
    }
}

extension Terminal {
    /// The text in this colour, where there is colour.
    func paint(_ text: TerminalText, _ colour: Colour?) -> TerminalText {
        guard hasColour, let colour, !text.isEmpty else { return text }
        return text.painted(colour)
    }
}

extension [TerminalText] {
    func joined(separator: TerminalText) -> TerminalText {
        enumerated().reduce("") { $0 + ($1.offset == 0 ? "" : separator) + $1.element }
    }
}
