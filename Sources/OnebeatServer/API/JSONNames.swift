/// A key as it is written.
struct JSONName {
    var text = ""
    /// In quotes, with what parts it from its value.
    var literal: [UInt8] = []

    init() {}

    init(_ text: String) {
        self.text = text
        literal.write(text)
        literal.append(UInt8(ascii: ":"))
    }
}

/// The keys of one answer, each taken apart once.
final class JSONNames {
    private var known: [String: JSONName] = [:]

    /// What dictionaries name their members by. Those names are no words of ours, and stay as they are.
    private static let foreign: ObjectIdentifier? = {
        let probe = Probe()
        try? ["": 0].encode(to: probe)
        return probe.key
    }()

    /// Whether keys of a type are such names.
    static func isForeign(_ key: any CodingKey.Type) -> Bool { ObjectIdentifier(key) == foreign }

    func name(_ key: some CodingKey, isForeign: Bool) -> JSONName {
        let text = key.stringValue
        if isForeign { return JSONName(text) }
        if let name = known[text] { return name }
        let name = JSONName(Self.snakeCase(text))
        known[text] = name
        return name
    }

    /// `lastRunAt` is `last_run_at`, and `requestID` is `request_id`.
    static func snakeCase(_ text: String) -> String {
        var words = ""
        let letters = Array(text)
        for (place, letter) in letters.enumerated() {
            if letter.isUppercase, place > 0 {
                let isFirst = !letters[place - 1].isUppercase
                let isLast = place + 1 < letters.count && letters[place + 1].isLowercase
                if isFirst || isLast { words += "_" }
            }
            words += letter.lowercased()
        }
        return words
    }

    /// Sees which type a dictionary's keys have.
    private final class Probe: Encoder {
        var key: ObjectIdentifier?
        let codingPath: [any CodingKey] = []
        let userInfo: [CodingUserInfoKey: Any] = [:]
        private let sheet = JSONSheet(JSONNames())

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            key = ObjectIdentifier(type)
            return KeyedEncodingContainer(JSONMembers<Key>(sheet: sheet, isForeign: true))
        }

        func unkeyedContainer() -> any UnkeyedEncodingContainer { sheet.unkeyedContainer() }

        func singleValueContainer() -> any SingleValueEncodingContainer { sheet.singleValueContainer() }
    }
}
