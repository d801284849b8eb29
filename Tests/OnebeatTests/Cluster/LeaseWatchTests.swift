import OnebeatTesting
import Testing

@testable import Onebeat

struct LeaseWatchTests {
    private let time = ManualTime()
    private let watch: LeaseWatch

    init() { watch = LeaseWatch(time) }

    private func sight(_ renewal: Int64, of name: String = "a") -> LeaseSight {
        LeaseSight(name, holder: "n", renewal: renewal, length: .seconds(10))
    }

    /// Whether the lease is over, as of a look that found this renewal.
    private func isOver(_ renewal: Int64) -> Bool {
        watch.see([sight(renewal)])
        return watch.over([sight(renewal)]) == [sight(renewal)]
    }

    @Test func aLeaseIsOverWhenItWasSeenUnrenewedForItsLength() {
        #expect(!isOver(1))
        time.advance(by: .seconds(10) - .microseconds(1))
        #expect(!isOver(1))
        time.advance(by: .microseconds(1))
        #expect(isOver(1))
    }

    @Test func aRenewalStartsTheCountAnew() {
        #expect(!isOver(1))
        time.advance(by: .seconds(9))
        #expect(!isOver(2))
        time.advance(by: .seconds(9))
        #expect(!isOver(2))
    }

    @Test func whatWasNeverSeenIsNotOver() {
        time.advance(by: .seconds(100))
        #expect(watch.over([sight(1)]).isEmpty)
    }

    @Test func anotherHolderUnderTheSameNumberIsAnotherLease() {
        #expect(!isOver(1))
        time.advance(by: .seconds(10))
        let other = LeaseSight("a", holder: "m", renewal: 1, length: .seconds(10))
        watch.see([other])
        #expect(watch.over([other]).isEmpty)
    }

    @Test(arguments: [Duration.seconds(20), .seconds(315_360_000), .seconds(-315_360_000)])
    func noStepOfAClockCounts(_ step: Duration) {
        #expect(!isOver(1))
        time.set(time.now() + step)
        #expect(!isOver(1))
        time.advance(by: .seconds(10))
        #expect(isOver(1))
    }

    @Test func theNextEndIsOfOneThatIsLateWithItsRenewal() {
        watch.see([sight(1, of: "a")])
        time.advance(by: .seconds(4))
        watch.see([sight(1, of: "a"), sight(1, of: "b")])
        let both = [sight(1, of: "a"), sight(1, of: "b")]
        #expect(watch.nextEnd(of: both) == nil)
        time.advance(by: .seconds(3))
        #expect(watch.nextEnd(of: both) == .seconds(3))
    }

    @Test func whatWasNotSeenForLongestIsForgottenFirst() {
        watch.see([sight(1)])
        time.advance(by: .seconds(10))
        watch.see((0...LeaseWatch.memory).map { sight(1, of: "x\($0)") })
        #expect(!isOver(1))
    }
}
