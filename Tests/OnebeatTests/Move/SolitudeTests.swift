import OnebeatTesting
import Testing

@testable import Onebeat

struct SolitudeTests {
    private let now = ManualTime.start

    private func run(_ id: Int64, crashes: Int = 0, dueAt: Timestamp = ManualTime.start) -> Run {
        var run = Run.running(id)
        run.state = .scheduled
        run.crashes = crashes
        run.dueAt = dueAt
        return run
    }

    private func chosen(_ runs: Run..., isIdle: Bool) -> [Int64] {
        Solitude.choose(among: runs, isIdle: isIdle, at: now).runs.map(\.id.value)
    }

    @Test func whatLostNoWorkerRunsBesideWhateverThereIs() {
        #expect(chosen(run(1), run(2, crashes: 2), isIdle: true) == [1, 2])
        #expect(chosen(run(1), run(2, crashes: 2), isIdle: false) == [1, 2])
    }

    @Test func anIdleNodeTakesOneThatMustBeAloneBeforeAllOthers() {
        #expect(chosen(run(1), run(2, crashes: 3), run(3, crashes: 4), isIdle: true) == [2])
    }

    @Test func aBusyNodeLeavesThemToOthers() {
        #expect(chosen(run(1), run(2, crashes: 3), isIdle: false) == [1])
    }

    @Test func aRunThatWaitedLongEnoughStartsBesideOthers() {
        let old = run(2, crashes: 3, dueAt: now - Solitude.patience - .seconds(1))
        #expect(chosen(run(1), old, isIdle: false) == [1, 2])
    }
}
