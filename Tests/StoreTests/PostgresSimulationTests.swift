import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

/// The simulation of SimulationTests over a real server: fewer seeds, since each of its moves is a real one.
@Suite(.timeLimit(.minutes(10)))
struct PostgresSimulationTests {
    @Test(arguments: UInt64(1)...30)
    func everyInvariantHoldsWhateverHappens(_ seed: UInt64) async throws {
        try await PostgresDatabase.with { database in
            let report = try await Simulation.run(seed: seed) { time in
                try await PostgresStore.open(database.url, time: time)
            }
            if let violation = report.violation {
                Issue.record("\(violation)\n\(report.scenario)\n\(report.trace.suffix(60).joined(separator: "\n"))")
            }
        }
    }
}
