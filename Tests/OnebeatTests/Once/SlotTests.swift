import Testing

@testable import Onebeat

/// Which due instant a moment belongs to.
@Suite struct SlotTests {
    /// 2026-11-23T12:00:00Z
    private let noon = Timestamp(seconds: 1_795_435_200)

    private func start(_ after: Duration, _ length: Duration) -> Duration {
        Slot(at: noon + after, length: length).start.duration(since: noon)
    }

    @Test(arguments: [Timestamp(microseconds: .max), Timestamp(microseconds: .min), Timestamp(seconds: 0)])
    func noTimeAndNoLengthIsTooMuch(_ now: Timestamp) {
        for length in [Duration.zero, .seconds(-1), .seconds(Int64.max / 2_000_000), .seconds(Int64.max)] {
            let slot = Slot(at: now, length: length)
            #expect(slot.start < slot.end)
        }
    }

    @Test func aClockThatIsALittleAheadIsInTheSlotOfTheOthers() {
        #expect(start(.seconds(-15), .seconds(60)) == .zero)
        #expect(start(.zero, .seconds(60)) == .zero)
        #expect(start(.seconds(44), .seconds(60)) == .zero)
        #expect(start(.seconds(-15) - .microseconds(1), .seconds(60)) == .seconds(-60))
        #expect(start(.seconds(45), .seconds(60)) == .seconds(60))
    }

    @Test func theHasteIsAQuarterOfTheSlotAndNoMoreThanFifteenSeconds() {
        #expect(start(.seconds(-3), .seconds(12)) == .zero)
        #expect(start(.seconds(-4), .seconds(12)) == .seconds(-12))
        #expect(start(.seconds(-15), .seconds(3600)) == .zero)
        #expect(start(.seconds(-16), .seconds(3600)) == .seconds(-3600))
    }

    @Test func aSlotEndsWhereTheNextOneBegins() {
        for length in [1, 7, 60, 3600, 86_400] {
            let slot = Slot(at: noon, length: .seconds(length))
            let next = Slot(at: slot.end, length: .seconds(length))
            #expect(next.start.duration(since: slot.start) == .seconds(length))
            #expect(Slot(at: slot.end - .microseconds(1), length: .seconds(length)) == slot)
        }
    }

    @Test func slotsAreCountedInWholeLengthsSince1970AndBefore() {
        #expect(Slot(at: Timestamp(seconds: -1), length: .seconds(60)).start == Timestamp(seconds: 0))
        #expect(Slot(at: Timestamp(seconds: -30), length: .seconds(60)).start == Timestamp(seconds: -60))
    }
}
