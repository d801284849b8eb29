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
            let problems = findings.problemCount
            // Nodes hold their anchors weakly; the parser owns them.
            withExtendedLifetime(parser) { refuseAnchors(root, findings) }
            return findings.problemCount == problems ? root : nil
        } catch let error as YamlError {
            report(error, text, findings)
        } catch {
            findings.problem("cannot be read as YAML: \(error)", at: nil)
        }
        return nil
    }

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

    /// Does not look behind an anchor: whatever an alias repeats stands behind one.
    private static func refuseAnchors(_ node: Yams.Node, _ findings: Findings) {
        if node.anchor != nil { return findings.problem(anchors, at: node.position) }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                refuseAnchors(key, findings)
                refuseAnchors(value, findings)
            }
        case .sequence(let sequence): for element in sequence { refuseAnchors(element, findings) }
        case .scalar, .alias: break
        }
    }

    private static func report(_ error: YamlError, _ text: String, _ findings: Findings) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let (message, place) = explain(problem, at: Position(mark), context, findings)
            findings.problem(message, at: place)
        case .duplicatedKeysInMapping(let keys, let context):
            findings.problem(
                "\(keys.map { quoted($0) }.joined(separator: ", ")) is given more than once in this map; keep one of them",
                at: Position(context.mark))
        case .reader(let problem, let offset, _, _):
            let lines = text.prefix(offset ?? 0).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            findings.problem(
                "\(problem): take the character out, or write it as an escape in double quotes",
                at: Position(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1))
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            findings.problem("cannot be read as YAML: \(error)", at: nil)
        }
    }
}
