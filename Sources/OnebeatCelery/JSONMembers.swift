import Foundation
import Onebeat

/// The members of a JSON object as somebody wrote them, each by itself: one that is no JSON by the standard (Python writes
/// `NaN`, lone surrogates, and nests as deep as it likes) does not make the others unreadable. Only strings and brackets are
/// looked at, each byte once.
struct JSONMembers {
    private(set) var members: [String: [UInt8]] = [:]
    /// Whether its end was there.
    private(set) var isWhole = false

    /// - Returns: `nil` for what does not begin as an object does.
    init?(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        func skipSpace() { rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }
        func take(_ byte: Unicode.Scalar) -> Bool {
            skipSpace()
            guard rest.first == UInt8(ascii: byte) else { return false }
            rest.removeFirst()
            return true
        }
        guard take("{") else { return nil }
        while !take("}") {
            skipSpace()
            guard let key = Self.value(&rest), take(":"), let value = Self.value(&rest) else { return }
            members[Self.text(of: key)] = value
            guard take(",") || rest.first == UInt8(ascii: "}") else { return }
        }
        isWhole = true
    }

    /// What a member is, as well as can be told: what is no JSON is its text.
    subscript(_ key: String) -> JSONValue? { members[key].map(Self.read) }

    static func read(_ bytes: [UInt8]) -> JSONValue {
        if let value = try? JSONValue(json: bytes) { return value }
        guard let members = JSONMembers(bytes), members.isWhole else { return .string(text(of: bytes)) }
        return .object(
            members.members.mapValues { value in
                (try? JSONValue(json: value)) ?? .string(text(of: value))
            })
    }

    /// Up to the comma, colon or bracket that ends it, which stays; `nil` where the bytes end first.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let start = rest.startIndex
        var depth = 0
        var (isInText, isEscaped) = (false, false)
        for index in rest.indices {
            let byte = rest[index]
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch Unicode.Scalar(byte) {
            case "\"": isInText = true
            case "[", "{": depth += 1
            case "]", "}", ",", ":":
                if depth == 0 {
                    defer { rest = rest[index...] }
                    return rest[start..<index].isEmpty ? nil : Array(rest[start..<index])
                }
                if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
            default: break
            }
        }
        return nil
    }

    /// Without its quotes, where it has some.
    private static func text(of bytes: [UInt8]) -> String {
        if let text = try? JSONDecoder().decode(String.self, from: Data(bytes)) { return text }
        let text = String(decoding: bytes, as: UTF8.self)
        let isQuoted = text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\"")
        return isQuoted ? String(text.dropFirst().dropLast()) : text
    }
}
