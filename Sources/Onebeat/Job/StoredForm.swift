/// A JSON object that is being written.
struct StoredForm {
    private var members: [String: JSONValue] = [:]

    var value: JSONValue { .object(members) }

    subscript(key: String) -> JSONValue? {
        get { members[key] }
        set { members[key] = newValue }
    }

    mutating func put(_ key: String, _ text: String?) { self[key] = text.map(JSONValue.string) }
    mutating func put(_ key: String, _ texts: [String]) { self[key] = .array(texts.map(JSONValue.string)) }
    mutating func put(_ key: String, _ number: Int?) { self[key] = number.map { .int(Int64($0)) } }
    mutating func put(_ key: String, _ length: Duration?) { self[key] = length.map { .string($0.text) } }

    mutating func put(_ key: String, _ map: [String: String]) {
        if !map.isEmpty { self[key] = .object(map.mapValues(JSONValue.string)) }
    }
}
