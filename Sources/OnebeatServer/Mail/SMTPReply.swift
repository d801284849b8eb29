import Onebeat

/// What a mail server answers: a code, and words in some lines.
package struct SMTPReply: Sendable, Equatable {
    package var code: Int
    package var lines: [String]

    /// The words of the first line that has some, harmless and short.
    package var words: String {
        let line = lines.first { !$0.allSatisfy(\.isWhitespace) } ?? ""
        return line.count > 200 ? line.prefix(199) + "…" : line
    }
}

/// Takes the answers of a mail server apart as their bytes come, with bounds.
package struct SMTPReplyReader {
    /// The longest line, and how many an answer may have.
    static let longestLine = 2048, mostLines = 100

    private var line: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    package init() {}

    /// Reads on.
    /// - Returns: the answer that these bytes complete.
    package mutating func read(_ bytes: [UInt8]) throws(SMTPProblem) -> SMTPReply? {
        var reply: SMTPReply?
        for byte in bytes {
            // Nothing was asked after it. Behind STARTTLS it would be somebody else's word, taken for a safe one.
            guard reply == nil else { throw SMTPProblem("it answers before it is asked") }
            if byte == 0x0a {
                reply = try end()
            } else {
                line.append(byte)
                guard line.count <= Self.longestLine else { throw SMTPProblem("its answer has a line without an end") }
            }
        }
        return reply
    }

    private mutating func end() throws(SMTPProblem) -> SMTPReply? {
        defer { line = [] }
        if line.last == 0x0d { line.removeLast() }
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), (200..<600).contains(number),
            line.count == 3 || line[3] == 0x20 || line[3] == 0x2d, number == code ?? number
        else { throw SMTPProblem("it speaks no SMTP") }
        let isLast = line.count == 3 || line[3] == 0x20
        code = number
        lines.append(Self.plain(line.dropFirst(4)))
        guard lines.count <= Self.mostLines else { throw SMTPProblem("its answer has no end") }
        guard isLast else { return nil }
        defer { (code, lines) = (nil, []) }
        return SMTPReply(code: number, lines: lines)
    }

    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        String(
            String.UnicodeScalarView(
                String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : $0
                }))
    }
}

/// What keeps a message from being taken, in words that follow the server's name.
package struct SMTPProblem: Error, Equatable, CustomStringConvertible {
    package let description: String
    /// The server's code, where that is what it says.
    var code: Int?
    /// Whether it keeps all recipients from having the message, today and tomorrow (RFC 5321, 4.2.1: 5yz).
    var isForGood = false

    init(_ description: String, code: Int? = nil, isForGood: Bool = false) {
        self.description = description
        self.code = code
        self.isForGood = isForGood
    }
}
