import OnebeatTesting
import Synchronization
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
        #expect(bench.parts.outbox.first(9).map(\.outcome) == [.notStarted])
    }

    /// Its reply is read back though the node takes no new work, and what it brought is handed back.
    @Test func aNodeThatLeavesHandsBackWhatAClaimInDoubtBrought() async throws {
        let bench = try losingBench()
        try await bench.join()
        try await bench.due("a")
        let worker = bench.worker()
        await #expect(throws: StoreError.self) { try await bench.turn(worker) }
        #expect(bench.parts.openClaim.name != nil)
        bench.parts.membership.beginLeaving()
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.started == [])
        #expect(bench.parts.outbox.first(9).map(\.outcome) == [.notStarted])
        #expect(bench.parts.openClaim.name == nil)
    }

    /// The request is still on its way when the worker has given up waiting for its answer.
    @Test func aClaimThatArrivesAfterItWasGivenUpStartsNothing() async throws {
        final class Held: StoreWrapper {
            let base: any Store
            let requests = Mutex<[ClaimRequest]>([])

            init(base: any Store) { self.base = base }

            func claim(
                _ request: ClaimRequest,
                deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
            ) async throws(StoreError) -> ClaimResult {
                let isFirst = requests.withLock { requests in
                    requests.append(request)
                    return requests.count == 1
                }
                if isFirst { throw .unknownOutcome("held on purpose") }
                return try await base.claim(request, deciding: deciding)
            }
        }
        let bench = try LoopBench { store, _ in Held(base: store) }
        let held = try #require(bench.store as? Held)
        try await bench.join()
        try await bench.due("a")
        let worker = bench.worker(slots: 1)
        await #expect(throws: StoreError.self) { try await bench.turn(worker) }
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 1)
        try await bench.due("a", "b")
        let late = held.requests.withLock { $0[0] }
        await #expect(throws: StoreError.self) { try await held.base.claim(late, deciding: Admission.decide) }
        #expect(try await bench.store.runCounts()[.running] == 1)
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
struct AbilitiesTests {
    /// In a rolling deploy only the new version knows the new job. The old one leaves it, and it costs no attempt.
    @Test func aNodeLeavesWhatItCannotDoToThoseWhoCan() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("old", "new")
        let older = bench.worker(slots: 9, abilities: .only(["handler:old"]))
        for _ in 0..<3 { _ = try await bench.turn(older) }
        #expect(await bench.attempts.started.map(\.run.job) == ["old"])
        let newer = bench.worker(slots: 9, abilities: .only(["handler:old", "handler:new"]))
        _ = try await bench.turn(newer)
        #expect(await bench.attempts.started.map(\.run.job) == ["old", "new"])
        #expect(await bench.attempts.started.map(\.attempt) == [1, 1])
    }

    /// Work that is due and that it cannot do must not keep an idle worker awake.
    @Test func whatANodeCannotDoDoesNotKeepItBusy() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("new")
        let older = bench.worker(abilities: .only(["handler:old"]))
        #expect(try await bench.turn(older) == .after(Worker.poll))
    }
}

@Suite(.timeLimit(.minutes(1)))
struct StrayLoopTests {
    private func strays(_ bench: LoopBench) -> StrayLoop {
        StrayLoop(
            store: bench.store, membership: bench.parts.membership, attempts: bench.attempts,
            outbox: bench.parts.outbox, openClaims: [bench.parts.openClaim], lease: bench.lengths.node,
            logger: bench.logger)
    }

    /// Two runs, both running for the node in the store; it knows of the first.
    private func bench() async throws -> (LoopBench, stray: Claim) {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a", "b")
        let node = try #require(bench.parts.membership.id)
        let request = ClaimRequest(node: node, queues: ["default"], slots: 2, nonce: ClaimNonce(1))
        let claims = try await bench.store.claim(request, deciding: Admission.decide).claims
        await bench.attempts.start([claims[0]])
        return (bench, claims[1])
    }

    @Test func aRunOfThisLifeThatHasNoAttemptHereIsHandedBack() async throws {
        let (bench, stray) = try await bench()
        #expect(try await bench.turn(strays(bench)) == .after(bench.lengths.node / 3))
        #expect(bench.parts.outbox.first(9) == [AttemptReport(stray, .interrupted)])
    }

    @Test func aRunWhoseReportWaitsIsNone() async throws {
        let (bench, stray) = try await bench()
        bench.parts.outbox.put(AttemptReport(stray, .succeeded))
        _ = try await bench.turn(strays(bench))
        #expect(bench.parts.outbox.first(9) == [AttemptReport(stray, .succeeded)])
    }

    @Test func whileAClaimIsUnderWayNobodyKnows() async throws {
        let (bench, _) = try await bench()
        _ = bench.parts.openClaim.begin(by: try #require(bench.parts.membership.id))
        #expect(try await bench.turn(strays(bench)) == .after(StrayLoop.pause))
        #expect(bench.parts.outbox.isEmpty)
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
        let looked = bench.time.now()
        bench.time.advance(by: .milliseconds(10))
        #expect(try await bench.turn(loop) == .at(looked + .seconds(1)), "it looks once a second, whatever starts")
        #expect(await bench.attempts.stoppedRuns == [])
        bench.time.advance(to: looked + .seconds(1))
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
            let request = ClaimRequest(node: gone, queues: ["default"], slots: 2, nonce: ClaimNonce(1))
            #expect(try await bench.store.claim(request, deciding: Admission.decide).claims.count == 2)
            try await bench.store.bury(gone)
            _ = try await bench.store.reap(limit: 10) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }
        }
        try await bench.due("a", "b", "c")
        try await bench.join()
        let worker = bench.worker(slots: 4)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.started.map(\.run.job) == ["a"])
        #expect(try await bench.turn(worker) == .after(Worker.poll))
        #expect(await bench.attempts.started.count == 1, "c waits for the end of a, or for a minute")
    }
}
