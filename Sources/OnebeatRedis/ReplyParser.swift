import NIOCore

/// Reads answers out of a stream of bytes. What a peer can make it hold is bounded: a length is refused before anything
/// is gathered for it.
struct ReplyParser {
    /// The longest string that is taken, in bytes; what Onebeat asks for is shorter by far.
    static let longestString = 8 << 20
    /// The most elements an array may have.
    static let mostElements = 1 << 16
    /// How deep arrays may lie in one another.
    static let deepestArray = 8
    /// The longest line of a status, an error or a length, in bytes.
    static let longestLine = 1 << 16

    private var gathered = ByteBuffer()

    mutating func take(_ bytes: inout ByteBuffer) {
        if gathered.readableBytes == 0 {
            gathered = bytes
        } else {
            gathered.writeBuffer(&bytes)
        }
    }

    /// The next answer that is whole; `nil` asks for more bytes.
    mutating func next() throws(ProtocolFailure) -> RedisReply? {
        var reading = gathered
        guard let reply = try Self.read(&reading, depth: 0) else { return nil }
        gathered = reading
        return reply
    }

    private static func read(_ buffer: inout ByteBuffer, depth: Int) throws(ProtocolFailure) -> RedisReply? {
        guard let line = try readLine(&buffer) else { return nil }
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .status(rest)
        case UInt8(ascii: "-"): return .failure(RedisReplyFailure(rest))
        case UInt8(ascii: ":"): return .integer(try number(rest))
        case UInt8(ascii: "$"):
            let length = try number(rest)
            if length == -1 { return .null }
            guard (0...Int64(longestString)).contains(length) else {
                throw ProtocolFailure("it announced a string of \(length) bytes; \(longestString) is the most")
            }
            return try readString(&buffer, length: Int(length))
        case UInt8(ascii: "*"):
            let count = try number(rest)
            if count == -1 { return .null }
            guard (0...Int64(mostElements)).contains(count) else {
                throw ProtocolFailure("it announced \(count) elements; \(mostElements) is the most")
            }
            guard depth < deepestArray else { throw ProtocolFailure("its arrays lie too deep in one another") }
            var elements: [RedisReply] = []
            for _ in 0..<count {
                guard let element = try read(&buffer, depth: depth + 1) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        default: throw ProtocolFailure("its answer is not one of Redis; is it another program's port, or one for TLS?")
        }
    }

    private static func readLine(_ buffer: inout ByteBuffer) throws(ProtocolFailure) -> ArraySlice<UInt8>? {
        let view = buffer.readableBytesView
        guard let end = view.prefix(longestLine).firstIndex(of: UInt8(ascii: "\r")) else {
            if view.count >= longestLine { throw ProtocolFailure("a line of its answer does not end") }
            // Whoever is not Redis is told at once and not after a line's end that may never come.
            if let first = view.first, !"+-:$*".utf8.contains(first) { return [first] }
            return nil
        }
        guard view.endIndex > end + 1 else { return nil }
        guard view[end + 1] == UInt8(ascii: "\n") else { throw ProtocolFailure("a line of its answer ends wrongly") }
        let line = Array(view[view.startIndex..<end])
        buffer.moveReaderIndex(forwardBy: line.count + 2)
        return line[...]
    }

    private static func readString(_ buffer: inout ByteBuffer, length: Int) throws(ProtocolFailure) -> RedisReply? {
        guard buffer.readableBytes >= length + 2, let bytes = buffer.readBytes(length: length) else { return nil }
        guard buffer.readBytes(length: 2) == Array("\r\n".utf8) else {
            throw ProtocolFailure("a string of its answer is longer than announced")
        }
        return .bytes(bytes)
    }

    private static func number(_ text: String) throws(ProtocolFailure) -> Int64 {
        guard let number = Int64(text) else { throw ProtocolFailure("its answer has \"\(text)\" for a number") }
        return number
    }
}

/// What a peer sent is not what Redis sends.
struct ProtocolFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
