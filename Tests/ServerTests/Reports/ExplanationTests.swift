import Onebeat
import OnebeatServer
import Testing

private func at(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .distantPast }

private let now = at("2026-11-23T12:00:00Z")
private let due = at("2026-11-23T03:00:00Z")

/// A job that is due at three each night, and what is known of it.
private struct Scene {
    var schedule = ScheduleDefinition.cron("0 3 * * *")
    var policies = JobPolicies()
    var isPaused = false
    var createdAt = at("2026-11-01T00:00:00Z")
    var watermark = now
    var runs: [Run] = []
    var attempts: [Attempt] = []
    var events: [Event] = []
    var nodes = [node()]
    var clock: String?
    var removal: Event?
    var needs: [String: Need] = [:]
    var work = Work.shell("true", ProcessSettings())
    var running: [Run] = []
    var neighbours: [Run] = []
    var lastSuccessAt: Timestamp?
    var taskWord: String?
    var standby: Standby?

    static func node(
        joined: Timestamp = at("2026-11-01T00:00:00Z"), queues: [String] = ["default"], slots: Int = 4
    ) -> NodeRecord {
        NodeRecord(
            id: NodeID(name: "n1", boot: "b"), joinedAt: joined, leaseUntil: now + .seconds(9), slots: slots,
            queues: queues, version: "1", processID: 1)
    }

    func explain(_ moment: Timestamp?) throws -> Explanation {
        var definition = JobDefinition(
            name: "job", schedule: schedule, work: work, policies: policies)
        definition.needs = needs
        let record = JobRecord(
            definition: definition, isPaused: isPaused, watermark: watermark, nextAt: nil, createdAt: createdAt)
        var evidence = Evidence(
            job: record, schedule: try Schedule(schedule, jobName: "job"), moment: moment, now: now)
        evidence.runs = runs
        evidence.attempts = attempts
        evidence.events = events
        evidence.nodes = nodes
        evidence.clock = clock.map(Schedule.clock)
        evidence.removal = removal
        evidence.running = running
        evidence.taskWord = taskWord
        evidence.standby = standby
        evidence.neighbours = neighbours
        evidence.lastSuccessAt = lastSuccessAt
        return Explanation(evidence)
    }
}

private func run(
    _ state: RunState, id: Int64 = 1, at scheduledAt: Timestamp = due, reason: Reason? = nil, started: Duration? = nil,
    took: Duration? = nil, _ change: (inout Run) -> Void = { _ in }
) -> Run {
    var run = Run(
        id: RunID(id), version: JobVersion(job: "job", generation: 1, version: 1), scheduledAt: scheduledAt,
        dueAt: scheduledAt, deadlineAt: scheduledAt + .seconds(3600), state: state)
    run.reason = reason
    if let started {
        run.startedAt = scheduledAt + started
        run.attempt = 1
        run.node = "n1"
    }
    if let took { run.finishedAt = (run.startedAt ?? scheduledAt) + took }
    change(&run)
    return run
}

extension Explanation {
    fileprivate func says(_ words: String) -> Bool { sentences.joined(separator: "\n").contains(words) }
}

@Suite("Explanations of runs")
struct RunExplanationTests {
    @Test func aRunOnTimeSaysSo() throws {
        let answer = try Scene(runs: [run(.succeeded, started: .milliseconds(3), took: .seconds(5))]).explain(due)
        #expect(answer.verdict == .ran)
        #expect(answer.says("started on time on node n1"))
        #expect(answer.says("It succeeded after 5s."))
    }

    @Test func aLateRunNamesTheRunItWaitedFor() throws {
        var scene = Scene()
        scene.policies.overlap = .queue
        let before = run(.succeeded, at: due - .seconds(60), started: .zero, took: .seconds(90))
        scene.runs = [before, run(.succeeded, id: 2, started: .seconds(31), took: .seconds(1))]
        let answer = try scene.explain(due)
        #expect(answer.verdict == .ranLate)
        #expect(answer.says("started 31s late"))
        #expect(answer.says("Run 1 of the job was still active when it was due, and `overlap: queue` let it wait."))
    }

    @Test func aLateRunNamesTheNodeThatJoinedTooLate() throws {
        let late = run(.succeeded, started: .seconds(600), took: .seconds(1))
        let answer = try Scene(runs: [late], nodes: [Scene.node(joined: due + .seconds(599))]).explain(due)
        #expect(answer.says("joined at 2026-11-23 03:09:59 UTC, after it was due"))
    }

