/// The sentences of a report, one after the other.
enum TellingText {
    static func paragraph(_ tellings: [Telling]) -> HTML {
        // Where a sentence ends in a full-width stop, that is the space.
        let space: HTML = Reader.current.language == .chinese ? "" : " "
        let lines = tellings.map { "\($0.html)\(space)" as HTML }
        return "<p class=\"lead\">\(lines)</p>"
    }
}
