import OnebeatTesting
import Testing

@Suite(.timeLimit(.minutes(10)))
struct MutantTests {
    /// In so many seeds each bug must have shown.
    private static let seeds: ClosedRange<UInt64> = 1...500

    @Test(arguments: Mutant.all)
    func isCaught(_ mutant: Mutant) async throws {
        for seed in Self.seeds {
            guard let violation = try await simulate(seed, mutant: mutant).violation else { continue }
            print("\(mutant): caught by \(violation.invariant.rawValue) at seed \(seed)")
            #expect(mutant.breaks.contains(violation.invariant), "\(violation)")
            return
        }
        Issue.record("\(mutant): not caught by \(Self.seeds.count) seeds")
    }
}
