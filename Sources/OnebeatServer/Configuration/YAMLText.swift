/// From a file's text to YAML nodes, with YAML's own complaints put in words that help.
enum YAMLText {
    /// The root of the only document, or `nil` when problems were reported.
    static func compose(_ text: String, findings: Findings) -> YAMLNode? {
        do {
            guard let root = try YAMLComposer.compose(text), !root.isEmpty else {
                findings.problem("the file is empty; write at least jobs: and a job below it", at: nil)
                return nil
            }
            return root
        } catch {
            report(error, text, findings)
            return nil
        }
    }

    static let tags = "text that starts with ! needs quotes; tags are not read"
    private static let anchors =
        "anchors and aliases (&name, *name) are not read; what jobs share belongs under defaults, and text that starts "
        + "with & or * in quotes"

    private static func report(_ complaint: YAMLComplaint, _ text: String, _ findings: Findings) {
        let place = complaint.position
        switch complaint.kind {
        case .syntax(let problem):
            let (message, place) = explain(problem, at: place, complaint.context, findings)
            findings.problem(message, at: place)
        case .character(let problem, let offset):
            let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
            let lines = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            findings.problem(
                "\(problem); take the character out, or write it as an escape in double quotes",
                at: Position(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1))
        case .anchor: findings.problem(isCron(at: place, findings) ? star : anchors, at: place)
        case .tag: findings.problem(tags, at: place)
        case .keyIsNoText(let kind): findings.problem("a key is \(kind); keys are words", at: place)
        case .givenTwice(let key, let again):
            let line = again.line == place.line ? "" : ", again in line \(again.line)"
            findings.problem("\(quoted(key)) is given more than once in this map\(line); keep one of them", at: place)
        case .tooDeep: findings.problem("is nested too deeply; no setting is that deep", at: place)
        case .tooMuch:
            findings.problem(
                "the file has more than \(YAMLComposer.most) values; split the jobs over several files", at: place)
        case .secondDocument:
            findings.problem("a second document (---) starts here; one file holds one", at: place)
        }
    }

    static let star = "text that starts with * needs quotes, as in cron: \"*/5 * * * *\""

    /// Whether what YAML takes for an alias was probably meant for stars: nothing of that name was given before.
    private static func isCron(at place: Position, _ findings: Findings) -> Bool {
        guard let line = findings.line(place.line) else { return false }
        let scalars = line.unicodeScalars.dropFirst(place.column - 1)
        guard scalars.first == "*" else { return false }
        let name = String(
            String.UnicodeScalarView(scalars.dropFirst().prefix { $0.properties.isAlphabetic || $0 == "_" }))
        return !findings.text.contains("&\(name)")
    }
}
