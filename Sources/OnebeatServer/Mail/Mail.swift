import Foundation
import Onebeat

// Mail: what alerts send by SMTP, or hand to sendmail. A message is a value and its text a pure function of it; the client
// talks to one server, and takes what that says apart with bounds, since it may be anything. What is in a message comes
// from jobs and files, so no byte of it may become a header or an end.

/// A message of plain text.
package struct Mail: Sendable, Equatable {
    package var from: Mailbox
    package var to: [Mailbox]
    package var subject: String
    package var lines: [String]
    /// What tells it from all others, the same each time it is sent: letters, digits, dots and dashes.
    package var identity: String
    /// Whom it is handed over for: all of `to`, unless some have it.
    package var recipients: [Mailbox]

    package init(from: Mailbox, to: [Mailbox], subject: String, lines: [String], identity: String) {
        self.from = from
        self.to = to
        self.subject = subject
        self.lines = lines
        self.identity = identity
        recipients = to
    }

    /// All of it, each line with its end: ASCII, and no line longer than mail allows.
    /// - Parameter now: when it is sent.
    package func text(at now: Timestamp, lineEnd: String = "\r\n") -> String {
        let isPlain = lines.allSatisfy { line in
            line.utf8.count <= Self.longestLine && line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 }
        }
        let domain = from.address.split(separator: "@").dropFirst().last.map(String.init) ?? "onebeat"
        let headers = [
            "From: \(from.field)", "To: \(to.map(\.field).joined(separator: ",\(lineEnd) "))",
            "Subject: \(Self.words(subject, lineEnd))", "Date: \(Self.date(now))",
            "Message-ID: <\(identity)@\(domain)>",
            "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")",
        ]
        let body = isPlain ? lines : Self.encoded(lines)
        return (headers + [""] + body).map { $0 + lineEnd }.joined()
    }

    /// The longest line that stays as it is; mail ends at 998.
    private static let longestLine = 900
    /// How many bytes of text a word of a header holds, so that it stays below 75 characters.
    private static let wordLength = 45

    private static func encoded(_ lines: [String]) -> [String] {
        let text = Data(lines.map { $0 + "\r\n" }.joined().utf8)
        return text.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
            .split(separator: "\n").map(String.init)
    }

    /// A header's text as RFC 2047 has it, where it is not plain ASCII on one line.
    static func words(_ text: String, _ lineEnd: String = "\r\n") -> String {
        let isPlain = text.utf8.count <= longestLine && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
        if isPlain, !text.contains("=?") { return text }
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        for scalar in text.unicodeScalars {
            // What nobody sees has no place in a header, encoded or not.
            let bytes = scalar.properties.generalCategory == .control ? [0x20] : Array(String(scalar).utf8)
            if word.count + bytes.count > wordLength {
                words.append(word)
                word = []
            }
            word += bytes
        }
        return (words + [word]).map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\(lineEnd) ")
    }

    /// `Mon, 23 Nov 2026 03:00:00 +0000`
    static func date(_ now: Timestamp) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = "\(now)"
        let parts = text.prefix(10).split(separator: "-")
        let number = (now.microseconds / 1_000_000 / 86_400) % 7
        guard parts.count == 3, let month = Int(parts[1]), months.indices.contains(month - 1) else { return text }
        let clock = text.dropFirst(11).prefix(8)
        return "\(days[Int(max(0, number))]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(clock) +0000"
    }
}

/// Whom mail goes to, or comes from: `ops@example.com`, or `Ops <ops@example.com>`.
package struct Mailbox: Sendable, Equatable {
    package var name = ""
    package var address: String

    /// Why a text is none: reads on from the setting.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    package init(_ text: String) throws(Problem) {
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Problem(description: "has a line break or a control character in it, which no address has")
        }
        let text = text.trimming(" ")
        if text.hasSuffix(">"), let start = text.lastIndex(of: "<") {
            name = text[..<start].trimming(" ").trimming("\"")
            address = String(text[text.index(after: start)...].dropLast())
        } else {
            address = text
        }
        let refused = " ()<>[]:;,\\\"".utf8
        guard !address.isEmpty, address.utf8.count <= 254,
            address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !refused.contains($0) }), !address.hasPrefix("-"),
            !address.hasPrefix("@"), !address.hasSuffix("@")
        else {
            throw Problem(description: "has \(quoted(address)), which is no address; write one like ops@example.com")
        }
    }

    /// How many one message may go to.
    static let most = 50

    /// Several, with commas between them.
    package static func list(_ text: String) throws(Problem) -> [Mailbox] {
        var pieces: [String] = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        guard pieces.count <= most else { throw Problem(description: "has more than \(most) addresses; use a list") }
        var found: [Mailbox] = []
        for piece in pieces { found.append(try Mailbox(piece)) }
        return found
    }

    /// As it stands in a header.
    var field: String {
        if name.isEmpty { return address }
        let isPlain = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != 0x5c }
        return isPlain && !name.contains("=?") ? "\"\(name)\" <\(address)>" : "\(Mail.words(name)) <\(address)>"
    }
}
