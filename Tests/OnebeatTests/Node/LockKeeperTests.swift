import OnebeatTesting
import Testing

@testable import Onebeat

/// A node's worker, settling loop and lock keeper, with time and locks in the test's hands.
private struct LockBench {
    let loops: LoopBench
    let locks: MemoryLocks
    let keeper: LockKeeper
    let worker: Worker
    let settling: SettlingLoop

    init(
        _ policy: LockPolicy = .lenient, _ wrap: (any Store, ManualTime) -> any Store = { store, _ in store }
    ) async throws {
        loops = try LoopBench(wrap)
        locks = MemoryLocks(time: loops.time)
        let counter = Counter()
        keeper = loops.parts.keeper(
            of: locks, store: loops.store, settings: NodeSettings(name: "a", lockPolicy: policy),
            chance: Chance(word: { "n\(counter.increment())" }, fraction: { 0.5 }), logger: loops.logger)
        worker = loops.worker(slots: 4, locks: keeper)
        settling = SettlingLoop(
            store: loops.store, outbox: loops.parts.outbox,
            settle: { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }, locks: keeper,
            demand: loops.parts.demand, metrics: RunMetrics(), logger: loops.logger)
        try await loops.join()
    }

    var store: any Store { loops.store }

    /// Stores jobs and asks for a run of each.
    func due(_ names: String..., policies: JobPolicies = JobPolicies()) async throws {
        try await store.apply(
            names.map { .example($0, .manual, policies) }, source: "test", isComplete: false, by: "test",
            schedules: ScheduleCache())
        for name in names { try await trigger(name) }
    }

    @discardableResult
    func trigger(_ name: String, _ request: String = "1") async throws -> Run {
        try await store.trigger(name, requestID: request, by: "test")
    }

    @discardableResult
    func work() async throws -> NextTurn { try await loops.turn(worker) }

    @discardableResult
    func keep() async throws -> NextTurn { try await loops.turn(keeper) }

    func started() async -> [String] { await loops.attempts.started.map(\.run.job) }

    /// Lets the newest attempt end well and be settled.
    func end() async throws {
        let claim = try #require(await loops.attempts.started.last)
        loops.parts.outbox.put(AttemptReport(claim, .succeeded))
        _ = try await loops.turn(settling)
    }

    func events(_ kind: String) async throws -> [String] {
        try await store.events(job: nil, limit: 100).filter { $0.kind == kind }.map(\.message)
    }

