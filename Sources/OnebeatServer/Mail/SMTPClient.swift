import Foundation
import NIOCore
import NIOSSL
import Onebeat
import Synchronization

/// Hands a message to a mail server (RFC 5321), over TLS wherever the server can, and always where it wants to know who
/// sends. One connection a message.
struct SMTPClient: Sendable {
    /// How long the whole may take: less than an attempt has.
    static let patience = Duration.seconds(50)

    private let trust: Trust
    private let time: any TimeSource
    private let name: String

    /// - Parameters:
    ///   - environment: which authorities there are (`SSL_CERT_FILE` and its like).
    ///   - name: what the client calls itself.
    init(environment: [String: String], time: any TimeSource, name: String = SMTPClient.hostName) {
        trust = Trust(environment: environment, protocols: [])
        self.time = time
        self.name = name
    }

    /// What became of a message.
    struct Answer: Sendable {
        var outcome: Outcome
        /// What people may want to know beside it.
        var remarks: [String] = []
        /// Whom the server refused, where it took the message for others.
        var refused: [Mailbox] = []
    }

    /// Sends a message. That its answer was lost is a failure, and the message may have been taken: its identity tells.
    /// - Parameter authorities: the PEM file of who may have signed the server's certificate.
    func send(_ mail: Mail, through server: SMTPAddress, authorities: String? = nil) async -> Answer {
        let step = Step()
        let end = time.uptime() + Self.patience
        return await withTaskGroup(of: Answer?.self) { group in
            group.addTask { await attempt(mail, server, authorities, step) }
            group.addTask {
                try? await time.sleep(until: end)
                if Task.isCancelled { return nil }
                let words = "\(server.shown): no answer to \(step.words) within \(Self.patience.text)"
                return Answer(outcome: .failed(Failure(words)))
            }
            var answer: Answer?
            for await ended in group {
                answer = ended?.outcome == .succeeded ? ended : answer ?? ended
                group.cancelAll()
            }
            return answer ?? Answer(outcome: .cancelled)
        }
    }

    private func attempt(
        _ mail: Mail, _ server: SMTPAddress, _ authorities: String?, _ step: Step
    ) async -> Answer? {
        do {
            let address = try HTTPAddress("http\(server.shown.dropFirst(4))")
            var failure = HTTPFailure(url: server.shown, called: address)
            failure.called(address, through: nil)
            do {
                var dialogue = try await Dialogue(
                    with: server, at: address, trust.context(authorities: authorities), name, step)
                defer { dialogue.close() }
                let refused = try await dialogue.hand(over: mail, at: time.now())
                return Answer(
                    outcome: .succeeded, remarks: refused.map { server.hiding($0.why.description) },
                    refused: refused.map(\.mailbox))
            } catch let problem as SMTPProblem {
                let words = "\(server.shown): \(server.hiding(problem.description))"
                let failure = Failure(words, exitCode: problem.code, isFinal: problem.isForGood)
                return Task.isCancelled ? nil : Answer(outcome: .failed(failure))
            } catch {
                let words = failure.words(for: error).replacing("http.ca", with: "email.ca")
                    .replacing("http://", with: "smtp://")
                return Task.isCancelled ? nil : Answer(outcome: .failed(Failure(words)))
            }
        } catch {
            return Answer(outcome: .failed(Failure("\(server.shown) \(error)")))
        }
    }

