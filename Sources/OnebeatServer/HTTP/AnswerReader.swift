// HTTP: a client of HTTP/1.1 for calls that jobs make. What a server sends is taken apart here, byte by byte and with
// bounds, since it may be anything: no byte of it may end the node. Each call has a connection of its own, so none
// waits for another and none meets a connection that was closed while it was idle. What a call means and what its
// answer is worth is the executor's business. (docs/decisions/0009-http-client.md)

/// Takes an answer of HTTP/1.0 or 1.1 apart as its bytes come. It knows nothing of connections: bytes in, parts out.
struct AnswerReader {
    /// A part of an answer.
    enum Part: Equatable {
        case head(AnswerHead)
        case body([UInt8])
        case end
    }

    /// The longest line, and the longest head or trailer as a whole.
    static let longestLine = 16 * 1024, longestHead = 64 * 1024
    /// How many provisional answers (1xx) may come before the real one.
    static let mostProvisional = 16

    private enum State {
        case statusLine
        case fields
        /// So many bytes of the body are to come.
        case counted(UInt64)
        case untilClose
        case chunkSize
        case chunk(UInt64)
        case chunkEnd
        case trailers
        case done
    }

    private let hasNoBody: Bool
    private var state = State.statusLine
    private var line: [UInt8] = []
    private var headLength = 0
    private var provisional = 0
    private var head = AnswerHead(status: 0)
    private var framing = Framing()

    /// - Parameter hasNoBody: whether the request was one whose answer never has a body: `HEAD`, or a `CONNECT` that
    ///   went well.
    init(hasNoBody: Bool = false) { self.hasNoBody = hasNoBody }

    /// Whether the answer is complete.
    var isDone: Bool { if case .done = state { true } else { false } }

    /// Reads on.
    /// - Returns: the parts that these bytes complete. What follows a complete answer is not looked at.
    mutating func read(_ bytes: [UInt8]) throws(AnswerProblem) -> [Part] {
        var parts: [Part] = []
        var rest = bytes[...]
        reading: while !rest.isEmpty {
            switch state {
            case .done: break reading
            case .counted(let count): state = take(count, &rest, &parts) { $0 == 0 ? .done : .counted($0) }
            case .chunk(let count): state = take(count, &rest, &parts) { $0 == 0 ? .chunkEnd : .chunk($0) }
            case .untilClose:
                parts.append(.body(Array(rest)))
                rest = rest[rest.endIndex...]
            case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers:
                if let line = try line(&rest) { try understand(line, &parts) }
            }
            if isDone { parts.append(.end) }
        }
        return parts
    }

    /// The server has closed the connection.
    /// - Returns: the end, where that is how this answer ends.
    mutating func readEnd() throws(AnswerProblem) -> [Part] {
        switch state {
        case .done: return []
        case .untilClose:
            state = .done
            return [.end]
        case .statusLine where line.isEmpty && provisional == 0:
            throw AnswerProblem("the server closed the connection without an answer")
        case .statusLine, .fields, .counted, .chunkSize, .chunk, .chunkEnd, .trailers:
            throw AnswerProblem("the server closed the connection before it answered in full")
        }
    }

    // MARK: Lines

    /// The next line without its end, once it is there.
    private mutating func line(_ rest: inout ArraySlice<UInt8>) throws(AnswerProblem) -> [UInt8]? {
        let end = rest.firstIndex(of: 0x0a)
        let piece = rest[..<(end ?? rest.endIndex)]
        guard line.count + piece.count <= Self.longestLine else {
            throw AnswerProblem("a line of the answer's head is longer than \(Self.longestLine / 1024) KiB")
        }
        line += piece
        guard let end else {
            rest = rest[rest.endIndex...]
            return nil
        }
        rest = rest[rest.index(after: end)...]
        defer { line.removeAll(keepingCapacity: true) }
        return line.last == 0x0d ? Array(line.dropLast()) : line
    }

    private mutating func understand(_ line: [UInt8], _ parts: inout [Part]) throws(AnswerProblem) {
        headLength += line.count + 2
        guard headLength <= Self.longestHead else {
            throw AnswerProblem("the answer's head is longer than \(Self.longestHead / 1024) KiB")
        }
        switch state {
        case .statusLine:
            head = AnswerHead(status: try Self.status(line))
            framing = Framing()
            state = .fields
        case .fields where line.isEmpty: try endHead(&parts)
        case .fields: try readField(line)
        case .chunkSize:
            let size = try Self.chunkSize(line)
            headLength = 0
            state = size == 0 ? .trailers : .chunk(size)
        case .chunkEnd:
            guard line.isEmpty else { throw AnswerProblem("a chunk of the answer is not as long as it was said to be") }
            headLength = 0
            state = .chunkSize
        case .trailers: if line.isEmpty { state = .done }
        case .counted, .untilClose, .chunk, .done: break
        }
    }

