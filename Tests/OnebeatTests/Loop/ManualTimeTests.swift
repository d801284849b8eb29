import OnebeatTesting
import Onebeat
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManualTimeTests {
    @Test func bothClocksMoveTogether() {
        let time = ManualTime()
        time.advance(by: .seconds(90))
        #expect(time.now() == ManualTime.start + .seconds(90))
        #expect(time.uptime() == .seconds(90))
    }

    @Test func settingTheWallClockLeavesTheUptime() {
        let time = ManualTime()
        time.set(ManualTime.start - .seconds(3600))
        #expect(time.now() == ManualTime.start - .seconds(3600))
        #expect(time.uptime() == .zero)
    }

    @Test func sleepersWakeAtTheirInstantsAndNotBefore() async throws {
        let time = ManualTime()
        let woken = Counter()
        for seconds in [30, 10, 20] {
            Task {
                try await time.sleep(until: .seconds(seconds))
                woken.increment()
            }
        }
        await time.sleepers(3)
        time.advance(by: .seconds(20))
        await woken.reaches(2)
        #expect(woken.count == 2)
        time.advance(by: .seconds(10))
        await woken.reaches(3)
    }

    @Test func sleepingUntilThePastReturnsAtOnce() async throws {
        let time = ManualTime()
        time.advance(by: .seconds(5))
        try await time.sleep(until: .seconds(5))
    }

    @Test func aCancelledSleeperIsToldSo() async {
        let time = ManualTime()
        let sleeper = Task { try await time.sleep(until: .seconds(1)) }
        await time.sleepers(1)
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}
