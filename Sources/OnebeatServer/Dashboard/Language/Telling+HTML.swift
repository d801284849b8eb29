import Onebeat

extension Telling {
    /// The sentence in the reader's language.
    var html: HTML {
        var writer = CodeWriter()
        write(to: &writer)
        return HTML(stringLiteral: Reader.current.language.marked(writer.html.text))
    }

    private func write(to writer: inout CodeWriter) {
        for piece in Template.pieces(of: Reader.current.language.template(for: english)) {
            switch piece {
            case .literal(let text): writer.write(literal: text)
            case .place(let place) where parts.indices.contains(place): write(parts[place], to: &writer)
            case .place: break
            }
        }
    }

    private func write(_ part: Part, to writer: inout CodeWriter) {
        let isEnglish = Reader.current.language == .english
        switch part {
        case .plain(let text): writer.write(value: "\(text)")
        case .english(let text): writer.write(value: Self.foreign(text))
        case .length(let length): writer.write(value: isEnglish ? "\(length.brief)" : "\(Words.exact(length))")
        case .distance(let moment, let now):
            writer.write(value: isEnglish ? "\(moment.relative(to: now))" : Words(now: now).relative(moment))
        case .telling(let telling): telling.write(to: &writer)
        }
    }

    private static func foreign(_ text: String) -> HTML { OnebeatServer.english(text) }
}

/// Puts what stands between backticks in a sentence of ours into code. What is put into its places has none of its own.
private struct CodeWriter {
    private(set) var html: HTML = ""
    private var isCode = false

    mutating func write(literal: String) {
        for (place, part) in literal.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            if place > 0 {
                isCode.toggle()
                html = isCode ? "\(html)<code>" : "\(html)</code>"
            }
            html = "\(html)\(part)"
        }
    }

    mutating func write(value: HTML) { html = "\(html)\(value)" }
}
