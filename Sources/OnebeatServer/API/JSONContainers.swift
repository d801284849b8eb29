import Foundation

// What a value that is encoded writes its parts to.

/// The members of an object.
struct JSONMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sheet: JSONSheet
    let isForeign: Bool
    var codingPath: [any CodingKey] { [] }

    init(sheet: JSONSheet, isForeign: Bool = JSONNames.isForeign(Key.self)) {
        (self.sheet, self.isForeign) = (sheet, isForeign)
    }

    private func name(_ key: Key) -> JSONName { sheet.names.name(key, isForeign: isForeign) }

    func encodeNil(forKey key: Key) { sheet.note(name(key)) { $0.writeNull() } }
    func encode(_ value: Bool, forKey key: Key) { sheet.note(name(key)) { $0.write(value) } }
    func encode(_ value: String, forKey key: Key) { sheet.note(name(key)) { $0.write(value) } }
    func encode(_ value: Double, forKey key: Key) throws { try sheet.note(name(key)) { try $0.write(value) } }
    func encode(_ value: Int, forKey key: Key) { sheet.note(name(key)) { $0.write(value) } }
    func encode(_ value: Int64, forKey key: Key) { sheet.note(name(key)) { $0.write(value) } }
    func encode(_ value: some Encodable, forKey key: Key) throws { try sheet.write(value, as: name(key)) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        sheet.open(name(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        sheet.open(name(key)).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { sheet.open(JSONName("super")) }

    func superEncoder(forKey key: Key) -> any Encoder { sheet.open(name(key)) }
}

/// The elements of a list.
struct JSONElements: UnkeyedEncodingContainer {
    let sheet: JSONSheet
    var codingPath: [any CodingKey] { [] }
    var count: Int { sheet.count }

    func encodeNil() { sheet.note { $0.writeNull() } }
    func encode(_ value: Bool) { sheet.note { $0.write(value) } }
    func encode(_ value: String) { sheet.note { $0.write(value) } }
    func encode(_ value: Double) throws { try sheet.note { try $0.write(value) } }
    func encode(_ value: Int) { sheet.note { $0.write(value) } }
    func encode(_ value: Int64) { sheet.note { $0.write(value) } }
    func encode(_ value: some Encodable) throws { try sheet.write(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        sheet.open().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { sheet.open().unkeyedContainer() }

    func superEncoder() -> any Encoder { sheet.open() }
}

/// A value that is neither.
struct JSONPlain: SingleValueEncodingContainer {
    let sheet: JSONSheet
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { sheet.be { $0.writeNull() } }
    func encode(_ value: Bool) { sheet.be { $0.write(value) } }
    func encode(_ value: String) { sheet.be { $0.write(value) } }
    func encode(_ value: Double) throws { try sheet.be { try $0.write(value) } }
    func encode(_ value: Float) throws { try sheet.be { try $0.write(value) } }
    func encode(_ value: Int) { sheet.be { $0.write(value) } }
    func encode(_ value: Int8) { sheet.be { $0.write(value) } }
    func encode(_ value: Int16) { sheet.be { $0.write(value) } }
    func encode(_ value: Int32) { sheet.be { $0.write(value) } }
    func encode(_ value: Int64) { sheet.be { $0.write(value) } }
    func encode(_ value: UInt) { sheet.be { $0.write(value) } }
    func encode(_ value: UInt8) { sheet.be { $0.write(value) } }
    func encode(_ value: UInt16) { sheet.be { $0.write(value) } }
    func encode(_ value: UInt32) { sheet.be { $0.write(value) } }
    func encode(_ value: UInt64) { sheet.be { $0.write(value) } }
    func encode(_ value: some Encodable) throws {
        // By itself it would write its parts.
        if let number = value as? Decimal { return sheet.be { $0 += number.description.utf8 } }
        try value.encode(to: sheet)
    }
}

extension [UInt8] {
    mutating func writeNull() { self += "null".utf8 }

    mutating func write(_ value: Bool) { self += (value ? "true" : "false").utf8 }

    mutating func write(_ value: some BinaryInteger) { self += String(value).utf8 }

    mutating func write(_ value: some BinaryFloatingPoint & CustomStringConvertible) throws {
        guard value.isFinite else {
            let why = "JSON has no word for \(value)"
            throw EncodingError.invalidValue(value, EncodingError.Context(codingPath: [], debugDescription: why))
        }
        let text = value.description
        self += text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...]
    }

    mutating func write(_ value: String) {
        append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { bytes in
            var start = 0
            for (place, byte) in bytes.enumerated() {
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                append(contentsOf: bytes[start..<place])
                escape(byte)
                start = place + 1
            }
            append(contentsOf: bytes[start...])
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0a: append(UInt8(ascii: "n"))
        case 0x0c: append(UInt8(ascii: "f"))
        case 0x0d: append(UInt8(ascii: "r"))
        default: self += "u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
        }
    }
}