    /// This machine's name, where it is one that mail servers take; else what they take in its place.
    static let hostName: String = {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, 255) == 0 else { return "[127.0.0.1]" }
        let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isFit = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isFit && !name.isEmpty ? name : "[127.0.0.1]"
    }()

    /// What is waited for.
    private final class Step: Sendable {
        private let state = Mutex("the connection")
        var words: String {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    /// One conversation.
    private struct Dialogue {
        private let connection: HTTPConnection
        private var reader = SMTPReplyReader()
        private let step: Step
        /// What the server can do: the words behind each name.
        private var abilities: [String: [String]] = [:]

        init(
            with server: SMTPAddress, at address: HTTPAddress, _ context: @autoclosure () throws -> NIOSSLContext,
            _ name: String, _ step: Step
        ) async throws {
            self.step = step
            // Read before anybody is connected to: a file that is not there is no fault of the server's.
            let context = try context()
            connection = try await HTTPConnection.open(to: address, within: .seconds(30))
            do {
                if server.isSecure { try await connection.secure(context, host: server.host) }
                step.words = "its greeting"
                try await expect(220)
                try await greet(name)
                if !server.isSecure, abilities["STARTTLS"] != nil {
                    try await say("STARTTLS", expecting: 220)
                    try await connection.secure(context, host: server.host)
                    reader = SMTPReplyReader()
                    try await greet(name)
                } else if !server.isSecure, server.user != nil, !server.isHere {
                    throw SMTPProblem(
                        "it offers no STARTTLS, and a password is not sent in the clear; is smtps:// its address?")
                }
                try await signIn(server)
            } catch {
                connection.close()
                throw error
            }
        }

        func close() { connection.close() }

        /// - Returns: whom the server refused, where it took the message for others.
        mutating func hand(
            over mail: Mail, at now: Timestamp
        ) async throws -> [(mailbox: Mailbox, why: SMTPProblem)] {
            try await say("MAIL FROM:<\(mail.from.address)>", expecting: 250)
            var refused: [(mailbox: Mailbox, why: SMTPProblem)] = []
            for mailbox in mail.recipients {
                do {
                    try await say("RCPT TO:<\(mailbox.address)>", expecting: 250, 251, 252)
                } catch let problem as SMTPProblem where problem.code != nil && problem.code != 421 {
                    refused.append((mailbox, problem))
                }
            }
            if let first = refused.first, refused.count == mail.recipients.count {
                throw SMTPProblem(
                    refused.map(\.why.description).joined(separator: "; ").bytes(most: 2000), code: first.why.code,
                    isForGood: refused.allSatisfy { (500..<600).contains($0.why.code ?? 0) })
            }
            try await say("DATA", expecting: 354)
            step.words = "the message"
            // A line that is a dot alone ends the message: one that begins with a dot has another before it.
            let lines = mail.text(at: now).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
            let stuffed = lines.map { ($0.hasPrefix(".") ? "." : "") + $0 + "\r\n" }.joined()
            connection.send(Array((stuffed + ".\r\n").utf8))
            try await expect(250)
            // It has the message: what becomes of this conversation is no matter.
            connection.send(Array("QUIT\r\n".utf8))
            return refused
        }

        private mutating func greet(_ name: String) async throws {
            // What was said before TLS is not believed after it.
            abilities = [:]
            do {
                let reply = try await say("EHLO \(name)", expecting: 250)
                for line in reply.lines.dropFirst() {
                    let words = line.split(separator: " ").map { $0.uppercased() }
                    if let first = words.first { abilities[first, default: []] += words.dropFirst() }
                }
            } catch let problem as SMTPProblem where [500, 501, 502, 504].contains(problem.code) {
                try await say("HELO \(name)", expecting: 250)
            }
        }

        private mutating func signIn(_ server: SMTPAddress) async throws {
            guard let user = server.user else { return }
            func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
            let ways = abilities["AUTH"] ?? []
            if ways.contains("PLAIN") {
                let secret = base64("\0\(user)\0\(server.password)")
                try await say("AUTH PLAIN \(secret)", as: "AUTH PLAIN", expecting: 235)
            } else if ways.contains("LOGIN") {
                try await say("AUTH LOGIN", expecting: 334)
                try await say(base64(user), as: "the user's name", expecting: 334)
                try await say(base64(server.password), as: "the password", expecting: 235)
            } else {
                let offered = ways.isEmpty ? "none" : ways.prefix(9).joined(separator: ", ")
                throw SMTPProblem("it offers no way to sign in that is known here (PLAIN, LOGIN), but \(offered)")
            }
        }

        /// - Parameter shown: what messages call the line, where it holds a secret.
        @discardableResult
        private mutating func say(
            _ line: String, as shown: String? = nil, expecting codes: Int...
        ) async throws -> SMTPReply {
            step.words = shown ?? line
            connection.send(Array("\(line)\r\n".utf8))
            return try await expect(codes)
        }

        private mutating func expect(_ codes: Int...) async throws { try await expect(codes) }

        @discardableResult
        private mutating func expect(_ codes: [Int]) async throws -> SMTPReply {
            while true {
                guard let bytes = try await connection.receive() else {
                    throw SMTPProblem("it closed the connection instead of answering \(step.words)")
                }
                guard let reply = try reader.read(bytes) else { continue }
                guard codes.contains(reply.code) else {
                    throw SMTPProblem("it answered \(step.words) with \(reply.code) \(reply.words)", code: reply.code)
                }
                return reply
            }
        }
    }
}

extension SMTPAddress {
    /// Servers may repeat what they were sent.
    fileprivate func hiding(_ words: String) -> String {
        guard let user, !password.isEmpty else { return words }
        let secrets = [password, "\0\(user)\0\(password)"]
        return secrets.flatMap { [$0, Data($0.utf8).base64EncodedString()] }.reduce(words) {
            $0.replacing($1, with: "…")
        }
    }
}
