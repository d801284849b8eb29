import Foundation
import Glibc
import OnebeatTesting
import Testing

/// A real mail server (aiosmtpd) of one test, in Python.
final class MailServer {
    /// What `scripts/prepare tests` makes.
    private static let python =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/.build/celery/bin/python"

    /// What it is to be like.
    struct Manner {
        /// `none`, `starttls`, `tls`.
        var tls = "none"
        /// Whether nothing is taken without signing in, as `user` with `p@ss/w%rd`.
        var auth = false
        /// What it calls the ways to sign in.
        var ways = "PLAIN LOGIN"
    }

    let port: Int
    private let process: Process
    private let folder: String

    init(_ manner: Manner = Manner(), certificate: TestCertificate? = nil) throws {
        folder = FileManager.default.temporaryDirectory.path + "/onebeat-mail-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.program.write(toFile: folder + "/server.py", atomically: true, encoding: .utf8)
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [
            folder + "/server.py", folder, manner.tls, manner.auth ? "auth" : "", manner.ways,
            certificate?.folder ?? "",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = Int(line.prefix { $0.isNumber }) ?? 0
        #expect(port > 0, "aiosmtpd did not start: does \(Self.python) have it? see scripts/prepare")
    }

    /// What came, as Python's own reader understands it: `from|to|subject|body`, with `\n` for line ends.
    var messages: [String] {
        let text = (try? String(contentsOfFile: folder + "/messages", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    deinit {
        // Its signals are blocked, as those of all that Foundation starts.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static let program = #"""
        import asyncio, email, email.policy, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult

        folder, tls, auth, ways, certificate = sys.argv[1:6]
        known = {b"user": "p@ss/w%rd".encode()}

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("nobody"):
                    return "550 no such user"
                if address.startswith("busy"):
                    return "450 mailbox busy"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                assert mail["Message-ID"] and mail["Date"].datetime.year == 2026, mail["Date"]
                body = mail.get_content().replace("\r\n", "\n").replace("\n", "\\n")
                line = "|".join([envelope.mail_from, ",".join(envelope.rcpt_tos), mail["Subject"], body])
                with open(folder + "/messages", "a") as file:
                    file.write(line + "\n")
                return "250 taken"

        def authenticate(server, session, envelope, mechanism, data):
            good = known.get(data.login) == data.password
            return AuthResult(success=good, handled=False)

        context = None
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate + "/cert.pem", certificate + "/key.pem")

        async def main():
            loop = asyncio.get_running_loop()
            excluded = [way for way in ["PLAIN", "LOGIN"] if way not in ways.split()]
            def make():
                return SMTP(Handler(), hostname="test", authenticator=authenticate, auth_required=bool(auth),
                    auth_require_tls=tls == "starttls", auth_exclude_mechanism=excluded,
                    tls_context=context if tls == "starttls" else None, require_starttls=False)
            server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
        """#
}