    /// `HTTP/1.1 200 OK`; the words behind the number may be left out.
    private static func status(_ line: [UInt8]) throws(AnswerProblem) -> Int {
        let isHTTP = line.count >= 12 && line.starts(with: Array("HTTP/1.".utf8)) && isDigit(line[7]) && line[8] == 0x20
        guard isHTTP, line.count == 12 || line[12] == 0x20 else {
            throw AnswerProblem("the answer is not HTTP/1.1: it starts with \(shown(line))")
        }
        let digits = line[9..<12]
        guard digits.allSatisfy(isDigit) else {
            throw AnswerProblem("the answer's status is \(shown(Array(digits))), which is no number of three digits")
        }
        let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard status >= 100 else {
            throw AnswerProblem("the answer's status is \(shown(Array(digits))), which HTTP does not have")
        }
        return status
    }

    private mutating func readField(_ line: [UInt8]) throws(AnswerProblem) {
        guard let colon = line.firstIndex(of: 0x3a), colon > 0, line[..<colon].allSatisfy(Self.isTokenByte) else {
            throw AnswerProblem("the answer's head has a line that is no header: \(shown(line))")
        }
        let value = line[(colon + 1)...].trimmingBlanks
        guard !value.contains(0), !value.contains(0x0d) else {
            throw AnswerProblem("the answer's head has a header with a control character in it: \(shown(line))")
        }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "content-length": try framing.addLength(text)
        case "transfer-encoding": try framing.addEncoding(text)
        case "location": head.location = head.location ?? text
        default: break
        }
    }

    private mutating func endHead(_ parts: inout [Part]) throws(AnswerProblem) {
        if head.status == 101 {
            throw AnswerProblem("the server changes to another protocol (101), which was not asked for")
        }
        if head.status < 200 {
            provisional += 1
            guard provisional <= Self.mostProvisional else {
                throw AnswerProblem("the server sends one provisional answer (1xx) after the other")
            }
            headLength = 0
            state = .statusLine
            return
        }
        headLength = 0
        parts.append(.head(head))
        if hasNoBody || head.status == 204 || head.status == 304 {
            state = .done
        } else if framing.isChunked {
            state = .chunkSize
        } else if let length = framing.length {
            state = length == 0 ? .done : .counted(length)
        } else {
            state = .untilClose
        }
    }

    /// The size in front of a chunk; what may follow behind a semicolon means nothing to us.
    private static func chunkSize(_ line: [UInt8]) throws(AnswerProblem) -> UInt64 {
        let digits = line.prefix { $0 != 0x3b }.trimmingBlanks
        // Sixteen digits are all that UInt64 holds.
        guard !digits.isEmpty, digits.count <= 16, digits.allSatisfy(isHexDigit),
            let size = UInt64(String(decoding: digits, as: UTF8.self), radix: 16), size <= UInt64(Int64.max)
        else { throw AnswerProblem("a chunk of the answer has no size that can be: \(shown(line))") }
        return size
    }

    // MARK: Bytes

    private func take(
        _ count: UInt64, _ rest: inout ArraySlice<UInt8>, _ parts: inout [Part], _ next: (UInt64) -> State
    ) -> State {
        let piece = rest.prefix(Int(clamping: count))
        if !piece.isEmpty { parts.append(.body(Array(piece))) }
        rest = rest[piece.endIndex...]
        return next(count - UInt64(piece.count))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// What a header's name may hold.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
    }
}

/// What is read of an answer's head.
struct AnswerHead: Equatable {
    var status: Int
    /// Where a redirect points to, as the server wrote it.
    var location: String?
}

/// An answer that cannot be understood, in words.
struct AnswerProblem: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// How an answer says where its body ends.
private struct Framing {
    private(set) var length: UInt64?
    private(set) var isChunked = false

    mutating func addLength(_ text: String) throws(AnswerProblem) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let digits = part.utf8.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
            guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = UInt64(String(decoding: Array(digits), as: UTF8.self))
            else { throw AnswerProblem("the answer's Content-Length is \(quoted(text)), which is no length") }
            guard length == nil || length == value else {
                throw AnswerProblem("the answer has two lengths (Content-Length) that differ")
            }
            length = value
        }
    }

    mutating func addEncoding(_ text: String) throws(AnswerProblem) {
        switch text.lowercased() {
        case "identity": break
        case "chunked" where !isChunked: isChunked = true
        default:
            throw AnswerProblem("the answer's Transfer-Encoding is \(quoted(text)); chunked was the only one to choose")
        }
    }
}

extension Collection<UInt8> {
    /// Without blanks and tabs at both ends.
    fileprivate var trimmingBlanks: [UInt8] {
        let start = drop { $0 == 0x20 || $0 == 0x09 }
        return Array(start.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
    }
}

/// The beginning of a line of the server's, for a message.
private func shown(_ line: [UInt8]) -> String { quoted(String(decoding: line.prefix(80), as: UTF8.self)) }
