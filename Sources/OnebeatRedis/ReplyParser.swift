import NIOCore

/// Reads answers out of a stream of bytes, each byte once. What a peer can make it hold is bounded: a length is refused
/// before anything is gathered for it, and so is an answer that is too long in all.
struct ReplyParser {
    /// The longest string that is taken, in bytes; what Onebeat asks for is shorter by far.
    static let longestString = 8 << 20
    /// The most elements an answer may have, in all its arrays.
    static let mostElements = 1 << 16
    /// How deep arrays may lie in one another.
    static let deepestArray = 8
    /// The longest line of a status, an error or a length, in bytes.
    static let longestLine = 1 << 16
    /// The longest answer with all its parts, in bytes.
    static let longestAnswer = 16 << 20
    /// What was read is dropped from the buffer once it is as much.
    private static let mostRead = 1 << 16

    /// An array whose elements have not all come.
    private struct OpenArray {
        var missing: Int
        var elements: [RedisReply] = []
    }

    private enum Piece {
        case whole(RedisReply)
        case array(count: Int)
    }

    /// How long a line may be; only where commands of others are watched longer than ``longestLine``.
    let mostOfLine: Int
    private var gathered = ByteBuffer()
    private var open: [OpenArray] = []
    /// Of a string whose bytes have not all come.
    private var awaited: Int?
    /// Elements and bytes of the answer under way.
    private var elements = 0
    private var length = 0

    init(mostOfLine: Int = longestLine) { self.mostOfLine = mostOfLine }

    mutating func take(_ bytes: inout ByteBuffer) {
        if gathered.readableBytes == 0 {
            gathered = bytes
        } else {
            if gathered.readerIndex > Self.mostRead { gathered.discardReadBytes() }
            gathered.writeBuffer(&bytes)
        }
    }

    /// The next answer that is whole; `nil` asks for more bytes.
    mutating func next() throws(ProtocolFailure) -> RedisReply? {
        while let piece = try readPiece() {
            var value: RedisReply
            switch piece {
            case .whole(let reply): value = reply
            case .array(0): value = .array([])
            case .array(let count):
                try beginArray(of: count)
                continue
            }
            while var array = open.popLast() {
                array.elements.append(value)
                array.missing -= 1
                if array.missing > 0 {
                    open.append(array)
                    break
                }
                value = .array(array.elements)
            }
            guard open.isEmpty else { continue }
            (elements, length) = (0, 0)
            return value
        }
        return nil
    }

    private mutating func beginArray(of count: Int) throws(ProtocolFailure) {
        elements += count
        guard elements <= Self.mostElements else {
            throw ProtocolFailure("it announced \(count) elements; \(Self.mostElements) are the most in all")
        }
        guard open.count < Self.deepestArray else { throw ProtocolFailure("its arrays lie too deep in one another") }
        open.append(OpenArray(missing: count))
    }

    private mutating func readPiece() throws(ProtocolFailure) -> Piece? {
        if let awaited { return try readString(of: awaited) }
        guard let line = try readLine() else { return nil }
        let rest = line.dropFirst()
        switch line.first {
        case UInt8(ascii: "+"): return .whole(.status(String(decoding: rest, as: UTF8.self)))
        case UInt8(ascii: "-"): return .whole(.failure(RedisReplyFailure(String(decoding: rest, as: UTF8.self))))
        case UInt8(ascii: ":"): return .whole(.integer(try Self.number(rest)))
        case UInt8(ascii: "$"):
            let length = try Self.number(rest)
            if length == -1 { return .whole(.null) }
            guard let length = Int(exactly: length), (0...Self.longestString).contains(length) else {
                throw ProtocolFailure("it announced a string of \(length) bytes; \(Self.longestString) is the most")
            }
            awaited = length
            return try readString(of: length)
        case UInt8(ascii: "*"):
            let count = try Self.number(rest)
            if count == -1 { return .whole(.null) }
            guard let count = Int(exactly: count), (0...Self.mostElements).contains(count) else {
                throw ProtocolFailure("it announced \(count) elements; \(Self.mostElements) is the most")
            }
            return .array(count: count)
        default: throw ProtocolFailure("its answer is not one of Redis; is it another program's port, or one for TLS?")
        }
    }

    private mutating func readLine() throws(ProtocolFailure) -> ArraySlice<UInt8>? {
        let view = gathered.readableBytesView
        // Whoever is not Redis is told at once and not after a line's end that may never come.
        if let first = view.first, !"+-:$*".utf8.contains(first) { return [first] }
        guard let end = view.prefix(mostOfLine).firstIndex(of: UInt8(ascii: "\r")) else {
            if view.count >= mostOfLine { throw ProtocolFailure("a line of its answer does not end") }
            return nil
        }
        guard view.endIndex > end + 1 else { return nil }
        guard view[end + 1] == UInt8(ascii: "\n") else { throw ProtocolFailure("a line of its answer ends wrongly") }
        let line = Array(view[view.startIndex..<end])
        gathered.moveReaderIndex(forwardBy: line.count + 2)
        try count(line.count + 2)
        return line[...]
    }

    private mutating func readString(of length: Int) throws(ProtocolFailure) -> Piece? {
        guard gathered.readableBytes >= length + 2, let bytes = gathered.readBytes(length: length) else { return nil }
        guard gathered.readBytes(length: 2) == Array("\r\n".utf8) else {
            throw ProtocolFailure("a string of its answer is longer than announced")
        }
        awaited = nil
        try count(length + 2)
        return .whole(.bytes(bytes))
    }

    private mutating func count(_ bytes: Int) throws(ProtocolFailure) {
        length += bytes
        guard length <= Self.longestAnswer else {
            throw ProtocolFailure("its answer has more than \(Self.longestAnswer) bytes")
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) throws(ProtocolFailure) -> Int64 {
        let text = String(decoding: digits, as: UTF8.self)
        guard let number = Int64(text) else {
            throw ProtocolFailure("its answer has \"\(text.legible(most: 40))\" for a number")
        }
        return number
    }
}

/// What a peer sent is not what Redis sends.
struct ProtocolFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