    @Test func aFailureTellsOfEveryAttempt() throws {
        var scene = Scene()
        scene.policies.retry = RetryPolicy(limit: 1)
        scene.runs = [
            run(.failed, started: .seconds(0), took: .seconds(2)) {
                $0.attempt = 2
                $0.message = "exit code 3"
            }
        ]
        var first = Attempt(
            run: RunID(1), number: 1, fence: Fence(1), node: "n0", boot: "b", startedAt: due)
        first.outcome = "lost"
        scene.attempts = [
            first, Attempt(run: RunID(1), number: 2, fence: Fence(2), node: "n1", boot: "b", startedAt: due),
        ]
        let answer = try scene.explain(due)
        #expect(answer.says("Attempt 1 was lost with node n0."))
        #expect(answer.says("Attempt 2 was started at 2026-11-23 03:00:00 UTC on node n1."))
        #expect(answer.says("Attempt 2 failed after 2s: exit code 3."))
        #expect(answer.says("`retry.limit` is 1"))
    }

    @Test func aSkipNamesTheRunThatWasActive() throws {
        let active = run(.running, at: due - .seconds(60), started: .zero)
        let answer = try Scene(runs: [active, run(.skipped, id: 2, reason: .overlap, took: .zero)]).explain(due)
        #expect(answer.verdict == .skipped)
        #expect(answer.says("run 1, due at 2026-11-23 02:59:00 UTC and still running, was still active"))
    }

    @Test func aSkipNamesWhoPausedTheJob() throws {
        let pause = Event("job.paused", job: "job", actor: "anna@shop", at: due - .seconds(60))
        let answer = try Scene(runs: [run(.skipped, reason: .paused, took: .zero)], events: [pause]).explain(due)
        #expect(answer.says("because the job was paused (by anna@shop at 2026-11-23 02:59:00 UTC)"))
    }

    @Test func aMissedInstantNamesItsDeadlineAndWhoWasUp() throws {
        let answer = try Scene(
            runs: [run(.missed, reason: .tooLate)], nodes: [Scene.node(joined: due + .seconds(7200))]
        ).explain(due)
        #expect(answer.verdict == .missed)
        #expect(answer.says("no node could start it by 2026-11-23 04:00:00 UTC (deadline: 1h)"))
        #expect(answer.says("The earliest node still known joined at 2026-11-23 05:00:00 UTC, after that."))
    }

    @Test func anInstantWithinARangeIsExplainedByItsRow() throws {
        let range = run(.missed, at: due - .seconds(5 * 86_400), reason: .coalesced) {
            $0.rangeEnd = due - .seconds(86_400)
            $0.count = 5
        }
        let newest = run(.succeeded, id: 2, started: .seconds(1000), took: .seconds(1))
        let answer = try Scene(runs: [range, newest]).explain(due - .seconds(3 * 86_400))
        #expect(answer.run?.id == RunID(1))
        #expect(answer.says("5 due instants from 2026-11-18 03:00:00 UTC to 2026-11-22 03:00:00 UTC"))
        #expect(answer.says("Run 2, due at 2026-11-23 03:00:00 UTC, ran in that place."))
    }

    @Test func aWaitingRunSaysThatNobodyServesItsQueue() throws {
        let waiting = run(.scheduled, at: now - .seconds(60)) { $0.queue = "mail" }
        let answer = try Scene(runs: [waiting]).explain(nil)
        #expect(answer.verdict == .waits)
        #expect(answer.says("No living node serves its queue \"mail\" (they serve default)"))
    }

    @Test func aRunThatWaitsForWhatItNeedsSaysSoAndSoDoesOneThatMissedIt() throws {
        let waiting = run(.scheduled, at: now - .seconds(60)) { $0.message = "waits for load (same_day)" }
        let answer = try Scene(runs: [waiting], needs: ["load": .sameDay]).explain(nil)
        #expect(answer.verdict == .waits)
        #expect(answer.says("It is held: waits for load (same_day). `needs` lets it go"))
        let missed = run(.missed, reason: .upstream) { $0.message = "load (same_day) did not succeed" }
        let after = try Scene(runs: [missed], needs: ["load": .sameDay]).explain(due)
        #expect(after.says("It was missed, because load (same_day) did not succeed by its deadline"))
    }

