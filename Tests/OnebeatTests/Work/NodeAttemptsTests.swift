import Logging
import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct NodeAttemptsTests {
    /// Ends when it is stopped.
    private struct Endless: Executor {
        let started: Counter

        func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
            started.increment()
            let bell = Bell()
            await bell.wait()
            return .cancelled
        }
    }

    private func attempts(_ bench: LoopBench, _ started: Counter) -> NodeAttempts {
        NodeAttempts(
            runner: AttemptRunner(executor: Endless(started: started), time: bench.time), outbox: bench.parts.outbox,
            recorder: OutputRecorder(store: bench.store, clock: bench.parts.clock, bell: Bell()),
            membership: bench.parts.membership, demand: bench.parts.demand, logger: bench.logger)
    }

    /// Ends at once.
    private struct Ending: Executor {
        let outcome: Outcome

        func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
            await output.remark("as it should")
            return outcome
        }
    }

    @Test(arguments: [
        (
            Outcome.failed(Failure("no paper")),
            ["attempt failed attempt=1 error=no paper job=report run=report@2026-01-01T00:00:00Z"]
        ),
        (
            .timedOut,
            [
                "attempt timed out attempt=1 error=stopped after 20s, its time-out job=report run=report@2026-01-01T00:00:00Z"
            ]
        ),
        (.succeeded, []), (.cancelled, []), (.interrupted, []),
    ])
    func eachFailureIsLogged(_ outcome: Outcome, _ lines: [String]) async throws {
        let bench = try LoopBench()
        try await bench.join()
        let log = RecordedLog()
        let attempts = NodeAttempts(
            runner: AttemptRunner(executor: Ending(outcome: outcome), time: bench.time), outbox: bench.parts.outbox,
            recorder: OutputRecorder(store: bench.store, clock: bench.parts.clock, bell: Bell()),
            membership: bench.parts.membership, demand: bench.parts.demand,
            logger: Logger(label: "test") { _ in log.handler })
        var claim = claim()
        claim.definition.policies.timeout = .seconds(20)
        await attempts.start([claim])
        await attempts.drained()
        #expect(log.lines == lines)
        // Words of its executor stand for a good end, and for no other: those on a failure are its own.
        let words = bench.parts.outbox.first(1).first?.words
        #expect((words == "as it should") == (outcome == .succeeded))
    }

    private func claim(_ run: Int64 = 1, fence: Int64 = 1, boot: String = "a1") -> Claim {
        var claim = Claim.example(.running(run, fence: fence))
        claim.run.boot = boot
        return claim
    }

    @Test func aStoppedAttemptIsReportedAndItsSlotIsFree() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let attempts = attempts(bench, Counter())
        await attempts.start([claim()])
        #expect(await attempts.count == 1)
        await attempts.stop([RunID(1)], because: .cancelled)
        await attempts.drained()
        #expect(await attempts.count == 0)
        #expect(bench.parts.outbox.first(10) == [AttemptReport(claim(), .cancelled)])
        #expect(!bench.parts.worker.takeRing(), "nobody waits for the slot")
    }

    @Test func aSlotThatIsWaitedForRings() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let attempts = attempts(bench, Counter())
        await attempts.start([claim()])
        bench.parts.demand.awaitSlot()
        await attempts.stop([RunID(1)], because: .cancelled)
        await attempts.drained()
        #expect(bench.parts.worker.takeRing())
        bench.parts.demand.slotIsFree()
        #expect(!bench.parts.worker.takeRing(), "the wish is granted once")
    }

    @Test func anAttemptThatLostItsLeaseLeavesNoReport() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let attempts = attempts(bench, Counter())
        await attempts.start([claim(1), claim(2, fence: 2)])
        await attempts.stopAll(because: .leaseLost)
        await attempts.drained()
        #expect(bench.parts.outbox.isEmpty)
    }

    @Test func theSameClaimTwiceIsOneAttempt() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let started = Counter()
        let attempts = attempts(bench, started)
        await attempts.start([claim()])
        await attempts.start([claim()])
        await attempts.stopAll(because: .shutdown)
        await attempts.drained()
        #expect(started.count <= 1)
        #expect(bench.parts.outbox.first(10).count == 1)
    }

    @Test func aClaimThatComesAfterItsLeaseWasLostIsNotStarted() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let attempts = attempts(bench, Counter())
        bench.parts.membership.lostLease()
        await attempts.stopAll(because: .leaseLost)
        await attempts.start([claim()])
        #expect(await attempts.count == 0)
    }

    @Test func aClaimThatComesWhileTheNodeLeavesIsHandedBack() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let attempts = attempts(bench, Counter())
        await attempts.stopAll(because: .shutdown)
        await attempts.start([claim()])
        await attempts.drained()
        #expect(bench.parts.outbox.first(10) == [AttemptReport(claim(), .notStarted)])
    }
}