    /// Another node of the store.
    func peer() async throws -> NodeID {
        let id = NodeID(name: "b", boot: "b1")
        _ = try await store.join(
            NodeRecord(id: id, slots: 1, queues: ["default"], version: "1", processID: 1), lease: .seconds(10))
        return id
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LockKeeperTests {
    @Test func aLockIsHeldFromBeforeTheStartUntilAfterTheSettlement() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        try await bench.work()
        #expect(await bench.started() == ["report"])
        #expect(bench.locks.holders == ["report": "a/a1/n1"])
        try await bench.end()
        try await bench.keep()
        #expect(bench.locks.holders.isEmpty)
        #expect(bench.loops.parts.worker.takeRing())
    }

    @Test func aJobThatMayOverlapAsksForNoLock() async throws {
        let bench = try await LockBench()
        try await bench.due("report", policies: .with { $0.limit = 2 })
        try await bench.work()
        try await bench.keep()
        #expect(await bench.started() == ["report"])
        #expect(bench.locks.flights == 0)
    }

    /// After runs without locks a claim goes ahead of the look for them, and never starts a run that has one.
    @Test func aRunWithALockIsFoundByAClaimThatExpectedNone() async throws {
        let bench = try await LockBench()
        try await bench.due("open", policies: .with { $0.limit = 2 })
        try await bench.work()
        try await bench.due("report")
        #expect(try await bench.work() == .now)
        #expect(await bench.started() == ["open"])
        #expect(bench.locks.flights == 0)
        try await bench.work()
        #expect(await bench.started() == ["open", "report"])
        #expect(bench.locks.holders["report"] != nil)
    }

    @Test func anotherProgramsLockKeepsTheJobFromStarting() async throws {
        let bench = try await LockBench()
        bench.locks.set("report", to: "3f2a")
        try await bench.due("report", "other")
        try await bench.work()
        try await bench.keep()
        #expect(await bench.started() == ["other"])
        #expect(try await bench.store.runs(RunFilter()).last?.message == "lock:job:report is held by 3f2a")
        #expect(bench.locks.holders["report"] == "3f2a")
    }

    @Test func aQueuedRunStartsWithinASecondOfTheOtherProgramsEnd() async throws {
        let bench = try await LockBench()
        bench.locks.set("report", to: "3f2a")
        try await bench.due("report", policies: .with { $0.overlap = .queue })
        try await bench.work()
        #expect(await bench.started() == [])
        #expect(try await bench.keep() == .after(.seconds(1)))
        _ = bench.loops.parts.worker.takeRing()
        bench.locks.set("report", to: nil)
        bench.loops.time.advance(by: .seconds(1))
        #expect(try await bench.keep() == .after(.seconds(60)))
        #expect(bench.loops.parts.worker.takeRing())
        #expect(bench.locks.holders.isEmpty)
        try await bench.work()
        #expect(await bench.started() == ["report"])
    }

    @Test func aLockThatNobodyAsksForAnyMoreIsNotLookedAtForEver() async throws {
        let bench = try await LockBench()
        bench.locks.set("report", to: "3f2a")
        try await bench.due("report")
        try await bench.work()
        #expect(try await bench.keep() == .after(.seconds(1)))
        bench.loops.time.advance(by: .seconds(30))
        #expect(try await bench.keep() == .after(.seconds(60)))
    }

    @Test func theLockOfAnotherNodePassesToWhoeverTheStoreLetsStart() async throws {
        let bench = try await LockBench()
        let peer = try await bench.peer()
        bench.locks.set("report", to: "\(peer)/x")
        try await bench.due("report")
        try await bench.work()
        #expect(await bench.started() == ["report"])
        #expect(try await bench.keep() != .after(.seconds(60)))
        #expect(bench.locks.holders["report"]?.hasPrefix("a/a1/") == true)
    }

    @Test func theLockOfAnotherNodesRunningJobStaysWithIt() async throws {
        let bench = try await LockBench()
        let peer = try await bench.peer()
        try await bench.due("report")
        let request = ClaimRequest(node: peer, queues: ["default"], slots: 1, nonce: ClaimNonce(1))
        #expect(try await bench.store.claim(request, deciding: Admission.decide).claims.count == 1)
        bench.locks.set("report", to: "\(peer)/x")
        try await bench.trigger("report", "2")
        try await bench.work()
        try await bench.keep()
        #expect(await bench.started() == [])
        #expect(try await bench.store.runs(RunFilter()).map(\.state) == [.scheduled, .running])
        #expect(bench.locks.holders["report"] == "\(peer)/x")
    }

    @Test func whatLooksLikeANodesLockAndIsNoneOfTheStoresIsAnotherPrograms() async throws {
        let bench = try await LockBench()
        bench.locks.set("report", to: "b/elsewhere/x")
        try await bench.due("report")
        try await bench.work()
        #expect(await bench.started() == [])
    }

    @Test func theLockOfAProgramOnTheSameNodeIsAnotherPrograms() async throws {
        let bench = try await LockBench()
        let lock = try NamedLock(
            "report", by: "a", nonce: "x", length: .seconds(30), store: bench.store, locks: bench.locks,
            time: bench.loops.time, logger: bench.loops.logger)
        try await bench.due("report")
        _ = try await lock.hold(waiting: .zero) { _ in try await bench.work() }
        #expect(await bench.started() == [])
        #expect(try await bench.store.runs(RunFilter()).map(\.message) == ["lock:job:report is held by a/lock/x"])
    }

    @Test func aLockThatWasAskedForInVainIsGivenUp() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        let run = try await bench.store.runs(RunFilter())[0]
        let asked = await bench.keeper.ask(for: [.example()], as: NodeID(name: "a", boot: "a1"))
        #expect(asked?.asked == ["report"])
        #expect(bench.locks.holders["report"] != nil)
        _ = try await bench.store.cancel(run.id, by: "ann")
        bench.keeper.keep([])
        try await bench.keep()
        #expect(bench.locks.holders.isEmpty)
    }

