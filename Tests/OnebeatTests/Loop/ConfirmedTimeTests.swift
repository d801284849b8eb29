import OnebeatTesting
import Testing

@testable import Onebeat

struct ConfirmedTimeTests {
    private let start = ManualTime.start

    /// What becomes of a clock that is `step` off at each of these uptimes, after it was right at zero.
    private func verdicts(_ looks: [(at: Double, step: Double)]) -> [ConfirmedTime.Verdict] {
        var time = ConfirmedTime()
        _ = time.saw(start, sent: .zero, received: .zero)
        return looks.map { look in
            let uptime = Duration.seconds(look.at)
            return time.saw(start + uptime + .seconds(look.step), sent: uptime, received: uptime)
        }
    }

    @Test func theFirstClockThatIsReadIsBelieved() {
        var time = ConfirmedTime()
        #expect(time.time(at: .seconds(5)) == nil)
        #expect(time.saw(start, sent: .seconds(1), received: .seconds(3)) == .agrees)
        #expect(time.time(at: .seconds(5)) == start + .seconds(3))
    }

    @Test func aSmallDeviationIsFollowed() {
        #expect(verdicts([(1, 2), (2, 4), (3, 2.5)]) == [.agrees, .agrees, .agrees])
    }

    @Test(arguments: [3.0, 15, 20, 315_360_000, -3, -20, -315_360_000])
    func aStepThatPassesLeavesNoTrace(_ step: Double) {
        let held = ConfirmedTime.Verdict.held(.seconds(step))
        #expect(
            verdicts([(1, step), (11, step), (21, step), (22, 0), (60, 0)]) == [held, held, held, .agrees, .agrees])
    }

    @Test(arguments: [15.0, 315_360_000, -20, -315_360_000])
    func aStepThatStaysIsFollowedAfterHalfAMinuteOfLooks(_ step: Double) {
        let held = ConfirmedTime.Verdict.held(.seconds(step))
        #expect(
            verdicts([(1, step), (16, step), (30.5, step), (31, step), (32, step)])
                == [held, held, held, .adopted(.seconds(step)), .agrees])
    }

    @Test func aStepIsNotBelievedOnTwoLooks() {
        #expect(
            verdicts([(1, 20), (100, 20), (101, 20)]) == [
                .held(.seconds(20)), .held(.seconds(20)), .adopted(.seconds(20)),
            ])
    }

    @Test func aClockThatDoesNotStandStillIsNeverBelieved() {
        let looks = (1...100).map { (at: Double($0), step: Double($0) * 10) }
        #expect(verdicts(looks) == looks.map { .held(.seconds($0.step)) })
    }

    @Test func aSlowAnswerIsNoStep() {
        var time = ConfirmedTime()
        _ = time.saw(start, sent: .zero, received: .zero)
        #expect(time.saw(start + .seconds(10), sent: .seconds(10), received: .seconds(25)) == .agrees)
        #expect(time.saw(start + .seconds(35), sent: .seconds(30), received: .seconds(45)) == .agrees)
        #expect(time.time(at: .seconds(50)) == start + .seconds(50))
    }

    @Test func whatAgreesIsTakenAsItIsAndTheRestAsExpected() {
        let clock = StoreClock()
        #expect(clock.agreed(start + .seconds(77), at: .zero) == start + .seconds(77))
        #expect(clock.read(start, at: .zero) == start)
        #expect(clock.read(start + .seconds(11), at: .seconds(10)) == start + .seconds(11))
        #expect(clock.read(start + .seconds(40), at: .seconds(20)) == start + .seconds(21))
        #expect(clock.deviation == .seconds(19))
        #expect(clock.steps.count == 0)
    }
}
