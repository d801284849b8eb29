import Yams

/// Reads the keys of one map; what is not among its keys is a problem with a suggestion.
struct MapReader {
    let place: Place
    let findings: Findings
    /// Where the map starts.
    let mark: Position?
    private let entries: [String: (key: Position?, value: Yams.Node)]

    /// - Parameters:
    ///   - keys: what the map may hold.
    ///   - refused: keys that have a meaning, but not here or not yet, and what to say of them.
    init?(
        _ node: Yams.Node, _ place: Place, keys: [String], refused: [String: String] = [:], findings: Findings
    ) {
        guard case .mapping(let mapping) = node else {
            findings.problem("is \(node.kind) where a map belongs, such as {\(keys[0]): …}", at: node.position, place)
            return nil
        }
        var entries: [String: (key: Position?, value: Yams.Node)] = [:]
        for (keyNode, value) in mapping {
            guard case .scalar(let key) = keyNode else {
                findings.problem("a key is \(keyNode.kind); keys are words", at: keyNode.position, place)
                continue
            }
            if entries[key.string] != nil {
                findings.problem("is given twice; keep one of them", at: key.position, place.child(key.string))
            } else if keys.contains(key.string) {
                entries[key.string] = (key.position, value)
            } else if let message = refused[key.string] {
                findings.problem(message, at: key.position, place.child(key.string))
            } else {
                findings.problem(
                    KeySuggestion.unknown(key.string, among: keys, following: refused), at: key.position, place)
            }
        }
        self.place = place
        self.findings = findings
        self.mark = mapping.mark.map(Position.init)
        self.entries = entries
    }

    func has(_ key: String) -> Bool { entries[key] != nil }

    /// The value of a key as it stands in the file.
    func node(_ key: String) -> Yams.Node? { entries[key]?.value }

    /// Where the key stands.
    func mark(ofKey key: String) -> Position? { entries[key]?.key }

    /// The value of a key; `nil` when it is left out, or does not fit and has been reported.
    func value<Value>(_ key: String, _ read: (Yams.Node) throws(Misfit) -> Value) -> Value? {
        guard let (mark, node) = entries[key] else { return nil }
        do {
            return try read(node)
        } catch {
            // An empty value has its place after the line's end: the key is what the reader looks for.
            findings.problem(error.message, at: error.mark ?? (node.isEmpty ? mark : node.position), place.child(key))
            return nil
        }
    }

    /// A map inside this one.
    func map(_ key: String, keys: [String], refused: [String: String] = [:]) -> MapReader? {
        guard let (mark, node) = entries[key] else { return nil }
        if node.isEmpty {
            findings.problem("is empty; give it a value or leave the key out", at: mark, place.child(key))
            return nil
        }
        return MapReader(node, place.child(key), keys: keys, refused: refused, findings: findings)
    }

    func problem(_ message: String, key: String, at mark: Position? = nil) {
        findings.problem(message, at: mark ?? node(key)?.position ?? self.mark, place.child(key))
    }

    func warning(_ message: String, key: String) {
        findings.warning(message, at: mark(ofKey: key) ?? mark, place.child(key))
    }
}

extension Yams.Node {
    /// What the value is, for a sentence.
    var kind: String {
        switch self {
        case .scalar: isEmpty ? "empty" : "text"
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// Whether nothing is written, or YAML's word for nothing.
    var isEmpty: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

extension MapReader {
    /// The entries of a map whose keys the user chooses, in the order of the file, each key once.
    func pairs(_ key: String, example: String) -> [(name: String, mark: Position?, value: Yams.Node)] {
        guard let node = node(key) else { return [] }
        let place = place.child(key)
        guard case .mapping(let mapping) = node else {
            findings.problem("is \(node.kind) where a map belongs, such as {\(example)}", at: node.position, place)
            return []
        }
        var pairs: [(name: String, mark: Position?, value: Yams.Node)] = []
        var names: Set<String> = []
        for (keyNode, value) in mapping {
            guard case .scalar(let name) = keyNode else {
                findings.problem("a key is \(keyNode.kind); keys are words", at: keyNode.position, place)
                continue
            }
            if names.insert(name.string).inserted {
                pairs.append((name.string, name.position, value))
            } else {
                findings.problem("is given twice; keep one of them", at: name.position, place.child(name.string))
            }
        }
        return pairs
    }

    /// Text in which `${NAME}` will be expanded later, by the node that starts the attempt.
    func expandable(_ node: Yams.Node, keyMark: Position?, _ place: Place) -> String? {
        do {
            let text = try Read.text(node)
            try Read.checkVariables(text)
            return text
        } catch {
            findings.problem(error.message, at: node.isEmpty ? keyMark : node.position, place)
            return nil
        }
    }
}
