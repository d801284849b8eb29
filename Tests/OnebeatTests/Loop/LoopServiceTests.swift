import Logging
import OnebeatTesting
import Synchronization
import Testing

@testable import Onebeat

/// Answers each turn by a script, and counts them; the last answer is repeated.
private struct ScriptedLoop: TurnTaking {
    struct Broken: Error {}

    let name = "scripted"
    let turns = Counter()
    let script: [Result<NextTurn, Broken>]

    func turn(at now: Timestamp) async throws -> NextTurn {
        let number = turns.increment()
        return try script[min(number, script.count) - 1].get()
    }
}

@Suite(.timeLimit(.minutes(1)))
struct LoopServiceTests {
    private let time = ManualTime()
    private let bell = Bell()
    private let log = RecordedLog()

    private func run(_ script: Result<NextTurn, ScriptedLoop.Broken>..., body: (Counter) async -> Void) async {
        let loop = ScriptedLoop(script: script)
        let service = LoopService(
            loop, wokenBy: bell, clock: NodeClock(time),
            logger: Logger(label: "test", factory: { _ in log.handler }))
        let running = Task { await service.run() }
        await loop.turns.reaches(1)
        await body(loop.turns)
        running.cancel()
        await running.value
    }

    @Test func theNextTurnComesAfterItsPause() async {
        await run(.success(.after(.seconds(5)))) { turns in
            await time.sleepers(1)
            #expect(turns.count == 1)
            time.advance(by: .seconds(5))
            await turns.reaches(2)
        }
    }

    @Test func theNextTurnComesAtItsTime() async {
        await run(.success(.at(ManualTime.start + .seconds(7))), .success(.after(.seconds(60)))) { turns in
            await time.sleepers(1)
            time.advance(by: .seconds(7))
            await turns.reaches(2)
        }
    }

    @Test func moreToDoIsDoneAtOnce() async {
        await run(.success(.now), .success(.now), .success(.after(.seconds(60)))) { turns in
            await turns.reaches(3)
            #expect(time.uptime() == .zero)
        }
    }

    @Test func aRingBringsTheTurnForward() async {
        await run(.success(.after(.seconds(60)))) { turns in
            await time.sleepers(1)
            bell.ring()
            await turns.reaches(2)
            #expect(time.uptime() == .zero)
        }
    }

    @Test func failedTurnsArePausedTwiceAsLongEachTimeUpToTheLongest() async {
        await run(.failure(.init())) { turns in
            var number = 1
            for pause in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
                await time.sleepers(1)
                #expect(turns.count == number)
                time.advance(by: .milliseconds(pause))
                number += 1
                await turns.reaches(number)
            }
        }
    }

    @Test func aTurnThatSucceedsForgetsTheFailuresBefore() async {
        await run(
            .failure(.init()), .failure(.init()), .success(.now), .failure(.init()), .success(.after(.seconds(60)))
        ) {
            turns in
            for (turn, pause) in [(2, 100), (4, 200), (5, 100)] {
                await time.sleepers(1)
                time.advance(by: .milliseconds(pause))
                await turns.reaches(turn)
            }
        }
    }

    /// Once, and not at every turn that succeeds.
    @Test func thatTurnsSucceedAgainIsSaidOnce() async {
        await run(
            .success(.now), .failure(.init()), .failure(.init()), .success(.now), .success(.now), .failure(.init()),
            .success(.after(.seconds(60)))
        ) { turns in
            for (turn, pause) in [(3, 100), (6, 200), (7, 100)] {
                await time.sleepers(1)
                time.advance(by: .milliseconds(pause))
                await turns.reaches(turn)
            }
            await time.sleepers(1)
            #expect(
                log.lines == [
                    "turn failed error=Broken() loop=scripted pause=0.1 seconds",
                    "turn failed error=Broken() loop=scripted pause=0.2 seconds",
                    "turns succeed again failed=2 loop=scripted",
                    "turn failed error=Broken() loop=scripted pause=0.1 seconds",
                    "turns succeed again failed=1 loop=scripted",
                ])
        }
    }

    @Test(arguments: [(10.2, 1.0, 11.0), (10.0, 1, 11), (10.999, 1, 11), (10.2, 3.33, 13), (10.2, 0.5, 10.7)])
    func longPausesEndTogether(now: Double, pause: Double, end: Double) {
        let found = LoopService.end(of: .seconds(pause), from: .seconds(now))
        #expect(abs(found.inSeconds - end) < 0.000_001, "\(found)")
    }

    @Test func theTurnIsToldTheStoresTime() async {
        let clock = NodeClock(time)
        clock.correct(to: ManualTime.start + .seconds(3), sent: ManualTime.start, received: ManualTime.start)
        let told = Mutex<Timestamp?>(nil)
        let loop = ClosureLoop { now in
            told.withLock { $0 = now }
            return .after(.seconds(60))
        }
        let service = LoopService(loop, wokenBy: bell, clock: clock, logger: Logger(label: "test"))
        let running = Task { await service.run() }
        await time.sleepers(1)
        #expect(told.withLock { $0 } == ManualTime.start + .seconds(3))
        running.cancel()
        await running.value
    }

    private struct ClosureLoop: TurnTaking {
        let name = "closure"
        let body: @Sendable (Timestamp) -> NextTurn
        func turn(at now: Timestamp) async throws -> NextTurn { body(now) }
    }
}

struct NextTurnTests {
    private let now = ManualTime.start

    @Test func theEarlierWishWins() {
        #expect(NextTurn.now.orAfter(.seconds(1), from: now) == .now)
        #expect(NextTurn.after(.seconds(5)).orAfter(.seconds(1), from: now) == .after(.seconds(1)))
        #expect(NextTurn.after(.seconds(1)).orAfter(.seconds(5), from: now) == .after(.seconds(1)))
        #expect(NextTurn.at(now + .seconds(5)).orAfter(.seconds(1), from: now) == .at(now + .seconds(1)))
        #expect(NextTurn.at(now + .seconds(1)).orAfter(.seconds(5), from: now) == .at(now + .seconds(1)))
    }
}

struct NodeClockTests {
    private let clock = NodeClock(ManualTime())
    private let sent = ManualTime.start

    /// An answer that came after two seconds.
    private func answer(_ store: Duration) {
        clock.correct(to: sent + store, sent: sent, received: sent + .seconds(2))
    }

    @Test func anotherClocksAnswerIsTakenToBeFromHalfway() {
        answer(.seconds(100))
        #expect(clock.skew == .seconds(99))
        #expect(clock.now() == ManualTime.start + .seconds(99))
    }

    /// A store reads its clock where it suits it: a commit that takes its time comes after that. On one machine, the
    /// correction would then be the only error.
    @Test(arguments: [Duration.zero, .milliseconds(100), .seconds(1), .seconds(2)])
    func anAnswerThatThisClockExplainsChangesNothing(_ store: Duration) {
        answer(store)
        #expect(clock.skew == .zero)
    }

    @Test func aWallClockSetBackDuringTheRequestHarmsNothing() {
        clock.correct(to: sent, sent: sent, received: sent - .seconds(10))
        #expect(clock.skew == .zero)
    }

    @Test func aCorrectionStaysWhileItExplainsTheAnswers() {
        answer(.seconds(100))
        answer(.seconds(100.5))
        #expect(clock.skew == .seconds(99))
        answer(.seconds(102))
        #expect(clock.skew == .seconds(101))
    }
}
