import Logging
import Onebeat
import OnebeatRedis
import OnebeatSQLite
import OnebeatTesting
import Testing

/// A program's lock from both sides: `withLock` here, and redis-py's.
@Suite(.timeLimit(.minutes(1)))
struct NamedLockTests {
    private let key = "lock:job:prices"
    private let attempt = "print(r.lock(sys.argv[1], timeout=30).acquire(blocking=False))"

    private func onebeat(_ server: RedisServer, _ policy: LockPolicy = .strict) throws -> Scheduler {
        Scheduler(
            store: try SQLiteStore.inMemory(), settings: NodeSettings(name: "shop-1", lockPolicy: policy),
            source: "shop",
            locks: try server.locks(patience: .seconds(1)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func aLockThatPythonHoldsIsWaitedForAndTheHolderIsNamed() async throws {
        let server = try RedisServer()
        let onebeat = try onebeat(server)
        let token = try server.python(
            "l = r.lock(sys.argv[1], timeout=600); l.acquire(); print(l.local.token.decode())", key)
        // Connects, however long that takes: a patience that ends meanwhile could not say who holds the lock.
        try await onebeat.withLock("other") { _ in }
        await #expect(throws: LeaseError.heldElsewhere(lock: "prices", by: token)) {
            try await onebeat.withLock("prices", waiting: .milliseconds(200)) { _ in }
        }
        async let fence = onebeat.withLock("prices") { $0.fence }
        let release = "l = r.lock(sys.argv[1], timeout=600); l.local.token = sys.argv[2].encode(); l.release()"
        _ = try server.python(release, key, token)
        #expect(try await fence > Fence(0))
        #expect(try server.ask("EXISTS", key) == "0")
    }

    @Test func aLockThatWeHoldKeepsPythonOutUntilTheBodyEnds() async throws {
        let server = try RedisServer()
        let (key, attempt) = (key, attempt)
        let seen = try await onebeat(server).withLock("prices") { _ in
            [try server.python(attempt, key), try server.ask("GET", key)]
        }
        #expect(seen[0] == "False")
        #expect(seen[1].hasPrefix("shop-1/lock/"))
        #expect(try server.python(attempt, key) == "True")
    }

    @Test func aBodyThatThrowsLetsPythonIn() async throws {
        struct Refused: Error {}
        let server = try RedisServer()
        await #expect(throws: Refused.self) {
            try await onebeat(server).withLock("prices") { _ in throw Refused() }
        }
        #expect(try server.python(attempt, key) == "True")
    }

    @Test func withoutRedisALenientProgramGoesOnAndAStrictOneDoesNot() async throws {
        let server = try RedisServer()
        server.stop()
        #expect(try await onebeat(server, .lenient).withLock("prices") { $0.name } == "prices")
        let error = await #expect(throws: LeaseError.self) {
            try await onebeat(server, .strict).withLock("prices", waiting: .milliseconds(200)) { _ in }
        }
        guard case .unavailable(lock: "prices", _) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
    }
}
