import Testing

@testable import Onebeat

struct HealthTests {
    /// What is told of failures (`-`) and works (`+`) at these seconds.
    private func news(_ moves: [(second: Int, isFailure: Bool)]) -> [Int] {
        var health = Health()
        return moves.filter { second, isFailure in
            isFailure ? health.fails(at: .seconds(second)) : health.works(at: .seconds(second))
        }.map(\.second)
    }

    @Test func badNewsIsToldAtOnceAndOnce() {
        #expect(news([(1, true), (2, true), (3, true)]) == [1])
    }

    @Test func goodNewsHasToHold() {
        #expect(news([(1, false), (10, true), (14, false), (15, false), (16, false)]) == [10, 15])
    }

    /// One that can be read and not written to fails and works in turn; and one that comes and goes is told of less and less.
    @Test(arguments: [2, 6, 10, 20, 60])
    func whateverItDoesLittleIsSaid(_ period: Int) {
        let moves = stride(from: 0, to: 3600, by: period).flatMap { [($0, true), ($0 + period / 2, false)] }
        let told = news(moves.map { (second: $0.0, isFailure: $0.1) }).count
        #expect(told <= (period < 10 ? 1 : 12), "\(told)")
    }
}
