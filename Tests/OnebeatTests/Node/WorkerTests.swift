import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct WorkerTests {
    /// A bench whose store loses the reply of the first claim.
    private func losingBench() throws -> LoopBench {
        struct Losing: StoreWrapper {
            let base: any Store
            let calls = Counter()

            func claim(
                _ request: ClaimRequest,
                deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
            ) async throws(StoreError) -> ClaimResult {
                let result = try await base.claim(request, deciding: deciding)
                if calls.increment() == 1 { throw .unknownOutcome("lost on purpose") }
                return result
            }
        }
        return try LoopBench { store, _ in Losing(base: store) }
    }

    @Test func aDueRunIsStarted() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        #expect(await bench.attempts.started.map(\.run.job) == ["a"])
    }

    @Test func aNodeWithoutALeaseClaimsNothing() async throws {
        let bench = try LoopBench()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        #expect(await bench.attempts.started == [])
    }

    @Test func aNodeThatLeavesClaimsNothing() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a")
        bench.parts.membership.beginLeaving()
        _ = try await bench.turn(bench.worker())
        #expect(await bench.attempts.started == [])
    }

    @Test func noMoreIsClaimedThanThereAreSlots() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a", "b", "c")
        let worker = bench.worker(slots: 2)
        _ = try await bench.turn(worker)
        #expect(try await bench.turn(worker) == .after(Worker.poll))
        #expect(await bench.attempts.count == 2)
    }

    @Test func aClaimWhoseReplyWasLostIsReadBackAndStarted() async throws {
        let bench = try losingBench()
        try await bench.join()
        try await bench.due("a")
        let worker = bench.worker()
        await #expect(throws: StoreError.self) { try await bench.turn(worker) }
        #expect(await bench.attempts.started == [])
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.started.map(\.attempt) == [1])
    }

    @Test func aClaimOfAnEarlierLifeIsNotStartedByALaterOne() async throws {
        let bench = try losingBench()
        let heartbeat = bench.heartbeat()
        _ = try await bench.turn(heartbeat)
        try await bench.due("a")
        let worker = bench.worker()
        await #expect(throws: StoreError.self) { try await bench.turn(worker) }
        bench.parts.membership.lostLease()
        _ = try await bench.turn(heartbeat)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.started == [])
    }

    @Test func aClaimThatTookLongerThanTheLeaseIsTrustedIsNotStarted() async throws {
        struct Slow: StoreWrapper {
            let base: any Store
            let time: ManualTime

            func claim(
                _ request: ClaimRequest,
                deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
            ) async throws(StoreError) -> ClaimResult {
                let result = try await base.claim(request, deciding: deciding)
                time.advance(by: .seconds(8))
                return result
            }
        }
        let bench = try LoopBench { Slow(base: $0, time: $1) }
        try await bench.join()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        #expect(await bench.attempts.started == [])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct CancelLoopTests {
    @Test func runsThatSomeoneCancelledAreStopped() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        let loop = CancelLoop(store: bench.store, membership: bench.parts.membership, attempts: bench.attempts)
        _ = try await bench.turn(loop)
        #expect(await bench.attempts.stoppedRuns == [])
        let run = try #require(await bench.attempts.started.first).run
        _ = try await bench.store.cancel(run.id, by: "ann")
        _ = try await bench.turn(loop)
        #expect(await bench.attempts.stoppedRuns == [run.id])
        #expect(await bench.attempts.stopped == [.cancelled])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct SettlingLoopTests {
    @Test func aReportStaysUntilTheStoreHasAnswered() async throws {
        let isDown = Counter()
        let bench = try LoopBench { store, _ in
            FaultyStore(
                store, dice: Dice(seed: 1), faults: { StoreFaults(lostReply: isDown.count == 1 ? 1 : 0) })
        }
        try await bench.join()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        let claim = try #require(await bench.attempts.started.first)
        let loop = SettlingLoop(
            store: bench.store, outbox: bench.parts.outbox,
            settle: { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }, demand: bench.parts.demand,
            metrics: RunMetrics(), logger: bench.logger)
        bench.parts.outbox.put(AttemptReport(claim, .succeeded))
        isDown.increment()
        await #expect(throws: StoreError.self) { try await bench.turn(loop) }
        #expect(!bench.parts.outbox.isEmpty)
        isDown.increment()
        #expect(try await bench.turn(loop) == .now)
        #expect(bench.parts.outbox.isEmpty)
        #expect(try await bench.store.run(claim.run.id)?.state == .succeeded)
    }

    @Test func nothingStartsBesideARunThatMustBeAlone() async throws {
        let bench = try LoopBench()
        try await bench.due("a", "b")
        for number in 1...Settlement.crashLimit {
            let gone = NodeID(name: "gone", boot: "gone\(number)")
            _ = try await bench.store.join(
                NodeRecord(id: gone, slots: 2, queues: ["default"], version: "1", processID: 1), lease: .seconds(10))
            let request = ClaimRequest(node: gone, queues: ["default"], slots: 2, nonce: "gone\(number)")
            #expect(try await bench.store.claim(request, deciding: Admission.decide).claims.count == 2)
            try await bench.store.bury(gone)
            _ = try await bench.store.reap(limit: 10) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }
        }
        try await bench.due("c")
        try await bench.join()
        let worker = bench.worker(slots: 4)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.started.map(\.run.job) == ["a"])
        #expect(try await bench.turn(worker) == .after(Worker.poll))
        #expect(await bench.attempts.started.count == 1, "c waits for the end of a, or for a minute")
    }
}
