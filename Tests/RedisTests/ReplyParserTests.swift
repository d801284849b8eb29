import NIOCore
import Testing

@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct ReplyParserTests {
    static let replies: [(String, RedisReply)] = [
        ("+OK\r\n", .status("OK")),
        ("-WRONGTYPE no\r\n", .failure(RedisReplyFailure("WRONGTYPE no"))),
        (":-12\r\n", .integer(-12)),
        ("$0\r\n\r\n", .bytes([])),
        ("$5\r\na\r\nbc\r\n", .bytes(Array("a\r\nbc".utf8))),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("*0\r\n", .array([])),
        (
            "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+y\r\n",
            .array([.integer(1), .array([.bytes([120]), .null]), .status("y")])
        ),
    ]

    @Test(arguments: replies)
    func readsWhatComesInAnyPieces(_ text: String, _ wanted: RedisReply) throws {
        let bytes = Array((text + "+next\r\n").utf8)
        for cut in 1..<bytes.count {
            var parser = ReplyParser()
            var found: [RedisReply] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                var buffer = ByteBuffer(bytes: piece)
                parser.take(&buffer)
                while let reply = try parser.next() { found.append(reply) }
            }
            #expect(found == [wanted, .status("next")], "cut at \(cut)")
        }
    }

    @Test(arguments: [
        "$8388609\r\n", "$-2\r\n", "*65537\r\n", ":one\r\n", "$1\r\nabc", "+OK\rx", "HTTP/1.1 400 Bad Request\r\n",
        "\u{15}\u{3}\u{1}", String(repeating: "*1\r\n", count: 9), "*65536\r\n*1\r\n", ":-\r\n",

        "+" + String(repeating: "x", count: 1 << 16),
    ])
    func refusesWhatRedisNeverSends(_ text: String) {
        var parser = ReplyParser()
        var buffer = ByteBuffer(string: text)
        parser.take(&buffer)
        #expect(throws: ProtocolFailure.self) { try parser.next() }
    }

    /// Each byte is looked at once, however small the pieces are in which an answer comes.
    @Test func anAnswerInManyPiecesIsNotReadAgainAndAgain() throws {
        var parser = ReplyParser()
        var reply: RedisReply?
        for byte in ("*60000\r\n" + String(repeating: ":1\r\n", count: 60_000)).utf8 {
            var piece = ByteBuffer(bytes: [byte])
            parser.take(&piece)
            reply = try parser.next()
        }
        #expect(reply == .array(Array(repeating: .integer(1), count: 60_000)))
    }

    @Test func anAnswerIsBoundedWithAllItsParts() throws {
        let part = ByteBuffer(string: "$6000000\r\n" + String(repeating: "x", count: 6_000_000) + "\r\n")
        var parser = ReplyParser()
        var head = ByteBuffer(string: "*3\r\n")
        parser.take(&head)
        for _ in 0..<2 {
            var piece = part
            parser.take(&piece)
            let reply = try parser.next()
            #expect(reply == nil)
        }
        var last = part
        parser.take(&last)
        #expect(throws: ProtocolFailure.self) { try parser.next() }
    }
}