    @Test func aRunThatStandsForAPastInstantIsNotLateForThat() throws {
        let again = run(.succeeded, started: .seconds(3600), took: .seconds(1)) {
            $0.kind = .manual
            $0.requestID = "retry-of-7"
            $0.dueAt = due + .seconds(3600)
        }
        let answer = try Scene(runs: [again]).explain(due)
        #expect(answer.says("Run 1 was asked for by hand, for 2026-11-23 03:00:00 UTC (retry-of-7)."))
        #expect(answer.says("It started on time"))
        var filled = again
        filled.kind = .backfill
        filled.requestID = "backfill-3"
        let filling = try Scene(runs: [filled]).explain(due)
        #expect(filling.says("Run 1 makes up for 2026-11-23 03:00:00 UTC, by a backfill (backfill-3)."))
        #expect(filling.says("It started on time"))
    }

    @Test func aWaitingRunSaysThatNobodyIsUp() throws {
        let answer = try Scene(runs: [run(.scheduled, at: now - .seconds(60))], nodes: []).explain(nil)
        #expect(answer.says("No node is up now, or none can write to the store"))
    }

    @Test func aCancelledRunNamesWhoAsked() throws {
        let request = Event("run.cancel_requested", job: "job", run: RunID(1), actor: "anna@shop", at: due)
        let answer = try Scene(
            runs: [run(.cancelled, reason: .requested, started: .zero, took: .seconds(3))], events: [request]
        ).explain(due)
        #expect(answer.verdict == .cancelled)
        #expect(answer.says("as anna@shop asked"))
    }

    @Test func aLostRunSaysWhyItIsNotStartedAgain() throws {
        let answer = try Scene(runs: [run(.lost, started: .zero, took: .seconds(9))]).explain(due)
        #expect(answer.says("`delivery: at_most_once` forbids to start it again"))
    }

    @Test func aRunInProgressAfterATakeoverTellsOfTheLoss() throws {
        var first = Attempt(run: RunID(1), number: 1, fence: Fence(1), node: "n0", boot: "b", startedAt: due)
        first.outcome = "lost"
        let second = Attempt(
            run: RunID(1), number: 2, fence: Fence(2), node: "n1", boot: "b", startedAt: due + .seconds(14))
        let running = run(.running, started: .seconds(14)) { $0.attempt = 2 }
        let answer = try Scene(runs: [running], attempts: [first, second]).explain(due)
        #expect(answer.verdict == .running)
        #expect(answer.says("Attempt 1 was lost with node n0."))
        #expect(answer.says("Attempt 2 was started at 2026-11-23 03:00:14 UTC on node n1."))
    }

    /// An outage was told as "all slots taken".
    @Test func anOutageIsToldAsOne() throws {
        var gone = Scene.node()
        gone.isGone = true
        let late = run(.succeeded, started: .seconds(600), took: .seconds(1))
        let answer = try Scene(runs: [late], nodes: [gone, Scene.node(joined: due + .seconds(590))]).explain(due)
        #expect(answer.says("it started when the outage was over"))
        #expect(!answer.says("all slots taken"))
    }

