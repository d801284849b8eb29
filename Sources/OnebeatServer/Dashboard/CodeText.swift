/// Sentences of reports, in which what stands between backticks is code.
enum CodeText {
    static func html(_ text: String) -> HTML {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        // A backtick without its other half is just one.
        guard parts.count % 2 == 1 else { return "\(text)" }
        let pieces = parts.enumerated().map { place, part in
            place.isMultiple(of: 2) ? "\(part)" : "<code>\(part)</code>" as HTML
        }
        return "\(pieces)"
    }

    static func paragraph(_ sentences: [String]) -> HTML {
        let lines = sentences.map { "\(html($0)) " as HTML }
        return "<p class=\"lead\"\(Reader.current.language == .english ? nil : " lang=\"en\"" as HTML)>\(lines)</p>"
    }
}
