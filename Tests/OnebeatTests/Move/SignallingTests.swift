import Testing

@testable import Onebeat

private let now = Timestamp(seconds: 1_800_000_000)
private let grace = Duration.seconds(60)

private func run(_ id: Int64, _ request: String, begun ago: Int = 10, _ state: RunState = .running) -> Run {
    var run = Run(
        id: RunID(id), version: JobVersion(job: "a", generation: 1, version: 1), kind: .manual, scheduledAt: now,
        requestID: request, dueAt: now, state: state, need: SignalWatch.kind)
    run.startedAt = now - .seconds(ago)
    return run
}

private func decide(_ word: JobSignal.Word, id: String? = nil, named: Run? = nil, open: [Run] = []) -> Signalling {
    Signalling.decide(
        JobSignal(word, of: "a", id: id, by: "ann"), named: named, open: open, grace: grace, at: now)
}

@Suite struct SignallingTests {
    private let unnamed = run(1, "signal-x")
    private let named = run(2, "night-1")
    private let old = run(3, "night-0", begun: 61)

    @Test func anEndBelongsToTheNewestRunThatBeganWithoutAnID() {
        let second = run(5, "signal-y")
        #expect(decide(.success, open: [unnamed, named, second]).target == .run(second))
        #expect(decide(.fail, open: [named]).target == .fresh)
        #expect(decide(.success).target == .fresh)
    }

    @Test func aStartIsARunOfItsOwnAndTheOneBeforeIsGivenUp() {
        let result = decide(.start, open: [unnamed, named])
        #expect(result.target == .fresh && result.abandoned == [unnamed])
    }

    @Test func wordsOfOneIDAreOfOneRun() {
        #expect(decide(.success, id: "night-1", named: named, open: [unnamed, named]).target == .run(named))
        #expect(decide(.success, id: "night-2", open: [named]).target == .fresh)
        #expect(decide(.start, id: "night-1", named: named, open: [named]).isKnown)
        let ended = run(2, "night-1", .succeeded)
        #expect(decide(.success, id: "night-1", named: ended).isKnown)
        #expect(decide(.success, id: "night-1", named: ended).conflict == nil)
    }

    @Test func anotherWordOnARunThatEndedIsAConflict() {
        var ended = run(2, "night-1", .succeeded)
        ended.finishedAt = now - .seconds(10)
        #expect(decide(.fail, id: "night-1", named: ended).conflict?.hasPrefix("run 2 of that id is succeeded") == true)
        #expect(decide(.start, id: "night-1", named: ended).conflict == nil)
        ended.finishedAt = now - .seconds(61)
        #expect(decide(.start, id: "night-1", named: ended).conflict != nil, "the night after")
        #expect(decide(.success, id: "night-1", named: ended).conflict != nil)
        let lost = run(3, "night-2", .lost)
        #expect(decide(.success, id: "night-2", named: lost).conflict != nil)
        #expect(decide(.fail, id: "night-2", named: lost).conflict == nil)
    }

    @Test func aRunOfAnIDIsGivenUpAfterItsGraceAndNotByItsOwnWord() {
        #expect(decide(.start, id: "night-1", open: [old, named]).abandoned == [old])
        #expect(decide(.success, id: "night-0", named: old, open: [old]).abandoned == [])
        #expect(decide(.success, id: "n", open: [unnamed]).abandoned == [])
    }

    @Test func wordIsExpectedAfterTheLastOneOrByTheClock() throws {
        let daily = SignalWatch(.every(.seconds(86_400)))
        #expect(
            daily.next(after: now, by: try Schedule(daily.expected, jobName: "a")) == now + .seconds(86_400))
        let nightly = SignalWatch(.cron("0 3 * * *"))
        let last = Timestamp(iso8601: "2026-11-23T03:10:00Z") ?? now
        #expect(
            nightly.next(after: last, by: try Schedule(nightly.expected, jobName: "a"))
                == Timestamp(iso8601: "2026-11-24T03:00:00Z"))
    }

    @Test func onlyARhythmOfItsOwnWillDo() {
        for expected in [ScheduleDefinition.manual, .delay(.seconds(1)), .after("b")] {
            let job = JobDefinition(name: "a", schedule: .manual, work: .signal(SignalWatch(expected)))
            #expect(throws: DefinitionError.self) { try job.validated() }
        }
        let job = JobDefinition(
            name: "a", schedule: .manual, work: .signal(SignalWatch(.every(.seconds(9)), grace: .zero)))
        #expect(throws: DefinitionError.self) { try job.validated() }
    }
}
