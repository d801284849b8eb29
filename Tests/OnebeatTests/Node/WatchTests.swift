import Logging
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import Onebeat

/// What somebody else's workers do takes no slot, and is claimed beside what does.
struct WatchTests {
    private let bench: LoopBench

    init() throws { bench = try LoopBench() }

    private func worker(isRemote: Bool) -> Worker {
        let abilities = Abilities.only(["run", "celery"])
        return Worker(
            store: bench.store, membership: bench.parts.membership, attempts: bench.attempts, slots: 2,
            queues: ["default"], isRemote: isRemote, abilities: abilities.remote(isRemote),
            outbox: bench.parts.outbox, openClaim: isRemote ? bench.parts.remoteClaim : bench.parts.openClaim,
            onStart: Bell(), demand: isRemote ? bench.parts.demand.remote : bench.parts.demand, metrics: RunMetrics(),
            logger: bench.logger)
    }

    private func due(_ name: String, _ work: Work) async throws {
        let definition = JobDefinition(name: name, schedule: .manual, work: work)
        try await bench.store.apply(
            [definition], source: name, isComplete: true, by: "test", schedules: ScheduleCache())
        _ = try await bench.store.trigger(name, requestID: "now", by: "test")
    }

    @Test func eachWorkerClaimsWhatIsItsOwn() async throws {
        try await bench.join()
        try await due("there", .celery(CeleryCall(task: "t")))
        try await due("here", .shell("true", ProcessSettings()))
        _ = try await bench.turn(worker(isRemote: true))
        #expect(await bench.attempts.started.map(\.run.job) == ["there"])
        _ = try await bench.turn(worker(isRemote: false))
        #expect(await bench.attempts.started.map(\.run.job) == ["there", "here"])
    }

    @Test func abilitiesArePartedByWhoDoesTheWork() {
        let both = Abilities.only(["run", "celery"])
        #expect(both.remote(true) == .only(["celery"]) && both.remote(false) == .only(["run"]))
        #expect(Abilities.only(["run"]).remote(true).words == [])
        #expect(Abilities.everything.remote(false) == .everything)
    }

    @Test func pointersToTasksHaveALaneOfTheirOwn() {
        #expect(RunPointer.lanes(["mail"], .only(["run", "http"])) == ["mail"])
        #expect(RunPointer.lanes(["mail"], .only(["celery"])) == ["celery/mail"])
        #expect(
            RunPointer.lanes(["a", "b"], .everything) == ["a", "b", "closures/a", "closures/b", "celery/a", "celery/b"])
    }

    @Test func claimsOfBothAreCountedTogether() {
        let first = OpenClaim()
        let second = OpenClaim(beside: first)
        let node = NodeID(name: "a", boot: "1")
        #expect([first.begin(by: node), second.begin(by: node), first.begin(by: node)].map(\.value) == [1, 2, 3])
        first.end()
        #expect(first.name == nil && second.name?.nonce.value == 2)
    }

    @Test func bothAreToldOfWhatMayBeDue() {
        let (here, there) = (Bell(), Bell())
        let demand = Demand(ringing: here, other: Demand(ringing: there))
        demand.hint()
        #expect(here.takeRing() && there.takeRing())
        #expect(
            demand.takeDue(at: .distantPast) && !demand.remote.takeDue(at: .distantPast), "it looks before it claims")
        #expect(demand.remote.takeLook() && !demand.takeLook())
        demand.slotIsFree()
        #expect(!there.takeRing())
    }

    /// Watches are handed back at once when their node leaves, and what runs here goes on.
    @Test func aNodeThatLeavesHandsItsWatchesBack() async throws {
        try await bench.join()
        let attempts = NodeAttempts(
            runner: AttemptRunner(executor: EndlessExecutor(), time: bench.time), outbox: bench.parts.outbox,
            recorder: OutputRecorder(store: bench.store, clock: bench.parts.clock, bell: Bell()),
            membership: bench.parts.membership, demand: bench.parts.demand, logger: bench.logger)
        try await due("there", .celery(CeleryCall(task: "t")))
        try await due("here", .shell("true", ProcessSettings()))
        _ = try await bench.turn(worker(isRemote: true))
        _ = try await bench.turn(worker(isRemote: false))
        await attempts.start(await bench.attempts.started)
        #expect(await attempts.count == 1)
        #expect(await attempts.remoteCount == 1)
        await attempts.stopRemote()
        while bench.parts.outbox.isEmpty { await Task.yield() }
        #expect(bench.parts.outbox.first(9).map(\.claim.run.job) == ["there"])
        #expect(bench.parts.outbox.first(9).map(\.outcome) == [.interrupted])
        #expect(await attempts.count == 1)
        #expect(await attempts.remoteCount == 0)
        await attempts.stopAll(because: .leaseLost)
        await attempts.drained()
    }
}

/// Goes on until it is asked to stop.
private struct EndlessExecutor: Executor {
    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        await Bell().wait()
        return .cancelled
    }
}
