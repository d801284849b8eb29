import NIOCore
import Onebeat
import OnebeatTesting
import Synchronization
import Testing

@testable import OnebeatRedis

/// What a Redis may answer that is broken, hostile or no Redis at all: it costs time, and nothing else.
@Suite(.timeLimit(.minutes(1)))
struct HostileRedisTests {
    private let now = Timestamp(microseconds: 1_764_000_000_000_001)

    private static let oddNumbers = [
        "inf", "-inf", "nan", "1e300", "-1e300", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "", "x", "0x7fffffffffffffff", "253402300800000000",
    ]

    @Test(arguments: oddNumbers)
    func aDueTimeThatIsNoneIsNotKnown(_ score: String) async throws {
        let server = try await FakeRedis { command in
            command.first == "EVALSHA" ? "*2\r\n" + FakeRedis.string(score) + FakeRedis.string("a@1") : nil
        }
        let taken = try await RedisDispatch(try server.client()).take(["default"], dueBy: now, limit: 3)
        #expect(taken == TakenPointers(runs: ["a@1"]))
    }

    @Test(arguments: ["inf", "-inf", "1e300", "-1e300", "9223372036854775808"])
    func aScoreThatIsNoDueTimeEndsNobodyAndDoesNotStay(_ score: String) async throws {
        let server = try RedisServer()
        let dispatch = RedisDispatch(try server.client())
        try server.ask("ZADD", "dispatch:default", score, "strange")
        _ = try await dispatch.take(["default"], dueBy: now, limit: 3)
        try await dispatch.announce([RunPointer(run: "a", queue: "default", dueAt: now)], at: now)
        #expect(try await dispatch.take(["default"], dueBy: now, limit: 3) == TakenPointers(runs: ["a"]))
        #expect(try server.ask("EXISTS", "dispatch:default") == "0")
    }

    @Test func noMoreIsTakenThanWasAskedFor() async throws {
        let server = try await FakeRedis { command in
            guard command.first == "EVALSHA" else { return nil }
            return "*1001\r\n$-1\r\n" + (1...1000).map { FakeRedis.string("a@\($0)") }.joined()
        }
        let taken = try await RedisDispatch(try server.client()).take(["default"], dueBy: now, limit: 3)
        #expect(taken.runs == ["a@1", "a@2", "a@3"])
    }

    private static let odd = [
        "+OK\r\n", ":0\r\n", ":2\r\n", ":-9223372036854775808\r\n", "*0\r\n", "*1\r\n$1\r\nx\r\n", "*-1\r\n", "$-1\r\n",
    ]

    @Test(arguments: odd)
    func anAnswerOfTheWrongTypeIsNoLock(_ text: String) async throws {
        let server = try await FakeRedis { $0.first == "EVALSHA" ? text : nil }
        let locks = RedisLocks(try server.client())
        let wish = LockWish(HeldLock(LockName(job: "a"), token: "t"), length: .seconds(30))
        for answers in [try await locks.acquire([wish]), try await locks.succeed([wish])] {
            guard case .noLock(let why) = answers.first else {
                Issue.record("\(answers)")
                continue
            }
            #expect(why.contains("lock:job:a"))
        }
        try await locks.release([wish.lock])
    }

    @Test(arguments: odd.dropLast() + [":1\r\n", "$3\r\nabc\r\n"])
    func anAnswerOfTheWrongTypeIsNoDispatch(_ text: String) async throws {
        let server = try await FakeRedis { $0.first == "EVALSHA" ? text : nil }
        let dispatch = RedisDispatch(try server.client())
        let taken = try? await dispatch.take(["default"], dueBy: now, limit: 3)
        #expect(taken == nil || taken == TakenPointers() || taken == TakenPointers(runs: [], nextDue: nil))
    }

    @Test func aRefusalIsShownWithoutWhatNoTextMayHold() {
        let failure = RedisReplyFailure("ERR \u{1b}[2J\u{1b}]52;c;eA==\u{7} " + String(repeating: "x", count: 60_000))
        #expect(failure.description.hasPrefix("ERR ·[2J·]52;c;eA==· xxx"))
        #expect(failure.description.count == 400)
        #expect(failure.code == "ERR")
    }

    @Test func aLineThatIsFloodedWithWakeUpsIsLeft() async throws {
        let server = try await FakeRedis { command in
            guard command.first == "SUBSCRIBE" else { return nil }
            let message = "*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$0\r\n\r\n"
            return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n"
                + String(repeating: message, count: PipelineHandler.mostMessages + 1)
        }
        let count = Atomic(0)
        let connection = try await server.client().openSubscription(to: ["x"]) { _ in
            count.add(1, ordering: .relaxed)
        }
        while connection.isOpen { try await Task.sleep(for: .milliseconds(5)) }
        #expect(count.load(ordering: .relaxed) == PipelineHandler.mostMessages)
    }

    @Test func aTimeIsReadWhateverItSays() {
        for text in Self.oddNumbers {
            let reply = RedisReply.bytes(Array(text.utf8))
            #expect(reply.moment == nil, "\(text)")
            _ = reply.wholeNumber
        }
        #expect(
            RedisReply.bytes(Array("1764000000000000.5".utf8)).moment == Timestamp(microseconds: 1_764_000_000_000_000))
    }
}
