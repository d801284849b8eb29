import Onebeat
import OnebeatTesting

extension BadHistory {
    static let all: [BadHistory] = atTheStart + atTheEnd + takenOver + overAll + ofFlows + ofNeeds + ofBackfills

    private static let atTheStart: [BadHistory] = [
        BadHistory("a run is claimed before it is due", .notEarly) {
            var history = try HandMadeHistory()
            try history.claimed(9.9, history.claim(10))
        },
        BadHistory("a further attempt does not wait for its pause", .notEarly) {
            var history = try HandMadeHistory()
            let claim = history.claim(10) { $0.dueAt = HandMadeHistory.second(20) }
            try history.claimed(20, claim)
            try history.worked(20, claim, .timedOut)
            try history.settled(20, claim, .timedOut, as: .scheduled)
            try history.claimed(19, history.claim(10, attempt: 2, fence: 2))
        },
        BadHistory("an attempt's number is given twice", .fences) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.worked(11, claim, .timedOut)
            try history.settled(12, claim, .timedOut, as: .scheduled)
            try history.claimed(13, history.claim(10, attempt: 1, fence: 2))
        },
        BadHistory("a fence is not higher than those before it", .fences) {
            var history = try HandMadeHistory { $0.overlap = .allow }
            try history.claimed(20, history.claim(10, fence: 5))
            try history.claimed(20, history.claim(20, id: 2, fence: 5))
        },
        BadHistory("a run is claimed while another attempt holds it", .oneHolder) {
            var history = try HandMadeHistory { $0.overlap = .allow }
            try history.claimed(10, history.claim(10))
            try history.claimed(11, history.claim(10, attempt: 2, fence: 2, by: HandMadeHistory.b))
        },
        BadHistory("a job has more active runs than its limit", .oneHolder) {
            var history = try HandMadeHistory { $0.limit = 1 }
            try history.claimed(10, history.claim(10))
            try history.claimed(20, history.claim(20, id: 2, fence: 2))
        },
        BadHistory("two runs of one claim pass the limit together", .oneHolder) {
            var history = try HandMadeHistory()
            try history.claimed(20, history.claim(10), history.claim(20, id: 2, fence: 2))
        },
        BadHistory("a node claims after its lease was declared over", .lawfulTakeover) {
            var history = try HandMadeHistory()
            try history.see(30, .reaped(ReapResult(dead: [HandMadeHistory.a], runs: [], hasMore: false)))
            try history.claimed(31, history.claim(10))
        },
        BadHistory("a run of a removed job is claimed", .versions) {
            var history = try HandMadeHistory()
            try history.see(5, .applied([JobChange(.removed, job: "report", record: history.record())]))
            try history.claimed(10, history.claim(10))
        },
        BadHistory("a due run of a paused job is claimed", .versions) {
            var history = try HandMadeHistory()
            try history.see(5, .paused(job: "report", true))
            try history.claimed(10, history.claim(10))
        },
        BadHistory("a run starts after its deadline", .bounded) {
            var history = try HandMadeHistory()
            try history.claimed(20, history.claim(10) { $0.deadlineAt = HandMadeHistory.second(15) })
        },
        BadHistory("a run is skipped though there is room", .bounded) {
            var history = try HandMadeHistory()
            try history.refused(
                10,
                history.run(10) {
                    $0.state = .skipped
                    $0.reason = .overlap
                })
        },
        BadHistory("a run is missed though it is in time", .bounded) {
            var history = try HandMadeHistory()
            try history.refused(
                10,
                history.run(10) {
                    $0.state = .missed
                    $0.reason = .tooLate
                    $0.deadlineAt = HandMadeHistory.second(60)
                })
        },
        BadHistory("a run is cancelled as removed though its job is there", .bounded) {
            var history = try HandMadeHistory()
            try history.refused(
                10,
                history.run(10) {
                    $0.state = .cancelled
                    $0.reason = .removed
                })
        },
    ]

    private static let atTheEnd: [BadHistory] = [
        BadHistory("a run is claimed after it has ended", .oneOutcome) {
            var history = try HandMadeHistory()
            try history.succeed()
            try history.claimed(13, history.claim(10, attempt: 2, fence: 2))
        },
        BadHistory("a stale report is accepted", .oneOutcome) {
            var history = try HandMadeHistory()
            let first = history.claim(10)
            try history.claimed(10, first)
            try history.worked(11, first, .succeeded)
            try history.lease(29, HandMadeHistory.b)
            try history.reaped(31, first, as: .scheduled)
            try history.claimed(32, history.claim(10, attempt: 2, fence: 2, by: HandMadeHistory.b))
            try history.settled(33, first, .succeeded, as: .succeeded)
        },
        BadHistory("a second, different outcome of one attempt is accepted", .oneOutcome) {
            var history = try HandMadeHistory()
            try history.succeed()
            try history.settled(13, history.claim(10), .timedOut, as: .timedOut)
        },
        BadHistory("the valid attempt is refused", .oneOutcome) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.worked(11, claim, .succeeded)
            try history.see(12, .settled(AttemptReport(claim, .succeeded), .fenced))
        },
        BadHistory("a success is reported that was none", .oneOutcome) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.worked(11, claim, .timedOut)
            try history.settled(12, claim, .succeeded, as: .succeeded)
        },
        BadHistory("a failure is recorded as a success", .oneOutcome) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.worked(11, claim, .failed(Failure("no")))
            try history.settled(12, claim, .failed(Failure("no")), as: .succeeded)
        },
        BadHistory("an attempt runs that nobody claimed", .noGhost) {
            var history = try HandMadeHistory()
            try history.see(10, .started(history.claim(10)))
        },
        BadHistory("an attempt runs twice", .noGhost) {
            var history = try HandMadeHistory { $0.overlap = .allow }
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.see(10, .started(claim))
            try history.see(11, .started(claim))
        },
        BadHistory("two runs of a job really overlap", .noOverlap) {
            var history = try HandMadeHistory()
            let first = history.claim(10)
            try history.claimed(10, first)
            try history.see(10, .started(first))
            try history.lease(29, HandMadeHistory.b)
            try history.reaped(31, first, as: .scheduled)
            let second = history.claim(10, attempt: 2, fence: 2, by: HandMadeHistory.b)
            try history.claimed(32, second)
            try history.see(32, .started(second))
        },
        BadHistory("an attempt goes on after its lease", .selfStop) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.see(10, .started(claim))
            try history.see(31, .ended(claim, nil))
        },
        BadHistory("an attempt begins after its lease", .selfStop) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.see(30, .started(claim))
        },
    ]

    private static let takenOver: [BadHistory] = [
        BadHistory("a run is taken over before the lease is over", .lawfulTakeover) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.reaped(29, claim, as: .scheduled)
        },
        BadHistory("a node is declared dead before its lease is over", .lawfulTakeover) {
            var history = try HandMadeHistory()
            try history.see(29, .reaped(ReapResult(dead: [HandMadeHistory.a], runs: [], hasMore: false)))
        },
        BadHistory("a lease that was declared over is regained", .lawfulTakeover) {
            var history = try HandMadeHistory()
            try history.see(30, .reaped(ReapResult(dead: [HandMadeHistory.a], runs: [], hasMore: false)))
            try history.lease(31, HandMadeHistory.a)
        },
        BadHistory("a run is lost that nobody held", .oneOutcome) {
            var history = try HandMadeHistory()
            try history.reaped(31, history.claim(10), as: .scheduled)
        },
        BadHistory("an at-most-once run is due again after its worker was lost", .atMostOnce) {
            var history = try HandMadeHistory { $0.delivery = .atMostOnce }
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.reaped(31, claim, as: .scheduled)
        },
        BadHistory("an at-most-once run starts again after it was handed back", .atMostOnce) {
            var history = try HandMadeHistory { $0.delivery = .atMostOnce }
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.worked(11, claim, .interrupted)
            try history.settled(12, claim, .interrupted, as: .scheduled)
            try history.claimed(13, history.claim(10, attempt: 2, fence: 2))
        },
        BadHistory("a run that lost three workers is tried again", .bounded) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.reaped(31, claim, as: .scheduled, crashes: Settlement.mostCrashes)
        },
    ]

    private static let overAll: [BadHistory] = [
        BadHistory("a watermark goes back", .watermark) {
            var history = try HandMadeHistory()
            try history.see(10, .planned([], jobs: [history.record(watermark: 20)]))
            try history.see(11, .planned([], jobs: [history.record(watermark: 10)]))
        },
        BadHistory("a plan catches up on more than the policy allows", .bounded) {
            var history = try HandMadeHistory()
            let fires = [10.0, 20].map {
                PlannedFire(scheduledAt: HandMadeHistory.second($0), dueAt: HandMadeHistory.second($0))
            }
            let plan = FirePlan(
                version: HandMadeHistory.version, from: HandMadeHistory.second(0),
                through: HandMadeHistory.second(20), nextAt: nil, fires: fires)
            try history.see(100, .planned([plan], jobs: []))
        },
        BadHistory("a re-created job keeps its generation", .versions) {
            var history = try HandMadeHistory()
            try history.see(5, .applied([JobChange(.removed, job: "report", record: history.record())]))
            try history.see(6, .applied([JobChange(.added, job: "report", record: history.record())]))
        },
        BadHistory("an instant has two rows", .unique) {
            var history = try HandMadeHistory()
            try history.succeed()
            var twin = history.succeeded
            twin.id = RunID(2)
            try history.judge(16, [history.succeeded, twin])
        },
        BadHistory("a due instant has no row", .complete) {
            var history = try HandMadeHistory()
            try history.judge(16, [])
        },
        BadHistory("a row stands where nothing was due", .complete) {
            var history = try HandMadeHistory()
            try history.succeed()
            let stranger = history.run(13, id: 2) { $0.state = .missed }
            try history.judge(16, [history.succeeded, stranger])
        },
        BadHistory("a range of missed instants counts wrong", .complete) {
            var history = try HandMadeHistory()
            let range = history.run(10) {
                $0.state = .missed
                $0.rangeEnd = HandMadeHistory.second(40)
                $0.count = 3
            }
            try history.judge(46, [range])
        },
        BadHistory("a request by hand has no row", .complete) {
            var history = try HandMadeHistory()
            try history.see(
                3,
                .triggered(
                    history.run(3, id: 9) {
                        $0.kind = .manual
                        $0.requestID = "r"
                    }))
            try history.judge(9, [])
        },
        BadHistory("a run follows a definition that was not in force", .versions) {
            var history = try HandMadeHistory()
            try history.succeed()
            try history.see(5, .applied([JobChange(.changed, job: "report", record: history.record(version: 2))]))
            try history.judge(16, [history.succeeded])
        },
        BadHistory("a row has another outcome than was seen", .oneOutcome) {
            var history = try HandMadeHistory()
            try history.succeed()
            var run = history.succeeded
            run.state = .failed
            try history.judge(16, [run])
        },
        BadHistory("a row has more attempts than were seen", .fences) {
            var history = try HandMadeHistory()
            try history.succeed()
            var run = history.succeeded
            run.attempt = 2
            try history.judge(16, [run])
        },
        BadHistory("a due run never ends", .eventual) {
            var history = try HandMadeHistory()
            try history.judge(30, [history.run(10), history.run(20, id: 2) { $0.state = .missed }])
        },
        BadHistory("a run is running and nobody runs it", .eventual) {
            var history = try HandMadeHistory()
            let claim = history.claim(10)
            try history.claimed(10, claim)
            try history.judge(16, [claim.run])
        },
        BadHistory("a job is not scheduled any more", .eventual) {
            var history = try HandMadeHistory()
            try history.succeed()
            try history.judge(16, [history.succeeded], nextAt: nil)
        },
    ]

    private static let ofFlows: [BadHistory] = [
        BadHistory("a follower waits for nothing that its definition names", .flows) {
            var history = try HandMadeHistory()
            let follower = try history.follower()
            try history.succeed()
            try history.judge(16, [history.succeeded, follower])
        },
        BadHistory("a follower waits on when all that it follows has ended", .flows) {
            var history = try HandMadeHistory()
            let follower = try history.follower()
            try history.succeed()
            try history.judge(16, [history.succeeded, follower], waits: [history.wait(for: follower)])
        },
        BadHistory("a follower is let go while what it follows is still to come", .flows) {
            var history = try HandMadeHistory()
            let follower = try history.follower { $0.state = .scheduled }
            try history.judge(11, [history.run(10), follower], waits: [history.wait(for: follower)])
        },
        BadHistory("a follower is skipped though what it follows succeeded", .flows) {
            var history = try HandMadeHistory()
            let follower = try history.follower {
                $0.state = .skipped
                $0.reason = .upstream
            }
            try history.succeed()
            try history.judge(16, [history.succeeded, follower], waits: [history.wait(for: follower)])
        },
    ]
    private static let ofNeeds: [BadHistory] = [
        BadHistory("a run starts ahead of the success that it needs", .needs) {
            var history = try HandMadeHistory(needs: ["load": .sameDay])
            try history.claimed(10, history.claim(10))
        },
        BadHistory("a run starts by a success that is too old", .needs) {
            var history = try HandMadeHistory(needs: ["load": .within(.seconds(3))])
            try history.load(6)
            try history.claimed(10, history.claim(10, fence: 78))
        },
        BadHistory("a run starts by a success that was marked as a failure", .needs) {
            var history = try HandMadeHistory(needs: ["load": .sameDay])
            try history.load(6)
            var load = history.run(6, id: 77)
            load.version.job = "load"
            try history.see(8, .marked(load, as: .failed))
            try history.claimed(10, history.claim(10, fence: 78))
        },
        BadHistory("a run that waited for a success is missed as if it had not", .needs) {
            var history = try HandMadeHistory(needs: ["load": .sameDay])
            try history.refused(
                16,
                history.run(10) {
                    $0.state = .missed
                    $0.reason = .tooLate
                    $0.deadlineAt = HandMadeHistory.second(15)
                })
        },
        BadHistory("a run is missed for a success that is there", .needs) {
            var history = try HandMadeHistory(needs: ["load": .sameDay])
            try history.load(6)
            try history.refused(
                16,
                history.run(10) {
                    $0.state = .missed
                    $0.reason = .upstream
                    $0.deadlineAt = HandMadeHistory.second(15)
                })
        },
        BadHistory("a run that needs a success waits on when it is there", .eventual) {
            var history = try HandMadeHistory(needs: ["load": .sameDay])
            try history.load(6)
            try history.judge(30, [history.run(10), history.run(20, id: 2) { $0.state = .missed }])
        },
    ]

    private static let ofBackfills: [BadHistory] = [
        BadHistory("a backfill makes an instant twice", .backfills) {
            var history = try HandMadeHistory()
            let backfill = try history.backfill()
            try history.step(201, of: backfill, [110], reached: 110)
            try history.step(202, of: backfill, [110], reached: 110)
        },
        BadHistory("a backfill makes an instant that was not due", .backfills) {
            var history = try HandMadeHistory()
            try history.step(201, of: try history.backfill(), [111], reached: 111)
        },
        BadHistory("a backfill leaves an instant out", .backfills) {
            var history = try HandMadeHistory()
            try history.step(201, of: try history.backfill(), [120], reached: 120)
        },
        BadHistory("a backfill is done ahead of its end", .backfills) {
            var history = try HandMadeHistory()
            let backfill = try history.backfill()
            try history.step(201, of: backfill, [110], reached: 110)
            try history.step(202, of: backfill, [], reached: nil, isLast: true)
        },
        BadHistory("a backfill is done while a run of it is open", .backfills) {
            var history = try HandMadeHistory()
            let backfill = try history.backfill { $0.limit = 3 }
            try history.step(201, of: backfill, [110, 120, 130], reached: 130)
            try history.step(
                202, of: backfill, [], reached: nil, isLast: true, open: [history.backfilled(110, id: 1)])
        },
        BadHistory("a backfill has more open than it may", .backfills) {
            var history = try HandMadeHistory()
            let open = [history.backfilled(110, id: 1), history.backfilled(120, id: 2)]
            try history.step(201, of: try history.backfill(), [110, 120], reached: 120, open: open)
        },
        BadHistory("a backfill goes on while it is paused", .backfills) {
            var history = try HandMadeHistory()
            var backfill = try history.backfill()
            backfill.state = .paused
            try history.see(201, .backfillChanged(backfill))
            try history.step(202, of: backfill, [110], reached: 110)
        },
        BadHistory("two backfills cover one instant", .backfills) {
            var history = try HandMadeHistory()
            _ = try history.backfill()
            _ = try history.backfill {
                $0.id = 6
                $0.from = HandMadeHistory.second(130)
                $0.to = HandMadeHistory.second(150)
            }
        },
        BadHistory("a run of a cancelled backfill begins", .backfills) {
            var history = try HandMadeHistory()
            var backfill = try history.backfill()
            try history.step(201, of: backfill, [110], reached: 110)
            backfill.state = .cancelled
            try history.see(202, .backfillChanged(backfill))
            for node in [HandMadeHistory.a] { try history.lease(202, node) }
            try history.claimed(
                203,
                history.claim(110) {
                    $0.kind = .backfill
                    $0.requestID = "backfill-5"
                })
        },
        BadHistory("a backfill goes ahead of what is due", .backfills) {
            var history = try HandMadeHistory()
            let claim = history.claim(110) {
                $0.kind = .backfill
                $0.startedAt = HandMadeHistory.second(201)
            }
            try history.see(201, .preferred([claim], to: [history.run(200, id: 2)]))
        },
        BadHistory("a backfill's run has no row", .backfills) {
            var history = try HandMadeHistory()
            try history.step(2, of: try history.backfill(at: 1), [110], reached: 110)
            try history.judge(9, [])
        },
        BadHistory("a backfill stands still", .backfills) {
            var history = try HandMadeHistory()
            _ = try history.backfill(at: 0.5)
            try history.judge(9, [])
        },
    ]
}
