/// Text that is safe to send to a browser. Literals are markup of ours; whatever is interpolated is escaped, unless it
/// is `HTML` itself. So a job's name or a line of output can never become markup, in text or in a quoted attribute.
struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ html: HTML) { text += html.text }

        mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }

        mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }

        mutating func appendInterpolation(_ value: some StringProtocol) { text += HTML.escaped(value) }

        mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }
    }

    private static func escaped(_ value: some StringProtocol) -> String {
        // Nearly all that pages show is names, numbers and moments, in which nothing is to be replaced.
        if value.utf8.allSatisfy(isPlain) { return String(value) }
        var result = ""
        result.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // Browsers know no other control characters, and those that turn the direction of text could disguise it.
            case _ where scalar.isHarmful: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a byte of UTF-8 stands for itself wherever it is: what can be seen of ASCII, without what markup is made of.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
        default: (0x20..<0x7f).contains(byte)
        }
    }
}
