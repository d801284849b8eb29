import OnebeatTesting
import Testing

@testable import Onebeat

/// Workers that are pointed to due runs, over a store that counts who comes to it.
@Suite(.timeLimit(.minutes(1)))
struct DispatchTests {
    private struct Counting: StoreWrapper {
        let base: any Store
        let claims: Counter
        let looks: Counter

        func claim(
            _ request: ClaimRequest,
            deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
        ) async throws(StoreError) -> ClaimResult {
            claims.increment()
            return try await base.claim(request, deciding: deciding)
        }

        func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp? {
            looks.increment()
            return try await base.nextDue(queues: queues, abilities: abilities)
        }
    }

    private let dispatch = MemoryDispatch()
    private let claims = Counter()
    private let looks = Counter()
    private let bench: LoopBench

    init() throws {
        let (claims, looks) = (claims, looks)
        bench = try LoopBench { store, _ in Counting(base: store, claims: claims, looks: looks) }
    }

    private var announcer: Announcer { bench.announcer(dispatch) }

    /// A worker that has had its first look into the store, and found nothing.
    private func worker(slots: Int = 10) async throws -> Worker {
        let worker = bench.worker(slots: slots, announcer: announcer)
        _ = try await bench.turn(worker)
        return worker
    }

    /// Runs by hand that are due now, announced or not.
    private func due(_ count: Int, announced: Bool = true) async throws {
        for _ in 0..<count {
            let run = try await bench.store.trigger("a", requestID: "\(ids.increment())", by: "test")
            if announced { await announcer.announce([RunPointer(run)]) }
        }
    }
    private let ids = Counter()

    private func defineJob() async throws {
        try await bench.store.apply(
            [.example("a", .manual, .with { $0.overlap = .allow })], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        try await bench.join()
    }

    @Test func theLeaderAnnouncesWhatItPlans() async throws {
        try await bench.store.apply(
            [.example("a", .every(.seconds(4)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        bench.time.advance(by: .seconds(6))
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        _ = try await bench.turn(bench.firing(announcer))
        var filter = RunFilter()
        filter.states = [.scheduled]
        let planned = try await bench.store.runs(filter)
        #expect(planned.count > 1)
        #expect(dispatch.waiting == planned.reversed().map(\.key))
    }

    @Test func aWorkerThatIsPointedToNothingLeavesTheStoreAlone() async throws {
        try await defineJob()
        let worker = try await worker()
        try await due(1, announced: false)
        _ = try await bench.turn(worker)
        #expect((looks.count, claims.count) == (1, 0))
    }

    @Test func ofTwoWorkersOnlyTheOneThatTookThePointersClaims() async throws {
        try await defineJob()
        let (first, second) = (try await worker(), try await worker())
        try await due(3)
        _ = try await bench.turn(first)
        _ = try await bench.turn(second)
        #expect(claims.count == 1)
        #expect(await bench.attempts.count == 3)
        #expect(dispatch.waiting == [])
    }

    @Test func noMorePointersAreTakenThanThereAreSlots() async throws {
        try await defineJob()
        let worker = try await worker(slots: 2)
        try await due(3)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 2)
        #expect(dispatch.waiting.count == 1)
    }

    @Test func whereNobodyAnswersAWorkerLooksIntoTheStore() async throws {
        try await defineJob()
        let worker = try await worker()
        dispatch.fail(true)
        try await due(1)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 1)
    }

    /// Pointers that are said to be due and never come, and more than were asked for.
    private struct Lying: Dispatch {
        var runs: [String] = []
        var nextDue: Timestamp?
        let asked: Counter

        func announce(_ pointers: [RunPointer], at now: Timestamp) async throws(DispatchError) {}

        func take(
            _ queues: [String], dueBy now: Timestamp, limit: Int
        ) async throws(DispatchError) -> TakenPointers {
            asked.increment()
            return TakenPointers(runs: runs, nextDue: nextDue ?? now + .microseconds(1))
        }

        func wakeUps(_ queues: [String]) -> AsyncStream<Void> { AsyncStream { $0.finish() } }
    }

    @Test(arguments: [Timestamp.distantPast, nil])
    func pointersThatArePromisedAndNeverComeKeepNoWorkerBusy(_ nextDue: Timestamp?) async throws {
        try await defineJob()
        let asked = Counter()
        let worker = bench.worker(
            slots: 2, announcer: bench.announcer(Lying(nextDue: nextDue, asked: asked)))
        let start = bench.parts.clock.now()
        while bench.parts.clock.now() < start + .seconds(10) {
            switch try await bench.turn(worker) {
            case .now: continue
            case .after(let rest): bench.time.advance(by: rest)
            case .at(let moment):
                bench.time.advance(by: max(moment.duration(since: bench.parts.clock.now()), .zero))
            }
        }
        #expect(asked.count < 50, "\(asked.count)")
    }

    @Test func pointersBeyondWhatWasAskedForMakeNoWorkerClaimMoreThanItHasSlots() async throws {
        try await defineJob()
        let worker = bench.worker(
            slots: 2, announcer: bench.announcer(Lying(runs: (0..<1000).map { "a@\($0)" }, asked: Counter())))
        _ = try await bench.turn(worker)
        try await due(5, announced: false)
        for _ in 0..<3 { _ = try await bench.turn(worker) }
        #expect(await bench.attempts.count == 2)
    }

    /// An answer that nothing is due is believed once announcing has worked for a while.
    @Test func afterAFailureAWorkerLooksIntoTheStoreForAWhile() async throws {
        try await defineJob()
        let announcer = announcer
        let worker = bench.worker(slots: 10, announcer: announcer)
        _ = try await bench.turn(worker)
        dispatch.fail(true)
        await announcer.announce([RunPointer(run: "a@1", queue: "default", dueAt: bench.parts.clock.now())])
        dispatch.fail(false)
        try await due(1, announced: false)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 1)
    }

    @Test func aLostPointerIsFoundByTheWorkersOwnLook() async throws {
        try await defineJob()
        let worker = try await worker()
        try await due(3)
        dispatch.flush()
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 0)
        bench.time.advance(by: Worker.look)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == 3)
    }

