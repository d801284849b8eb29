import Foundation
import Testing

@testable import Onebeat

/// JSON as it is read and written here; the same as Foundation's but for numbers.
struct JSONValueTests {
    private func read(_ text: String) throws -> JSONValue { try JSONValue(json: Array(text.utf8)) }

    /// To a program in Python, `1` and `1.0` are two things, and 2 to the 70th is not 1.18e21.
    @Test(arguments: [
        ("1", JSONValue.int(1)), ("-0", .int(0)), ("1.0", .number(1)), ("1e3", .number(1000)), ("-0.0", .number(-0.0)),
        ("9223372036854775807", .int(.max)), ("9223372036854775808", .large("9223372036854775808")),
        ("-1180591620717411303424", .large("-1180591620717411303424")), ("0.1", .number(0.1)),
    ])
    func numbersStayWhatTheyAre(_ text: String, _ value: JSONValue) throws {
        #expect(try read(text) == value)
        #expect(try read(value.text) == value && (try read(value.compactText)) == value)
        #expect(try RunValue(json: Array("[\(text)]".utf8)).value == .array([value]))
        #expect(try RunValue(.array([value])).value == .array([value]))
    }

    @Test func aNumberThatIsTooLargeIsRefused() throws {
        let most = String(repeating: "9", count: JSONValue.mostDigits)
        #expect(try read("[\(most)]").text == "[\(most)]")
        #expect(throws: JSONValue.Unreadable.largeNumber) { try read("[\(most)9]") }
        #expect(throws: JSONValue.Unreadable.largeNumber) { try read("1e400") }
        let error = #expect(throws: RunValueError.self) { try RunValue(json: Array("1e400".utf8)) }
        #expect(error?.description.contains("a number that is too large") == true)
    }

    @Test(arguments: [
        "", " ", "[1,]", "{\"a\":1,}", "[01]", "[1.]", "[.5]", "[-]", "[+1]", "NaN", "tru", "[1] x", "[\"\t\"]",
        "[\"\\x\"]",
        "[\"\\ud800\"]", "[\"\\udc00\"]", "[\"\\ud800\\u0041\"]", "[\"\\u12\"]", "\"", "\"\\", "[", "{", "{\"a\"",
        "{1:2}",
        "\u{feff}1", String(repeating: "[", count: 600),
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: JSONValue.Unreadable.notJSON) { try read(text) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: JSONValue.Unreadable.notJSON) { try JSONValue(json: [0x22, 0xff, 0x22]) }
    }

    @Test func textsAreReadAsTheyAreMeant() throws {
        #expect(try read(#" "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é" "#) == .string("a\"\\/\u{8}\u{c}\n\r\té😀é"))
        #expect(
            try read(#"{"a": 1, "b": [true, null], "a": 2}"#)
                == .object(["a": .int(2), "b": .array([.bool(true), .null])]))
    }

    /// Digests of sources were made of what that encoder wrote.
    @Test func whatIsStoredIsWhatFoundationWrites() throws {
        let texts = [
            "", "B", "A", "_", "a10", "a9", "z", "é", "a\u{301}",
            "\u{1}\u{8}\u{b}\u{c}\u{7f}\u{85}\u{2028}\u{feff}/\\\"\n\r\t😀",
        ]
        let value = JSONValue.object(
            Dictionary(
                texts.map {
                    ($0, JSONValue.array([.string($0), .int(-3), .number(0.5), .number(1.5e-7), .bool(false), .null]))
                },
                uniquingKeysWith: { first, _ in first }))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(value.compactText == String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
