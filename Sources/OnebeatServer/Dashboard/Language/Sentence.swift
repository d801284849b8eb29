/// A sentence of the pages' own, with places for what it speaks of. It is written in English where it is used, which is
/// also the key to its other languages, so that a page in the program reads as the page in the browser.
///
/// What is put into a place is escaped unless it is `HTML`; what stands around it is markup of ours.
struct Sentence: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The English, with `{}` for each place.
    let english: String
    /// What fills the places, in the order of the English.
    let parts: [HTML]

    init(stringLiteral value: String) { (english, parts) = (value, []) }

    init(stringInterpolation: Interpolation) {
        (english, parts) = (stringInterpolation.english, stringInterpolation.parts)
    }

    /// A word of a closed list of ours, such as a state's.
    init(word: String) { self.init(stringLiteral: word) }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var english = ""
        fileprivate var parts: [HTML] = []

        init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(interpolationCount) }

        mutating func appendLiteral(_ literal: String) { english += literal }

        mutating func appendInterpolation(_ html: HTML) {
            english += "{}"
            parts.append(html)
        }

        mutating func appendInterpolation(_ text: some StringProtocol) { appendInterpolation("\(text)" as HTML) }

        mutating func appendInterpolation(_ number: some BinaryInteger) { appendInterpolation("\(number)" as HTML) }
    }

    /// The sentence in a language. Where that one orders things in another way, it names the places: `{2}` before `{1}`.
    func html(in language: Language) -> HTML {
        let template = language.template(for: english)
        guard !parts.isEmpty else { return HTML(stringLiteral: language.marked(template)) }
        var text = ""
        for piece in Template.pieces(of: template) {
            switch piece {
            case .literal(let literal): text += literal
            case .place(let place): if parts.indices.contains(place) { text += parts[place].text }
            }
        }
        return HTML(stringLiteral: language.marked(text))
    }
}

/// Says a sentence in the language of whoever reads the page.
func say(_ sentence: Sentence) -> HTML { sentence.html(in: Reader.current.language) }

/// What is only had in English, such as a message of a node, marked as such for those who listen to the page. The moments in it
/// are put on the reader's clock by the browser.
func english(_ text: String) -> HTML {
    let words = MomentText.pieces(of: text).map { piece -> HTML in
        switch piece {
        case .text(let text): "\(text)"
        case .moment(let moment): Words.whole(moment)
        }
    }
    return Reader.current.language == .english ? "\(words)" : "<span lang=\"en\">\(words)</span>"
}
