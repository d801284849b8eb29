/// Writes values as JSON: keys in `snake_case` and sorted, names that others gave as they are, and no slash escaped. It is what
/// `JSONEncoder` writes so, byte by byte, in a third of the time: that one makes an object of each value and takes each key
/// apart anew, and a list of a thousand jobs has fifty thousand of them.
enum JSONWriter {
    /// - Throws: `EncodingError` for a number that JSON has no word for.
    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let sheet = JSONSheet(JSONNames())
        try value.encode(to: sheet)
        var bytes: [UInt8] = []
        sheet.finish(into: &bytes)
        return bytes
    }
}

/// Where one value is written.
final class JSONSheet: Encoder {
    enum Form { case nothing, plain, list, object }

    /// Something inside of it: what was written already, or what is written until all of this is.
    private struct Part {
        var name: JSONName
        var bytes = 0..<0
        var sheet: JSONSheet?
    }

    let names: JSONNames
    var form = Form.nothing
    private var bytes: [UInt8] = []
    private var parts: [Part] = []
    /// Kept for what comes next inside of it.
    private var spare: JSONSheet?

    // Nobody reads where a value is: errors name the value.
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    var count: Int { parts.count }

    init(_ names: JSONNames) { self.names = names }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        form = .object
        return KeyedEncodingContainer(JSONMembers<Key>(sheet: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        form = .list
        return JSONElements(sheet: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONPlain(sheet: self) }

    /// Writes something inside of it.
    func write(_ value: some Encodable, as name: JSONName = JSONName()) throws {
        let start = bytes.count
        let inner = spare ?? JSONSheet(names)
        spare = nil
        try value.encode(to: inner)
        inner.finish(into: &bytes)
        parts.append(Part(name: name, bytes: start..<bytes.count))
        inner.clear()
        spare = inner
    }

    /// Writes a plain value inside of it.
    func note(_ name: JSONName = JSONName(), _ write: (inout [UInt8]) throws -> Void) rethrows {
        let start = bytes.count
        try write(&bytes)
        parts.append(Part(name: name, bytes: start..<bytes.count))
    }

    /// Writes all that it is.
    func be(_ write: (inout [UInt8]) throws -> Void) rethrows {
        form = .plain
        try write(&bytes)
    }

    /// A place inside of it that is filled by and by.
    func open(_ name: JSONName = JSONName()) -> JSONSheet {
        let inner = JSONSheet(names)
        parts.append(Part(name: name, sheet: inner))
        return inner
    }

    func finish(into whole: inout [UInt8]) {
        switch form {
        case .plain: whole += bytes
        case .list:
            whole.append(UInt8(ascii: "["))
            for (place, part) in parts.enumerated() {
                if place > 0 { whole.append(UInt8(ascii: ",")) }
                finish(part, into: &whole)
            }
            whole.append(UInt8(ascii: "]"))
        case .object, .nothing:
            whole.append(UInt8(ascii: "{"))
            parts.sort { $0.name.text < $1.name.text }
            for (place, part) in parts.enumerated() {
                if place > 0 { whole.append(UInt8(ascii: ",")) }
                whole += part.name.literal
                finish(part, into: &whole)
            }
            whole.append(UInt8(ascii: "}"))
        }
    }

    private func finish(_ part: Part, into whole: inout [UInt8]) {
        if let sheet = part.sheet { sheet.finish(into: &whole) } else { whole += bytes[part.bytes] }
    }

    private func clear() {
        form = .nothing
        bytes.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
    }
}
