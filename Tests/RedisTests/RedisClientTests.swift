import Glibc
import NIOCore
import OnebeatTesting
import Testing

@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct RedisClientTests {
    @Test func aFlightIsAnsweredInOrderAndARefusedCommandIsAnAnswer() async throws {
        let server = try RedisServer()
        let client = try server.client()
        let replies = try await client.send([
            RedisCommand("SET", "a", "1"), RedisCommand("LPUSH", "a", "2"), RedisCommand("GET", "a"),
            RedisCommand("GET", "b"),
        ])
        #expect(replies.map(\.failure?.code) == [nil, "WRONGTYPE", nil, nil])
        #expect(replies[0] == .status("OK"))
        #expect(replies[2...] == [.bytes([49]), .null])
        #expect(try await client.send([]) == [])
    }

    @Test func manyCallersShareOneConnection() async throws {
        let server = try RedisServer()
        let client = try server.client()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let replies = try await client.send([
                        RedisCommand("SET", "k\(number)", "\(number)"), RedisCommand("GET", "k\(number)"),
                    ])
                    #expect(replies[1].text == "\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(
            try server.ask("CLIENT", "LIST").split(separator: "\n").filter { $0.contains("name=onebeat") }.count == 1)
    }

    @Test func anAnswerThatWasGivenUpIsNeverTakenForAnother() async throws {
        let server = try RedisServer()
        let client = try server.client()
        _ = try await client.send([RedisCommand("MSET", "a", "first", "b", "second")])
        server.signal(SIGSTOP)
        let givenUp = Task { try await client.send([RedisCommand("GET", "a")]) }
        givenUp.cancel()
        await #expect(throws: RedisError.self) { try await givenUp.value }
        server.signal(SIGCONT)
        #expect(try await client.send([RedisCommand("GET", "b")]).map(\.text) == ["second"])
    }

    @Test func nobodyWaitsLongerThanTheirPatience() async throws {
        let server = try RedisServer()
        let client = try server.client(patience: .milliseconds(100))
        _ = try await eventually { try await client.send([RedisCommand("SET", "a", "first")]) }
        server.signal(SIGSTOP)
        await #expect(
            throws: RedisError.unknownOutcome(
                "Redis at 127.0.0.1:\(server.port) did not answer in time"
            )
        ) { try await client.send([RedisCommand("GET", "a")]) }
        let error = await #expect(throws: RedisError.self) { try await client.send([RedisCommand("GET", "a")]) }
        #expect(error?.description.contains("owes") == true)
        server.signal(SIGCONT)
        #expect(try await eventually { try await client.send([RedisCommand("GET", "a")]) }.map(\.text) == ["first"])
    }

    @Test func aServerThatHangsFromTheStartIsUnavailable() async throws {
        let server = try RedisServer()
        let client = try server.client(patience: .milliseconds(50))
        server.signal(SIGSTOP)
        let error = await #expect(throws: RedisError.self) { try await client.send([RedisCommand("PING")]) }
        #expect(
            error
                == .unavailable(
                    "Redis at 127.0.0.1:\(server.port) has not let us in yet; it is still being tried"))
        server.signal(SIGCONT)
        #expect(try await eventually { try await client.send([RedisCommand("PING")]) } == [.status("PONG")])
    }

    @Test func itComesBackAfterTheServerDid() async throws {
        let server = try RedisServer()
        let client = try server.client()
        _ = try await client.send([RedisCommand("PING")])
        server.stop()
        let error = try await eventually {
            do {
                _ = try await client.send([RedisCommand("PING")])
            } catch RedisError.unavailable(let what) {
                return what
            }
            throw CancellationError()
        }
        #expect(error.contains("127.0.0.1:\(server.port)"))
        #expect(error.contains("Connection refused"))
        try server.start()
        #expect(try await eventually { try await client.send([RedisCommand("PING")]) } == [.status("PONG")])
    }

    @Test func aScriptIsSentAgainToAServerThatLostIt() async throws {
        let server = try RedisServer()
        let client = try server.client()
        let calls = [(keys: ["a"], arguments: ["x"]), (keys: ["b"], arguments: ["y"])]
        #expect(try await client.run(RedisLocks.release, calls) == [.integer(0), .integer(0)])
        try server.ask("SCRIPT", "FLUSH")
        try server.ask("SET", "b", "y")
        #expect(try await client.run(RedisLocks.release, calls) == [.integer(0), .integer(1)])
        #expect(try await client.run(RedisLocks.release, calls) == [.integer(0), .integer(0)])
    }

    @Test(arguments: [RedisLocks.take, RedisLocks.release, RedisLocks.extend, RedisLocks.replace])
    func digestsAreThoseOfTheTexts(_ script: RedisScript) async throws {
        let server = try RedisServer()
        #expect(try server.ask("SCRIPT", "LOAD", script.text) == script.digest)
    }

    @Test func aServerThatBecameAReplicaIsLeft() async throws {
        let server = try RedisServer()
        let client = try server.client()
        _ = try await client.send([RedisCommand("SET", "a", "1")])
        try server.ask("REPLICAOF", "127.0.0.1", "1")
        let failure = try await client.send([RedisCommand("SET", "a", "1")])[0].failure
        #expect(failure?.code == "READONLY")
        #expect(failure?.isPassing == true)
        try server.ask("REPLICAOF", "NO", "ONE")
        #expect(try await eventually { try await client.send([RedisCommand("SET", "a", "1")]) } == [.status("OK")])
    }

    @Test func databasesAreKeptApart() async throws {
        let server = try RedisServer()
        _ = try await server.client("", "/2").send([RedisCommand("SET", "a", "1")])
        #expect(try await server.client().send([RedisCommand("GET", "a")]) == [.null])
        #expect(try server.ask("-n", "2", "GET", "a") == "1")
        let error = await #expect(throws: RedisError.self) {
            try await server.client("", "/99").send([RedisCommand("PING")])
        }
        #expect(error?.description.contains("database 99") == true)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct RedisAccessTests {
    private static let users = [
        "--requirepass", "hush", "--user", "ann", "on", ">quiet", "~lock:*", "+@all", "-client",
    ]

    @Test(arguments: [
        (":hush@", nil), ("default:hush@", nil), ("ann:quiet@", nil),
        (":wrongpass@", "refuses the password of the default user"),
        ("ann:wrongpass@", "refuses the password of the user \"ann\""), ("", "wants a password"),
    ])
    func passwordsAreAskedFor(_ access: String, _ problem: String?) async throws {
        let server = try RedisServer(Self.users)
        let client = try server.client(access)
        do {
            #expect(try await client.send([RedisCommand("SET", "lock:job:a", "1")]) == [.status("OK")])
            #expect(problem == nil)
        } catch {
            guard case .refused(let words) = error, let problem else { throw error }
            #expect(words.contains(problem), "\(words)")
            #expect(words.contains("127.0.0.1:\(server.port)"))
            #expect(!words.contains("wrongpass"))
        }
    }

    @Test func aPasswordThatNobodyAskedForIsTold() async throws {
        let server = try RedisServer()
        let error = await #expect(throws: RedisError.self) {
            try await server.client(":wrongpass@").send([RedisCommand("PING")])
        }
        #expect(error?.description.contains("take the password out") == true, "\(error?.description ?? "")")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct RedisTLSTests {
    private func address(_ server: RedisServer, _ host: String, _ rest: String = "") throws -> RedisAddress {
        try RedisAddress("rediss://\(host):\(server.tlsPort ?? 0)\(rest)")
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func aServerWithACertificateWeTrust(_ host: String) async throws {
        let server = try RedisServer(withTLS: true)
        let client = RedisClient(
            try address(server, host, "?ssl_ca_certs=\(server.folder)/cert.pem"), patience: .seconds(20))
        #expect(try await client.send([RedisCommand("PING")]) == [.status("PONG")])
    }

    @Test func aServerThatAsksForOurCertificate() async throws {
        let server = try RedisServer(["--tls-auth-clients", "yes"], withTLS: true)
        let own = "&ssl_certfile=\(server.folder)/cert.pem&ssl_keyfile=\(server.folder)/key.pem"
        let client = RedisClient(
            try address(server, "localhost", "?ssl_ca_certs=\(server.folder)/cert.pem\(own)"), patience: .seconds(20))
        #expect(try await client.send([RedisCommand("PING")]) == [.status("PONG")])
    }

    @Test func aCertificateThatNobodyWeTrustSigned() async throws {
        let server = try RedisServer(withTLS: true)
        let client = RedisClient(try address(server, "localhost"), patience: .seconds(20))
        let error = await #expect(throws: RedisError.self) { try await client.send([RedisCommand("PING")]) }
        #expect(error?.description.contains("certificate") == true, "\(error?.description ?? "")")
    }

    @Test func aFileThatIsNoCertificate() async throws {
        let server = try RedisServer()
        let client = RedisClient(
            try RedisAddress("rediss://localhost:\(server.port)?ssl_ca_certs=/nowhere.pem"), patience: .seconds(20))
        let error = await #expect(throws: RedisError.self) { try await client.send([RedisCommand("PING")]) }
        #expect(error?.description.contains("/nowhere.pem cannot be used") == true, "\(error?.description ?? "")")
    }

    @Test func tlsAndPlainAreToldApart() async throws {
        let server = try RedisServer(withTLS: true)
        let plain = RedisClient(try RedisAddress("redis://127.0.0.1:\(server.tlsPort ?? 0)"), patience: .seconds(20))
        let error = await #expect(throws: RedisError.self) { try await plain.send([RedisCommand("PING")]) }
        #expect(error?.description.contains("rediss://") == true, "\(error?.description ?? "")")
        let tls = RedisClient(try RedisAddress("rediss://127.0.0.1:\(server.port)"), patience: .seconds(20))
        let other = await #expect(throws: RedisError.self) { try await tls.send([RedisCommand("PING")]) }
        #expect(other?.description.contains("TLS") == true, "\(other?.description ?? "")")
    }
}
