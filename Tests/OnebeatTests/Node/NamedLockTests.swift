import Logging
import OnebeatSQLite
import OnebeatTesting
import Synchronization
import Testing

@testable import Onebeat

/// Programs that use one lock, with store, time and shared locks in the test's hands.
private struct NamedLockBench {
    let time = ManualTime()
    let store: any Store
    let locks: MemoryLocks
    private let uses = Counter()

    init(_ wrap: (any Store, ManualTime) -> any Store = { store, _ in store }) throws {
        store = wrap(try SQLiteStore.inMemory(time: time), time)
        locks = MemoryLocks(time: time)
    }

    func lock(
        _ name: String = "prices", by holder: String = "a", length: Duration = .seconds(30),
        sharing policy: LockPolicy? = nil
    ) throws -> NamedLock {
        try NamedLock(
            name, by: holder, nonce: "n\(uses.increment())", length: length, store: store,
            locks: policy == nil ? nil : locks, policy: policy ?? .lenient, time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Takes the lock in the store alone, as another program would.
    func takeElsewhere(_ token: String = "b/lock/x") async throws -> LeaseAnswer {
        try await store.take(HeldLock(LockName(job: "prices"), token: token), lease: .seconds(30))
    }

    func giveUpElsewhere() async throws {
        try await store.giveUp(HeldLock(LockName(job: "prices"), token: "b/lock/x"))
    }

    /// Lets one who waits look again so many times, each at its time.
    func wait(_ looks: Int) async {
        var pause = NamedLock.pause.first
        for _ in 0..<looks {
            await time.sleepers(1)
            time.advance(by: pause)
            pause = min(pause * 2, NamedLock.pause.last)
        }
    }

    /// Moves time on in steps, each after so many sleep again: a renewal asks the store, and sleeps on after its answer.
    func advance(_ steps: Int, by length: Duration, sleepers: Int) async {
        for _ in 0..<steps {
            await time.sleepers(sleepers)
            time.advance(by: length)
        }
        await time.sleepers(sleepers)
    }
}

/// A store whose moves on locks can be told to fail.
private struct BadStore: StoreWrapper {
    final class Faults: Sendable {
        let take = Mutex<[StoreError]>([])
        let extend = Mutex<StoreError?>(nil)
        let giveUp = Mutex<StoreError?>(nil)
        let asked = Counter()
        let givenUp = Counter()
    }

    let base: any Store
    let faults: Faults

    /// What is lost is the answer: the lock is taken.
    func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        let fault = faults.take.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let fault, case .unavailable = fault { throw fault }
        let answer = try await base.take(lock, lease: lease)
        if let fault { throw fault }
        return answer
    }

    func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        faults.asked.increment()
        if let fault = faults.extend.withLock({ $0 }) { throw fault }
        try await base.extend(lock, lease: lease)
    }

    func giveUp(_ lock: HeldLock) async throws(StoreError) {
        faults.givenUp.increment()
        if let fault = faults.giveUp.withLock({ $0 }) { throw fault }
        try await base.giveUp(lock)
    }
}

/// A gate in a body: it waits there until it is let through, or cancelled.
private final class Gate: Sendable {
    let isReached = Bell()
    private let opening = Bell()

    func pass() async {
        isReached.ring()
        await opening.wait()
    }

    func open() { opening.ring() }
}

private struct Refused: Error {}

@Suite(.timeLimit(.minutes(1)))
struct NamedLockTests {
    @Test func theLockIsHeldWhileTheBodyRunsAndFreeAfterIt() async throws {
        let bench = try NamedLockBench()
        let first = try await bench.lock().hold(waiting: .zero) { lease in
            #expect(try await bench.takeElsewhere() == .heldBy("a/lock/n1"))
            #expect(lease.name == "prices")
            #expect(lease.trustedFor == .seconds(27))
            try lease.check()
            return lease.fence
        }
        let second = try await bench.lock().hold(waiting: .zero) { $0.fence }
        #expect(second > first)
    }

