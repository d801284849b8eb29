import Foundation
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

/// Simulates a seed over a store in memory.
func simulate(
    _ seed: UInt64, hasRedis: Bool = false, mutant: Mutant? = nil
) async throws -> SimulationReport {
    let schema = mutant?.triggers.map(Schema.current.followed(by:)) ?? .current
    return try await Simulation.run(
        seed: seed, over: { try SQLiteStore.inMemory(time: $0, schema: schema) }, hasRedis: hasRedis,
        mutant: mutant?.make ?? { store, _ in store })
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
        let counts = try await Self.tryAll(hasRedis: false)
        guard Self.seeds.count >= 500 else { return }
        // A simulation in which nothing goes wrong proves nothing.
        for what in [
            "taken over", "stale report", "repeated report", "refused overlap", "refused paused", "refused removed",
            "refused too_late", "refused replaced", "settled cancelled", "definition changed", "definition removed",
        ] { #expect(counts[what, default: 0] > 0, "no seed saw: \(what)") }
    }

    @Test func aRedisThatForgetsFailsAndHangsChangesNothingOfThat() async throws {
        _ = try await Self.tryAll(hasRedis: true)
    }

    /// - Returns: how often what happened, over all seeds.
    private static func tryAll(hasRedis: Bool) async throws -> [String: Int] {
        // With Redis a third of them will do: each takes longer, and the trouble is the same.
        let last = hasRedis && seeds.count > 1 ? seeds.lowerBound + UInt64(seeds.count) / 3 : seeds.upperBound
        let counts = try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            var counts: [String: Int] = [:]
            var rest = (seeds.lowerBound...last).makeIterator()
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
                if let seed = rest.next() { group.addTask { try await simulate(seed, hasRedis: hasRedis) } }
            }
            while let report = try await group.next() {
                counts.merge(report.counts, uniquingKeysWith: +)
                if let violation = report.violation { tell(violation, report, hasRedis) }
                if let seed = rest.next() { group.addTask { try await simulate(seed, hasRedis: hasRedis) } }
            }
            return counts
        }
        print("simulated seeds up to \(last):", counts.sorted { $0.key < $1.key }.map { "\($0) \($1)" })
        return counts
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

    private static func tell(_ violation: Violation, _ report: SimulationReport, _ hasRedis: Bool) {
        let trace = seeds.count == 1 ? report.trace[...] : report.trace.suffix(60)
        Issue.record(
            """
            \(violation)\(hasRedis ? ", with Redis" : "")
            \(report.scenario)
            \(trace.joined(separator: "\n"))
            replay: ONEBEAT_SEED=\(report.scenario.seed) swift test --filter SimulationTests.SimulationTests
            """)
    }
}
