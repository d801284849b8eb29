import Onebeat
import Testing

@testable import OnebeatCelery

/// Seconds of a minute; the beat's messages by when they were sent, ours by when they were due.
struct BeatComparisonTests {
    private let shape = TaskShape(task: "t", arguments: "[]", keywords: "{}", list: "celery")

    private func moment(_ second: Double) -> Timestamp { Timestamp(seconds: 1000) + .seconds(second) }

    private func sent(_ seconds: [Double], _ shape: TaskShape? = nil) -> [BeatMessage] {
        seconds.map { BeatMessage(at: moment($0), shape ?? self.shape) }
    }

    private func compare(
        observed: [Double], others: [Double] = [], isInterval: Bool = false, with messages: [BeatMessage],
        from start: Double = 0, to end: Double = 60, tolerance: Duration = .seconds(1)
    ) -> BeatComparison {
        let job = BeatComparison.Job(
            name: "a", shape: shape, observed: observed.map(moment), others: others.map(moment),
            isInterval: isInterval)
        return BeatComparison(
            of: [job], with: messages, from: moment(start), to: moment(end), tolerance: tolerance)
    }

    @Test func whatIsSentAtItsInstantIsTheSame() {
        let found = compare(observed: [10, 20, 30], with: sent([10.01, 20.4, 29.9]))
        #expect(found.lines == [line(same: 3)])
        #expect(found.isSame)
    }

    @Test func whatOnlyOneSideSentIsSaid() {
        let found = compare(observed: [10, 20, 30, 40], with: sent([10, 30, 30.5, 40]))
        #expect(
            found.lines[0].differences == [.extra(at: moment(20), job: "a"), .missing(at: moment(30.5), id: "30.5")])
        #expect(found.lines[0].same == 3 && !found.isSame)
    }

    @Test func whatIsSentAtAnotherMomentIsShifted() {
        let found = compare(observed: [10, 40], with: sent([13, 43]))
        #expect(
            found.lines[0].differences == [
                .shifted(at: moment(10), job: "a", by: .seconds(3)),
                .shifted(at: moment(40), job: "a", by: .seconds(3)),
            ])
    }

    @Test func aTaskThatOnlyTheBeatKnowsIsMissing() {
        let other = TaskShape(task: "other", arguments: "[]", keywords: "{}", list: "celery")
        let found = compare(observed: [10], with: sent([10]) + sent([20], other))
        #expect(found.lines.map(\.jobs) == [[], ["a"]])
        #expect(found.lines[0].differences == [.missing(at: moment(20), id: "20.0")])
    }

    @Test func aBeatThatDriftsIsFollowed() {
        let drift = (0..<40).map { Double($0) + 0.2 + Double($0) * 0.008 }
        let found = compare(observed: (0..<40).map(Double.init), isInterval: true, with: sent(drift), from: -1, to: 41)
        #expect(found.lines == [line(same: 40)])
    }

    /// A period that drifts away has one message less than there are instants.
    @Test func aBeatThatLosesAPeriodIsSeen() {
        let slow = (0..<50).map { Double($0) * 1.02 }
        let found = compare(observed: (0..<51).map(Double.init), isInterval: true, with: sent(slow), from: -1, to: 55)
        #expect(found.lines[0].differences.count == 1)
        #expect(found.lines[0].same == 50)
    }

    /// What lies beyond the while on one side is no difference.
    @Test func theMessageOfAnIntervalMayLieBeyondTheWhile() {
        let hourly = compare(
            observed: [], others: [-3000, 600, 4200], isInterval: true, with: sent([30]), from: 0, to: 60)
        #expect(hourly.lines[0].differences == [.shifted(at: moment(600), job: "a", by: .seconds(-570))])
        let unseen = compare(observed: [30], others: [-3570, 3630], isInterval: true, with: [])
        #expect(unseen.lines == [line(same: 0)])
        #expect(!unseen.isSame, "nothing was seen")
        #expect(compare(observed: [30], with: []).lines[0].differences == [.extra(at: moment(30), job: "a")])
        #expect(compare(observed: [59.5], with: []).lines == [line(same: 0)], "its message may come in a moment")
    }

    /// An instant that was not written down would not have been sent.
    @Test func whatWasNotRecordedIsMissing() {
        let found = compare(observed: [10], others: [20], with: sent([10, 20]))
        #expect(found.lines[0].differences == [.missing(at: moment(20), id: "20.0")])
    }

    @Test func jobsOfOneShapeShareItsMessages() {
        let jobs = ["a", "b"].map {
            BeatComparison.Job(name: $0, shape: shape, observed: [moment(10), moment(20)])
        }
        let found = BeatComparison(
            of: jobs, with: sent([10, 10.01, 20, 20.01]), from: moment(0), to: moment(60), tolerance: .seconds(1))
        #expect(found.lines.map(\.same) == [4] && found.isSame)
    }

    @Test func nothingAtAllIsNotTheSame() {
        #expect(!compare(observed: [], with: []).isSame)
    }

    private func line(same: Int) -> BeatComparison.Line {
        var line = BeatComparison.Line(shape: shape, jobs: ["a"])
        line.same = same
        return line
    }
}

struct BeatHandoverTests {
    private let shape = TaskShape(task: "t", arguments: "[]", keywords: "{}", list: "celery")

    private func moment(_ second: Double) -> Timestamp { Timestamp(seconds: 1000) + .seconds(second) }

    private func runs(_ seconds: ClosedRange<Int>) -> [TaskShape: [OwnInstant: Run]] {
        [
            shape: Dictionary(
                uniqueKeysWithValues: seconds.map { second in
                    (
                        OwnInstant(moment(Double(second)), "a"),
                        Run.example {
                            ($0.id, $0.dueAt) = (RunID(Int64(second)), moment(Double(second)))
                        }
                    )
                })
        ]
    }

    /// However the beat lies to our instants, each message stands for one of them, and none for two.
    @Test(arguments: [0.0, 0.05, 0.37, 0.49, 0.51, 0.8, 0.99])
    func eachMessageStandsForOneInstant(_ phase: Double) {
        var handover = BeatHandover()
        var done: [Int64] = []
        for second in 10..<20 {
            handover.take([BeatMessage(at: moment(Double(second) + phase), shape)])
            done += handover.done(among: runs(5...(second + 10))).map(\.id.value)
        }
        #expect(done.count == 10)
        #expect(done == Array(done[0]..<(done[0] + 10)))
        #expect(handover.unmatched.isEmpty && handover.counts == [shape: 10])
    }

    @Test func aMessageWaitsForAnInstantThatIsNotPlannedYet() {
        var handover = BeatHandover()
        handover.take([BeatMessage(at: moment(10), shape)])
        #expect(handover.done(among: [:]).isEmpty)
        #expect(handover.openShapes == [shape])
        #expect(handover.done(among: runs(5...20)).map(\.id.value) == [10])
        #expect(handover.openShapes.isEmpty)
    }
}

extension BeatMessage {
    init(at sentAt: Timestamp, _ shape: TaskShape) {
        let second = Double(sentAt.duration(since: Timestamp(seconds: 1000)).components.attoseconds) / 1e18
        let whole = Double(sentAt.duration(since: Timestamp(seconds: 1000)).components.seconds)
        self.init(sentAt: sentAt, id: "\(whole + second)", shape: shape)
    }
}