    @Test func aBodyThatThrowsGivesTheLockUp() async throws {
        let bench = try NamedLockBench()
        await #expect(throws: Refused.self) {
            try await bench.lock().hold(waiting: .zero) { _ in throw Refused() }
        }
        #expect(try await bench.takeElsewhere() != .heldBy("a/lock/n1"))
    }

    @Test func whoIsCancelledGivesTheLockUpAfterItsBodyHasStopped() async throws {
        let bench = try NamedLockBench()
        let gate = Gate()
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { _ in
                await gate.pass()
                #expect(Task.isCancelled)
                // Still its own while it tidies up.
                let answer = await Task { try? await bench.takeElsewhere() }.value
                #expect(answer == .heldBy("a/lock/n1"))
            }
        }
        await gate.isReached.wait()
        use.cancel()
        try await use.value
        #expect(try await bench.takeElsewhere() != .heldBy("a/lock/n1"))
    }

    @Test func aBodyThatStopsLateAfterACancelKeepsItsLeaseUntilThen() async throws {
        let bench = try NamedLockBench()
        let (cancelled, end) = (Gate(), Gate())
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { lease in
                await cancelled.pass()
                await Task { await end.pass() }.value
                try lease.check()
            }
        }
        await cancelled.isReached.wait()
        use.cancel()
        await end.isReached.wait()
        await bench.advance(6, by: .seconds(10), sleepers: 2)
        #expect(try await bench.takeElsewhere() == .heldBy("a/lock/n1"))
        end.open()
        try await use.value
    }

    // MARK: Waiting

    @Test func whoWillNotWaitIsToldWhoHoldsIt() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        let error = await #expect(throws: LeaseError.self) {
            try await bench.lock().hold(waiting: .zero) { _ in Issue.record("the body ran") }
        }
        #expect(error == .heldElsewhere(lock: "prices", by: "b/lock/x"))
        #expect(error?.description == "lock \"prices\" is held by b/lock/x")
    }

    @Test func whoWaitsGetsTheLockWhenItIsFree() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        async let use = bench.lock().hold(waiting: nil) { $0.fence }
        await bench.wait(4)
        await bench.time.sleepers(1)
        try await bench.giveUpElsewhere()
        bench.time.advance(by: .milliseconds(500))
        _ = try await use
    }

    @Test func whoWaitsGetsTheLockOfAHolderThatVanished() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        async let use = bench.lock().hold(waiting: nil) { _ in bench.time.uptime() }
        await bench.wait(63)
        #expect(try await use == .milliseconds(30_250))
    }

    @Test func patienceEndsTheWait() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        let use = Task { try await bench.lock().hold(waiting: .seconds(2)) { _ in } }
        await bench.wait(6)
        await bench.time.sleepers(1)
        bench.time.advance(to: ManualTime.start + .seconds(2))
        await #expect(throws: LeaseError.heldElsewhere(lock: "prices", by: "b/lock/x")) { try await use.value }
    }

    @Test func whoIsCancelledWhileItWaitsIsToldSo() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        let use = Task { try await bench.lock().hold(waiting: nil) { _ in Issue.record("the body ran") } }
        await bench.time.sleepers(1)
        use.cancel()
        await #expect(throws: CancellationError.self) { try await use.value }
    }

    @Test func aStoreThatDoesNotAnswerIsAskedAgain() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.take.withLock { $0 = [.unavailable("on purpose"), .unknownOutcome("on purpose")] }
        async let use = bench.lock().hold(waiting: nil) { $0.fence }
        await bench.wait(2)
        #expect(try await use == Fence(1), "what was taken by the second question is not taken again by the third")
    }

    @Test func whatMayHaveBeenTakenIsGivenUpByWhoWaitsNoLonger() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.take.withLock { $0 = [.unknownOutcome("on purpose")] }
        let words = LeaseError.unavailable(lock: "prices", why: "the store did not answer: on purpose")
        await #expect(throws: words) { try await bench.lock().hold(waiting: .zero) { _ in } }
        #expect(try await bench.takeElsewhere() != .heldBy("a/lock/n1"))
    }

    @Test func aStoreThatCannotBeUsedIsNotWaitedFor() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.take.withLock { $0 = [.refused("on purpose")] }
        await #expect(throws: StoreError.refused("on purpose")) {
            try await bench.lock().hold(waiting: nil) { _ in }
        }
    }

    @Test(arguments: ["", "a\u{0}b", "a\nb", String(repeating: "x", count: 201)])
    func aNameThatNoLockCanHaveIsRefused(_ name: String) throws {
        let bench = try NamedLockBench()
        #expect(throws: LeaseError.self) { try bench.lock(name) }
        #expect(throws: LeaseError.self) { try bench.lock(length: .milliseconds(999)) }
    }

    // MARK: Keeping

    @Test func theLeaseIsRenewedAtAThirdForAsLongAsTheBodyRuns() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        let gate = Gate()
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { lease in
                await gate.pass()
                #expect(lease.trustedFor == .seconds(27))
                return lease.fence
            }
        }
        await gate.isReached.wait()
        await bench.advance(9, by: .seconds(10), sleepers: 2)
        #expect(faults.asked.count == 9)
        #expect(try await bench.takeElsewhere() == .heldBy("a/lock/n1"))
        gate.open()
        #expect(try await use.value == Fence(1))
    }

    @Test func aLeaseThatCannotBeRenewedInTimeCancelsTheBody() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.extend.withLock { $0 = .unavailable("on purpose") }
        let gate = Gate()
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { lease in
                await gate.pass()
                #expect(Task.isCancelled)
                #expect(bench.time.uptime() == .seconds(27))
                #expect(lease.trustedFor == .zero)
                #expect(throws: LeaseError.self) { try lease.check() }
                let answer = await Task { try? await bench.takeElsewhere() }.value
                #expect(answer == .heldBy("a/lock/n1"))
                return "what comes of a body without its lock is not believed"
            }
        }
        await gate.isReached.wait()
        for second in [10.0, 11.5, 13, 20, 27] {
            await bench.time.sleepers(2)
            bench.time.advance(to: ManualTime.start + .seconds(second))
        }
        let words = "its lease was not renewed in time"
        await #expect(throws: LeaseError.lost(lock: "prices", why: words)) { try await use.value }
        #expect(faults.asked.count >= 4)
        #expect(try await bench.takeElsewhere() != .heldBy("a/lock/n1"))
    }

    @Test func aRenewalThatFailsAndThenWorksCostsNothing() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.extend.withLock { $0 = .unknownOutcome("on purpose") }
        let gate = Gate()
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { lease in
                await gate.pass()
                #expect(lease.trustedFor == .seconds(27))
            }
        }
        await gate.isReached.wait()
        await bench.advance(1, by: .seconds(10), sleepers: 2)
        await faults.asked.reaches(1)
        await bench.time.sleepers(2)
        faults.extend.withLock { $0 = nil }
        await bench.advance(1, by: .milliseconds(1_500), sleepers: 2)
        gate.open()
        try await use.value
    }

    @Test func aLeaseThatTheStoreGaveToAnotherCancelsTheBodyAtOnce() async throws {
        let bench = try NamedLockBench()
        let gate = Gate()
        let use = Task {
            try await bench.lock().hold(waiting: .zero) { _ in
                await gate.pass()
                #expect(Task.isCancelled)
            }
        }
        await gate.isReached.wait()
        // By hand, as an operator would.
        try await bench.store.giveUp(HeldLock(LockName(job: "prices"), token: "a/lock/n1"))
        let next = try await bench.takeElsewhere()
        await bench.time.sleepers(2)
        bench.time.advance(by: .seconds(10))
        let words = "the lease of lock:job:prices is over"
        await #expect(throws: LeaseError.lost(lock: "prices", why: words)) { try await use.value }
        #expect(try await bench.takeElsewhere() == next, "who lost it took it from the next")
    }

    @Test func aProgramThatWasFrozenBeyondItsLeaseIsNotBelieved() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.extend.withLock { $0 = .unavailable("on purpose") }
        await #expect(throws: LeaseError.self) {
            try await bench.lock().hold(waiting: .zero) { _ in
                // Nobody else gets a turn meanwhile.
                bench.time.advance(by: .seconds(27))
            }
        }
    }

    @Test func trustThatHasEndedDoesNotComeBackWithALateRenewal() {
        let time = ManualTime()
        let trust = LeaseTrust(until: .seconds(27), time: time)
        #expect(trust.extend(until: .seconds(37)))
        #expect(trust.rest == .seconds(37))
        time.advance(by: .seconds(37))
        #expect(!trust.extend(until: .seconds(47)))
        #expect(trust.loss != nil)
        #expect(trust.rest == .zero)
    }

    @Test func aStoreThatDoesNotTakeTheLockBackHoldsNobodyUpForLong() async throws {
        let faults = BadStore.Faults()
        let bench = try NamedLockBench { store, _ in BadStore(base: store, faults: faults) }
        faults.giveUp.withLock { $0 = .unavailable("on purpose") }
        let gate = Gate()
        let use = Task { try await bench.lock().hold(waiting: .zero) { _ in await gate.pass() } }
        await gate.isReached.wait()
        gate.open()
        await faults.givenUp.reaches(1)
        for _ in 0..<20 {
            await bench.time.sleepers(1)
            bench.time.advance(by: .milliseconds(50))
        }
        try await use.value
        #expect(faults.givenUp.count == 21)
    }
}

