import Testing

@testable import OnebeatServer

/// What a server may send, and what becomes of it: parts or a sentence, and never the end of the process.
@Suite struct AnswerReaderTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
        ("HTTP/1.0 200\n\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 204 None\r\n\r\nnobody", 204, ""), ("HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", 304, ""),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\nmore", 404, ""), ("HTTP/1.1 999 Own\r\n\r\n", 999, ""),
        ("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\n\r\nx", 201, "x"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
            200, "abc0123456789"
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 7\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, "x"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
        ("HTTP/1.1 200 \u{ff}\r\nX: \u{ff}\r\n\r\n", 200, ""),
    ])
    func anAnswerIsTakenApartHoweverItsBytesCome(text: String, status: Int, body: String) throws {
        for size in [1, 2, 3, 7, 10_000] {
            #expect(try read(Array(text.utf8), inPiecesOf: size) == Read(status: status, body: body))
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 000 Zero\r\n\r\n", "status is \"000\""), ("HTTP/1.1 001 One\r\n\r\n", "status is \"001\""),
        ("HTTP/1.1 050 Fifty\r\n\r\n", "status is \"050\""), ("HTTP/1.1 099 x\r\n\r\n", "status is \"099\""),
        ("HTTP/1.1 -20 x\r\n\r\n", "status is \"-20\""), ("HTTP/1.1 +20 x\r\n\r\n", "status is \"+20\""),
        ("HTTP/1.1 2000 x\r\n\r\n", "is not HTTP/1.1"), ("HTTP/1.1 99999999999999999999 x\r\n\r\n", "is not HTTP/1.1"),
        ("HTTP/1.1 20 x\r\n\r\n", "is not HTTP/1.1"), ("HTTP/1.1 2e2 x\r\n\r\n", "status is \"2e2\""),
        ("HTTP/1.1 ２００ x\r\n\r\n", "is not HTTP/1.1"), ("HTTP/2 200\r\n\r\n", "is not HTTP/1.1"),
        ("HTTP/1.1\r\n\r\n", "is not HTTP/1.1"),
        ("ICY 200 OK\r\n\r\n", "is not HTTP/1.1"), ("\r\n\r\n", "is not HTTP/1.1"),
        ("SSH-2.0-x\r\n", "is not HTTP/1.1"),
        ("HTTP/1.1 101 Up\r\n\r\n", "another protocol (101)"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "which is no length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", "which is no length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "which is no length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "which is no length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "two lengths"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "chunked was the only one"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "no size that can be"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "no size that can be"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "no size that can be"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "no size that can be"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", "not as long as"),
        ("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n", "control character"),
        ("HTTP/1.1 200 OK\r\nX\r\n\r\n", "is no header"),
        ("HTTP/1.1 200 OK\r\n X: folded\r\n\r\n", "is no header"), ("HTTP/1.1 200 OK\r\n: x\r\n\r\n", "is no header"),
        ("HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n", "is no header"),
        ("", "without an answer"), ("HTTP/1.1 200 OK\r\nContent-Le", "before it answered in full"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "before it answered in full"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nx", "before it answered in full"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "before it answered in full"),
    ])
    func whatIsNoAnswerIsToldInWords(text: String, words: String) {
        for size in [1, 5, 10_000] {
            let problem = #expect(throws: AnswerProblem.self) { try read(Array(text.utf8), inPiecesOf: size) }
            #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "")")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 " + String(repeating: "x", count: 20_000), "X" + String(repeating: "y", count: 20_000),
        "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 20_000),
        String(repeating: "HTTP/1.1 100 Go on\r\n\r\n", count: 20),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + String(repeating: "0", count: 20_000),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "X: y\r\n", count: 20_000),
    ])
    func aHeadWithoutEndHasAnEnd(text: String) {
        var reader = AnswerReader()
        #expect(throws: AnswerProblem.self) { try reader.read(Array(text.utf8)) }
    }

    @Test func anAnswerToHeadHasNoBody() throws {
        var reader = AnswerReader(hasNoBody: true)
        let parts = try reader.read(Array("HTTP/1.1 200 OK\r\nContent-Length: 50\r\nLocation:  /a b \r\n\r\n".utf8))
        #expect(parts == [.head(AnswerHead(status: 200, location: "/a b")), .end])
        #expect(reader.isDone)
    }

    /// Answers that are nearly right, changed at random: each is read in the same way in one piece and byte by byte.
    @Test func noBytesEndTheReader() {
        let seeds = [
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nLocation: /x\r\n\r\nhello, world",
            "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.0 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nA: b\r\n\r\n",
        ].map { Array($0.utf8) }
        var random = SplitMix(state: 7)
        for turn in 0..<2000 {
            var bytes = seeds[turn % 2]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 3))
                default: bytes += bytes[place...]
                }
                if bytes.isEmpty { bytes = [0x48] }
            }
            let whole = Result { try read(bytes, inPiecesOf: bytes.count) }
            let pieces = Result { try read(bytes, inPiecesOf: 1) }
            #expect((try? whole.get()) == (try? pieces.get()), "\(bytes)")
        }
    }

    private struct Read: Equatable {
        var status = 0
        var body = ""
    }

    private func read(_ bytes: [UInt8], inPiecesOf size: Int) throws -> Read {
        var reader = AnswerReader()
        var parts: [AnswerReader.Part] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            parts += try reader.read(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        parts += try reader.readEnd()
        var result = Read()
        var body: [UInt8] = []
        for part in parts {
            switch part {
            case .head(let head): result.status = head.status
            case .body(let piece): body += piece
            case .end: #expect(part == parts.last)
            }
        }
        result.body = String(decoding: body, as: UTF8.self)
        return result
    }
}

/// Random numbers that are the same each time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
