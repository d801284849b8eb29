/// Puts variables of the environment in the place of `${NAME}`, so that secrets need not be in a file's text.
///
/// Only the braces are special: `$NAME` stays as it is, and `$${` stands for `${` itself.
package enum EnvironmentExpansion {
    /// A text that cannot be expanded.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The environment has no such variable.
        case unknown(String)
        /// `${` without a name and a closing brace.
        case malformed(String)

        /// What was wrong and what would do.
        package var description: String {
            switch self {
            case .unknown(let name):
                "${\(name)} is not set in the node's environment; set it before the node starts"
            case .malformed(let text):
                "\(quoted(text)) is not a variable; write ${NAME}, or $${ for the characters themselves"
            }
        }
    }

    /// The text with every `${NAME}` replaced.
    /// - Throws: ``Failure`` naming the first variable that is unknown or malformed.
    package static func expand(_ text: String, environment: [String: String]) throws(Failure) -> String {
        var expanded = ""
        for piece in try pieces(of: text) {
            switch piece {
            case .text(let text): expanded += text
            case .variable(let name):
                guard let value = environment[name] else { throw .unknown(name) }
                expanded += value
            }
        }
        return expanded
    }

    /// A stretch of a text that is to be expanded.
    enum Piece: Equatable {
        case text(Substring)
        case variable(String)
    }

    static func pieces(of text: String) throws(Failure) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            pieces.append(.text(rest[..<dollar]))
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                pieces.append(.text("${"))
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                let inside = rest.dropFirst(2)
                guard let close = inside.firstIndex(of: "}"), isName(inside[..<close]) else {
                    throw .malformed(String(rest.prefix(40)))
                }
                pieces.append(.variable(String(inside[..<close])))
                rest = inside[inside.index(after: close)...]
            } else {
                pieces.append(.text("$"))
                rest = rest.dropFirst()
            }
        }
        return pieces + [.text(rest)]
    }

    /// Whether a shell could name a variable so: letters, digits and `_`, not a digit first.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
