import Onebeat

/// Readers of single values. They look at the text as it is written, never at what YAML would make of it: `no` is a
/// word, `1:30` is not ninety and `2026-01-01` is not yet a moment.
enum Read {
    static func text(_ node: YAMLNode) throws(Misfit) -> String {
        let scalar = try scalar(node, expected: "text")
        guard !scalar.string.utf8.contains(0) else { throw Misfit("holds a NUL character, which no program can take") }
        return scalar.string
    }

    /// A shell line, a path, a name: text that says something.
    static func words(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try text(node)
        guard !text.allSatisfy(\.isWhitespace) else { throw Misfit("is blank; give it a value or leave the key out") }
        return text
    }

    /// Words on one line, without characters that nobody can see.
    static func name(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try words(node)
        if let scalar = text.controlCharacter() {
            throw Misfit("is \(quoted(text)), with the control character \(scalar) in it; a name has none")
        }
        return text
    }

    /// `true` or `false`, and none of YAML's other words for them.
    static func truth(_ node: YAMLNode) throws(Misfit) -> Bool {
        let text = try scalar(node, expected: "true or false").string
        guard let value = Bool(text) else { throw Misfit("is \(quoted(text)); true or false will do") }
        return value
    }

    static func integer(_ range: ClosedRange<Int>) -> (YAMLNode) throws(Misfit) -> Int {
        { (node) throws(Misfit) in
            let text = try scalar(node, expected: "a number").string
            guard let value = Int(text) else {
                throw Misfit("is \(quoted(text)), which is not a whole number; \(range.words) will do")
            }
            guard range.contains(value) else { throw Misfit("is \(value); \(range.words) will do") }
            return value
        }
    }

    static func share(_ node: YAMLNode) throws(Misfit) -> Double {
        let text = try scalar(node, expected: "a number").string
        guard let value = Double(text), (0...1).contains(value) else {
            throw Misfit("is \(quoted(text)); a number from 0 to 1 will do, such as 0.2 for 20 %")
        }
        return value
    }

    /// A place on the ground, in degrees from `-most` to `most`.
    static func degrees(_ most: Double) -> (YAMLNode) throws(Misfit) -> Double {
        { (node) throws(Misfit) in
            let text = try scalar(node, expected: "a number of degrees").string
            guard let value = Double(text), (-most...most).contains(value) else {
                throw Misfit("is \(quoted(text)); degrees from -\(most) to \(most) will do, such as 48.85")
            }
            return value
        }
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type
    ) -> (YAMLNode) throws(Misfit) -> Choice where Choice.RawValue == String {
        { (node) throws(Misfit) in
            let words = Choice.allCases.map(\.rawValue)
            let text = try scalar(node, expected: "one of \(words.joined(separator: ", "))").string
            guard let value = Choice(rawValue: text) else {
                let near = KeySuggestion.nearest(to: text, among: words).map { "; did you mean `\($0)`?" }
                throw Misfit("is \(quoted(text))" + (near ?? "; \(words.joined(separator: ", ")) will do"))
            }
            return value
        }
    }

    /// A length of time, zero included.
    static func length(_ node: YAMLNode) throws(Misfit) -> Duration {
        let text = try scalar(node, expected: "a length of time, such as 30s").string
        if let value = Duration(text: text) { return value }
        if Int(text) != nil { throw Misfit("is \(text) without a unit; write \(text)s or \(text)m") }
        let joined = text.filter { !$0.isWhitespace }.lowercased()
        if Duration(text: joined) != nil { throw Misfit("is \(quoted(text)); write it as \(joined)") }
        throw Misfit("is \(quoted(text)), which is not a length of time; write it like 30s, 5m, 1h30m or 2d")
    }

    /// A time of the day.
    static func time(_ node: YAMLNode) throws(Misfit) -> TimeOfDay {
        let text = try scalar(node, expected: "a time of the day, such as 06:30").string
        guard let time = TimeOfDay(text) else { throw Misfit("is \(quoted(text)); write a time such as 06:30") }
        return time
    }

    /// A length of time longer than zero.
    static func positiveLength(_ node: YAMLNode) throws(Misfit) -> Duration {
        let length = try length(node)
        guard length > .zero else { throw Misfit("must be longer than zero, as in 10m") }
        return length
    }

    /// Whole seconds, at least one.
    static func seconds(_ node: YAMLNode) throws(Misfit) -> Int {
        let length = try positiveLength(node)
        guard length.components.attoseconds == 0 else {
            throw Misfit("is \(length.text); it is counted in whole seconds, as in 60s")
        }
        return Int(length.components.seconds)
    }

    /// A number of bytes: `64KiB`, `512MiB`, `1GB`.
    static func size(_ node: YAMLNode) throws(Misfit) -> Int {
        try size(text: try scalar(node, expected: "a size, such as 512MiB").string)
    }

    static func size(text: String) throws(Misfit) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits), number > 0 else {
            throw Misfit("is \(quoted(text)), which is not a size; write it like 64KiB, 512MiB or 1GB")
        }
        guard !unit.isEmpty else { throw Misfit("is \(text) without a unit; write it like 64KiB, 512MiB or 1GB") }
        let units = [
            "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
            "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
        ]
        guard let bytes = units[String(unit)] else {
            throw Misfit("has the unit \(quoted(unit)); B, KB, MB, GB, TB, KiB, MiB, GiB and TiB will do")
        }
        let (total, overflow) = number.multipliedReportingOverflow(by: bytes)
        guard !overflow else { throw Misfit("is \(text), more than any machine has") }
        return total
    }

    /// A list, or one element in its place.
    static func list<Element>(
        of element: @escaping (YAMLNode) throws(Misfit) -> Element
    ) -> (YAMLNode) throws(Misfit) -> [Element] {
        { (node) throws(Misfit) in
            guard case .sequence(let sequence) = node else { return [try element(node)] }
            guard !sequence.nodes.isEmpty else {
                throw Misfit("is an empty list; give it a value or leave the key out")
            }
            var values: [Element] = []
            for node in sequence.nodes {
                do throws(Misfit) {
                    values.append(try element(node))
                } catch {
                    throw Misfit(error.message, at: error.mark ?? node.position)
                }
            }
            return values
        }
    }

    /// A value, or the word `none`.
    static func optional<Value>(
        _ read: @escaping (YAMLNode) throws(Misfit) -> Value
    ) -> (YAMLNode) throws(Misfit) -> Value? {
        { (node) throws(Misfit) in
            if case .scalar(let scalar) = node, scalar.string == "none" { return nil }
            return try read(node)
        }
    }

    /// Checks that every `${` begins a variable; which variables there are is known only where the attempt starts.
    static func checkVariables(_ text: String) throws(Misfit) {
        do {
            _ = try EnvironmentExpansion.pieces(of: text)
        } catch {
            throw Misfit(error.description)
        }
    }

    static func scalar(_ node: YAMLNode, expected: String) throws(Misfit) -> YAMLScalar {
        guard case .scalar(let scalar) = node else { throw Misfit("is \(node.kind) where \(expected) belongs") }
        guard !node.isEmpty else { throw Misfit("is empty; give it a value or leave the key out") }
        return scalar
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String { upperBound == .max ? "\(lowerBound) or more" : "\(lowerBound) to \(upperBound)" }
}
