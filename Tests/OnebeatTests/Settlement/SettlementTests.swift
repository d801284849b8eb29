import OnebeatTesting
import Testing

@testable import Onebeat

struct SettlementTests {
    private let now = ManualTime.start

    private func decide(
        _ outcome: Outcome, _ policies: JobPolicies = JobPolicies(),
        run edit: (inout Run) -> Void = { _ in }
    ) -> Settlement {
        var run = Run.running()
        edit(&run)
        return .decide(run, outcome, of: policies, at: now, chance: 0.5)
    }

    @Test func successEndsTheRun() {
        #expect(decide(.succeeded) == .end(.succeeded, nil))
    }

    @Test func successCountsEvenWhereSomeoneAskedToCancel() {
        #expect(decide(.succeeded) { $0.isCancelRequested = true } == .end(.succeeded, nil))
    }

    @Test func aFailureWithoutRetriesEndsTheRun() {
        #expect(decide(.failed(Failure("exit 1"))) == .end(.failed, nil))
    }

    @Test func aTimeOutWithoutRetriesEndsTheRun() {
        #expect(decide(.timedOut) == .end(.timedOut, nil))
    }

    @Test(arguments: [Outcome.failed(Failure("exit 1")), .timedOut])
    func aFailureWithRetriesLeftIsDueAgainAfterItsPause(_ outcome: Outcome) {
        #expect(decide(outcome, .with { $0.retry.limit = 1 }) == .again(at: now + .seconds(10), nil))
    }

    @Test func aFailureForGoodIsNotTriedAgain() {
        let forGood = Outcome.failed(Failure("no such user", isFinal: true))
        #expect(decide(forGood, .with { $0.retry.limit = 60 }) == .end(.failed, nil))
        #expect(decide(forGood) { $0.isCancelRequested = true } == .end(.cancelled, .requested))
    }

    @Test func theSecondPauseIsTwiceTheFirst() {
        let settlement = decide(.timedOut, .with { $0.retry.limit = 2 }) { $0.failures = 1 }
        #expect(settlement == .again(at: now + .seconds(20), nil))
    }

    @Test func aFailureAfterTheLastRetryEndsTheRun() {
        #expect(decide(.timedOut, .with { $0.retry.limit = 2 }) { $0.failures = 2 } == .end(.timedOut, nil))
    }

    @Test func onlyFailuresCountAgainstTheRetryLimit() {
        let settlement = decide(.timedOut, .with { $0.retry.limit = 1 }) {
            $0.attempt = 3
            $0.crashes = 2
        }
        #expect(settlement == .again(at: now + .seconds(10), nil))
    }

    @Test(arguments: [Outcome.failed(Failure("exit 1")), .timedOut, .interrupted, .lost])
    func aRunThatSomeoneCancelledIsNotTriedAgain(_ outcome: Outcome) {
        let settlement = decide(outcome, .with { $0.retry.limit = 5 }) { $0.isCancelRequested = true }
        #expect(settlement == .end(.cancelled, .requested))
    }

    @Test func aCancelledAttemptEndsItsRunAsRequested() {
        #expect(decide(.cancelled) == .end(.cancelled, .requested))
    }

    @Test func aReplacedRunKeepsItsReason() {
        #expect(decide(.cancelled) { $0.reason = .replaced } == .end(.cancelled, .replaced))
    }

    @Test(arguments: [Reason.workerLost, .handedBack])
    func aReasonOfAnEarlierAttemptIsNotWhyARunWasCancelled(_ earlier: Reason) {
        #expect(decide(.cancelled) { $0.reason = earlier } == .end(.cancelled, .requested))
    }

    @Test func aRunHandedBackIsDueAtOnce() {
        #expect(decide(.interrupted) == .again(at: now, .handedBack))
    }

    @Test func handingBackDoesNotCountAsACrash() {
        #expect(decide(.interrupted) { $0.crashes = 2 } == .again(at: now, .handedBack))
    }

    @Test func atMostOnceHandedBackIsLost() {
        #expect(decide(.interrupted, .with { $0.delivery = .atMostOnce }) == .end(.lost, .handedBack))
    }

    @Test func aLostRunIsDueAtOnce() {
        #expect(decide(.lost) == .again(at: now, .workerLost))
    }

