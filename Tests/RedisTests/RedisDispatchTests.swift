import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatRedis

@Suite(.timeLimit(.minutes(1)))
struct RedisDispatchTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_001)

    private func dispatch(_ server: RedisServer, _ rest: String = "") throws -> RedisDispatch {
        RedisDispatch(try server.client("", rest))
    }

    private func pointer(_ run: String, in queue: String = "default", after length: Duration = .zero) -> RunPointer {
        RunPointer(run: run, queue: queue, dueAt: now + length)
    }

    @Test func pointersAreTakenOnceTheLongestDueFirstAndNoneEarly() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        try await dispatch.announce(
            [
                pointer("b", after: .microseconds(-1)), pointer("c"), pointer("d", after: .microseconds(1)),
                pointer("a", after: .microseconds(-2)),
            ], at: now)
        let first = try await dispatch.take(["default"], dueBy: now, limit: 2)
        #expect(first == TakenPointers(runs: ["a", "b"], nextDue: now))
        let second = try await dispatch.take(["default"], dueBy: now, limit: 2)
        #expect(second == TakenPointers(runs: ["c"], nextDue: now + .microseconds(1)))
        #expect(try await dispatch.take(["default"], dueBy: now, limit: 2).runs == [])
        let last = try await dispatch.take(["default"], dueBy: now + .microseconds(1), limit: 2)
        #expect(last == TakenPointers(runs: ["d"]))
    }

    @Test func aWorkerTakesFromItsQueuesAlone() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        try await dispatch.announce(
            [pointer("a"), pointer("b", in: "mail"), pointer("c", in: "other", after: .seconds(-9))], at: now)
        let taken = try await dispatch.take(["default", "mail"], dueBy: now, limit: 9)
        #expect(taken == TakenPointers(runs: ["a", "b"]))
        #expect(try await dispatch.take(["other"], dueBy: now, limit: 1).runs == ["c"])
    }

    @Test func manyTakersShareManyPointersAndNoneTwice() async throws {
        let server = try RedisServer()
        let pointers = (0..<3_000).map { pointer("run \($0)", after: .microseconds(-$0)) }
        try await dispatch(server).announce(pointers, at: now)
        let now = now
        let taken = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                let own = try dispatch(server)
                group.addTask {
                    var mine: [String] = []
                    while true {
                        let some = try await own.take(["default"], dueBy: now, limit: 7).runs
                        if some.isEmpty { return mine }
                        mine += some
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == pointers.map(\.run).sorted())
    }

    @Test func announcingAgainMovesARunAndDoublesNothing() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        try await dispatch.announce([pointer("a")], at: now)
        try await dispatch.announce([pointer("a", after: .seconds(5))], at: now)
        #expect(try await dispatch.take(["default"], dueBy: now, limit: 9) == TakenPointers(nextDue: now + .seconds(5)))
    }

    @Test func pointersThatNobodyTakesAreForgotten() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        try await dispatch.announce([pointer("old"), pointer("young", after: .seconds(30))], at: now)
        try await dispatch.announce([pointer("new", after: .seconds(61))], at: now + .seconds(61))
        #expect(try server.ask("ZRANGE", "dispatch:default", "0", "-1") == "young\nnew")
        let left = try #require(Int(try server.ask("TTL", "dispatch:default")))
        #expect((100...150).contains(left))
    }

    @Test func whatIsDueSoonWakesThoseWhoWaitForItsQueue() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server, "?prefix=shop:")
        var wakeUps = dispatch.wakeUps(["mail"]).makeAsyncIterator()
        // The first one says that the line is there.
        await wakeUps.next()
        try await dispatch.announce([pointer("far", in: "mail", after: .seconds(9))], at: now)
        try await dispatch.announce([pointer("other")], at: now)
        #expect(try server.ask("PUBSUB", "NUMSUB", "shop:dispatch:mail") == "shop:dispatch:mail\n1")
        try await dispatch.announce([pointer("near", in: "mail", after: .seconds(1))], at: now)
        await wakeUps.next()
        #expect(try server.ask("ZCARD", "shop:dispatch:mail") == "2")
    }

    @Test func aServerThatComesBackIsListenedToAgain() async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        var wakeUps = dispatch.wakeUps(["default"]).makeAsyncIterator()
        await wakeUps.next()
        server.stop()
        try server.start()
        await wakeUps.next()
        try await eventually { try await dispatch.announce([pointer("a")], at: now) }
        await wakeUps.next()
    }

    /// An empty set says that nothing is due only where somebody could have said otherwise.
    @Test(arguments: [["REPLICAOF", "127.0.0.1", "1"], ["CONFIG", "SET", "maxmemory", "1"]])
    func whereNothingCanBeAnnouncedNothingIsTakenForDue(_ fault: [String]) async throws {
        let server = try RedisServer()
        let dispatch = try dispatch(server)
        #expect(try await dispatch.take(["default", "mail"], dueBy: now, limit: 9) == TakenPointers())
        _ = try ServerProcess.finish(["redis-cli", "-p", "\(server.port)"] + fault)
        await #expect(throws: DispatchError.self) { try await dispatch.take(["default"], dueBy: now, limit: 9) }
        await #expect(throws: DispatchError.self) { try await dispatch.announce([pointer("a")], at: now) }
    }

    @Test func rightsThatAreMissingAreNamed() async throws {
        let server = try RedisServer()
        try server.ask("ACL", "SETUSER", "shop", "on", ">secret", "~*", "&*", "+@all", "-zadd")
        let dispatch = RedisDispatch(try server.client("shop:secret@"))
        let error = await #expect(throws: DispatchError.self) { try await dispatch.announce([pointer("a")], at: now) }
        let words = try #require(error?.description)
        #expect(words.contains("its user needs zadd") && words.contains("that start with dispatch:"), "\(words)")
    }

    @Test func theDigestsAreThoseOfTheScripts() async throws {
        let server = try RedisServer()
        for script in [RedisDispatch.announcing, RedisDispatch.taking] {
            #expect(try server.ask("SCRIPT", "LOAD", script.text) == script.digest)
        }
    }
}
