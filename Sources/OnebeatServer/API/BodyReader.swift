import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Onebeat

/// Reads what a request carries: a JSON object, or a form's fields. A field that nobody reads is refused, since a wish
/// that is silently dropped is another wish.
struct BodyReader {
    /// More than any wish needs.
    static let mostBytes = 16 * 1024

    private let values: [String: JSONValue]
    /// Whether all values are texts, as a form's are.
    private let isForm: Bool

    /// A JSON object; no body at all is an empty one.
    /// - Throws: ``Problem`` for what is too large, of another kind, no JSON, no object, or has other fields than `known`.
    init(json request: Request, known: [String]) async throws {
        let bytes = try await Self.bytes(of: request)
        isForm = false
        guard !bytes.isEmpty else {
            values = [:]
            return
        }
        try Self.require("application/json", request)
        values = try Self.object(bytes)
        try Self.requireKnown(values.keys.sorted(), known)
    }

    /// A form's fields. Those left empty are left out.
    /// - Throws: ``Problem`` for what is too large, of another kind, cannot be read, or has other fields than `known`.
    init(form request: Request, known: [String]) async throws {
        let bytes = try await Self.bytes(of: request)
        try Self.require("application/x-www-form-urlencoded", request)
        var fields: [String: JSONValue] = [:]
        for (name, value) in try Self.fields(bytes) where !value.isEmpty {
            guard fields.updateValue(.string(value), forKey: name) == nil else {
                throw Problem(.badRequest, "the field \"\(name)\" is given twice; give it once")
            }
        }
        values = fields
        isForm = true
        try Self.requireKnown(values.keys.sorted(), known)
    }

    func text(_ name: String) throws -> String? {
        switch values[name] {
        case .string(let text)?: return text
        case nil: return nil
        case .some: throw Problem(.badRequest, "\(name) is no text; write it in quotes")
        }
    }

    func number(_ name: String) throws -> Int? {
        switch values[name] {
        case .int(let number)?:
            guard let number = Int(exactly: number) else {
                throw Problem(.badRequest, "\(name) is larger than any number that would do")
            }
            return number
        case .number(let number)?:
            guard let number = Int(exactly: number) else { throw Problem(.badRequest, "\(name) is no whole number") }
            return number
        case nil: return nil
        case .some: throw Problem(.badRequest, "\(name) is no whole number")
        }
    }

    /// Any value, as JSON.
    func json(_ name: String) -> String? { values[name]?.text }

    /// A list of texts; empty where it is left out.
    func texts(_ name: String) throws -> [String] {
        let problem = Problem(.badRequest, "\(name) is no list of texts")
        switch values[name] {
        case .array(let values)?:
            return try values.map { value in
                guard case .string(let text) = value else { throw problem }
                return text
            }
        case nil: return []
        case .some: throw problem
        }
    }

    func truth(_ name: String) throws -> Bool {
        switch values[name] {
        case .bool(let truth)?: return truth
        case .string("true")? where isForm: return true
        case nil: return false
        case .some: throw Problem(.badRequest, "\(name) is neither true nor false")
        }
    }

    /// What comes of a JSON object's bytes; for the fuzzer, too.
    static func object(_ bytes: [UInt8]) throws -> [String: JSONValue] {
        let value: RunValue
        do {
            value = try RunValue(json: bytes)
        } catch {
            throw Problem(.badRequest, "the body cannot be read: \(error)")
        }
        guard let members = value.value?.members else {
            throw Problem(.badRequest, "the body is no JSON object; send {} or one with the fields that are described")
        }
        if let key = JSONKeys.twice(in: bytes) {
            throw Problem(.badRequest, "the body has \"\(key)\" twice in one object; which is meant? Send it once")
        }
        return members
    }

    /// What comes of a form's bytes; for the fuzzer, too.
    static func fields(_ bytes: [UInt8]) throws -> [(name: String, value: String)] {
        try bytes.split(separator: UInt8(ascii: "&")).map { field in
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map {
                String(decoding: $0, as: UTF8.self).replacing("+", with: " ").removingPercentEncoding
            }
            guard let name = texts.first ?? "", let value = texts.count > 1 ? texts[1] : "" else {
                throw Problem(.badRequest, "the form cannot be read: its percent encoding is broken")
            }
            return (name, value)
        }
    }

    private static func bytes(of request: Request) async throws -> [UInt8] {
        try await bytes(of: request, most: mostBytes, "\(mostBytes) bytes, and no wish here is")
    }

    /// All that a request carries.
    /// - Parameter words: how much that may be, in words that follow "larger than".
    static func bytes(of request: Request, most: Int, _ words: String) async throws -> [UInt8] {
        let tooLarge = Problem(.contentTooLarge, "the body is larger than \(words)")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > most { throw tooLarge }
        var bytes: [UInt8] = []
        for try await part in request.body {
            bytes += part.readableBytesView
            if bytes.count > most { throw tooLarge }
        }
        return bytes
    }

    static func require(_ type: String, _ request: Request) throws {
        let given = request.headers[values: .contentType]
        let parts = (given.first ?? "").lowercased().split(separator: ";").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let isUTF8 = parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
        guard given.count == 1, parts.first == type, isUTF8 else {
            throw Problem(
                .unsupportedMediaType,
                "the body is \(given.isEmpty ? "of no named kind" : "\"\(given.joined(separator: ", "))\"");"
                    + " send it as \(type)")
        }
    }

    private static func requireKnown(_ names: [String], _ known: [String]) throws {
        guard let name = names.first(where: { !known.contains($0) }) else { return }
        let words = known.isEmpty ? "there are none here" : "known are \(known.joined(separator: ", "))"
        throw Problem(.badRequest, "the field \"\(name)\" is unknown; \(words)")
    }
}
