import Foundation
import OnebeatTesting
import Testing

@testable import Onebeat
@testable import OnebeatCelery
@testable import OnebeatRedis

/// What one call of a script in a real Redis sends, and what it does not.
@Suite(.timeLimit(.minutes(1)))
struct CeleryBrokerTests {
    private let bench: BrokerBench

    init() throws { bench = try BrokerBench() }

    private func send(
        fence: Int64, mayPush: Bool = true, trustedFor: Duration? = .seconds(5), by broker: CeleryBroker? = nil
    ) async throws -> CeleryBroker.Sending {
        let run = Run.example { $0.fence = Fence(fence) }
        let stamp = CeleryMessage.Stamp(fence: run.fence, sentAt: Timestamp(seconds: 1_800_000_000 + fence))
        return try await (broker ?? bench.broker).send(
            bench.message(run), id: TaskID.of(run), stamp: stamp, mayPush: mayPush,
            trustedUntil: trustedFor.map { SystemTime().uptime() + $0 })
    }

    @Test func anOccurrenceIsSentOnceWhoeverSendsIt() async throws {
        #expect(try await send(fence: 7) == .sent)
        // Its answer was lost, say.
        let stamp = CeleryMessage.Stamp(fence: Fence(7), sentAt: Timestamp(seconds: 1_800_000_007))
        #expect(try await send(fence: 7) == .sentBefore(stamp))
        // Another node took the run over.
        #expect(try await send(fence: 9) == .sentBefore(stamp))
        // And the first wakes up.
        #expect(try await send(fence: 7) == .stale)
        #expect(try bench.queued == 1)
    }

    @Test func manyNodesAtOnceSendItOnce() async throws {
        let answers = try await withThrowingTaskGroup(of: CeleryBroker.Sending.self) { group in
            for fence in 1...50 { group.addTask { try await send(fence: Int64(fence)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .sent } == 1)
        #expect(try bench.queued == 1)
    }

    /// A node that was frozen between its claim and this call, and whose run nobody has taken over yet.
    @Test func whatComesAfterTheLeaseSendsNothing() async throws {
        #expect(try await send(fence: 7, trustedFor: .milliseconds(-1)) == .late)
        let broker = bench.broker
        #expect(try await send(fence: 7, trustedFor: .seconds(-1), by: broker) == .late)
        #expect(try bench.queued == 0)
        #expect(try await send(fence: 7, by: broker) == .sent)
    }

    @Test func whatMayHaveBeenSentIsNotSentAgainAtMostOnce() async throws {
        #expect(try await send(fence: 9, mayPush: false) == .unknown)
        #expect(try bench.queued == 0)
    }

    @Test func whereTheQueueIsNoListNothingIsWritten() async throws {
        try bench.redis.ask("SET", "celery", "x")
        await #expect(throws: RedisError.self) { try await send(fence: 7) }
        #expect(try bench.redis.ask("KEYS", "onebeat:*").isEmpty)
        try bench.redis.ask("DEL", "celery")
        #expect(try await send(fence: 7) == .sent)
    }

    @Test func aTaskIsTakenBackByWhoeverWatchesItAndNoOtherIs() async throws {
        let run = Run.example()
        let id = TaskID.of(run)
        let broker = bench.broker
        let message = try bench.message(run, at: Timestamp(seconds: 1_800_000_000))
        let stamp = CeleryMessage.Stamp(fence: Fence(7), sentAt: Timestamp(seconds: 1_800_000_000))
        _ = try await broker.send(message, id: id, stamp: stamp, mayPush: true, trustedUntil: nil)
        try bench.redis.ask("LPUSH", "celery", "another")
        _ = try await broker.send(
            message, id: id, stamp: .init(fence: Fence(9), sentAt: SystemTime().now()), mayPush: true, trustedUntil: nil
        )
        #expect(try await broker.withdraw(message, id: id, fence: Fence(7)) == nil)
        #expect(try bench.queued == 2)
        #expect(try await broker.withdraw(message, id: id, fence: Fence(9)) == .init(wasInList: true, heard: 0))
        #expect(try await broker.withdraw(message, id: id, fence: Fence(9)) == .init(wasInList: false, heard: 0))
        #expect(try bench.redis.ask("LRANGE", "celery", "0", "-1") == "another")
    }

    @Test func aGuardEndsByItselfADayAfterItWasLastLookedAfter() async throws {
        _ = try await send(fence: 7)
        let id = TaskID.of(.example())
        #expect(Int(try bench.redis.ask("TTL", "onebeat:celery:\(id)")) ?? 0 > 86_000)
        #expect(try await bench.broker.keep([id, "gone"]) == ["gone"])
    }
}
