import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct BellTests {
    @Test func aRingBeforeTheWaitIsKept() async {
        let bell = Bell()
        bell.ring()
        await bell.wait()
    }

    @Test func ringsBeforeTheWaitCountOnce() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        await bell.wait()
        let second = Task { await bell.wait() }
        second.cancel()
        await second.value
    }

    @Test func aRingWakesTheWaiter() async {
        let bell = Bell()
        let time = ManualTime()
        let waiter = Task { await bell.wait(until: .seconds(60), on: time) }
        await time.sleepers(1)
        bell.ring()
        await waiter.value
        #expect(time.uptime() == .zero)
    }

    @Test func theInstantWakesTheWaiterWithoutARing() async {
        let bell = Bell()
        let time = ManualTime()
        let waiter = Task { await bell.wait(until: .seconds(60), on: time) }
        await time.sleepers(1)
        time.advance(by: .seconds(60))
        await waiter.value
    }

    @Test func aCancelledWaiterReturnsAndLeavesTheBellToOthers() async {
        let bell = Bell()
        let waiter = Task { await bell.wait() }
        waiter.cancel()
        await waiter.value
        bell.ring()
        await bell.wait()
    }

    @Test func noRingIsLostAmongManyTurns() async {
        let bell = Bell()
        let rounds = 1000
        let counter = Counter()
        let waiter = Task {
            for _ in 0..<rounds {
                await bell.wait()
                counter.increment()
            }
        }
        for round in 1...rounds {
            bell.ring()
            await counter.reaches(round)
        }
        await waiter.value
        #expect(counter.count == rounds)
    }
}
