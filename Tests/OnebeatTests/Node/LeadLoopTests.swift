import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct LeadLoopTests {
    @Test func aNodeWithoutALeaseDoesNotLead() async throws {
        let bench = try LoopBench()
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == nil)
    }

    @Test func aFreeLeadIsTakenAndTrustedShorterThanItLasts() async throws {
        let bench = try LoopBench()
        try await bench.join()
        #expect(try await bench.turn(bench.lead) == .after(bench.lengths.lead / 3))
        #expect(bench.parts.membership.term == Term(1))
        bench.time.advance(by: bench.lengths.lead - bench.lengths.lead / 6)
        #expect(bench.parts.membership.term == nil)
    }

    @Test func aLeadThatAnotherHoldsIsLeftToIt() async throws {
        let bench = try LoopBench()
        let other = NodeID(name: "b", boot: "b1")
        _ = try await bench.store.join(
            NodeRecord(id: other, slots: 1, queues: [], version: "1", processID: 1), lease: .seconds(10))
        _ = try await bench.store.lead(other, lease: .seconds(3))
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == nil)
    }

    /// The node's clock as it is when the store's is that far ahead.
    private func skew(_ bench: LoopBench, by length: Duration) {
        let now = bench.time.now()
        bench.parts.clock.correct(to: now + length, sent: now, received: now)
    }

    @Test func whoseClockIsOffGivesTheLeadToAnotherThatCanLead() async throws {
        let bench = try LoopBench()
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == Term(1))
        skew(bench, by: .milliseconds(501))
        let other = NodeID(name: "b", boot: "b1")
        _ = try await bench.store.join(
            NodeRecord(id: other, slots: 1, queues: [], version: "1", processID: 1), lease: .seconds(10))
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == nil)
        #expect(try await bench.store.lead(other, lease: .seconds(3)) == Term(2))

        skew(bench, by: .milliseconds(-500))
        try await bench.store.resign(other)
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == Term(3))
    }

    @Test(arguments: [(Set<NodeRole>([.worker]), Duration.zero), (Set([.beat]), .seconds(2))])
    func whoseClockIsOffLeadsWhereNoOtherCan(_ roles: Set<NodeRole>, _ skewOfOther: Duration) async throws {
        let bench = try LoopBench()
        try await bench.join()
        skew(bench, by: .seconds(-2))
        _ = try await bench.store.join(
            NodeRecord(
                id: NodeID(name: "b", boot: "b1"), roles: roles, slots: 1, queues: [], version: "1", processID: 1,
                skew: skewOfOther), lease: .seconds(10))
        _ = try await bench.turn(bench.lead)
        #expect(bench.parts.membership.term == Term(1))
    }

    @Test func aLostLeaseEndsTheLeadToo() async throws {
        let bench = try LoopBench()
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        bench.parts.membership.lostLease()
        #expect(bench.parts.membership.term == nil)
    }
}
