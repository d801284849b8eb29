import OnebeatTesting
import Testing

@testable import Onebeat

struct StandbyTests {
    private let now = ManualTime.start

    private func decide(
        _ wish: Standby.Wish, from standby: Standby?, hasAttempts: Bool = false
    ) throws(StandbyRefusal) -> Standby {
        try Standby.decide(wish, from: standby, hasAttempts: hasAttempts, at: now)
    }

    @Test func theWayLeadsFromObservingOverHandingOverToItsEnd() throws {
        let start = now + .seconds(2)
        #expect(try decide(.begin, from: nil) == .observing)
        #expect(try decide(.handOver(after: .seconds(2)), from: .observing) == .handingOver(from: start))
        #expect(try decide(.goBack, from: .handingOver(from: start)) == .observing)
        #expect(try decide(.end, from: .handingOver(from: start)) == .over(since: now))
    }

    /// A node that is started as it was before the take-over stops nobody's jobs.
    @Test func nothingLeadsBackFromTheEnd() throws {
        let over = Standby.over(since: now)
        #expect(try decide(.begin, from: over, hasAttempts: true) == over)
        for wish in [Standby.Wish.handOver(after: .zero), .goBack, .end] {
            #expect(throws: StandbyRefusal.self) { try decide(wish, from: over) }
            #expect(throws: StandbyRefusal.self) { try decide(wish, from: nil) }
        }
        #expect(throws: StandbyRefusal.self) { try decide(.end, from: .observing) }
    }

    @Test func aStoreThatIsAtWorkDoesNotBeginToObserve() {
        #expect(throws: StandbyRefusal.self) { try decide(.begin, from: nil, hasAttempts: true) }
    }

    @Test func itDecidesByWhenARunIsDue() {
        #expect(Standby.observing.course(ofRunDueAt: now) == .observed)
        let handing = Standby.handingOver(from: now)
        #expect(handing.course(ofRunDueAt: now - .microseconds(1)) == .observed)
        #expect(handing.course(ofRunDueAt: now) == .waits)
        #expect(Standby.over(since: now).course(ofRunDueAt: now - .seconds(1)) == .usual)
    }

    @Test(arguments: [
        Standby.observing, .handingOver(from: ManualTime.start), .over(since: ManualTime.start),
        .handingOver(from: .distantPast),
    ])
    func itIsReadAsItWasKept(_ standby: Standby) {
        #expect(Standby(stored: standby.text) == standby)
    }

    @Test(arguments: ["", "over", "over soon", "handing over x", "paused since 2031"])
    func ofWhatItCannotReadItStartsNothing(_ text: String) {
        #expect(Standby(stored: text) == .observing)
    }
}
