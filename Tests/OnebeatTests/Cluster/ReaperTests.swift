import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct ReaperTests {
    private func reaper(_ bench: LoopBench) -> Reaper {
        Reaper(
            store: bench.store, settle: { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) },
            demand: bench.parts.demand, metrics: RunMetrics(), logger: bench.logger)
    }

    @Test func whereAllLiveNothingIsTaken() async throws {
        let bench = try LoopBench()
        try await bench.join()
        #expect(try await bench.turn(reaper(bench)) == .after(.seconds(2)))
        #expect(!bench.parts.worker.takeRing())
    }

    @Test func theNextTurnIsAtTheEndOfALeaseThatNobodyRenews() async throws {
        let bench = try LoopBench()
        try await bench.join()
        let reaper = reaper(bench)
        #expect(try await bench.turn(reaper) == .after(.seconds(2)))
        bench.time.advance(by: bench.lengths.held(slots: 2) - .milliseconds(700))
        #expect(try await bench.turn(reaper) == .after(.milliseconds(700)))
    }

    @Test func aLostRunIsTakenOverAndTheWorkerIsCalled() async throws {
        let bench = try LoopBench()
        try await bench.join()
        try await bench.due("a")
        _ = try await bench.turn(bench.worker())
        let run = try #require(await bench.attempts.started.first).run
        _ = try await bench.turn(reaper(bench))
        bench.time.advance(by: bench.lengths.held(slots: 2))
        _ = try await bench.turn(reaper(bench))
        #expect(bench.parts.worker.takeRing())
        #expect(try await bench.store.run(run.id)?.state == .scheduled)
    }
}
