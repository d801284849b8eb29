import Foundation
import NIOCore
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite("Mail to a server", .timeLimit(.minutes(1))) struct SMTPClientTests {
    private let time = ManualTime(Timestamp(iso8601: "2026-11-23T03:00:05Z")!)

    private func send(
        to address: String, recipients: String = "ops@example.com", subject: String = "Onebeat: ü failed",
        lines: [String] = ["ü: exit code 1", ".", "..x"], authorities: String? = nil
    ) async throws -> SMTPClient.Answer {
        let mail = Mail(
            from: try Mailbox("o@example.com"), to: try Mailbox.list(recipients), subject: subject, lines: lines,
            identity: "onebeat-1-ab")
        let client = SMTPClient(environment: [:], time: time, name: "here")
        return await client.send(mail, through: try SMTPAddress(address), authorities: authorities)
    }

    @Test func aServerWithoutTLSAndWithoutNames() async throws {
        let server = try MailServer()
        #expect(try await send(to: "smtp://127.0.0.1:\(server.port)").outcome == .succeeded)
        let plain = try await send(
            to: "smtp://127.0.0.1:\(server.port)", recipients: "A <a@x.example>, b@x.example, nobody@x.example",
            subject: "plain", lines: [".", "..x", "From me"])
        #expect(plain.outcome == .succeeded)
        #expect(plain.refused.map(\.address) == ["nobody@x.example"])
        #expect(plain.remarks.first?.contains("RCPT TO:<nobody@x.example> with 550 no such user") == true)
        #expect(
            server.messages == [
                "o@example.com|ops@example.com|Onebeat: ü failed|ü: exit code 1\\n.\\n..x\\n",
                "o@example.com|a@x.example,b@x.example|plain|.\\n..x\\nFrom me\\n",
            ])
        let nobody = try await send(to: "smtp://127.0.0.1:\(server.port)", recipients: "nobody@x.example")
        #expect(nobody.outcome.failure?.exitCode == 550)
        #expect(nobody.outcome.failure?.isFinal == true)
        #expect(
            nobody.outcome.failure?.message
                == "smtp://127.0.0.1:\(server.port): it answered RCPT TO:<nobody@x.example> with 550 no such user")
        let none = try await send(
            to: "smtp://127.0.0.1:\(server.port)", recipients: "nobody@x.example, nobody@y.example")
        #expect(
            none.outcome.failure?.message.hasSuffix(
                "it answered RCPT TO:<nobody@x.example> with 550 no such user; it answered RCPT TO:<nobody@y.example>"
                    + " with 550 no such user") == true)
        #expect(none.outcome.failure?.isFinal == true)
    }

    @Test func whoIsRefusedForNowIsTriedAgain() async throws {
        let server = try MailServer()
        let busy = try await send(
            to: "smtp://127.0.0.1:\(server.port)", recipients: "busy@x.example, nobody@x.example")
        #expect(busy.outcome.failure?.exitCode == 450)
        #expect(busy.outcome.failure?.isFinal == false)
    }

    @Test(arguments: ["PLAIN LOGIN", "LOGIN"])
    func signingInOverSTARTTLS(ways: String) async throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        let server = try MailServer(.init(tls: "starttls", auth: true, ways: ways), certificate: certificate)
        let password = "p%40ss%2Fw%25rd"
        let place = "127.0.0.1:\(server.port)"
        let answer = try await send(to: "smtp://user:\(password)@\(place)", authorities: certificate.file)
        #expect(answer.outcome == .succeeded)
        #expect(server.messages.count == 1)
        let wrong = try await send(to: "smtp://user:hush-hush@\(place)", authorities: certificate.file)
        #expect(wrong.outcome.failure?.exitCode == 535)
        #expect(wrong.outcome.failure?.message.contains("hush") == false)
        let stranger = try await send(to: "smtp://user:\(password)@\(place)")
        #expect(stranger.outcome.failure?.message.contains("name its file in email.ca to trust it") == true)
        #expect(server.messages.count == 1)
    }

    @Test func TLSFromTheFirstByte() async throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        let server = try MailServer(.init(tls: "tls", auth: true), certificate: certificate)
        let answer = try await send(
            to: "smtps://user:p%40ss%2Fw%25rd@localhost:\(server.port)", authorities: certificate.file)
        #expect(answer.outcome == .succeeded)
        #expect(server.messages.count == 1)
    }

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks no SMTP"),
        ("554 go away\r\n", "it answered its greeting with 554 go away"),
        ("220 a\r\n220 b\r\n", "it answers before it is asked"),
        ("", "it closed the connection instead of answering its greeting"),
        (String(repeating: "2", count: 5000), "its answer has a line without an end"),
    ])
    func whatIsNoMailServerFailsTheMessageAndNoMore(greeting: String, words: String) async throws {
        try await Speaker.saying([greeting]) { port in
            let answer = try await send(to: "smtp://127.0.0.1:\(port)")
            let message = answer.outcome.failure?.message
            // Whoever hangs up at once may do so before anybody waits for a greeting.
            let isAtOnce = greeting.isEmpty && message?.hasSuffix("the server closed the connection at once") == true
            #expect(isAtOnce || message == "smtp://127.0.0.1:\(port): \(words)")
        }
    }

    @Test func aPasswordIsNotSentInTheClearAndNobodySlipsBytesBehindSTARTTLS() async throws {
        try await Speaker.saying([
            "220 a\r\n", "250-a\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "220 go\r\n250 AUTH PLAIN\r\n",
        ]) { port in
            let answer = try await send(to: "smtp://user:hush@127.0.0.1:\(port)")
            #expect(answer.outcome.failure?.message.hasSuffix("it answers before it is asked") == true)
        }
        #expect(!(try SMTPAddress("smtp://u:p@mail.example").isHere))
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        let (asked, signal) = AsyncStream.makeStream(of: Void.self)
        try await Speaker.saying(["220 a\r\n"], onRead: { signal.yield() }) { port in
            let attempt = Task { try await send(to: "smtp://127.0.0.1:\(port)") }
            await time.sleepers(1)
            for await _ in asked { break }
            time.advance(by: SMTPClient.patience)
            let words = try await attempt.value.outcome.failure?.message
            #expect(words == "smtp://127.0.0.1:\(port): no answer to EHLO here within 50s")
        }
    }

    @Test func nobodyThere() async throws {
        let answer = try await send(to: "smtp://127.0.0.1:1")
        #expect(answer.outcome.failure?.message == "no connection to 127.0.0.1:1: connection refused")
    }
}