    @Test func whereANodeWasUpTheUsualCausesAreNamed() throws {
        let late = run(.succeeded, started: .seconds(600), took: .seconds(1))
        #expect(
            try Scene(runs: [late]).explain(due).says("Nodes were up, and the rows do not say more: all slots taken"))
    }

    /// "A newer due instant ran in its place" was said where that one did not run either.
    @Test func whatStoodForMissedInstantsAndDidNotRunIsToldAsThat() throws {
        let missed = run(.missed, at: due - .seconds(86_400), reason: .coalesced)
        let skipped = run(.skipped, id: 2, reason: .paused, took: .zero)
        let pause = Event("job.paused", job: "job", actor: "anna@shop", at: due - .seconds(2 * 86_400))
        let answer = try Scene(runs: [missed, skipped], events: [pause]).explain(due - .seconds(86_400))
        #expect(
            answer.says(
                "Run 2, due at 2026-11-23 03:00:00 UTC, stood for them, and was skipped too: the job was paused."))
        #expect(answer.says("The job was paused then (by anna@shop at"))
        #expect(!answer.says("ran in"))
    }

    @Test func aFailureNamesTheLastLineOfItsOutput() throws {
        let failed = run(.failed, started: .zero, took: .seconds(2)) {
            $0.message = "exit code 1; last line: No space left on device"
        }
        #expect(
            try Scene(runs: [failed]).explain(due).says(
                "failed after 2s: exit code 1; last line: No space left on device"))
    }

    @Test(arguments: [Reason.upstream, .upstreamSkipped])
    func aFollowerThatCouldNotStartNamesWhatItFollows(_ reason: Reason) throws {
        let skipped = run(.skipped, reason: reason, took: .zero) { run in
            run.message = "transform failed"
            run.flow = RunID(7)
        }
        let answer = try Scene(runs: [skipped]).explain(due)
        #expect(answer.says("transform failed"))
        #expect(answer.says("`onebeat flow"))
    }

    @Test func aForeignLockIsNotToldAsARunOfTheJob() throws {
        let skipped = run(.skipped, reason: .overlap, took: .zero) { $0.message = "another program holds lock:job:job" }
        let answer = try Scene(runs: [skipped]).explain(due)
        #expect(answer.says("because another program holds lock:job:job"))
        #expect(!answer.says("an earlier run"))
    }

    @Test func aRemovedJobsRunIsToldByItsLastDefinition() throws {
        var scene = Scene(runs: [run(.succeeded, started: .zero, took: .seconds(2))])
        scene.removal = Event("job.removed", job: "job", actor: "anna@shop", at: now - .seconds(60))
        for moment in [due, nil] {
            let answer = try scene.explain(moment)
            #expect(answer.says("it was removed by anna@shop at 2026-11-23 11:59:00 UTC"))
            #expect(answer.says("It succeeded after 2s."))
            #expect(!answer.says("next due"))
        }
    }

    @Test func theReadersClockIsUsedAndTheJobsOwnStandsBesideIt() throws {
        var scene = Scene(runs: [run(.succeeded, started: .zero, took: .seconds(2))])
        scene.clock = "Asia/Shanghai"
        let answer = try scene.explain(due)
        #expect(answer.says("Run 1 was due at 2026-11-23 11:00:00 +08:00."))
        #expect(answer.says("On the job's clock, UTC, that is 2026-11-23 03:00:00 UTC."))
    }

    @Test func aRunOfAnOlderDefinitionSaysSo() throws {
        let old = run(.succeeded, started: .zero, took: .zero) { $0.version.version = 0 }
        #expect(try Scene(runs: [old]).explain(due).says("version 0 of the definition; version 1 is in force"))
    }
}

@Suite("Explanations of runs that wait, and that run")
struct OpenRunExplanationTests {
    /// A run of another job, on the node.
    private func other(_ id: Int64, since: Timestamp, ended: Timestamp? = nil) -> Run {
        var other = run(ended == nil ? .running : .succeeded, id: id, at: since, started: .zero)
        other.version.job = "hog"
        other.finishedAt = ended
        return other
    }

