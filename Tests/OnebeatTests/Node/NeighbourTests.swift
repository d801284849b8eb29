import OnebeatTesting
import Testing

@testable import Onebeat

/// What is said of nodes that live side by side.
@Suite(.timeLimit(.minutes(1)))
struct NeighbourTests {
    private let start = Timestamp(seconds: 1_000_000)
    private let lease = Duration.seconds(10)

    /// A node that joined and was renewed so many seconds after the start.
    private func node(
        _ name: String, _ boot: String, joined: Int = 0, renewed: Int = 5, roles: Set<NodeRole> = [.worker],
        zones: String = "2025b"
    ) -> NodeRecord {
        NodeRecord(
            id: NodeID(name: name, boot: boot), joinedAt: start + .seconds(joined),
            leaseUntil: start + .seconds(renewed) + LeaseLengths(node: lease).held(slots: 1), roles: roles, slots: 1,
            queues: [], version: "1",
            processID: 1, zones: zones)
    }

    private func kinds(_ own: NodeRecord, _ others: NodeRecord...) -> [String] {
        Neighbours.oddities(of: own, beside: [own] + others, lease: lease, at: start + .seconds(6)).map(\.kind)
    }

    @Test func aNameThatALivingNodeHasTooIsTold() {
        #expect(kinds(node("a", "a2", joined: 2), node("a", "a1", renewed: 3)) == ["node.name_shared"])
        #expect(kinds(node("a", "a2", joined: 2), node("b", "b1", renewed: 3)) == [])
    }

    @Test func anEarlierLifeThatEndedWithoutAWordIsNoTwin() {
        #expect(kinds(node("a", "a2", joined: 2), node("a", "a1", renewed: 1)) == [])
    }

    @Test func callsOfOneMachineAreNoTwins() {
        #expect(kinds(node("a", "a2", joined: 2), node("a", "a1", renewed: 3, roles: [])) == [])
    }

    @Test func aDifferentZoneDatabaseIsToldWhereBothAreKnown() {
        #expect(kinds(node("a", "a1"), node("b", "b1", zones: "2024a")) == ["node.zones_differ"])
        #expect(kinds(node("a", "a1"), node("b", "b1", zones: "")) == [])
        #expect(kinds(node("a", "a1", zones: ""), node("b", "b1")) == [])
    }

    @Test func aClockThatIsOffIsToldOnceUntilItIsRightAgain() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let loop = NeighbourLoop(
            store: bench.store, membership: bench.parts.membership, clock: bench.parts.clock, lease: lease,
            logger: bench.logger)
        func told() async throws -> Int {
            _ = try await bench.turn(loop)
            return try await bench.store.events(job: nil, limit: 10).filter { $0.kind == "node.skewed" }.count
        }
        func skew(by length: Duration) {
            let now = bench.time.now()
            bench.parts.clock.correct(to: now + length, sent: now, received: now)
        }
        #expect(try await told() == 0)
        skew(by: .milliseconds(501))
        #expect(try await told() == 1)
        #expect(try await told() == 1)
        skew(by: .zero)
        #expect(try await told() == 1)
        skew(by: .milliseconds(-501))
        #expect(try await told() == 2)
    }
}
