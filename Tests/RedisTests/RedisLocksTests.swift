import Glibc
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct RedisLocksTests {
    private func wish(
        _ job: String = "backup_daily", _ token: String = "a/1/x", for length: Duration = .seconds(30),
        after predecessor: String? = nil
    ) -> LockWish {
        LockWish(HeldLock(LockName(job: job), token: token), length: length, predecessor: predecessor)
    }

    @Test func manyLocksAreTakenInOneFlight() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        try server.ask("SET", "lock:job:b", "somebody")
        try server.ask("LPUSH", "lock:job:c", "somebody")
        try server.ask("SET", "lock:job:d", "a/1/x")
        let answers = try await locks.acquire(["a", "b", "c", "d"].map { wish($0) })
        let what = "lock:job:c in Redis at 127.0.0.1:\(server.port) is a key of another type and no lock; delete it"
        #expect(answers == [.held, .heldBy("somebody"), .noLock(what), .held])
        #expect(try server.ask("GET", "lock:job:a") == "a/1/x")
        let left = try #require(Int(try server.ask("PTTL", "lock:job:a")))
        #expect((1...30_000).contains(left))
    }

    /// Whoever is refused is told by whom, however briefly they held it: nodes that race for a run take and give up its lock
    /// within a millisecond.
    @Test func aRefusalNamesItsHolder() async throws {
        let server = try RedisServer()
        let tokens = (1...4).map { "n\($0)" }
        let answers = try await withThrowingTaskGroup(of: [LockAnswer].self) { group in
            for token in tokens {
                let locks = try server.locks()
                group.addTask {
                    var answers: [LockAnswer] = []
                    for _ in 0..<1000 {
                        answers += try await locks.acquire([wish("a", token)])
                        try await locks.release([wish("a", token).lock])
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(answers.contains(.held))
        #expect(Set(answers).subtracting(tokens.map { .heldBy($0) }) == [.held])
    }

    @Test func onlyItsHolderReleasesALock() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish()])
        try await locks.release([wish("backup_daily", "b/2/y").lock])
        #expect(try server.ask("EXISTS", "lock:job:backup_daily") == "1")
        try await locks.release([wish().lock, wish("never_taken").lock])
        #expect(try server.ask("EXISTS", "lock:job:backup_daily") == "0")
    }

    @Test func onlyItsHolderExtendsALock() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish()])
        try server.ask("SET", "lock:job:other", "somebody")
        let answers = try await locks.extend([wish(for: .seconds(3600)), wish("other"), wish("nobodys")])
        #expect(answers == [.held, .heldBy("somebody"), .gone])
        #expect(try #require(Int(try server.ask("PTTL", "lock:job:backup_daily"))) > 3_000_000)
        #expect(try server.ask("TTL", "lock:job:other") == "-1")
    }

    @Test func aLockPassesFromItsHolderToTheNext() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish("a", "old/1/x"), wish("b", "stranger"), wish("d", "new/1/x")])
        let answers = try await locks.succeed(["a", "b", "c", "d"].map { wish($0, "new/1/x", after: "old/1/x") })
        #expect(answers == [.held, .heldBy("stranger"), .held, .held])
        #expect(try server.ask("MGET", "lock:job:a", "lock:job:b", "lock:job:c") == "new/1/x\nstranger\nnew/1/x")
        try await locks.release([wish("a", "old/1/x").lock])
        #expect(try server.ask("GET", "lock:job:a") == "new/1/x")
    }

    @Test func aHoldersTokenIsShownWithoutWhatNoTextMayHold() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try server.python(#"r.set("lock:job:a", b"x\0y\n\xff" + b"z" * 500); r.set("lock:job:b", b"")"#)
        let answers = try await locks.acquire([wish("a"), wish("b")])
        guard case .heldBy(let holder) = answers[0] else { return #expect(Bool(false), "\(answers)") }
        #expect(holder.hasPrefix("x·y·\u{FFFD}zzz"))
        #expect(holder.count == 200)
        #expect(answers[1] == .heldBy("an empty token"))
    }

    @Test func aPrefixKeepsClustersApart() async throws {
        let server = try RedisServer()
        #expect(try await server.locks("?prefix=shop:").acquire([wish()]) == [.held])
        #expect(try await server.locks().acquire([wish("backup_daily", "b/2/y")]) == [.held])
        #expect(try server.ask("GET", "shop:lock:job:backup_daily") == "a/1/x")
    }

    @Test func flushedLocksAreFreeAndNothingElseHappens() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish()])
        try server.ask("FLUSHALL")
        #expect(try await locks.extend([wish()]) == [.gone])
        try await locks.release([wish().lock])
        #expect(try await locks.acquire([wish("backup_daily", "b/2/y")]) == [.held])
    }

    @Test func whatTheServerRefusesIsAnErrorThatSaysWhatWouldDo() async throws {
        let server = try RedisServer(["--user", "ann", "on", ">quiet", "~other:*", "+@all"])
        let locks = RedisLocks(try server.client("ann:quiet@"))
        let error = await #expect(throws: LockError.self) { try await locks.acquire([wish()]) }
        #expect(error?.description.contains("keys that start with lock:") == true, "\(error?.description ?? "")")
        try server.ask("REPLICAOF", "127.0.0.1", "1")
        await #expect(throws: LockError.self) { try await server.locks().acquire([wish()]) }
    }
}