    /// "It will be claimed within a second, unless all slots are taken" was said while they were.
    @Test func whereAllSlotsAreTakenItSaysByWhat() throws {
        let waiting = run(.scheduled, id: 9, at: now - .seconds(60))
        var scene = Scene(runs: [waiting], nodes: [Scene.node(slots: 1)], running: [other(7, since: due)])
        let answer = try scene.explain(nil)
        #expect(answer.verdict == .waits)
        #expect(
            answer.says(
                "The only slot of queue \"default\" is taken by run 7 of job hog, since 2026-11-23 03:00:00 UTC."))
        #expect(!answer.says("within a second"))
        scene.nodes = [Scene.node(slots: 2)]
        #expect(try scene.explain(nil).says("will claim it within a second: 1 of 2 slots are taken."))
        scene.running.append(other(8, since: due + .seconds(5)))
        let full = try scene.explain(nil)
        #expect(full.says("All 2 slots of queue \"default\" are taken; longest by run 7 of job hog, since"))
        #expect(full.says("That job has 2 of them."))
    }

    @Test func aLateRunNamesWhatHadTheSlots() throws {
        let late = run(.succeeded, id: 9, started: .seconds(600), took: .seconds(1))
        let holder = other(7, since: due - .seconds(60), ended: due + .seconds(599))
        var scene = Scene(runs: [late], nodes: [Scene.node(slots: 1)], neighbours: [late, holder])
        let answer = try scene.explain(due)
        #expect(answer.says("was taken then by run 7 of job hog, until 2026-11-23 03:09:59 UTC."))
        #expect(!answer.says("the rows do not say more"))
        scene.nodes = [Scene.node(slots: 2)]
        #expect(try scene.explain(due).says("the rows do not say more"))
        let second = other(8, since: due - .seconds(60), ended: due + .seconds(700))
        scene.neighbours.append(second)
        #expect(try scene.explain(due).says("the first to end was run 7 of job hog, at 2026-11-23 03:09:59 UTC."))
    }

    @Test func aRunningRunIsCalledThat() throws {
        let answer = try Scene(runs: [run(.running, at: now - .seconds(60), started: .zero)], nodes: []).explain(nil)
        #expect(answer.verdict == .running)
        #expect(answer.says("It is running: for 1m, since 2026-11-23 11:59:00 UTC."))
        #expect(answer.says("No node is up now"))
    }

    @Test func aTaskOfOtherWorkersHasItsNewestWord() throws {
        var scene = Scene(runs: [run(.running, at: now - .seconds(60), started: .zero)])
        scene.taskWord = "celery: no worker has taken it for 30 s"
        #expect(try scene.explain(nil).says("The newest word on its task: celery: no worker has taken it for 30 s."))
    }

    @Test func whatWaitsForATakeOverSaysSo() throws {
        var scene = Scene(runs: [run(.scheduled, at: now - .seconds(60))])
        scene.standby = .handingOver(from: now - .seconds(120))
        #expect(
            try scene.explain(nil).says(
                "The work has been handed over since 2026-11-23 11:58:00 UTC: what falls due waits until"
                    + " `onebeat take-over` has come to its end."))
    }

    @Test func aRunThatIsToStartAgainSaysThatNobodyIsUp() throws {
        let lost = run(.scheduled, at: now - .seconds(60), reason: .workerLost, started: .zero)
        let answer = try Scene(runs: [lost], nodes: []).explain(nil)
        #expect(answer.says("The worker of attempt 1 vanished, so it is to be started again."))
        #expect(answer.sentences.count { $0.hasPrefix("No node is up now") } == 1)
    }

    @Test func nodesThatServeNoQueueAreNotListedAsServing() throws {
        let waiting = run(.scheduled, at: now - .seconds(60))
        let answer = try Scene(runs: [waiting], nodes: [Scene.node(queues: [])]).explain(nil)
        #expect(answer.says("No living node serves any queue; start one that does with `onebeat up --queue default`."))
        #expect(!answer.says("they serve"))
    }
}

@Suite("Explanations of jobs that run elsewhere")
struct SignalExplanationTests {
    private let day = Duration.seconds(86_400)

    /// Of which a success is expected at three each night, an hour late at most.
    private func scene(_ runs: [Run] = [], lastSuccessAt: Timestamp? = nil) -> Scene {
        var scene = Scene(schedule: .manual, runs: runs, lastSuccessAt: lastSuccessAt)
        scene.work = .signal(SignalWatch(.cron("0 3 * * *"), grace: .seconds(3600)))
        return scene
    }

    private func word(_ state: RunState, at moment: Timestamp, took: Duration? = .zero) -> Run {
        run(state, at: moment, started: .zero, took: took) {
            $0.kind = .manual
            $0.need = SignalWatch.kind
            $0.node = "anna"
        }
    }