    @Test func atMostOnceLostStaysLost() {
        #expect(decide(.lost, .with { $0.delivery = .atMostOnce }) == .end(.lost, .workerLost))
    }

    @Test func theSecondCrashIsForgiven() {
        #expect(decide(.lost) { $0.crashes = 1 } == .again(at: now, .workerLost))
    }

    @Test func theThirdCrashBuriesARunThatWasAlone() {
        #expect(decide(.lostAlone) { $0.crashes = 1 } == .again(at: now, .workerLost))
        #expect(decide(.lostAlone) { $0.crashes = 2 } == .end(.dead, .workerLost))
    }

    @Test func aRunThatWasLostBesideOthersIsTriedAgainWithinBounds() {
        #expect(decide(.lost) { $0.crashes = 2 } == .again(at: now, .workerLost))
        #expect(decide(.lost) { $0.crashes = 8 } == .again(at: now, .workerLost))
        #expect(decide(.lost) { $0.crashes = 9 } == .end(.dead, .workerLost))
    }

    /// Who watches a task of somebody else's workers is not ended by it, and the next sends nothing.
    @Test(arguments: [Outcome.lost, .lostAlone, .interrupted])
    func aWatchGoesOnElsewhereHoweverOftenItsNodesVanish(_ outcome: Outcome) {
        let settlement = decide(outcome) {
            $0.need = "celery"
            $0.crashes = 50
        }
        #expect(settlement == .again(at: now, outcome == .interrupted ? .handedBack : .workerLost))
    }

    @Test func aWatchIsHandedOnAtMostOnceAndLostWithItsNode() {
        func decideRemote(_ outcome: Outcome) -> Settlement {
            decide(outcome, .with { $0.delivery = .atMostOnce }) { $0.need = "celery" }
        }
        #expect(decideRemote(.interrupted) == .again(at: now, .handedBack))
        #expect(decideRemote(.lost) == .end(.lost, .workerLost))
    }

    @Test func aRunOfAJobThatStartsOnceIsLostHoweverItWas() {
        #expect(decide(.lostAlone, .with { $0.delivery = .atMostOnce }) == .end(.lost, .workerLost))
    }

    /// Its workers have not been told that it is to end: who adopts it does.
    @Test(arguments: [Outcome.interrupted, .lost, .lostAlone, .notStarted])
    func aCancelledTaskOfOthersIsAdoptedToBeEnded(_ outcome: Outcome) {
        func settled(_ edit: (inout Run) -> Void = { _ in }) -> Settlement {
            decide(outcome, .with { $0.delivery = .atMostOnce }) {
                ($0.need, $0.isCancelRequested, $0.attempt) = ("celery", true, 2)
                edit(&$0)
            }
        }
        guard case .again(now, _) = settled() else {
            Issue.record("\(settled())")
            return
        }
        #expect(settled { $0.need = "run" } == .end(.cancelled, .requested))
    }

    @Test func aCancelledTaskThatNobodySentIsOver() {
        let settlement = decide(.notStarted) { ($0.need, $0.isCancelRequested) = ("celery", true) }
        #expect(settlement == .end(.cancelled, .requested))
    }
}

struct RetryPolicyTests {
    @Test(arguments: [(1, 10.0), (2, 20), (3, 40), (9, 2560), (10, 3600), (1000, 3600)])
    func thePauseDoublesUpToItsMost(_ attempt: Int, _ seconds: Double) {
        #expect(RetryPolicy(jitter: 0).pause(after: attempt, chance: 0) == .seconds(seconds))
    }

    @Test(arguments: [(0.0, 8.0), (0.5, 10), (1, 12)])
    func chanceSpreadsThePauseByItsShare(_ chance: Double, _ seconds: Double) {
        let pause = RetryPolicy(jitter: 0.2).pause(after: 1, chance: chance)
        #expect(abs(pause.inSeconds - seconds) < 1e-9)
    }

    @Test func aPauseIsNeverLongerThanItsMost() {
        let policy = RetryPolicy(backoff: .seconds(10), max: .seconds(10), jitter: 1)
        #expect(policy.pause(after: 5, chance: 1) <= .seconds(10))
    }
}
