/// Reads the members of a stored object by name. A missing one takes the default of its place; one that has another type
/// than this version expects, or a word it does not know, is an error that names it; those nobody asked for are left
/// over, to be kept.
struct StoredObject {
    /// What was not asked for yet.
    private(set) var rest: [String: JSONValue]
    /// How errors name the object; empty at the top.
    private let path: String

    init(_ value: JSONValue, at path: String = "") throws(StoredFormError) {
        guard let members = value.members else {
            throw StoredFormError("\(path.isEmpty ? "it" : path) is no JSON object")
        }
        rest = members
        self.path = path
    }

    private init() { (rest, path) = ([:], "") }

    /// One without members.
    static let empty = StoredObject()

    /// Whether a member is there and was not asked for yet.
    func has(_ key: String) -> Bool { rest[key] != nil && rest[key] != .null }

    mutating func take(_ key: String) -> JSONValue? {
        guard let value = rest.removeValue(forKey: key), value != .null else { return nil }
        return value
    }

    mutating func put(_ key: String, _ value: JSONValue) { rest[key] = value }

    mutating func object(_ key: String) throws(StoredFormError) -> StoredObject? {
        guard let value = take(key) else { return nil }
        return try StoredObject(value, at: name(key))
    }

    mutating func text(_ key: String) throws(StoredFormError) -> String? {
        switch take(key) {
        case nil: nil
        case .string(let text): text
        default: throw unexpected(key, "a text")
        }
    }

    mutating func texts(_ key: String) throws(StoredFormError) -> [String]? {
        switch take(key) {
        case nil: return nil
        case .array(let values):
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { throw unexpected(key, "a list of texts") }
                texts.append(text)
            }
            return texts
        default: throw unexpected(key, "a list of texts")
        }
    }

    mutating func array(_ key: String) throws(StoredFormError) -> [JSONValue]? {
        switch take(key) {
        case nil: nil
        case .array(let values): values
        default: throw unexpected(key, "a list")
        }
    }

    mutating func map(_ key: String) throws(StoredFormError) -> [String: String]? {
        guard let value = take(key) else { return nil }
        guard let members = value.members else { throw unexpected(key, "an object of texts") }
        var map: [String: String] = [:]
        for (name, value) in members {
            guard case .string(let text) = value else { throw unexpected(key, "an object of texts") }
            map[name] = text
        }
        return map
    }

    mutating func bool(_ key: String) throws(StoredFormError) -> Bool? {
        switch take(key) {
        case nil: nil
        case .bool(let bool): bool
        default: throw unexpected(key, "true or false")
        }
    }

    mutating func int(_ key: String) throws(StoredFormError) -> Int? {
        switch take(key) {
        case nil: nil
        case .int(let number): Int(number)
        default: throw unexpected(key, "a whole number")
        }
    }

    mutating func ints(_ key: String) throws(StoredFormError) -> [Int]? {
        switch take(key) {
        case nil: return nil
        case .array(let values):
            var numbers: [Int] = []
            for value in values {
                guard case .int(let number) = value else { throw unexpected(key, "a list of whole numbers") }
                numbers.append(Int(number))
            }
            return numbers
        default: throw unexpected(key, "a list of whole numbers")
        }
    }

    mutating func double(_ key: String) throws(StoredFormError) -> Double? {
        switch take(key) {
        case nil: nil
        case .int(let number): Double(number)
        case .large(let digits): Double(digits) ?? .infinity
        case .number(let number): number
        default: throw unexpected(key, "a number")
        }
    }

    mutating func length(_ key: String) throws(StoredFormError) -> Duration? {
        guard let text = try text(key) else { return nil }
        guard let length = Duration(text: text) else { throw unexpected(key, "a length of time such as 1h30m") }
        return length
    }

    mutating func time(_ key: String) throws(StoredFormError) -> Timestamp? {
        guard let text = try text(key) else { return nil }
        return try moment(text, key)
    }

    mutating func times(_ key: String) throws(StoredFormError) -> [Timestamp]? {
        guard let texts = try texts(key) else { return nil }
        var times: [Timestamp] = []
        for text in texts { times.append(try moment(text, key)) }
        return times
    }

    mutating func word<Word: RawRepresentable<String>>(
        _ key: String, _ type: Word.Type
    ) throws(StoredFormError) -> Word? {
        guard let text = try text(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw StoredFormError("\(name(key)) is \"\(text)\", which this version of Onebeat does not know")
        }
        return word
    }

    private func moment(_ text: String, _ key: String) throws(StoredFormError) -> Timestamp {
        guard let time = Timestamp(iso8601: text) else { throw unexpected(key, "a time such as 2026-01-01T00:00:00Z") }
        return time
    }

    func missing(_ key: String) -> StoredFormError { StoredFormError("\(name(key)) is missing") }

    func unexpected(_ key: String, _ what: String) -> StoredFormError {
        StoredFormError("\(name(key)) is not \(what)")
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// What keeps a stored form from being read, in words that name the place.
struct StoredFormError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