    @Test func whatIsExpectedAndHowLateItIsAreTold() throws {
        let late = try scene(lastSuccessAt: due - day).explain(nil)
        #expect(
            late.says("A success was expected at 2026-11-23 03:00:00 UTC, 1h late at most: it is 9h late."))
        #expect(late.says("The last success came at 2026-11-22 03:00:00 UTC."))
        let well = try scene(lastSuccessAt: due).explain(nil)
        #expect(well.says("A success is expected at 2026-11-24 03:00:00 UTC, in 15h, 1h late at most."))
        #expect(!well.says("was expected"))
        #expect(well.says("No run of it is kept.") && !well.says("No word of the job has come"))
        #expect(try scene().explain(nil).says("No success ever came."))
        var within = scene(lastSuccessAt: now - day - .seconds(60))
        within.work = .signal(SignalWatch(.every(day), grace: .seconds(3600)))
        #expect(
            try within.explain(nil).says(
                "A success was expected at 2026-11-23 11:59:00 UTC, and may come until 2026-11-23 12:59:00 UTC."))
    }

    @Test func aRunThatBeganIsOpenSinceThen() throws {
        let answer = try scene([word(.running, at: now - .seconds(7200), took: nil)]).explain(nil)
        #expect(answer.verdict == .running)
        #expect(answer.says("It is open since 2026-11-23 10:00:00 UTC: no word of its end has come."))
        #expect(answer.says("That word was to come by 2026-11-23 11:00:00 UTC: it is 1h late."))
        let fresh = try scene([word(.running, at: now - .seconds(60), took: nil)]).explain(nil)
        #expect(fresh.says("It is open since") && !fresh.says("That word was to come"))
    }

    @Test func anExpectedInstantThatWasMissedSaysSo() throws {
        let before = word(.succeeded, at: due - day)
        let missed = try scene([before], lastSuccessAt: due - day).explain(due)
        #expect(missed.says("The success before came at 2026-11-22 03:00:00 UTC."))
        #expect(missed.says("One was expected at 2026-11-23 03:00:00 UTC, 1h late at most."))
        #expect(missed.says("It was missed: none has come, and it is 9h late."))
        let late = word(.succeeded, at: due + .seconds(7200))
        #expect(
            try scene([before, late], lastSuccessAt: late.finishedAt).explain(due).says(
                "It was missed: word came only at 2026-11-23 05:00:00 UTC, 2h late."))
        let inTime = word(.succeeded, at: due + .seconds(600))
        let well = try scene([before, inTime], lastSuccessAt: inTime.finishedAt).explain(due)
        #expect(well.says("It came at 2026-11-23 03:10:00 UTC, in time.") && !well.says("missed"))
        let known = try scene([before], lastSuccessAt: now).explain(due)
        #expect(known.says("Word of a success has come since, the last at 2026-11-23 12:00:00 UTC."))
    }

    @Test func aMomentBeforeItWasStoredExpectedNothing() throws {
        var scene = scene()
        scene.createdAt = due + .seconds(60)
        let answer = try scene.explain(due)
        #expect(
            answer.says("The job was stored only at 2026-11-23 03:01:00 UTC, and no word was expected before."))
        #expect(!answer.says("missed"))
    }

    /// Its worker was said to have vanished, and that it could be tried again.
    @Test func whatNoEndWasToldOfIsNotToldAsALostWorker() throws {
        let answer = try scene([word(.lost, at: due, took: .seconds(60))]).explain(due)
        #expect(
            answer.says(
                "No word of its end came, so how it ended is not known; it was given up at 2026-11-23 03:01:00 UTC."))
        #expect(!answer.says("worker") && !answer.says("retry") && !answer.says("at_most_once"))
    }

    @Test func aFailureSaysNothingOfFurtherAttempts() throws {
        let answer = try scene([word(.failed, at: due)]).explain(due)
        #expect(answer.says("It failed"))
        #expect(!answer.says("retry"))
    }
}

@Suite("Explanations of moments without a run")
struct AbsenceExplanationTests {
    @Test func aMomentThatIsNotDueNamesItsNeighbours() throws {
        let answer = try Scene().explain(at("2026-11-23T03:07:00Z"))
        #expect(answer.verdict == .notDue)
        #expect(answer.says("The due instant before is 2026-11-23 03:00:00 UTC."))
        #expect(answer.says("The one after is 2026-11-24 03:00:00 UTC."))
    }

