import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct PieceDecoderTests {
    @Test(arguments: ["日本語のテキスト", "ü€😀", "plain", "👩‍👩‍👧"]) func textIsWholeHoweverItsBytesAreCut(text: String) {
        for size in 1...7 {
            var decoder = PieceDecoder()
            var whole = ""
            var rest = Array(text.utf8)[...]
            var number = 0
            while !rest.isEmpty {
                whole += decoder.text(of: .example(number, Array(rest.prefix(size))))
                // Another stream in between has characters of its own.
                #expect(decoder.text(of: .example(number, Array("e".utf8), .stderr)) == "e")
                // And whoever goes on later has what was left.
                let parts = decoder.bookmark.split(separator: ".")
                decoder = PieceDecoder(attempt: 1, bookmarks: parts) ?? PieceDecoder()
                rest = rest.dropFirst(size)
                number += 1
            }
            #expect(whole == text)
            #expect(decoder.end().isEmpty)
        }
    }

    @Test(
        arguments: [
            ([0x61, 0xff, 0x62], "a\u{fffd}b"), ([0xe9, 0x20], "\u{fffd} "), ([0x80, 0x80], "\u{fffd}\u{fffd}"),
            ([0xc0], "\u{fffd}"), ([0xf5], "\u{fffd}"), ([0x61, 0x80], "a\u{fffd}"),
        ] as [([UInt8], String)])
    func bytesThatAreNoTextAreReplacedAtOnce(bytes: [UInt8], text: String) {
        var decoder = PieceDecoder()
        #expect(decoder.text(of: .example(0, bytes)) == text)
        #expect(decoder.end().isEmpty)
    }

    @Test func whatIsNeverEndedIsShownAtTheEnd() {
        var decoder = PieceDecoder()
        #expect(decoder.text(of: .example(0, [0x61, 0xe3, 0x81])) == "a")
        #expect(decoder.end().map(\.text) == ["\u{fffd}"])
    }

    @Test(arguments: ["stdout", "stdout-", "stdout-e", "stdout-zz", "tty-e3", "stdout-e381828384", "-e3"])
    func aBookmarkOfSomebodyElsesIsRefused(bookmark: String) {
        #expect(PieceDecoder(attempt: 1, bookmarks: [bookmark[...]]) == nil)
    }
}

extension LogPiece {
    static func example(_ number: Int, _ bytes: [UInt8], _ stream: LogStream = .stdout) -> LogPiece {
        LogPiece(
            id: .init(run: RunID(1), position: LogPosition(attempt: 1, sequence: number)), stream: stream,
            at: .distantPast, bytes: bytes)
    }
}
