import Onebeat

/// A sentence of a report, with places for what it speaks of: plain text for commands, and for pages a sentence in the
/// reader's language. Its English is also the key to its other languages, as with the sentences of pages.
///
/// What stands between backticks in it is code.
package struct Telling: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// What fills a place.
    indirect enum Part: Sendable, Equatable {
        /// What is the same in every language: a name, a number, a moment.
        case plain(String)
        /// What is only had in English.
        case english(String)
        case length(Duration)
        case distance(Timestamp, from: Timestamp)
        case telling(Telling)

        var text: String {
            switch self {
            case .plain(let text), .english(let text): text
            case .length(let length): length.brief
            case .distance(let moment, let now): moment.relative(to: now)
            case .telling(let telling): telling.text
            }
        }
    }

    /// The English, with `{}` for each place.
    let english: String
    /// What fills the places, in the order of the English.
    let parts: [Part]

    private init(_ english: String, _ parts: [Part] = []) {
        self.english = english
        self.parts = parts
    }

    package init(stringLiteral value: String) { self.init(value) }

    package init(stringInterpolation: Interpolation) {
        self.init(stringInterpolation.english, stringInterpolation.parts)
    }

    /// A word of a closed list of ours, such as a state's.
    init(word: String) { self.init(word) }

    /// Nothing, where something may be said.
    static let nothing = Telling("")

    /// One sentence, written in two lines.
    package static func + (a: Telling, b: Telling) -> Telling { Telling(a.english + b.english, a.parts + b.parts) }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var english = ""
        fileprivate var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(interpolationCount) }

        package mutating func appendLiteral(_ literal: String) { english += literal }

        private mutating func append(_ part: Part) {
            english += "{}"
            parts.append(part)
        }

        package mutating func appendInterpolation(_ text: String) { append(.plain(text)) }

        package mutating func appendInterpolation(_ number: some BinaryInteger) { append(.plain("\(number)")) }

        package mutating func appendInterpolation(_ run: RunID) { append(.plain("\(run)")) }

        package mutating func appendInterpolation(_ telling: Telling) { append(.telling(telling)) }

        package mutating func appendInterpolation(english text: String) { append(.english(text)) }

        package mutating func appendInterpolation(_ length: Duration) { append(.length(length)) }

        package mutating func appendInterpolation(_ moment: Timestamp, from now: Timestamp) {
            append(.distance(moment, from: now))
        }
    }

    /// The sentence in English.
    package var text: String {
        Template.pieces(of: english).map { piece in
            switch piece {
            case .literal(let text): text
            case .place(let place): parts.indices.contains(place) ? parts[place].text : ""
            }
        }.joined()
    }
}
