/// Reads the keys of one map; what is not among its keys is a problem with a suggestion.
struct MapReader {
    let place: Place
    let findings: Findings
    /// Where the map starts.
    let mark: Position?
    private let entries: [String: (key: Position?, value: YAMLNode)]

    /// - Parameters:
    ///   - keys: what the map may hold.
    ///   - refused: keys that have a meaning, but not here or not yet, and what to say of them.
    init?(
        _ node: YAMLNode, _ place: Place, keys: [String], refused: [String: String] = [:], findings: Findings
    ) {
        guard case .mapping(let mapping) = node else {
            findings.problem("is \(node.kind) where a map belongs, such as {\(keys[0]): …}", at: node.position, place)
            return nil
        }
        var entries: [String: (key: Position?, value: YAMLNode)] = [:]
        for pair in mapping.pairs {
            let (key, value) = (pair.key, pair.value)
            if keys.contains(key.string) {
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
        self.mark = mapping.position
        self.entries = entries
    }

    func has(_ key: String) -> Bool { entries[key] != nil }

    /// The value of a key as it stands in the file.
    func node(_ key: String) -> YAMLNode? { entries[key]?.value }

    /// Where the key stands.
    func mark(ofKey key: String) -> Position? { entries[key]?.key }

    /// The value of a key; `nil` when it is left out, or does not fit and has been reported.
    func value<Value>(_ key: String, _ read: (YAMLNode) throws(Misfit) -> Value) -> Value? {
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

extension MapReader {
    /// The entries of a map whose keys the user chooses, in the order of the file.
    func pairs(_ key: String, example: String) -> [(name: String, mark: Position?, value: YAMLNode)] {
        guard let node = node(key) else { return [] }
        let place = place.child(key)
        guard case .mapping(let mapping) = node else {
            findings.problem("is \(node.kind) where a map belongs, such as {\(example)}", at: node.position, place)
            return []
        }
        return mapping.pairs.map { ($0.key.string, $0.key.position, $0.value) }
    }

    /// Text in which `${NAME}` will be expanded later, by the node that starts the attempt.
    func expandable(_ node: YAMLNode, keyMark: Position?, _ place: Place) -> String? {
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
