import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOSSL
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite("Pages over TLS", .timeLimit(.minutes(1))) struct ServerCertificateTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private struct Standing: Decodable { var headline: String }

    /// What the status says, to whoever trusts that certificate.
    private func ask(_ web: WebFixture, trusting certificate: TestCertificate) async throws -> String {
        let node = try RemoteNode(
            web.base, token: nil, authorities: certificate.file, environment: [:])
        return try await (node.read("/status") as Standing).headline
    }

    private func files(_ certificate: TestCertificate) -> CertificateFiles {
        CertificateFiles(certificate: certificate.file, key: certificate.folder + "/key.pem")
    }

    @Test func whatIsAskedOverTLSIsAnsweredAndCookiesAreForTLSAlone() async throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        let shown = try ServerCertificate(files(certificate), logger: logger)
        try await WebFixture.serving(certificate: shown) { web in
            #expect(try await ask(web, trusting: certificate).contains("need"))
            // Whoever does not know the authority is told what would do.
            let stranger = try RemoteNode(web.base, token: nil, environment: [:])
            let failure = await #expect(throws: RemoteNode.Failure.self) { try await stranger.now() }
            #expect(failure?.description.contains("--ca") == true, "\(failure?.description ?? "")")
            let plain = try RemoteNode(
                web.base.replacing("https://", with: "http://"), token: nil, environment: [:])
            await #expect(throws: RemoteNode.Failure.self) { try await plain.now() }

            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate.file))
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: configuration))
            var request = HTTPClientRequest(url: web.base + "/jobs/backup")
            request.headers.add(name: "Connection", value: "close")
            let page = try await client.execute(request, timeout: .seconds(30))
            #expect(page.headers.first(name: "Set-Cookie")?.contains("; Secure") == true)
            #expect(String(buffer: try await page.body.collect(upTo: 1 << 20)).hasSuffix("</html>\n"))
            try await client.shutdown()
        }
    }

    /// Browsers hold to it for all ports of a name: those of this machine are other programs' as well.
    @Test(arguments: [
        ("onebeat.example.com", true, true), ("onebeat.example.com", false, false), ("localhost", true, false),
    ])
    func browsersAreToldToComeOverTLSFromThenOn(host: String, isStrict: Bool, isTold: Bool) async throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        var files = files(certificate)
        files.isStrict = isStrict
        let shown = try ServerCertificate(files, logger: logger)
        try await WebFixture.serving(hosts: ["onebeat.example.com"], certificate: shown) { web in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate.file))
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: configuration))
            var request = HTTPClientRequest(url: web.base + "/healthz")
            request.headers.replaceOrAdd(name: "Host", value: host)
            let answer = try await client.execute(request, timeout: .seconds(30))
            try await client.shutdown()
            #expect(answer.status == .ok)
            #expect(answer.headers.first(name: "Strict-Transport-Security") == (isTold ? "max-age=31536000" : nil))
        }
    }

    @Test func aNewCertificateIsShownAndABrokenOneIsNot() async throws {
        let (old, new) = (try TestCertificate.made(), try TestCertificate.made())
        defer { for certificate in [old, new] { certificate.remove() } }
        let trusted = (old: try Self.copy(old), new: try Self.copy(new))
        defer { for certificate in [trusted.old, trusted.new] { certificate.remove() } }
        let time = ManualTime()
        let shown = try ServerCertificate(files(old), time: time, logger: logger)
        try await WebFixture.serving(certificate: shown) { web in
            _ = try await ask(web, trusting: trusted.old)
            // The certificate alone, as between the writing of the one and of the other file.
            try Self.replace(old.file, by: new.file)
            time.advance(by: .seconds(1))
            _ = try await ask(web, trusting: trusted.old)
            try Self.replace(old.folder + "/key.pem", by: new.folder + "/key.pem")
            _ = try await ask(web, trusting: trusted.old)
            time.advance(by: .seconds(1))
            _ = try await ask(web, trusting: trusted.new)
            await #expect(throws: RemoteNode.Failure.self) { try await ask(web, trusting: trusted.old) }
            try FileManager.default.removeItem(atPath: old.file)
            time.advance(by: .seconds(1))
            _ = try await ask(web, trusting: trusted.new)
        }
    }

    @Test func filesThatCannotBeUsedAreRefusedInWords() throws {
        let (one, other) = (try TestCertificate.made(), try TestCertificate.made())
        defer { for certificate in [one, other] { certificate.remove() } }
        let key = one.folder + "/key.pem"
        try "nothing".write(toFile: one.folder + "/none", atomically: true, encoding: .utf8)
        for (certificate, key, words) in [
            ("/nowhere/cert.pem", key, "web.tls.certificate: /nowhere/cert.pem is not there"),
            (one.file, "/nowhere/key.pem", "web.tls.key: /nowhere/key.pem is not there"),
            (one.folder, key, "may not be read"), (one.folder + "/none", key, "holds no certificate in PEM form"),
            (key, key, "holds no certificate in PEM form"), (one.file, one.folder + "/none", "holds no private key"),
            (one.file, other.folder + "/key.pem", "is not that of the first certificate"),
        ] {
            let problem = #expect(throws: CertificateProblem.self) {
                try ServerCertificate(CertificateFiles(certificate: certificate, key: key), logger: logger)
            }
            #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "")")
        }
    }

    private static func copy(_ certificate: TestCertificate) throws -> TestCertificate {
        let folder = certificate.folder + "-copy"
        try FileManager.default.copyItem(atPath: certificate.folder, toPath: folder)
        return TestCertificate(folder: folder)
    }

    private static func replace(_ path: String, by other: String) throws {
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: other, toPath: path)
    }
}
