import Foundation

/// What a run hands on to the runs that follow it: a JSON value.
public struct RunValue: Sendable, Equatable {
    /// How large a value may be, as JSON in UTF-8.
    public static let mostBytes = 64 * 1024
    /// How deep lists and objects may lie in one another.
    static let mostDepth = 64

    /// The value as JSON.
    public let json: String

    /// Reads a value.
    /// - Throws: ``RunValueError`` for what is no JSON, or is larger than ``mostBytes``.
    public init(json bytes: [UInt8]) throws(RunValueError) {
        guard bytes.count <= Self.mostBytes else {
            throw RunValueError(
                "it has more than \(Self.mostBytes) bytes; hand on a file's place instead of its content")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw RunValueError("it is not UTF-8") }
        // Readers of JSON tell UTF-16 and UTF-32 by their NULs and marks, and take them. A value is kept as text, where no
        // NUL may be (PostgreSQL would refuse the whole settlement), and stands among others in a follower's input.
        guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else {
            throw RunValueError("it begins with a byte order mark; write UTF-8 without one")
        }
        let spaces: Set<UInt8> = [0x09, 0x0a, 0x0d]
        guard bytes.allSatisfy({ $0 >= 0x20 || spaces.contains($0) }) else {
            throw RunValueError("it holds a control character, or is UTF-16; write JSON in UTF-8")
        }
        guard !Self.isTooDeep(bytes) else {
            throw RunValueError("lists and objects lie in one another more than \(Self.mostDepth) times")
        }
        do {
            _ = try JSONValue(json: bytes)
        } catch {
            switch error {
            case .notJSON: throw RunValueError("it is not JSON")
            case .largeNumber:
                throw RunValueError("it has a number that is too large; up to \(JSONValue.mostDigits) digits will do")
            }
        }
        json = text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Writes a value as JSON.
    /// - Throws: ``RunValueError`` for one that cannot be written, or is larger than ``mostBytes``.
    public init(_ value: some Encodable) throws(RunValueError) {
        let bytes: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            bytes = Array(try encoder.encode(value))
        } catch {
            throw RunValueError("\(type(of: value)) cannot be written as JSON: \(error)")
        }
        try self.init(json: bytes)
    }

    /// Writes a value as JSON, numbers as they are.
    /// - Throws: ``RunValueError`` for one that is larger than ``mostBytes``.
    package init(_ value: JSONValue) throws(RunValueError) { try self.init(json: Array(value.compactText.utf8)) }

    /// What it holds, numbers as they were written.
    package var value: JSONValue? { try? JSONValue(json: Array(json.utf8)) }

    /// Takes what a store kept; `nil` where somebody else wrote what is no value.
    package init?(stored json: String) {
        guard let value = try? Self(json: Array(json.utf8)) else { return nil }
        self = value
    }

    /// Reads it as a type of the program's own.
    public func decode<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// How large the values of a list's elements may be together.
    package static let mostBytesOfElements = 1024 * 1024

    /// What the whole of a list's elements hands on: what each did, and null for one that handed on nothing.
    package init(elements: [RunValue?]) {
        json = "[\(elements.map { $0?.json ?? "null" }.joined(separator: ", "))]"
    }

    /// Values by the jobs they come from, as one JSON object.
    package static func object(of values: [String: RunValue]) -> String {
        let members = values.sorted { $0.key < $1.key }.map { "\(JSONValue.string($0.key).text): \($0.value.json)" }
        return "{\(members.joined(separator: ", "))}"
    }

    /// Before anything goes down into it: a reader that calls itself must not be led deeper than its stack.
    private static func isTooDeep(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        var isText = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isText: isEscaped = true
            case UInt8(ascii: "\""): isText.toggle()
            case UInt8(ascii: "["), UInt8(ascii: "{"): if !isText { depth += 1 }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): if !isText { depth -= 1 }
            default: break
            }
            if depth > mostDepth { return true }
        }
        return false
    }
}

/// Why something cannot be a value.
public struct RunValueError: Error, Equatable, CustomStringConvertible {
    /// What was wrong with it.
    public let description: String

    init(_ description: String) { self.description = description }
}
