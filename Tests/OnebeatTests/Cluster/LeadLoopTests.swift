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

    @Test func aLostLeaseEndsTheLeadToo() async throws {
        let bench = try LoopBench()
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        bench.parts.membership.lostLease()
        #expect(bench.parts.membership.term == nil)
    }
}
