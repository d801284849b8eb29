import Glibc
import Hummingbird
import NIOCore
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct HTTPExecutorTests {
    @Test func aCallCarriesItsIdentityItsHeadersAndItsBody() async throws {
        let call = HTTPCall(
            url: "/echo", method: "post", headers: ["X-Team": "${TEAM}", "onebeat-fence": "0"], body: "hi ${TEAM}")
        let (outcome, output) = try await attempt(call, environment: ["TEAM": "shop"])
        #expect(outcome == .succeeded)
        for line in [
            "POST", "Onebeat-Job: backup", "Onebeat-Run-Key: backup@2026-11-23T03:00:00Z",
            "Onebeat-Scheduled-At: 2026-11-23T03:00:00Z", "Onebeat-Attempt: 2", "Onebeat-Fence: 41",
            "Idempotency-Key: backup@2026-11-23T03:00:00Z", "User-Agent: onebeat/\(OnebeatVersion.current)",
            "X-Team: shop",
            "hi shop",
        ] {
            #expect(output.text().contains(line + "\n"))
        }
    }

    @Test func aStatusThatWasNotExpectedIsAFailureWithTheAnswersFirstLine() async throws {
        let (outcome, output) = try await attempt(HTTPCall(url: "/broken"))
        let failure = try #require(outcome.failure)
        #expect(failure.exitCode == 503)
        #expect(failure.message.hasSuffix("/broken answered with status 503 where 2xx was expected: out of tea"))
        #expect(output.text() == "\n  out of tea\nreally\n")
    }

    @Test func aStatusThatWasExpectedIsASuccess() async throws {
        let (outcome, _) = try await attempt(HTTPCall(url: "/broken", expected: [200, 503]))
        #expect(outcome == .succeeded)
    }

    @Test func anAnswersBodyIsHandedOnWhereTheCallSaysSo() async throws {
        var call = HTTPCall(url: "/json")
        #expect(try await attempt(call).1.value == nil)
        call.handsOnBody = true
        let (outcome, output) = try await attempt(call)
        #expect(outcome == .succeeded)
        #expect(output.value?.json == #"{"files": [1, 2]}"#)
        call.url = "/endless"
        #expect(try await attempt(call).0.failure?.message.contains("more than 65536 bytes") == true)
        call.url = "/redirect/0"
        #expect(try await attempt(call).0.failure?.message.contains("cannot be handed on: it is not JSON") == true)
        call.url = "/broken"
        #expect(try await attempt(call).0.failure?.exitCode == 503)
    }

    @Test func aFailureNamesTheAddressThatWasCalledWithoutSecrets() async throws {
        try await withServer { base in
            let address = base + "/broken?id={{ extract.id }}&team=${TEAM}&key={{ token }}"
            var claim = Claim.example(.http(HTTPCall(url: address)))
            claim.definition.schedule = .after("extract", "token")
            claim.input = ["extract": try RunValue(["id": "a b"]), "token": try RunValue("hush")]
            func words() async -> String? {
                await HTTPExecutor(environment: ["TEAM": "shop"]).execute(claim, output: RecordingSink()).failure?
                    .message
            }
            #expect(await words()?.hasPrefix("\(address) answered with status 503") == true)
            claim.shownInputs = ["extract"]
            let shown = base + "/broken?id=a%20b&team=${TEAM}&key={{ token }}"
            #expect(await words()?.hasPrefix("\(shown) answered with status 503") == true)
        }
        // A host that is secret is not told by its name either.
        var claim = Claim.example(.http(HTTPCall(url: "http://{{ token }}.invalid/")))
        claim.definition.schedule = .after("token")
        claim.input = ["token": try RunValue("hush")]
        let outcome = await HTTPExecutor(environment: [:]).execute(claim, output: RecordingSink())
        #expect(outcome.failure?.message.contains("hush") == false)
        #expect(outcome.failure?.message.contains("{{ token }}") == true)
    }

    @Test func valuesOfOthersAreSentAndWhatTheyHoldIsNot() async throws {
        try await withServer { base in
            let call = HTTPCall(
                url: base + "/echo?id={{ extract.id }}", method: "POST", headers: ["X-Id": "{{ extract.id }}"],
                body: #"{"id": "{{ extract.id }}", "team": "${TEAM}"}"#)
            var claim = Claim.example(.http(call))
            claim.definition.schedule = .after("extract")
            claim.input = ["extract": try RunValue(json: Array(#"{"id": "1\r\nX-Evil: ${TEAM} \"&a=b"}"#.utf8))]
            let output = RecordingSink()
            #expect(await HTTPExecutor(environment: ["TEAM": "shop"]).execute(claim, output: output) == .succeeded)
            #expect(output.text().contains("X-Id: 1%0D%0AX-Evil: ${TEAM} \"&a=b\n"))
            #expect(output.text().contains(#"{"id": "1\r\nX-Evil: ${TEAM} \"&a=b", "team": "shop"}"#))
            claim.input = [:]
            let outcome = await HTTPExecutor(environment: ["TEAM": "shop"]).execute(claim, output: output)
            #expect(outcome.failure?.message.contains("extract handed on nothing") == true)
        }
    }

    @Test func redirectsAreFollowedWhereThatIsAskedFor() async throws {
        let (outcome, output) = try await attempt(HTTPCall(url: "/redirect/3", redirects: 5))
        #expect(outcome == .succeeded)
        #expect(output.text() == "arrived\n")
    }

    @Test func tooManyRedirectsAreAFailureThatSaysSo() async throws {
        let (outcome, _) = try await attempt(HTTPCall(url: "/redirect/9", redirects: 5))
        #expect(outcome.failure?.message.contains("more than 5 redirects") == true)
    }

    @Test func aHugeAnswerIsCutAndTheCutIsMarked() async throws {
        let (outcome, output) = try await attempt(HTTPCall(url: "/endless"))
        #expect(outcome == .succeeded)
        #expect(output.bytes().count == HTTPExecutor.mostBytes)
        #expect(output.text(.note) == "[onebeat: the answer goes on; 256 KiB of it are kept]\n")
    }

    @Test func anAnswerThatStopsHalfwayTimesOut() async throws {
        try await withServer { base in
            let time = ManualTime()
            let executor = HTTPExecutor(environment: [:], time: time)
            let output = RecordingSink()
            let claim = Claim.example(.http(HTTPCall(url: base + "/halfway", timeout: .seconds(30))))
            let attempt = Task { await executor.execute(claim, output: output) }
            _ = await output.text { $0 == "half" }
            await time.sleepers(1)
            time.advance(by: .seconds(30))
            #expect(await attempt.value == .timedOut)
        }
    }

    @Test func aCancelledAttemptEndsAtOnce() async throws {
        try await withServer { base in
            let executor = HTTPExecutor(environment: [:])
            let output = RecordingSink()
            let claim = Claim.example(.http(HTTPCall(url: base + "/halfway")))
            let attempt = Task { await executor.execute(claim, output: output) }
            _ = await output.text { $0 == "half" }
            attempt.cancel()
            #expect(await attempt.value == .cancelled)
        }
    }

    @Test func aClosedPortIsRefusedInWords() async throws {
        // Bound and not listening: a port that is merely free could be another test's by the time it is called.
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(socket, $0, length)
                _ = getsockname(socket, $0, &length)
            }
        }
        let port = Int(address.sin_port.bigEndian)
        try #require(port > 0)
        let (outcome, _) = await execute(HTTPCall(url: "http://127.0.0.1:\(port)/"))
        #expect(outcome.failure?.message == "no connection to 127.0.0.1:\(port): connection refused")
    }

    @Test func aNameThatDoesNotResolveIsNamed() async {
        let (outcome, _) = await execute(HTTPCall(url: "http://nowhere.invalid/"))
        #expect(outcome.failure?.message.hasPrefix("the name nowhere.invalid was not found") == true)
    }

    @Test func anUnknownVariableFailsTheAttemptAndIsNamed() async {
        let (outcome, _) = await execute(HTTPCall(url: "http://x/", headers: ["A": "${NOT_SET}"]))
        #expect(outcome.failure?.message.contains("http.headers.A: ${NOT_SET}") == true)
    }

    @Test func failuresShowTheAddressAsWrittenAndNotTheSecretInIt() async throws {
        let call = HTTPCall(url: "${BASE}/broken?token=${TOKEN}")
        try await withServer { base in
            let (outcome, _) = await execute(call, environment: ["BASE": base, "TOKEN": "hush"])
            let message = try #require(outcome.failure?.message)
            #expect(message.hasPrefix("${BASE}/broken?token=${TOKEN} answered with status 503"))
            #expect(!message.contains("hush"))
        }
    }

    @Test func somethingThatIsNoAddressIsRefusedInWords() async {
        let (outcome, _) = await execute(HTTPCall(url: "nonsense"))
        #expect(outcome.failure?.message.contains("is not an address; write one like https://") == true)
    }

    /// Makes a call to a path of the test's server.
    private func attempt(
        _ call: HTTPCall, environment: [String: String] = [:]
    ) async throws -> (Outcome, RecordingSink) {
        try await withServer { base in
            var call = call
            call.url = base + call.url
            return await execute(call, environment: environment)
        }
    }

    private func execute(_ call: HTTPCall, environment: [String: String] = [:]) async -> (Outcome, RecordingSink) {
        let executor = HTTPExecutor(environment: environment)
        let output = RecordingSink()
        let outcome = await executor.execute(.example(.http(call)), output: output)
        return (outcome, output)
    }

    private func withServer<Result: Sendable>(
        _ body: @escaping @Sendable (_ base: String) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        router.post("echo") { request, _ in
            let fields = request.headers.map { "\($0.name.rawName): \($0.value)\n" }.joined()
            let body = try await request.body.collect(upTo: 1000)
            return "\(request.method)\n\(fields)\(String(buffer: body))\n"
        }
        router.get("json") { _, _ in #"{"files": [1, 2]}"# }
        router.get("broken") { _, _ in
            Response(status: .serviceUnavailable, body: .init(byteBuffer: .init(string: "\n  out of tea\nreally\n")))
        }
        router.get("redirect/:count") { _, context in
            let count = try context.parameters.require("count", as: Int.self)
            if count > 0 { return Response.redirect(to: "/redirect/\(count - 1)") }
            return Response(status: .ok, body: .init(byteBuffer: .init(string: "arrived\n")))
        }
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: .init { writer in
                    let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 10_000)
                    while !Task.isCancelled { try await writer.write(piece) }
                })
        }
        router.get("halfway") { _, _ in
            Response(
                status: .ok,
                body: .init { writer in
                    try await writer.write(ByteBuffer(string: "half"))
                    try await Task.sleep(for: .seconds(3600))
                })
        }
        return try await withListening(router) { try await body("http://127.0.0.1:\($0)") }
    }
}