/// The same lock among those of other programs.
@Suite(.timeLimit(.minutes(1)))
struct SharedNamedLockTests {
    @Test func itIsHeldThereToo() async throws {
        let bench = try NamedLockBench()
        try await bench.lock(sharing: .strict).hold(waiting: .zero) { _ in
            #expect(bench.locks.holders == ["prices": "a/lock/n1"])
            #expect(bench.locks.lengths == ["prices": .seconds(30)])
        }
        #expect(bench.locks.holders.isEmpty)
    }

    @Test func whatAnotherProgramHoldsIsWaitedForWithoutTheStore() async throws {
        let bench = try NamedLockBench()
        bench.locks.set("prices", to: "3f2a")
        await #expect(throws: LeaseError.heldElsewhere(lock: "prices", by: "3f2a")) {
            try await bench.lock(sharing: .lenient).hold(waiting: .zero) { _ in }
        }
        async let use = bench.lock(sharing: .lenient).hold(waiting: nil) { $0.fence }
        await bench.wait(2)
        await bench.time.sleepers(1)
        bench.locks.set("prices", to: nil)
        bench.time.advance(by: .milliseconds(200))
        #expect(try await use == Fence(1))
    }

    @Test func whoTheStoreRefusesLeavesNothingThere() async throws {
        let bench = try NamedLockBench()
        _ = try await bench.takeElsewhere()
        await #expect(throws: LeaseError.heldElsewhere(lock: "prices", by: "b/lock/x")) {
            try await bench.lock(sharing: .lenient).hold(waiting: .zero) { _ in }
        }
        #expect(bench.locks.holders.isEmpty)
    }

    @Test func itIsExtendedAndTakenAgainWhenItWasForgotten() async throws {
        let bench = try NamedLockBench()
        let gate = Gate()
        let use = Task { try await bench.lock(sharing: .lenient).hold(waiting: .zero) { _ in await gate.pass() } }
        await gate.isReached.wait()
        await bench.advance(4, by: .seconds(10), sleepers: 3)
        #expect(bench.locks.lengths == ["prices": .seconds(30)])
        bench.locks.flush()
        await bench.advance(1, by: .seconds(10), sleepers: 3)
        #expect(bench.locks.holders == ["prices": "a/lock/n1"])
        gate.open()
        try await use.value
    }

    @Test func whatAnotherProgramTookIsLetBeAndTheBodyGoesOn() async throws {
        let bench = try NamedLockBench()
        let gate = Gate()
        let use = Task {
            try await bench.lock(sharing: .strict).hold(waiting: .zero) { lease in
                await gate.pass()
                try lease.check()
            }
        }
        await gate.isReached.wait()
        bench.locks.set("prices", to: "3f2a")
        await bench.advance(6, by: .seconds(10), sleepers: 3)
        gate.open()
        try await use.value
        #expect(bench.locks.holders == ["prices": "3f2a"])
    }

    @Test func withoutLocksALenientProgramGoesByTheStoreAndTakesTheLockLater() async throws {
        let bench = try NamedLockBench()
        bench.locks.fail(true)
        let gate = Gate()
        let use = Task { try await bench.lock(sharing: .lenient).hold(waiting: .zero) { _ in await gate.pass() } }
        await gate.isReached.wait()
        #expect(try await bench.takeElsewhere() == .heldBy("a/lock/n1"))
        bench.locks.fail(false)
        await bench.advance(1, by: .seconds(1), sleepers: 3)
        #expect(bench.locks.holders == ["prices": "a/lock/n1"])
        gate.open()
        try await use.value
        #expect(bench.locks.holders.isEmpty)
    }

    @Test func withoutLocksAStrictProgramWaitsOrGivesUp() async throws {
        let bench = try NamedLockBench()
        bench.locks.fail(true)
        let words = LeaseError.unavailable(lock: "prices", why: "a fault on purpose (locks: strict)")
        await #expect(throws: words) {
            try await bench.lock(sharing: .strict).hold(waiting: .zero) { _ in }
        }
        async let use = bench.lock(sharing: .strict).hold(waiting: nil) { $0.fence }
        await bench.time.sleepers(1)
        bench.locks.fail(false)
        bench.time.advance(by: .milliseconds(50))
        #expect(try await use == Fence(1))
    }
}
