import Foundation
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

/// Simulates a seed over a store in memory.
func simulate(
    _ seed: UInt64, mutant: (any Store, Dice) -> any Store = { store, _ in store }
) async throws -> SimulationReport {
    try await Simulation.run(seed: seed, over: { try SQLiteStore.inMemory(time: $0) }, mutant: mutant)
}

@Suite(.timeLimit(.minutes(60)))
struct SimulationTests {
    /// `ONEBEAT_SEED` replays one seed; `ONEBEAT_SEEDS` tries that many.
    private static let seeds: ClosedRange<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["ONEBEAT_SEED"].flatMap(UInt64.init) { return seed...seed }
        return 1...(environment["ONEBEAT_SEEDS"].flatMap(UInt64.init) ?? 500)
    }()

    @Test func everyInvariantHoldsWhateverHappens() async throws {
        let counts = try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            var counts: [String: Int] = [:]
            var seeds = Self.seeds.makeIterator()
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
                if let seed = seeds.next() { group.addTask { try await simulate(seed) } }
            }
            while let report = try await group.next() {
                counts.merge(report.counts, uniquingKeysWith: +)
                if let violation = report.violation { Self.tell(violation, report) }
                if let seed = seeds.next() { group.addTask { try await simulate(seed) } }
            }
            return counts
        }
        print("simulated \(Self.seeds.count) seeds:", counts.sorted { $0.key < $1.key }.map { "\($0) \($1)" })
        guard Self.seeds.count >= 500 else { return }
        // A simulation in which nothing goes wrong proves nothing.
        for what in [
            "taken over", "stale report", "repeated report", "refused overlap", "refused paused", "refused removed",
            "refused too_late", "refused replaced", "settled cancelled", "definition changed", "definition removed",
        ] { #expect(counts[what, default: 0] > 0, "no seed saw: \(what)") }
    }

    @Test(arguments: [3, 37, 41])
    func theSameSeedIsTheSameHistory(_ seed: UInt64) async throws {
        let first = try await simulate(seed)
        let second = try await simulate(seed)
        #expect(first.hash == second.hash)
        #expect(first.trace == second.trace)
    }

    @Test func anotherSeedIsAnotherHistory() async throws {
        #expect(try await simulate(1).hash != simulate(2).hash)
    }

    private static func tell(_ violation: Violation, _ report: SimulationReport) {
        let trace = seeds.count == 1 ? report.trace[...] : report.trace.suffix(60)
        Issue.record(
            """
            \(violation)
            \(report.scenario)
            \(trace.joined(separator: "\n"))
            replay: ONEBEAT_SEED=\(report.scenario.seed) swift test --filter SimulationTests.SimulationTests
            """)
    }
}
