import Foundation
import NIOSSL
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

/// Calls to servers that send what no client asked for, and to those that must not learn too much.
@Suite(.timeLimit(.minutes(1))) struct HostileServerTests {
    @Test(arguments: [
        "HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 001 x\r\n\r\n", "HTTP/1.1 050 x\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "\u{0}\u{0}\u{0}", "",
        "HTTP/1.1 200 OK\r\nX-\u{0}: \u{0}\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n",
        String(repeating: "HTTP/1.1 103 x\r\n\r\n", count: 50),
        "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 12_000) + "\r\n",
    ])
    func whatIsNoAnswerFailsTheAttemptAndNoMore(answer: String) async throws {
        try await RawServer.serving({ _ in .init(answer) }) { server in
            let (outcome, _) = await execute(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
            let failure = try #require(outcome.failure)
            #expect(failure.message.hasPrefix("http://127.0.0.1:\(server.port)/: "))
            #expect(failure.exitCode == nil)
        }
    }

    @Test(arguments: [100, 199, 200, 299, 300, 400, 599, 600, 999])
    func everyOtherStatusIsAnOutcome(status: Int) async throws {
        try await RawServer.serving({ _ in .init("HTTP/1.1 \(status) x\r\nContent-Length: 0\r\n\r\n") }) { server in
            let (outcome, _) = await execute(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
            if status >= 200 { #expect(outcome.failure?.exitCode == ((200..<300).contains(status) ? nil : status)) }
        }
    }

    @Test func manyCallsToOneHostAreMadeAtOnce() async throws {
        // None is answered before all have come: a client that kept some back would wait for ever.
        let all = Gathering(30)
        try await RawServer.serving({ _ in
            all.arrive()
            return .init("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", closes: false)
        }) { server in
            let executor = HTTPExecutor(environment: [:])
            let calls = (0..<30).map { _ in
                Task {
                    await executor.execute(
                        .example(.http(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))), output: RecordingSink())
                }
            }
            await all.complete()
            for call in calls { call.cancel() }
            for call in calls { #expect(await call.value == .cancelled) }
        }
    }

    @Test func aConnectionIsNeverUsedTwice() async throws {
        try await RawServer.serving({ _ in .init("HTTP/1.1 204 OK\r\n\r\n", closes: false) }) { server in
            let executor = HTTPExecutor(environment: [:])
            for _ in 0..<3 {
                let outcome = await executor.execute(
                    .example(.http(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))), output: RecordingSink())
                #expect(outcome == .succeeded)
            }
            #expect(server.connections == 3)
            #expect(server.requests.allSatisfy { $0.contains("\r\nConnection: close\r\n") })
        }
    }

    @Test func aStatusThatIsNotExpectedIsTheOutcomeHoweverSlowTheBodyIs() async throws {
        let answer = "HTTP/1.1 500 x\r\nContent-Length: 500\r\n\r\nno"
        try await RawServer.serving({ _ in .init(answer, closes: false) }) { server in
            let time = ManualTime()
            let executor = HTTPExecutor(environment: [:], time: time)
            let output = RecordingSink()
            let call = HTTPCall(url: "http://127.0.0.1:\(server.port)/", timeout: .seconds(30))
            let attempt = Task { await executor.execute(.example(.http(call)), output: output) }
            _ = await output.text { $0 == "no" }
            await time.sleepers(1)
            time.advance(by: .seconds(30))
            #expect(await attempt.value.failure?.exitCode == 500)
        }
        // And where it breaks off.
        try await RawServer.serving({ _ in .init(answer) }) { server in
            let (outcome, _) = await execute(HTTPCall(url: "http://127.0.0.1:\(server.port)/"))
            #expect(outcome.failure?.exitCode == 500)
        }
    }

    // MARK: Redirects

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsNotFollowedUnlessAskedFor(status: Int) async throws {
        let redirect = "HTTP/1.1 \(status) x\r\nLocation: /next?token=hush\r\nContent-Length: 0\r\n\r\n"
        try await RawServer.serving({ _ in .init(redirect) }) { server in
            let url = "http://127.0.0.1:\(server.port)/"
            let (outcome, _) = await execute(HTTPCall(url: url))
            #expect(
                outcome.failure?.message
                    == "\(url) answered with status \(status) where 2xx was expected; it points to \"/next\": call that,"
                    + " or let http.redirects be above 0")
            #expect(await execute(HTTPCall(url: url, expected: [status])).0 == .succeeded)
            #expect(await execute(HTTPCall(url: url, expected: [status], redirects: 5)).0 == .succeeded)
            #expect(server.requests.count == 3)
        }
    }

    @Test func anotherPlaceGetsNothingThatTheCallCarries() async throws {
        try await RawServer.serving({ _ in .init("HTTP/1.1 200 OK\r\n\r\n") }) { other in
            let redirect = "HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:\(other.port)/x\r\n\r\n"
            try await RawServer.serving({ _ in .init(redirect) }) { server in
                let call = HTTPCall(
                    url: "http://u:hush@127.0.0.1:\(server.port)/",
                    headers: ["X-Token": "hush", "Cookie": "hush", "Authorization": "hush"], redirects: 1)
                #expect(await execute(call).0 == .succeeded)
                #expect(server.requests[0].contains("hush"))
                #expect(!other.requests[0].contains("hush"))
                #expect(other.requests[0].contains("Onebeat-Run-Key: "))
                // A body would have to go along, and does not.
                var post = call
                (post.method, post.body) = ("PUT", "hush")
                let message = try #require(await execute(post).0.failure?.message)
                #expect(message.contains("redirects a PUT to another place"))
                #expect(other.requests.count == 1)
                #expect(!message.contains("hush"))
            }
        }
    }

    @Test(arguments: [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
    func onTheSameServerARedirectKeepsWhatItMay(status: Int, method: String) async throws {
        try await RawServer.serving({ request in
            .init(
                request.contains(" /end ")
                    ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 \(status) x\r\nLocation: /end\r\n\r\n")
        }) { server in
            let call = HTTPCall(
                url: "http://127.0.0.1:\(server.port)/", method: "POST", headers: ["X-Token": "hush"], body: "b",
                redirects: 1)
            #expect(await execute(call).0 == .succeeded)
            let last = try #require(server.requests.last)
            #expect(last.hasPrefix("\(method) /end HTTP/1.1\r\n"))
            #expect(last.contains("X-Token: hush"))
            #expect(last.hasSuffix("\r\n\r\nb") == (method == "POST"))
        }
    }

    // MARK: What is sent, and what is shown

    @Test func aPasswordInTheAddressIsSentAndNeverShown() async throws {
        try await RawServer.serving({ _ in .init("HTTP/1.1 401 x\r\n\r\n") }) { server in
            let (outcome, _) = await execute(HTTPCall(url: "http://anna:hu%40sh@127.0.0.1:\(server.port)/x"))
            #expect(server.requests[0].hasPrefix("GET /x HTTP/1.1\r\n"))
            #expect(server.requests[0].contains("\r\nAuthorization: Basic YW5uYTpodUBzaA==\r\n"))
            #expect(outcome.failure?.message.hasPrefix("http://…@127.0.0.1:\(server.port)/x answered") == true)
        }
    }

    @Test func aHostMadeOfASecretIsNotShown() async throws {
        let (outcome, _) = await execute(
            HTTPCall(url: "http://${TOKEN}.invalid/"), environment: ["TOKEN": "hush"])
        let message = try #require(outcome.failure?.message)
        #expect(
            message == "the name in http://${TOKEN}.invalid/ was not found; look at its spelling and at the node's DNS")
        let (refused, _) = await execute(HTTPCall(url: "http://${TOKEN}:1/"), environment: ["TOKEN": "127.0.0.1"])
        #expect(refused.failure?.message == "no connection to http://${TOKEN}:1/: connection refused")
    }

    @Test(arguments: ["Content-Length", "transfer-encoding", "Connection"])
    func headersThatFrameTheRequestAreNotTheJobs(name: String) async {
        let (outcome, _) = await execute(HTTPCall(url: "http://127.0.0.1:1/", headers: [name: "5"]))
        #expect(outcome.failure?.message == "http.headers.\(name): is set by the call itself; leave it out")
    }

    @Test func aSecretWithALineBreakBecomesNoHeader() async {
        let (outcome, _) = await execute(
            HTTPCall(url: "http://127.0.0.1:1/", headers: ["X": "${TOKEN}"]), environment: ["TOKEN": "hush\r\nY: z"])
        #expect(outcome.failure?.message.hasPrefix("http.headers.X: has a line break") == true)
        #expect(outcome.failure?.message.contains("hush") == false)
    }

    // MARK: TLS and proxies

    @Test func aPrivateAuthorityIsTrustedWhereItIsNamed() async throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        try await RawServer.serving(
            tls: certificate.server(), { _ in .init("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        ) {
            server in
            let url = "https://localhost:\(server.port)/"
            #expect(await execute(HTTPCall(url: url, authorities: certificate.file)).0 == .succeeded)
            #expect(await execute(HTTPCall(url: url), environment: ["SSL_CERT_FILE": certificate.file]).0 == .succeeded)
            let number = HTTPCall(url: "https://127.0.0.1:\(server.port)/", authorities: certificate.file)
            #expect(await execute(number).0 == .succeeded)
            let refused = await execute(HTTPCall(url: url)).0.failure?.message
            #expect(
                refused
                    == "\(url): no secure connection: the server's certificate is signed by itself; name its file in http.ca"
                    + " to trust it")
            let missing = await execute(HTTPCall(url: url, authorities: "/nowhere.pem")).0.failure?.message
            #expect(missing?.contains("the certificates in /nowhere.pem cannot be read") == true)
        }
    }

    @Test func aCertificateForOthersOrOfAnotherTimeIsToldApart() async throws {
        let certificate = try TestCertificate.made(for: "DNS:elsewhere.invalid")
        defer { certificate.remove() }
        try await RawServer.serving(tls: certificate.server(), { _ in .init("") }) { server in
            let call = HTTPCall(url: "https://localhost:\(server.port)/", authorities: certificate.file)
            let message = try #require(await execute(call).0.failure?.message)
            #expect(message.contains("is for other names than localhost"), "\(message)")
        }
        let bytes = try NIOSSLCertificate.fromPEMFile(certificate.file)[0].toDERBytes()
        let words = Words("handshakeFailed: OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at /src/x.cc:393")
        for (days, said) in [
            (10, "the server's certificate ended on 20"), (-10, "the server's certificate begins on 20"),
        ] {
            let now = Timestamp(Date()) + .seconds(days * 86_400)
            let failure = SecureFailure(words, certificate: bytes, host: "h", now: now)
            #expect(failure.description.hasPrefix(said), "\(failure)")
        }
    }

    @Test func aServerWithoutTLSIsToldSo() async throws {
        try await RawServer.serving({ _ in .init("") }) { server in
            let url = "https://localhost:\(server.port)/"
            let plain = await execute(HTTPCall(url: url, timeout: .seconds(1))).0
            #expect(plain == .timedOut || plain.failure != nil)
        }
        let words =
            "Error: 268435703 error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at /src/x.cc:231"
        #expect(
            SecureFailure(Words(words), certificate: nil, host: "h", now: Timestamp(microseconds: 0)).description
                == "the server speaks no TLS on this port; is its address one of http:// ?")
        let others = "error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE at /src/x.cc:580"
        #expect(
            SecureFailure(Words(others), certificate: nil, host: "h", now: Timestamp(microseconds: 0)).description
                == "TLS says: sslv3 alert handshake failure")
    }

    @Test func certificatesOfAnyBytesAreRead() throws {
        let certificate = try TestCertificate.made()
        defer { certificate.remove() }
        let bytes = try NIOSSLCertificate.fromPEMFile(certificate.file)[0].toDERBytes()
        let facts = try #require(CertificateFacts(bytes))
        #expect(facts.isSelfSigned)
        #expect(facts.issuer == "test")
        var random = SplitMix(state: 1)
        for _ in 0..<1000 {
            var changed = bytes
            for _ in 0..<3 {
                changed[Int.random(in: 0..<min(120, bytes.count), using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            _ = CertificateFacts(Array(changed.prefix(Int.random(in: 0...bytes.count, using: &random))))
        }
    }

    @Test func aProxyIsAskedForWhatIsPlainAndConnectedThroughForWhatIsSecret() async throws {
        try await RawServer.serving({ request in
            .init(request.hasPrefix("CONNECT") ? "HTTP/1.1 403 No\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\nby proxy")
        }) { proxy in
            let environment = [
                "http_proxy": "http://anna:hush@127.0.0.1:\(proxy.port)", "HTTPS_PROXY": "127.0.0.1:\(proxy.port)",
            ]
            let (outcome, output) = await execute(HTTPCall(url: "http://far.invalid/a?b"), environment: environment)
            #expect(outcome == .succeeded)
            #expect(output.text() == "by proxy")
            #expect(proxy.requests[0].hasPrefix("GET http://far.invalid/a?b HTTP/1.1\r\n"))
            #expect(proxy.requests[0].contains("\r\nProxy-Authorization: Basic YW5uYTpodXNo\r\n"))
            #expect(proxy.requests[0].contains("\r\nHost: far.invalid\r\n"))
            let (refused, _) = await execute(
                HTTPCall(url: "https://far.invalid/", headers: ["X": "hush"]), environment: environment)
            #expect(
                refused.failure?.message
                    == "https://far.invalid/: the proxy 127.0.0.1:\(proxy.port) answered with status 403 to the wish for a"
                    + " connection")
            #expect(proxy.requests[1].hasPrefix("CONNECT far.invalid:443 HTTP/1.1\r\n"))
            #expect(!proxy.requests[1].contains("hush"))
        }
    }

    private func execute(_ call: HTTPCall, environment: [String: String] = [:]) async -> (Outcome, RecordingSink) {
        let output = RecordingSink()
        return (await HTTPExecutor(environment: environment).execute(.example(.http(call)), output: output), output)
    }
}

private struct Words: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Waits until so many have come.
private final class Gathering: Sendable {
    private let stream: AsyncStream<Void>
    private let arrivals: AsyncStream<Void>.Continuation
    private let count: Int

    init(_ count: Int) {
        (stream, arrivals) = AsyncStream.makeStream()
        self.count = count
    }

    func arrive() { arrivals.yield() }

    func complete() async {
        var left = count
        for await _ in stream {
            left -= 1
            if left == 0 { return }
        }
    }
}