    /// 15:06:30 got "not due", and no word on what became of 15:06:00.
    @Test func theInstantBeforeTellsWhatBecameOfIt() throws {
        let failed = run(.failed, started: .zero, took: .seconds(2)) { $0.message = "exit code 1" }
        let answer = try Scene(runs: [failed]).explain(due + .seconds(30))
        #expect(
            answer.says(
                "The due instant before is 2026-11-23 03:00:00 UTC: run 1, failed at 2026-11-23 03:00:02 UTC: exit code 1."
            ))
    }

    @Test func aMomentMeantOnTheJobsClockIsFound() throws {
        var scene = Scene()
        scene.clock = "Asia/Shanghai"
        // 03:00 in Shanghai; the job is due at 03:00 UTC.
        let answer = try scene.explain(at("2026-11-22T19:00:00Z"))
        #expect(answer.verdict == .notDue)
        #expect(answer.says("It is due when the job's own clock, UTC, shows that time: at 2026-11-23 11:00:00 +08:00"))
    }

    @Test func anExceptionIsNamed() throws {
        var scene = Scene()
        scene.schedule.except = ["2026-11-23"]
        #expect(try scene.explain(due).says("`except` takes that instant away (2026-11-23)."))
    }

    @Test func aStartAndAnEndAreNamed() throws {
        var scene = Scene()
        scene.schedule.start = at("2026-11-23T12:00:00Z")
        #expect(try scene.explain(due).says("The schedule starts at 2026-11-23 12:00:00 UTC."))
        scene.schedule.start = nil
        scene.schedule.end = at("2026-11-22T12:00:00Z")
        #expect(try scene.explain(due).says("The schedule ended at 2026-11-22 12:00:00 UTC."))
    }

    @Test func aChangeOfTheClocksIsNamed() throws {
        var scene = Scene()
        scene.schedule = .cron("30 2 * * *", timezone: "Europe/Berlin")
        scene.createdAt = at("2026-01-01T00:00:00Z")
        let answer = try scene.explain(at("2026-03-29T01:30:00Z"))
        #expect(answer.verdict == .notDue)
        #expect(answer.says("02:30:00 does not exist on 2026-03-29"))
    }

    @Test func aMomentBeforeTheJobWasStoredIsExplained() throws {
        let answer = try Scene(createdAt: due + .seconds(60)).explain(due)
        #expect(answer.verdict == .notDue)
        #expect(answer.says("first due instant after it was stored"))
    }

    /// Instants before it was stored were named as though it had been due then.
    @Test func instantsBeforeTheJobWasStoredAreNotNamed() throws {
        let scene = Scene(createdAt: due + .seconds(3600))
        for moment in [due + .seconds(60), due + .seconds(7200), due - .seconds(3 * 86_400 + 60)] {
            let answer = try scene.explain(moment)
            #expect(answer.verdict == .notDue)
            #expect(
                answer.says("The job was stored only at 2026-11-23 04:00:00 UTC, and was due at no instant before."))
            #expect(answer.says("The one after is 2026-11-24 03:00:00 UTC."))
            #expect(!answer.says("The due instant before"))
        }
    }

    @Test func aRunByHandWithinTheMinuteIsTold() throws {
        func byHand(_ moment: Timestamp) -> Run {
            run(.succeeded, id: 5, at: moment, started: .zero, took: .seconds(2)) { $0.kind = .manual }
        }
        let moment = at("2026-11-23T03:07:00Z")
        let words = "A run was asked for near that, at 2026-11-23 03:07:20 UTC: run 5, succeeded"
        #expect(try Scene(runs: [byHand(moment + .seconds(20))]).explain(moment).says(words))
        #expect(try !Scene(runs: [byHand(moment + .seconds(61))]).explain(moment).says("asked for near"))
        let both = [run(.succeeded, started: .zero, took: .zero), byHand(due + .seconds(20))]
        let answer = try Scene(runs: both).explain(due)
        #expect(answer.run?.id == RunID(1))
        #expect(answer.says("near that, at 2026-11-23 03:00:20 UTC: run 5"))
    }

    @Test func aPausedJobSaysSoWhateverItsRhythm() throws {
        let pause = Event("job.paused", job: "job", actor: "anna@shop", at: due)
        let rhythms: [ScheduleDefinition] = [
            .manual, ScheduleDefinition(.event("file")), ScheduleDefinition(.after(["load"])), .cron("0 3 * * *"),
        ]
        for schedule in rhythms {
            let answer = try Scene(schedule: schedule, isPaused: true, events: [pause]).explain(nil)
            #expect(answer.says("The job is paused, by anna@shop at 2026-11-23 03:00:00 UTC:"), "\(schedule)")
        }
        #expect(
            try Scene(schedule: .manual, isPaused: true).explain(nil).says("what is asked for by hand runs nonetheless")
        )
        var elsewhere = Scene(schedule: .manual, isPaused: true, events: [pause])
        elsewhere.work = .signal(SignalWatch(.every(.seconds(86_400))))
        #expect(
            try elsewhere.explain(nil).says(
                "The job is paused, by anna@shop at 2026-11-23 03:00:00 UTC: nobody is told"))
    }

    @Test func aMomentToComeIsAnnounced() throws {
        let answer = try Scene(isPaused: true).explain(at("2026-11-24T03:00:00Z"))
        #expect(answer.verdict == .planned)
        #expect(answer.says("will be due at 2026-11-24 03:00:00 UTC, in 15h"))
        #expect(answer.says("The job is paused"))
    }

    @Test func anInstantThatNobodyPlannedIsUnrecorded() throws {
        let answer = try Scene(watermark: due - .seconds(60), nodes: []).explain(due)
        #expect(answer.verdict == .unrecorded)
        #expect(answer.says("No node is up to plan it."))
    }

    @Test func aDefinitionThatChangedLaterIsNamed() throws {
        let change = Event("job.changed", job: "job", actor: "anna@shop", at: due + .seconds(60))
        #expect(try Scene(events: [change]).explain(due).says("The definition was changed by anna@shop"))
    }

    @Test func withoutAMomentTheNextInstantIsNamed() throws {
        let answer = try Scene().explain(nil)
        #expect(answer.says("The job has not been due since it was stored."))
        #expect(answer.says("It is next due at 2026-11-24 03:00:00 UTC, in 15h."))
    }

    @Test func anAlertSaysWhenItTells() throws {
        var scene = Scene(schedule: .manual)
        scene.work = .alert(AlertRule(channel: "run"))
        #expect(
            try scene.explain(nil).says(
                "It sends a message when there is something to tell; `onebeat alerts test job` sends a sample."))
        scene.isPaused = true
        #expect(try scene.explain(nil).says("The job is paused: nothing is told by it until"))
    }

    /// Why a run is there, where its schedule did not make it.
    @Test(
        arguments: [
            ("message-17", "alert", "was made at 2026-11-23 03:00:00 UTC to send message 17, of what was found then"),
            ("message-17-to-ab.cd", "alert", "to send message 17 to those whom the mail server had refused"),
            ("test-x", "alert", "was asked for by hand at 2026-11-23 03:00:00 UTC, to send a sample."),
            ("event-4", "run", "was started at 2026-11-23 03:00:00 UTC by the event \"file\"."),
            ("one", "run", "was asked for by hand at 2026-11-23 03:00:00 UTC."),
            ("retry-of-3", "run", "was asked for by hand, for 2026-11-23 03:00:00 UTC (retry-of-3)."),
        ])
    func aRunSaysWhyItIsThere(request: String, need: String, words: String) throws {
        var scene = Scene(schedule: need == "alert" ? .manual : ScheduleDefinition(.event("file")))
        if need == "alert" { scene.work = .alert(AlertRule(channel: "run")) }
        scene.runs = [
            run(.succeeded, started: .zero, took: .seconds(2)) {
                ($0.kind, $0.requestID, $0.need, $0.message) = (.manual, request, need, "as it should")
            }
        ]
        let answer = try scene.explain(nil)
        #expect(answer.says(words), "\(answer.sentences)")
        #expect(answer.says("It succeeded after 2s: as it should."))
    }

    @Test(
        arguments: [
            (RunKind.manual, "message-17", "alerts/a/slack", "alert", "message 17"),
            (.manual, "message-17-to-ab", "alerts/a/email", "alert", "message 17, to the rest"),
            (.manual, "x", "alerts/a/slack", "alert", "a sample, by hand"),
            (.manual, "x", "alerts/a/ping", "alert", "by hand"), (.scheduled, "", "alerts/a/ping", "alert", nil),
            (.manual, "event-4", "a", "run", "by an event"), (.manual, "event-x", "a", "run", "by hand"),
            (.manual, "x", "a", "signal", "told of"), (.scheduled, "", "a", "run", nil),
            (.backfill, "1", "a", "run", nil),
        ] as [(RunKind, String, String, String, String?)])
    func aTableSaysItInAFewWords(kind: RunKind, request: String, job: String, need: String, words: String?) {
        var run = run(.succeeded)
        (run.kind, run.requestID, run.version.job, run.need) = (kind, request, job, need)
        #expect(run.originInShort == words)
    }

    @Test func aJobByHandSaysHowToRunIt() throws {
        #expect(try Scene(schedule: .manual).explain(nil).says("`onebeat trigger job`"))
    }
}