    @Test func whatIsLeftAfterALookIsLookedAtAtOnce() async throws {
        try await defineJob()
        let worker = bench.worker(slots: Worker.batch * 2, announcer: announcer)
        try await due(Worker.batch + 1, announced: false)
        #expect(try await bench.turn(worker) == .now)
        _ = try await bench.turn(worker)
        #expect(await bench.attempts.count == Worker.batch + 1)
    }

    @Test func aPointerThatCameBeforeTheStoresTimeIsFollowedWhenThatHasCome() async throws {
        try await bench.store.apply(
            [.example("a", .every(.seconds(4)), .with { $0.overlap = .allow })], source: "test", isComplete: true,
            by: "test", schedules: ScheduleCache())
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        bench.time.advance(by: .seconds(1))
        _ = try await bench.turn(bench.firing(announcer))
        let worker = try await worker()
        let next = try #require(try await bench.store.nextDue(queues: ["default"]))
        bench.time.advance(by: next.duration(since: bench.parts.clock.now()) - .milliseconds(20))
        // The node's clock is ahead by as much.
        #expect(try await worker.turn(at: next) == .at(next + .milliseconds(1)))
        #expect(await bench.attempts.count == 0)
        bench.time.advance(by: .milliseconds(20))
        _ = try await worker.turn(at: next + .milliseconds(1))
        #expect(await bench.attempts.started.map(\.run.scheduledAt) == [next])
    }

    @Test func theLeaderAnnouncesAgainWhatIsDueAndWasNotClaimed() async throws {
        try await defineJob()
        let loop = ReconcileLoop(store: bench.store, membership: bench.parts.membership, announcer: announcer)
        try await due(2)
        let announced = dispatch.waiting
        dispatch.flush()
        _ = try await bench.turn(loop)
        #expect(dispatch.waiting == [], "nobody leads yet")
        _ = try await bench.turn(bench.lead)
        _ = try await bench.turn(loop)
        #expect(dispatch.waiting == announced)
    }

    @Test func aFurtherAttemptIsAnnounced() async throws {
        try await bench.store.apply(
            [.example("a", .manual, .with { $0.retry = RetryPolicy(limit: 1, backoff: .seconds(20), jitter: 0) })],
            source: "test", isComplete: true, by: "test", schedules: ScheduleCache())
        try await bench.join()
        try await due(1, announced: false)
        _ = try await bench.turn(bench.worker())
        let claim = try #require(await bench.attempts.started.first)
        bench.parts.outbox.put(AttemptReport(claim, .failed(Failure("no"))))
        _ = try await bench.turn(
            SettlingLoop(
                store: bench.store, outbox: bench.parts.outbox,
                settle: { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }, demand: bench.parts.demand,
                announcer: announcer, metrics: RunMetrics(), logger: bench.logger))
        #expect(dispatch.waiting == [claim.run.key])
        let taken = try await dispatch.take(
            ["closures/default"], dueBy: bench.parts.clock.now() + .seconds(19), limit: 1)
        #expect(taken.runs == [])
        #expect(taken.nextDue == bench.parts.clock.now() + .seconds(20))
    }

    @Test func aLostRunIsAnnouncedByWhoeverTakesItOver() async throws {
        try await defineJob()
        try await due(1, announced: false)
        _ = try await bench.turn(bench.worker())
        let reaper = Reaper(
            store: bench.store, settle: { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) },
            demand: bench.parts.demand, announcer: announcer, metrics: RunMetrics(), logger: bench.logger)
        _ = try await bench.turn(reaper)
        bench.time.advance(by: bench.lengths.held(slots: 2))
        _ = try await bench.turn(reaper)
        #expect(dispatch.waiting == [try #require(await bench.attempts.started.first).run.key])
    }
}
