import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import Onebeat

/// Which loops a node has, by the parts it plays.
@Suite struct RoleTests {
    private func loops(_ roles: Set<NodeRole>) throws -> Set<String> {
        let bench = try LoopBench()
        let chance = Chance(word: { "a" }, fraction: { 0 })
        let loops = bench.parts.loops(
            store: bench.store, attempts: bench.attempts, settings: NodeSettings(name: "a", roles: roles),
            schedules: ScheduleCache(), chance: chance, logger: bench.logger, onRenewal: { _, _ in })
        return Set(loops.map(\.loop.name))
    }

    /// What every node does.
    private let living: Set = ["heartbeat", "neighbours", "release", "reaper"]

    @Test func onlyABeatLeadsAndPlans() throws {
        #expect(try loops([.beat]) == living.union(["lead", "firing", "overdue", "prune", "revision", "backfill"]))
    }

    @Test func onlyAWorkerClaims() throws {
        #expect(try loops([.worker]) == living.union(["worker", "cancel", "strays", "settling"]))
    }

    @Test func oneThatOnlyShowsDoesNeither() throws { #expect(try loops([.web]) == living) }

    @Test func whoIsNoWorkerHasNoSlotsAndServesNoQueue() async throws {
        let bench = try LoopBench()
        let chance = Chance(word: { "a" }, fraction: { 0 })
        let heartbeat = bench.parts.loops(
            store: bench.store, attempts: bench.attempts, settings: NodeSettings(name: "a", roles: [.beat]),
            schedules: ScheduleCache(), chance: chance, logger: bench.logger, onRenewal: { _, _ in })[0].loop
        _ = try await bench.turn(heartbeat)
        let node = try #require(try await bench.store.nodes(limit: 1).first)
        #expect(node.roles == [.beat])
        #expect(node.slots == 0)
        #expect(node.queues == [])
    }
}
