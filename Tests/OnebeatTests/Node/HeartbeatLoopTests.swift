import OnebeatTesting
import Testing

@testable import Onebeat

/// A store whose renewals take this long to be answered.
private struct SlowRenewal: StoreWrapper {
    let base: any Store
    let time: ManualTime
    let length: Duration

    func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        let granted = try await base.renew(node, lease: lease, skew: skew)
        time.advance(by: length)
        return granted
    }
}

@Suite(.timeLimit(.minutes(1)))
struct HeartbeatLoopTests {
    @Test func itJoinsAndTrustsItsLeaseButForTheMargin() async throws {
        let bench = try LoopBench()
        #expect(try await bench.turn(bench.heartbeat()) == .after(bench.lengths.node / 3))
        #expect(bench.parts.membership.id == NodeID(name: "a", boot: "a1"))
        bench.time.advance(by: bench.lengths.node - bench.lengths.margin - .microseconds(1))
        #expect(bench.parts.membership.id != nil)
        bench.time.advance(by: .microseconds(1))
        #expect(bench.parts.membership.id == nil)
    }

    /// More jobs take longer to end, and nobody may take over before they have.
    @Test func othersWaitForWhatTheGuardianMayNeedBeyondTheLease() async throws {
        let bench = try LoopBench()
        let joined = try await bench.store.now()
        _ = try await bench.turn(bench.heartbeat())
        let node = try #require(try await bench.store.nodes(limit: 1).first)
        #expect(node.leaseUntil == joined + bench.lengths.held(slots: node.slots))
        #expect(bench.lengths.held(slots: 1) >= bench.lengths.node + .seconds(1))
        #expect(bench.lengths.held(slots: 2000) >= bench.lengths.node + .seconds(5))
    }

    @Test func aRenewalProlongsTheTrust() async throws {
        let bench = try LoopBench()
        let loop = bench.heartbeat()
        for _ in 0..<5 {
            _ = try await bench.turn(loop)
            bench.time.advance(by: bench.lengths.node / 3)
        }
        #expect(bench.parts.membership.id == NodeID(name: "a", boot: "a1"))
        #expect(await bench.attempts.stopped == [])
    }

    @Test func aRenewalTellsHowFarTheClockIsOff() async throws {
        let bench = try LoopBench()
        let loop = bench.heartbeat()
        _ = try await bench.turn(loop)
        let now = bench.time.now()
        bench.parts.clock.correct(to: now + .milliseconds(700), sent: now, received: now)
        _ = try await bench.turn(loop)
        #expect(try await bench.store.nodes(limit: 1).first?.skew == .milliseconds(700))
    }

    @Test func aLeaseThatWasNotRenewedInTimeIsGivenUpWithoutAskingTheStore() async throws {
        let bench = try LoopBench()
        let loop = bench.heartbeat()
        _ = try await bench.turn(loop)
        bench.time.advance(by: bench.lengths.node - bench.lengths.margin)
        #expect(try await bench.turn(loop) == .now)
        #expect(await bench.attempts.stopped == [.leaseLost])
        _ = try await bench.turn(loop)
        #expect(bench.parts.membership.id == NodeID(name: "a", boot: "a2"))
    }

    @Test func aNodeDeclaredDeadStopsItsAttemptsAndRejoinsUnderAnotherBoot() async throws {
        let bench = try LoopBench()
        let loop = bench.heartbeat()
        _ = try await bench.turn(loop)
        try await bench.store.leave(NodeID(name: "a", boot: "a1"))
        #expect(try await bench.turn(loop) == .now)
        #expect(await bench.attempts.stopped == [.leaseLost])
        #expect(bench.parts.membership.id == nil)
        _ = try await bench.turn(loop)
        #expect(bench.parts.membership.id == NodeID(name: "a", boot: "a2"))
    }

    @Test func aRenewalThatComesAfterTheTrustHadEndedIsNotTrusted() async throws {
        let bench = try LoopBench { SlowRenewal(base: $0, time: $1, length: .seconds(5)) }
        let loop = bench.heartbeat()
        _ = try await bench.turn(loop)
        bench.time.advance(by: .seconds(4))
        #expect(try await bench.turn(loop) == .now)
        #expect(bench.parts.membership.claimedID == nil)
        #expect(await bench.attempts.stopped == [.leaseLost])
    }

    @Test func anUnreachableStoreIsAskedAgainSoon() async throws {
        let isDown = Counter()
        let bench = try LoopBench { store, _ in
            FaultyStore(
                store, dice: Dice(seed: 1), faults: { StoreFaults(unavailable: isDown.count > 0 ? 1 : 0) })
        }
        let loop = bench.heartbeat()
        _ = try await bench.turn(loop)
        isDown.increment()
        #expect(try await bench.turn(loop) == .after(bench.lengths.node / 20))
        #expect(bench.parts.membership.id != nil)
        #expect(await bench.attempts.stopped == [])
    }
}
