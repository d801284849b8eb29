import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

/// What it writes is what `JSONEncoder` does, byte by byte.
@Suite struct JSONWriterTests {
    private struct Odd: Encodable {
        enum Choice: Encodable { case both(firstOne: Int, String) }
        struct Nothing: Encodable {}

        var text = "a\"b\\\u{1}\u{1f}\u{8}\u{c}\n\r\t/é 日\u{2028}\u{7f}\u{0}"
        var empty = ""
        var numbers = [1, 0.1, 1e20, -3.5, 1e-7, 3600, -0.0, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
        var float = Float(0.1)
        var ends: [Int64] = [.min, .max]
        var whole = UInt64.max
        var small = [Int8(-1), 0]
        var others = ["aB": ["cD": 1, "a_b": 2], "": [:]]
        var inside = ["oneTwo": ["threeFour": Choice.both(firstOne: 1, "x")]]
        var list: [Int] = []
        var none: [String: Int] = [:]
        var gaps: [Int?] = [1, nil]
        var missing: Int?
        var choice = Choice.both(firstOne: 3, "y")
        var nothing = Nothing()
        var isURLOf = true
        var requestID = false
        var p95 = [[true], [], [false, true]]
        var value = JSONValue.object([
            "keyOf": .array([.null, .number(1.5), .int(2), .large("1180591620717411303424"), .bool(true)]),
            "a": .object([:]),
        ])
        var at = Timestamp(microseconds: 1_764_500_000_123_456)
    }

    private func foundation(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func ours(_ value: some Encodable) throws -> String {
        String(decoding: try JSONWriter.bytes(of: value), as: UTF8.self)
    }

    @Test func itWritesWhatFoundationDoes() throws {
        #expect(try ours(Odd()) == foundation(Odd()))
        #expect(try ours([Odd(), Odd()]) == foundation([Odd(), Odd()]))
        #expect(try ours(["oneTwo": Odd()]) == foundation(["oneTwo": Odd()]))
        #expect(try ours([[1], []]) == "[[1],[]]")
        #expect(try ours("x") == "\"x\"")
    }

    /// Values that write themselves part by part, and not one after the other.
    @Test func partsMayBeFilledInAnyOrder() throws {
        struct Parts: Encodable {
            enum Keys: String, CodingKey { case zuluTime, alpha, listOf }

            func encode(to encoder: any Encoder) throws {
                var whole = encoder.container(keyedBy: Keys.self)
                var last = whole.nestedContainer(keyedBy: Keys.self, forKey: .zuluTime)
                var list = whole.nestedUnkeyedContainer(forKey: .listOf)
                try whole.encode(1, forKey: .alpha)
                try last.encode("late", forKey: .listOf)
                try list.encode("one")
                var inner = list.nestedContainer(keyedBy: Keys.self)
                try list.encode(3)
                try inner.encodeNil(forKey: .alpha)
                var innermost = list.nestedUnkeyedContainer()
                try innermost.encode(2.0)
                #expect(list.count == 4)
                try "s".encode(to: whole.superEncoder())
            }
        }
        #expect(try ours(Parts()) == foundation(Parts()))
    }

    @Test func whatJSONHasNoWordForIsAnError() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(throws: EncodingError.self) { try JSONWriter.bytes(of: ["x": [number]]) }
        }
    }

    @Test(arguments: ["lastRunAt", "requestID", "isURLOf", "p95", "a", "x1Y", "name", "usesHTTP"])
    func keysAreInSnakeCase(_ key: String) throws {
        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        struct One: Encodable {
            var key: String
            func encode(to encoder: any Encoder) throws {
                var whole = encoder.container(keyedBy: Key.self)
                try whole.encode(1, forKey: Key(stringValue: key))
            }
        }
        #expect(try ours(One(key: key)) == foundation(One(key: key)))
    }
}