    @Test func aLockIsExtendedAtAThirdForAsLongAsTheJobRuns() async throws {
        let bench = try await LockBench()
        try await bench.due("report", policies: .with { $0.expect = .seconds(30) })
        try await bench.work()
        #expect(bench.locks.lengths == ["report": .seconds(90)])
        #expect(try await bench.keep() == .after(.seconds(30)))
        bench.loops.time.advance(by: .seconds(30))
        try await bench.keep()
        #expect(bench.locks.lengths == ["report": .seconds(90)])
    }

    @Test func aLockWithoutAnExpectedLengthGetsTheMeasuredOne() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        try await bench.work()
        bench.loops.time.advance(by: .seconds(5))
        try await bench.end()
        try await bench.keep()
        // A node that has not seen the job yet, as after a restart.
        let other = LockBench(restarting: bench)
        try await bench.trigger("report", "2")
        try await other.work()
        #expect(bench.locks.lengths == ["report": .seconds(10)])
        bench.loops.time.advance(by: .seconds(1))
        try await other.keep()
        #expect(bench.locks.lengths == ["report": .seconds(15)])
    }

    @Test func aLockThatAnotherProgramTookIsAnEventAndTheRunGoesOn() async throws {
        let bench = try await LockBench()
        try await bench.due("report", policies: .with { $0.expect = .seconds(4) })
        try await bench.work()
        bench.locks.set("report", to: "3f2a")
        for _ in 0..<3 {
            bench.loops.time.advance(by: .seconds(4))
            try await bench.keep()
        }
        #expect(
            try await bench.events("lock.lost") == [
                "lock:job:report is held by 3f2a, while the job runs here; the run goes on"
            ])
        #expect(await bench.loops.attempts.stopped == [])
        try await bench.end()
        try await bench.keep()
        #expect(bench.locks.holders == ["report": "3f2a"])
    }

    @Test func aLockThatAnotherProgramTookAndLetGoGuardsTheRunAgain() async throws {
        let bench = try await LockBench()
        try await bench.due("report", policies: .with { $0.expect = .seconds(4) })
        try await bench.work()
        bench.locks.set("report", to: "3f2a")
        bench.loops.time.advance(by: .seconds(4))
        try await bench.keep()
        bench.locks.set("report", to: nil)
        try await bench.trigger("report", "2")
        try await bench.work()
        try await bench.keep()
        #expect(try await bench.store.runs(RunFilter()).map(\.state) == [.scheduled, .running])
        #expect(bench.locks.holders["report"]?.hasPrefix("a/a1/") == true)
        try await bench.end()
        try await bench.keep()
        #expect(bench.locks.holders.isEmpty)
    }

    @Test func aRunIsNotSkippedWhileTheStoreCannotSayWhoseTheLockIs() async throws {
        struct Forgetful: StoreWrapper {
            let base: any Store
            let isAsked = Counter()

            func nodes(limit: Int) async throws(StoreError) -> [NodeRecord] {
                if isAsked.increment() == 1 { throw .unavailable("a fault on purpose") }
                return try await base.nodes(limit: limit)
            }
        }
        let bench = try await LockBench(.lenient) { store, _ in Forgetful(base: store) }
        let peer = try await bench.peer()
        bench.locks.set("report", to: "\(peer)/x")
        try await bench.due("report", "other")
        #expect(try await bench.work() == .after(Worker.poll))
        #expect(await bench.started() == ["other"])
        try await bench.work()
        #expect(await bench.started() == ["other", "report"])
    }

    @Test func aLockThatWasForgottenIsTakenAgain() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        try await bench.work()
        bench.locks.set("report", to: nil)
        bench.loops.time.advance(by: .seconds(4))
        try await bench.keep()
        try await bench.keep()
        #expect(bench.locks.holders == ["report": "a/a1/n1"])
    }

    @Test func withoutLocksALenientNodeStartsJobsAndTakesTheirLocksLater() async throws {
        let bench = try await LockBench()
        bench.locks.fail(true)
        try await bench.due("report")
        try await bench.work()
        try await bench.keep()
        #expect(await bench.started() == ["report"])
        #expect(
            try await bench.events("locks.unavailable") == [
                "a fault on purpose; jobs start without their locks meanwhile (locks: lenient)"
            ])
        bench.locks.fail(false)
        bench.loops.time.advance(by: .seconds(1))
        try await bench.keep()
        #expect(bench.locks.holders["report"]?.hasPrefix("a/a1/") == true)
        #expect(try await bench.events("locks.available").count == 0, "a moment is not enough")
        try await bench.end()
        try await bench.keep()
        #expect(bench.locks.holders.isEmpty)
        bench.loops.time.advance(by: Health.calm.shortest)
        try await bench.due("other")
        try await bench.work()
        #expect(try await bench.events("locks.available").count == 1)
    }

    @Test func withoutLocksAStrictNodeLeavesGuardedJobsDueAndDoesNotLookAtOnce() async throws {
        let bench = try await LockBench(.strict)
        bench.locks.fail(true)
        try await bench.due("report")
        try await bench.due("open", policies: .with { $0.overlap = .allow })
        for _ in 0..<3 { #expect(try await bench.work() == .after(Worker.poll)) }
        #expect(await bench.started() == ["open"])
        #expect(
            try await bench.events("locks.unavailable") == [
                "a fault on purpose; jobs that may not overlap wait until it answers (locks: strict)"
            ])
        bench.locks.fail(false)
        try await bench.work()
        #expect(await bench.started() == ["open", "report"])
    }

    /// As of a server that is full, or a replica: what takes nothing away and adds nothing goes on.
    @Test func locksThatCanOnlyBeGivenUpAreNotSaidToWork() async throws {
        let bench = try await LockBench()
        for number in 1...20 {
            bench.locks.fail(true)
            try await bench.due("report\(number)")
            try await bench.work()
            bench.locks.fail(false)
            try await bench.end()
            try await bench.keep()
            bench.loops.time.advance(by: .milliseconds(900))
        }
        #expect(try await bench.events("locks.unavailable").count == 1)
        #expect(try await bench.events("locks.available").count == 0)
    }

    @Test func whatIsNoLockKeepsNoRunFromStartingAndIsToldOnce() async throws {
        let bench = try await LockBench()
        bench.locks.spoil("report", "a list")
        try await bench.due("report")
        for number in 2...4 {
            try await bench.work()
            try await bench.end()
            try await bench.keep()
            try await bench.trigger("report", "\(number)")
        }
        #expect(await bench.started() == ["report", "report", "report"])
        #expect(
            try await bench.events("lock.unusable") == [
                "a list; jobs start without their locks meanwhile (locks: lenient)"
            ])
    }

    @Test func aStrictNodeWaitsWhereSomethingIsNoLockAndLetsOthersStart() async throws {
        let bench = try await LockBench(.strict)
        bench.locks.spoil("report", "a list")
        try await bench.due("report", "other")
        #expect(try await bench.work() == .after(Worker.poll))
        #expect(await bench.started() == ["other"])
        bench.locks.spoil("report", nil)
        try await bench.work()
        #expect(await bench.started() == ["other", "report"])
    }

    /// Whoever keeps the locks may say anything; the keeper does not ask in a circle.
    @Test func anAnswerThatChangesNothingIsNotAskedForAgainAtOnce() async throws {
        let bench = try await LockBench()
        bench.locks.spoil("report", "a list")
        try await bench.due("report")
        try await bench.work()
        let flights = bench.locks.flights
        for _ in 0..<50 {
            guard case .after(let rest) = try await bench.keep(), rest > .zero else { continue }
            bench.loops.time.advance(by: min(rest, .milliseconds(100)))
        }
        #expect(bench.locks.flights - flights <= 7)
    }

    @Test func aLifeThatIsOverLetsItsLocksEndByThemselves() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        try await bench.work()
        bench.loops.parts.membership.lostLease()
        #expect(try await bench.keep() == .after(.seconds(60)))
        #expect(bench.locks.holders == ["report": "a/a1/n1"])
    }

    @Test func aNodeThatLeavesGivesUpItsLocks() async throws {
        let bench = try await LockBench()
        try await bench.due("report")
        try await bench.work()
        await bench.keeper.leave()
        #expect(bench.locks.holders.isEmpty)
    }
}

extension LockBench {
    /// A keeper that knows nothing yet, over the same store and locks.
    fileprivate init(restarting bench: LockBench) {
        loops = bench.loops
        locks = bench.locks
        keeper = bench.loops.parts.keeper(
            of: bench.locks, store: bench.store, settings: NodeSettings(name: "a"), chance: .system,
            logger: bench.loops.logger)
        worker = bench.loops.worker(slots: 4, locks: keeper)
        settling = bench.settling
    }
}
