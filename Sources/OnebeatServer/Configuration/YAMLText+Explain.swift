extension YAMLText {
    /// What usually lies behind a complaint of the YAML scanner, and the place to look at.
    static func explain(
        _ problem: String, at place: Position, _ context: (text: String, position: Position)?, _ findings: Findings
    ) -> (message: String, place: Position) {
        let start = context?.position ?? place
        let scalars = findings.line(place.line).map { Array($0.unicodeScalars) } ?? []
        let character = scalars.indices.contains(place.column - 1) ? scalars[place.column - 1] : nil
        if context?.text.contains("scanning an alias") == true { return (star, start) }
        if context?.text.contains("scanning an anchor") == true {
            return ("text that starts with & needs quotes", start)
        }
        if context?.text.contains("tag") == true { return (tags, start) }
        if character == "\t" || problem.contains("tab") {
            return ("a tab stands where YAML takes only spaces; indent with spaces", place)
        }
        if problem.contains("cannot start any token") {
            let example = character == "@" ? ", as in cron: \"@daily\"" : ""
            return (
                "text that starts with \(character.map(String.init) ?? "this character") needs quotes\(example)", place
            )
        }
        if problem.contains("mapping values are not allowed") {
            return ("text with \": \" in it needs quotes; if this is a key, its indentation does not fit", place)
        }
        if problem.contains("could not find expected ':'") {
            return ("a key needs a colon and a space after it, as in run: ./backup.sh", start)
        }
        if context?.text.contains("quoted scalar") == true {
            return ("this quote is never closed", start)
        }
        if context?.text.contains("flow") == true {
            return ("this \(bracket(context)) is never closed, or text with , [ ] { } in it lacks quotes", start)
        }
        if context?.text.contains("block") == true {
            return (
                "this does not belong to the lines around it; check the indentation, and put text that starts with a "
                    + "quote or bracket in quotes as a whole", place
            )
        }
        if problem.contains("nesting level") { return ("is nested too deeply; no setting is that deep", place) }
        return ("cannot be read as YAML: \(problem)", place)
    }

    private static func bracket(_ context: (text: String, position: Position)?) -> String {
        context?.text.contains("mapping") == true ? "{" : "["
    }
}