/// The same lock from both sides: ours and redis-py's.
@Suite(.timeLimit(.minutes(1)))
struct RedisPyTests {
    private let name = "lock:job:backup_daily"

    private func wish(_ token: String = "a/1/x") -> LockWish {
        LockWish(HeldLock(LockName(job: "backup_daily"), token: token), length: .seconds(30))
    }

    @Test func aLockThatPythonHoldsIsNotOurs() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        let token = try server.python(
            "l = r.lock(sys.argv[1], timeout=30); print(l.acquire(blocking=False), l.local.token.decode())", name)
        let words = token.split(separator: " ").map(String.init)
        #expect(words.first == "True")
        #expect(try await locks.acquire([wish()]) == [.heldBy(words[1])])
        #expect(try await locks.extend([wish()]) == [.heldBy(words[1])])
        try await locks.release([wish().lock])
        #expect(try server.ask("GET", name) == words[1])
        #expect(
            try server.python(
                "l = r.lock(sys.argv[1], timeout=30); l.local.token = sys.argv[2].encode(); l.release()", name, words[1]
            )
                == "")
        #expect(try await locks.acquire([wish()]) == [.held])
    }

    @Test func aLockThatWeHoldIsNotPythons() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish()])
        let attempt = "l = r.lock(sys.argv[1], timeout=30); print(l.acquire(blocking=False), l.locked(), l.owned())"
        #expect(try server.python(attempt, name) == "False True False")
        let theft = """

            l = r.lock(sys.argv[1], timeout=30)
            for act in (l.release, lambda: l.extend(60), l.reacquire):
                l.local.token = b"stranger"
                try: act()
                except redis.exceptions.LockNotOwnedError: print("not owned")
            """
        #expect(
            try server.python(theft, name)
                == "not owned\nnot owned\nnot owned")
        try await locks.release([wish().lock])
        #expect(try server.python(attempt, name) == "True True True")
    }

    @Test func pythonExtendsAndReleasesALockOfOursByItsToken() async throws {
        let server = try RedisServer()
        let locks = try server.locks()
        _ = try await locks.acquire([wish()])
        let program = """

            l = r.lock(sys.argv[1], timeout=30); l.local.token = sys.argv[2].encode()
            print(l.owned(), l.extend(1000), r.pttl(sys.argv[1]) > 900000)
            l.release()
            """
        #expect(try server.python(program, name, "a/1/x") == "True True True")
        #expect(try await locks.extend([wish()]) == [.gone])
    }
}
