import Yams

/// From a file's text to YAML nodes, with YAML's own complaints put in words that help.
enum YAMLText {
    /// The root of the only document, or `nil` when problems were reported.
    static func compose(_ text: String, findings: Findings) -> Yams.Node? {
        guard !mayMultiplyAliases(text) else {
            findings.problem(anchors, at: nil)
            return nil
        }
        do {
            // Scalars stay text whatever they look like: the readers know what each key wants.
            let parser = try Yams.Parser(yaml: text, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            guard let root, !root.isEmpty else {
                findings.problem("the file is empty; write at least jobs: and a job below it", at: nil)
                return nil
            }
            // Nodes hold their anchors weakly; the parser owns them.
            return withExtendedLifetime(parser) { refusesWhatIsNotRead(root, findings) } ? nil : root
        } catch let error as YamlError {
            report(error, text, findings)
        } catch {
            findings.problem("cannot be read as YAML: \(error)", at: nil)
        }
        return nil
    }

    static let tags = "text that starts with ! needs quotes; tags are not read"
    private static let anchors =
        "anchors and aliases (&name, *name) are not read; what jobs share belongs under defaults, and text that starts "
        + "with & or * in quotes"

    /// An alias used as a key is expanded while the file is parsed, and a few of them nested are a bomb. Aliases are
    /// refused anyhow, so a text that names its anchors often need not be parsed to know the answer.
    private static func mayMultiplyAliases(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return false }
        let anchors = Set(text.matches(of: /(?:^|[\s\[{,])&([\w-]+)/).map(\.1))
        if anchors.isEmpty { return false }
        var aliases = 0
        for match in text.matches(of: /[:?,\[{-]\s*\*([\w-]+)/) where anchors.contains(match.1) {
            aliases += 1
            if aliases > 16 { return true }
        }
        return false
    }

    /// Of a value whose kind is told by how it is written.
    private static let plainTags: Set<Yams.Tag.Name> = [.implicit, .nonSpecific, .str, .seq, .map]

    /// Anchors, aliases and tags. One problem is enough, and nothing behind an anchor is looked at: whatever an alias
    /// repeats stands behind one.
    private static func refusesWhatIsNotRead(_ node: Yams.Node, _ findings: Findings) -> Bool {
        if node.anchor != nil {
            findings.problem(anchors, at: node.position)
            return true
        }
        if !plainTags.contains(Yams.Tag.Name(rawValue: node.tag.rawValue)) {
            findings.problem(tags, at: node.position)
            return true
        }
        switch node {
        case .mapping(let mapping):
            return mapping.contains { refusesWhatIsNotRead($0, findings) || refusesWhatIsNotRead($1, findings) }
        case .sequence(let sequence): return sequence.contains { refusesWhatIsNotRead($0, findings) }
        case .scalar, .alias: return false
        }
    }

    private static func report(_ error: YamlError, _ text: String, _ findings: Findings) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let (message, place) = explain(problem, at: Position(mark), context, findings)
            findings.problem(message, at: place)
        case .duplicatedKeysInMapping(let keys, let context):
            let first = Position(context.mark)
            let again = secondPlace(of: keys.sorted()[0], after: first, findings).map { ", again in line \($0)" } ?? ""
            findings.problem(
                "\(quoted(keys.sorted()[0])) is given more than once in this map\(again); keep one of them", at: first)
        case .reader(let problem, let offset, _, _):
            let lines = text.prefix(offset ?? 0).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            findings.problem(
                "\(problem); take the character out, or write it as an escape in double quotes",
                at: Position(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1))
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            findings.problem("cannot be read as YAML: \(error)", at: nil)
        }
    }

    /// The line in which a key of a block map is repeated: the next one that starts with it as far from the margin.
    private static func secondPlace(of key: String, after first: Position, _ findings: Findings) -> Int? {
        let margin = String(repeating: " ", count: first.column - 1)
        var number = first.line + 1
        while let line = findings.line(number) {
            let isDeeper = line.hasPrefix(margin + " ") || line.trimming(" \t").isEmpty
            if !isDeeper, !line.hasPrefix(margin) { return nil }
            let text = line.dropFirst(margin.count)
            if !isDeeper, [key, "\"\(key)\"", "'\(key)'"].contains(where: { text.hasPrefix($0 + ":") }) {
                return number
            }
            number += 1
        }
        return nil
    }
}
