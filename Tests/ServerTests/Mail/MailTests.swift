import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

private let now = Timestamp(iso8601: "2026-11-23T03:00:05Z")!

private func mail(_ subject: String = "Onebeat: a failed", _ lines: [String] = ["a: exit code 1"]) throws -> Mail {
    Mail(
        from: try Mailbox("o@example.com"), to: try Mailbox.list("Ops <ops@example.com>"), subject: subject,
        lines: lines, identity: "onebeat-1-ab")
}

@Suite("Mail as text") struct MailTests {
    @Test func itIsWhatMailReadersRead() throws {
        #expect(
            try mail().text(at: now) == """
                From: o@example.com\r
                To: "Ops" <ops@example.com>\r
                Subject: Onebeat: a failed\r
                Date: Mon, 23 Nov 2026 03:00:05 +0000\r
                Message-ID: <onebeat-1-ab@example.com>\r
                Auto-Submitted: auto-generated\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                a: exit code 1\r

                """)
    }

    @Test(
        arguments: [
            (["ü: kein Platz"], "w7w6IGtlaW4gUGxhdHoNCg=="), ([String(repeating: "x", count: 901)], nil),
            (["a\u{1b}[2J"], nil),
        ] as [([String], String?)])
    func whatMailCannotCarryIsEncoded(lines: [String], body: String?) throws {
        let text = try mail("x", lines).text(at: now)
        #expect(text.contains("Content-Transfer-Encoding: base64\r\n"))
        if let body { #expect(text.hasSuffix("\r\n\r\n\(body)\r\n")) }
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test(arguments: [
        ("plain", "plain"), ("ü", "=?utf-8?B?w7w=?="), ("=?utf-8?B?w7w=?=", "=?utf-8?B?PT91dGYtOD9CP3c3dz0/PQ==?="),
        ("a\r\nBcc: x", "=?utf-8?B?YSAgQmNjOiB4?="),
    ])
    func aSubjectIsOneHeader(text: String, words: String) {
        #expect(Mail.words(text) == words)
    }

    @Test func aLongSubjectIsManyWordsThatEachStandAlone() {
        let words = Mail.words(String(repeating: "作业失败", count: 40)).split(separator: "\r\n ")
        #expect(words.count > 1)
        for word in words {
            #expect(word.utf8.count <= 75)
            let inner = word.dropFirst("=?utf-8?B?".count).dropLast(2)
            let bytes = Data(base64Encoded: String(inner)).map { Array($0) } ?? []
            #expect(String(validating: bytes, as: UTF8.self) != nil)
        }
    }

    @Test(arguments: [
        ("a@b.example", "", "a@b.example"), ("Ops <a@b>", "Ops", "a@b"), ("\"O, P\" <a@b>", "O, P", "a@b"),
        ("root", "", "root"),
    ])
    func aMailboxIsRead(text: String, name: String, address: String) throws {
        let found = try Mailbox.list(text)
        #expect(found.count == 1)
        #expect(found[0].name == name)
        #expect(found[0].address == address)
    }

    @Test(arguments: ["", "a b", "a@b\r\nBcc: c@d", "<>", "a@b>", "-oX/tmp/x", "ü@b", "a@", "a@b,", "x <a@b> y", "a,b"])
    func whatIsNoMailboxIsRefused(text: String) {
        if text == "a,b" { return #expect((try? Mailbox.list(text).count) == 2) }
        #expect(throws: Mailbox.Problem.self) { try Mailbox.list(text) }
    }

    @Test(
        arguments: [
            ("smtp://mail.example", false, "mail.example", 587, nil, ""),
            ("smtps://mail.example/", true, "mail.example", 465, nil, ""),
            ("smtp://u:p@h:25", false, "h", 25, "u", "p"), ("smtp://u%40x:p%3Aq@h", false, "h", 587, "u@x", "p:q"),
            ("smtp://u:p@w@h", false, "h", 587, "u", "p@w"), ("smtp://[::1]:25", false, "::1", 25, nil, ""),
            ("smtp://[::1]", false, "::1", 587, nil, ""), ("smtp://u:${P}@h", false, "h", 587, "u", "@/%41"),
            ("${U}", false, "h", 2525, nil, ""),
        ] as [(String, Bool, String, Int, String?, String)])
    func anAddressIsRead(
        text: String, isSecure: Bool, host: String, port: Int, user: String?, password: String
    ) throws {
        let address = try SMTPAddress(text) {
            $0.replacing("${P}", with: "@/%41").replacing("${U}", with: "smtp://h:2525")
        }
        #expect(address.isSecure == isSecure)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.user == user)
        #expect(address.password == password)
        #expect(!address.shown.contains("@"))
    }

    @Test(arguments: [
        "mail", "http://h", "smtp://", "smtp://h/x", "smtp://h:0", "smtp://h:99999", "smtp://h h", "smtp://h\r\nx",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: (any Error).self) { try SMTPAddress(text) }
    }
}

@Suite("Answers of mail servers") struct SMTPReplyTests {
    @Test func anAnswerMayComeByteByByteAndHaveLines() throws {
        var reader = SMTPReplyReader()
        let text = "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"
        var found: SMTPReply?
        for byte in text.utf8 { found = try reader.read([byte]) ?? found }
        #expect(found == SMTPReply(code: 250, lines: ["mail.example", "AUTH PLAIN LOGIN", "STARTTLS"]))
        #expect(try reader.read(Array("221\n".utf8)) == SMTPReply(code: 221, lines: [""]))
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "25\r\n", "250-a\r\n251 b\r\n", "999 x\r\n", "250x\r\n", "\r\n",
        "220 a\r\n220 b\r\n", "220 a\r\nx", String(repeating: "2", count: 3000),
        String(repeating: "250-a\r\n", count: 200), "\u{0}\u{0}\u{0}\n",
    ])
    func whatIsNoAnswerIsAProblem(text: String) {
        #expect(throws: SMTPProblem.self) {
            var reader = SMTPReplyReader()
            _ = try reader.read(Array(text.utf8))
        }
    }

    @Test func wordsAreHarmlessAndShort() throws {
        var reader = SMTPReplyReader()
        let reply = try reader.read(Array("550 a\u{1b}[2J\(String(repeating: "b", count: 500))\r\n".utf8))
        #expect(reply?.words.count == 200)
        #expect(reply?.words.hasPrefix("a [2Jb") == true)
    }
}
