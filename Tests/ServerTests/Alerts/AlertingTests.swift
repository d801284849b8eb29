import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

private let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!
private let stored = now - .seconds(100_000)

private func line(
    _ name: String, _ state: JobHealth.State, streak: Int = 0, tags: [String] = [], success: Timestamp? = nil,
    run: Int64? = nil
) -> HealthReader.Line {
    var definition = JobDefinition(name: name, schedule: .manual, work: .shell("true", ProcessSettings()))
    definition.tags = tags
    var line = HealthReader.Line(
        job: JobRecord(definition: definition, watermark: now, nextAt: nil, createdAt: stored), status: nil,
        health: JobHealth(job: name, state, state.needsLook ? "why" : "", run: run.map(RunID.init), streak: streak))
    line.status = JobStatus(job: name, status: "failed", lastSuccessAt: success)
    return line
}

private func alert(
    _ name: String = "alerts/ops/run", paused: Bool = false, _ change: (inout AlertRule) -> Void = { _ in }
)
    -> HealthReader.Line
{
    var rule = AlertRule(channel: "run", settings: ["line": "true"])
    change(&rule)
    let definition = JobDefinition(name: name, schedule: .manual, work: .alert(rule))
    let record = JobRecord(definition: definition, isPaused: paused, watermark: now, nextAt: nil, createdAt: stored)
    return HealthReader.Line(job: record, status: nil, health: JobHealth(job: name, .new))
}

private func decide(_ lines: HealthReader.Line..., known: [Incident] = [], troubles: [Run] = []) -> Alerting {
    Alerting.decide(.init(now: now, lines: lines, known: known, troubles: troubles))
}

private func open(_ job: String, _ kind: AlertKind = .failed, id: Int64 = 1) -> Incident {
    Incident(
        id: id, rule: "alerts/ops/run", kind: kind.rawValue, job: job, since: stored, run: RunID(1), summary: "why",
        openedAt: now - .seconds(60), closedAt: nil, batch: nil, acknowledgedBy: nil, isNews: false)
}

private func trouble(_ job: String, id: Int64 = 7, ended: Int = 30) -> Run {
    var run = Run(
        id: RunID(id), version: JobVersion(job: job, generation: 1, version: 1), scheduledAt: now - .seconds(40),
        dueAt: now - .seconds(40), state: .failed)
    run.finishedAt = now - .seconds(ended)
    run.message = "exit code 1"
    return run
}

@Suite("What people are told of") struct AlertingTests {
    /// Whoever looks by a reading that is some seconds old does not undo what others found since.
    @Test func aReadingSaysNothingOfWhatCameAfterIt() {
        func decide(_ line: HealthReader.Line, known: [Incident] = [], troubles: [Run] = [], age: Int) -> Alerting {
            var view = Alerting.View(now: now, lines: [alert(), line], known: known, troubles: troubles)
            view.readAt = now - .seconds(age)
            return Alerting.decide(view)
        }
        // Opened a minute ago.
        let open = open("a")
        #expect(decide(line("a", .well), known: [open], age: 61).closed.isEmpty)
        #expect(decide(line("a", .well), known: [open], age: 59).closed == [1])
        var closed = open
        closed.closedAt = now - .seconds(30)
        #expect(decide(line("a", .failing, streak: 1), known: [closed], age: 31).opened.isEmpty)
        #expect(decide(line("a", .failing, streak: 1), known: [closed], age: 29).opened.map(\.job) == ["a"])
        // Ended half a minute ago.
        #expect(decide(line("a", .well), troubles: [trouble("a")], age: 31).opened.isEmpty)
        #expect(decide(line("a", .well), troubles: [trouble("a")], age: 29).opened.map(\.isNews) == [true])
    }

    @Test func aJobThatNeedsALookIsTold() {
        let change = decide(alert(), line("a", .failing, streak: 1), line("b", .well), line("c", .paused))
        #expect(change.opened.map(\.job) == ["a"])
        #expect(change.opened[0].kind == "failed")
        #expect(change.opened[0].since == stored)
    }

    @Test func whatIsToldAlreadyIsNotToldAgain() {
        #expect(decide(alert(), line("a", .failing, streak: 2), known: [open("a")]) == Alerting())
        // Of another kind, it is news.
        #expect(decide(alert(), line("a", .skipping, streak: 3), known: [open("a")]).opened.map(\.kind) == ["skipping"])
    }

    @Test func whoHasSeenOneTroubleHasNotSeenTheNext() {
        func known(closed: Bool) -> [Incident] {
            var seen = open("a", id: 1)
            (seen.openedAt, seen.acknowledgedBy) = (now - .seconds(500), "ann")
            seen.closedAt = closed ? now - .seconds(400) : nil
            var next = open("a", id: 2)
            next.openedAt = now - .seconds(130)
            if !closed { next.rule = "alerts/other/run" }
            return closed ? [seen, next] : [seen]
        }
        let rule = alert { $0.repeats = .seconds(60) }
        let again = decide(rule, line("a", .failing, streak: 1), known: known(closed: true))
        #expect(
            again.opened.map(\.summary) == ["still so at 2026-11-23 12:00:00 UTC, since 2026-11-23 11:57:50 UTC: why"])
        #expect(decide(rule, line("a", .failing, streak: 1), known: known(closed: false)).opened.isEmpty)
    }

    @Test func whatATroubleHasBecomeIsToldAsThat() {
        var late = open("a", .late, id: 1)
        late.openedAt = now - .seconds(130)
        var failed = open("a", .failed, id: 2)
        failed.openedAt = now - .seconds(130)
        let rule = alert { $0.repeats = .seconds(60) }
        let again = decide(rule, line("a", .failing, streak: 1), known: [late, failed])
        #expect(again.opened.map(\.kind) == ["failed"])
    }

    @Test func whoIsWellAgainIsToldOnce() {
        let change = decide(alert(), line("a", .well), known: [open("a", id: 5)])
        #expect(change.closed == [5])
        #expect(change.opened.map(\.kind) == ["recovered"])
        #expect(change.opened[0].isNews)
        #expect(change.opened[0].since == now - .seconds(60))
        #expect(decide(alert { $0.on = ["failed"] }, line("a", .well), known: [open("a")]).opened == [])
        // A pause ends the incident, and is no good news.
        #expect(decide(alert(), line("a", .paused), known: [open("a")]) == Alerting(opened: [], closed: [1]))
    }

    @Test func anIncidentOfAJobThatIsGoneIsOver() {
        #expect(decide(alert(), known: [open("a")]) == Alerting(opened: [], closed: [1]))
    }

    @Test func aRunThatRunsIsNoWordOnWhatWasMissed() {
        #expect(decide(alert(), line("a", .running), known: [open("a", .missed)]).closed == [])
        #expect(decide(alert(), line("a", .running), known: [open("a", .late)]).closed == [1])
        #expect(decide(alert(), line("a", .running, success: now), known: [open("a", .missed)]).closed == [1])
    }

    @Test func aRuleChoosesByNamePatternTagAndKind() {
        let lines = [
            line("shop/a", .failing, streak: 1), line("b", .failing, streak: 1, tags: ["x"]), line("c", .missing),
        ]
        func told(_ change: (inout AlertRule) -> Void) -> [String] {
            Alerting.decide(.init(now: now, lines: [alert("alerts/ops/run", paused: false, change)] + lines, known: []))
                .opened.map(\.job)
        }
        #expect(told { $0.jobs = ["shop/*"] } == ["shop/a"])
        #expect(told { $0.tags = ["x"] } == ["b"])
        #expect(
            told {
                $0.jobs = ["c"]; $0.tags = ["x"]
            } == ["b", "c"])
        #expect(told { $0.on = ["missed"] } == ["c"])
        #expect(told { $0.on = ["a word of a newer version"] } == [])
        #expect(told { $0.after = 2 } == ["c"])
    }

    @Test func aPausedRuleTellsNothingAndAlertsTellNotOfOneAnother() {
        #expect(decide(alert(paused: true), line("a", .failing, streak: 1)) == Alerting())
        var other = alert("alerts/other/run")
        other.health = JobHealth(job: other.job.name, .failing, "why", streak: 1)
        #expect(decide(alert(), other).opened == [])
        #expect(decide(alert { $0.jobs = ["alerts/*"] }, other).opened == [])
        #expect(decide(alert { $0.jobs = ["alerts/other/run"] }, other).opened.map(\.job) == ["alerts/other/run"])
    }

    /// A failure between two looks, and a success after it.
    @Test func aFailureThatWasOverBeforeAnybodyLookedIsToldOnce() {
        let well = line("a", .well, success: now - .seconds(10))
        let change = decide(alert(), well, troubles: [trouble("a")])
        #expect(change.opened.map(\.summary) == ["failed: exit code 1; it has done well since"])
        #expect(change.opened[0].isNews)
        var kept = change.opened[0]
        kept.id = 3
        kept.closedAt = now
        #expect(decide(alert(), well, known: [kept], troubles: [trouble("a")]) == Alerting())
        // One that an incident had told of while it lasted.
        var told = open("a")
        told.run = RunID(6)
        told.closedAt = now - .seconds(20)
        #expect(decide(alert(), well, known: [told], troubles: [trouble("a")]) == Alerting())
        #expect(decide(alert(), well, troubles: [trouble("a", ended: 700)]) == Alerting())
        #expect(decide(alert { $0.after = 2 }, well, troubles: [trouble("a")]) == Alerting())
    }

    private func silence(_ pattern: String, from: Int = 60, until: Int = -60) -> Silence {
        Silence(
            id: 1, pattern: pattern, from: now - .seconds(from), until: now - .seconds(until), reason: "x", actor: "a")
    }

    private func judge(
        _ lines: [HealthReader.Line], known: [Incident] = [], troubles: [Run] = [], silences: [Silence] = [],
        whole: [WholeTrouble] = [], slow: [(run: Run, usual: Duration)] = []
    ) -> Alerting {
        var view = Alerting.View(now: now, lines: lines, known: known, troubles: troubles)
        (view.silences, view.whole, view.slow) = (silences, whole, slow)
        return Alerting.decide(view)
    }

    @Test(arguments: ["a", "*", "alerts/ops/*"]) func whatIsSilentIsToldWhenTheSilenceEndsIfItIsStillSo(pattern: String)
    {
        let lines = [alert(), line("a", .failing, streak: 1, run: 9)]
        let found = judge(lines, silences: [silence(pattern)]).opened
        #expect(found.map(\.heldBy) == ["silence 1"])
        #expect(judge(lines, silences: [silence(pattern, until: 1)]).opened.map(\.heldBy) == [nil])
        #expect(judge(lines, silences: [silence("b")]).opened.map(\.heldBy) == [nil])
        // It is kept once, and told with the words of when that is over.
        var held = found[0]
        (held.id, held.openedAt, held.summary) = (5, now - .seconds(60), "what it was then")
        #expect(judge(lines, known: [held], silences: [silence(pattern)]) == Alerting())
        let told = judge(lines, known: [held]).released
        #expect(told.map(\.id) == [5])
        #expect(told.map(\.summary) == ["why"])
        #expect(told.map(\.run) == [RunID(9)])
        #expect(judge(lines, known: [held]).opened.isEmpty)
        // What is over by then is told to nobody, and neither is that it is; what it has become is told as that.
        let well = judge([alert(), line("a", .well)], known: [held], silences: [silence(pattern)])
        #expect(well == Alerting(opened: [], closed: [5]))
        #expect(judge([alert(), line("a", .well)], known: [held]) == Alerting(opened: [], closed: [5]))
        let other = judge([alert(), line("a", .skipping, streak: 3)], known: [held])
        #expect(other.closed == [5] && other.released.isEmpty && other.opened.map(\.kind) == ["skipping"])
        // A failure that was over before anybody looked is kept, and told to nobody.
        func passing(_ silence: Silence) -> [String?] {
            judge([alert(), line("a", .well)], troubles: [trouble("a")], silences: [silence]).opened.map(\.heldBy)
        }
        #expect(passing(silence(pattern, until: 10)) == ["silence 1"])
        #expect(passing(silence(pattern, from: 20)) == ["silence 1"])
        #expect(passing(silence(pattern, from: 20, until: 5)) == [nil])
        // Good news waits, too.
        #expect(judge([alert(), line("a", .well)], known: [open("a")], silences: [silence(pattern)]) == Alerting())
        #expect(judge([alert()], known: [open("a")], silences: [silence(pattern)]).closed == [1])
    }

    /// What repeats counts from when people were told, and what was held back is no reason to remind them.
    @Test func whatWasHeldBackIsRemindedOfFromWhenItWasTold() {
        let lines = [alert { $0.repeats = .seconds(20) }, line("a", .failing, streak: 1)]
        var held = open("a")
        held.heldBy = "silence 1"
        #expect(judge(lines, known: [held], silences: [silence("a")]) == Alerting())
        held.releasedAt = now - .seconds(10)
        #expect(judge(lines, known: [held]) == Alerting())
        held.releasedAt = now - .seconds(25)
        let again = judge(lines, known: [held]).opened
        #expect(again.map(\.since) == [now - .seconds(5)])
        #expect(again.map(\.heldBy) == [nil])
        // What is of no job is held, and told, alike.
        let trouble = WholeTrouble(subject: "(lead)", kind: .leaderless, why: "nobody")
        var lead = judge([alert()], silences: [silence("(lead)")], whole: [trouble]).opened[0]
        #expect(lead.heldBy == "silence 1")
        (lead.id, lead.openedAt) = (8, now)
        #expect(judge([alert()], known: [lead], silences: [silence("(lead)")], whole: [trouble]) == Alerting())
        #expect(judge([alert()], known: [lead], whole: [trouble]).released.map(\.id) == [8])
        #expect(judge([alert()], known: [lead]) == Alerting(opened: [], closed: [8]))
    }

    @Test func whatWasHeldBackSaysSoWhereItIsTold() {
        var held = open("a")
        held.heldBy = "quiet hours, 22:00 to 07:00 Asia/Shanghai"
        held.summary = "it was due at 2026-11-23 11:50:00 UTC and nobody planned it"
        #expect(
            AlertMessage([held], number: 1, clock: .clock(of: "Asia/Shanghai")).lines == [
                "a: it was due at 2026-11-23 19:50:00 +08:00 and nobody planned it (found at 2026-11-23 19:59:00 +08:00, held"
                    + " back by quiet hours, 22:00 to 07:00 Asia/Shanghai)"
            ])
        // So does what is told long after it was found, since it could not be sent before.
        let late = AlertMessage([open("a")], number: 1, at: now + .seconds(3600))
        #expect(late.lines == ["a: why (found at 2026-11-23 11:59:00 UTC)"])
        #expect(AlertMessage([open("a")], number: 1, at: now).lines == ["a: why"])
    }

    @Test func aJobOfWhichTwoThingsAreWrongIsToldOfBoth() {
        var both = line("a", .failing, streak: 1, run: 9)
        both.health.also = [JobHealth(job: "a", .overdue, "nobody planned it")]
        #expect(decide(alert(), both).opened.map(\.kind) == ["failed", "late"])
        #expect(decide(alert { $0.on = ["late"] }, both).opened.map(\.summary) == ["nobody planned it"])
        #expect(decide(alert(), both, known: [open("a")]).opened.map(\.kind) == ["late"])
        // Whose worker vanished has nobody to serve its queue: that is one trouble, and not two.
        var lost = line("a", .failing, streak: 1)
        (lost.health.outcome, lost.health.also) = (.lost, [JobHealth(job: "a", .unserved, "nobody")])
        #expect(decide(alert(), lost).opened.map(\.kind) == ["lost"])
        var late = open("a", .late, id: 2)
        late.openedAt = now - .seconds(130)
        let again = decide(
            alert {
                $0.repeats = .seconds(60); $0.on = ["late"]
            }, both, known: [late])
        #expect(again.opened.map { $0.summary.hasSuffix(": nobody planned it") } == [true])
    }

    @Test(
        arguments: [
            ("22:00", "07:00", [], "2026-11-23T21:59:59Z", false), ("22:00", "07:00", [], "2026-11-23T22:00:00Z", true),
            ("22:00", "07:00", [], "2026-11-24T06:59:59Z", true), ("22:00", "07:00", [], "2026-11-24T07:00:00Z", false),
            // A Friday, and the morning after it.
            ("22:00", "07:00", [5], "2026-11-27T23:00:00Z", true),
            ("22:00", "07:00", [5], "2026-11-28T06:00:00Z", true),
            ("22:00", "07:00", [5], "2026-11-28T23:00:00Z", false),
            ("22:00", "07:00", [5], "2026-11-27T06:00:00Z", false),
            ("12:00", "13:00", [1], "2026-11-23T12:30:00Z", true),
            ("12:00", "13:00", [1], "2026-11-24T12:30:00Z", false),
            ("00:00", "00:00", [6], "2026-11-28T12:00:00Z", true),
            ("00:00", "00:00", [6], "2026-11-29T12:00:00Z", false),
        ] as [(String, String, [Int], String, Bool)])
    func quietHours(from: String, to: String, days: [Int], at: String, holds: Bool) throws {
        let quiet = QuietHours(
            from: try #require(TimeOfDay(from)), to: try #require(TimeOfDay(to)), days: Set(days))
        let moment = try #require(Timestamp(iso8601: at))
        #expect(quiet.hold(at: moment) == holds)
    }

    @Test func quietHoursKeepTheClockOfTheirZoneAndOfTheirRule() throws {
        var quiet = QuietHours(
            from: try #require(TimeOfDay("19:00")), to: try #require(TimeOfDay("21:00")), timezone: "Asia/Shanghai")
        #expect(quiet.hold(at: now))
        let lines = [line("a", .failing, streak: 1)]
        #expect(
            judge([alert { $0.quiet = quiet }] + lines).opened.map(\.heldBy) == [
                "quiet hours, 19:00 to 21:00 Asia/Shanghai"
            ])
        quiet.timezone = "Nowhere/Land"
        #expect(judge([alert { $0.quiet = quiet }] + lines).opened.map(\.heldBy) == [nil])
    }

    @Test func whatLastsIsToldAgainUntilSomebodyHasSeenIt() {
        let lines = [alert { $0.repeats = .seconds(20) }, line("a", .failing, streak: 1, run: 9)]
        let again = judge(lines, known: [open("a")]).opened
        #expect(again.map(\.since) == [now])
        #expect(again.map(\.isNews) == [true])
        #expect(again.map(\.summary) == ["still so at 2026-11-23 12:00:00 UTC, since 2026-11-23 11:59:00 UTC: why"])
        var told = again[0]
        told.closedAt = now
        #expect(judge(lines, known: [open("a"), told]) == Alerting())
        var seen = open("a")
        seen.acknowledgedBy = "ann"
        #expect(judge(lines, known: [seen]) == Alerting())
        told.since = now - .seconds(20)
        #expect(judge(lines, known: [open("a"), told]).opened.count == 1)
        (told.acknowledgedBy, told.openedAt) = ("ann", now)
        #expect(judge(lines, known: [open("a"), told]) == Alerting())
        #expect(judge(lines, known: [open("a")], silences: [silence("a")]) == Alerting())
        #expect(
            judge([alert { $0.repeats = .seconds(61) }, line("a", .failing, streak: 1)], known: [open("a")])
                == Alerting())
    }

    @Test func whatIsWrongWithTheWholeIsToldOnceAndWhenItIsOver() {
        let trouble = WholeTrouble(subject: "(lead)", kind: .leaderless, why: "nobody")
        let change = judge([alert()], whole: [trouble])
        #expect(change.opened.map(\.job) == ["(lead)"])
        #expect(judge([alert { $0.on = ["failed"] }], whole: [trouble]) == Alerting())
        var told = change.opened[0]
        (told.id, told.openedAt) = (4, now)
        #expect(judge([alert()], known: [told], whole: [trouble]) == Alerting())
        let over = judge([alert()], known: [told])
        #expect(over.closed == [4])
        #expect(over.opened.map(\.kind) == ["recovered"])
        #expect(AlertMessage([told], number: 4).text == "Onebeat: no node leads\nthe lead: nobody")
        #expect(AlertMessage(over.opened, number: 5).title == "Onebeat: the lead is well again")
        // An outage is news: it is over by the time somebody can be told.
        let outage = WholeTrouble.outage(from: now - .seconds(50), to: now, seenBy: "a")
        let news = judge([alert()], whole: [outage]).opened
        #expect(news.map(\.isNews) == [true])
        #expect(AlertMessage(news, number: 5).title == "Onebeat: the store was away")
    }

    @Test func nodesShowWhoLeadsAndWhoseClockIsOff() {
        func node(_ name: String, leads: Bool = false, skew: Duration = .zero, roles: Set<NodeRole> = [.beat, .worker])
            -> NodeRecord
        {
            NodeRecord(
                id: NodeID(name: name, boot: name), leaseUntil: now + .seconds(9), roles: roles, slots: 1, queues: [],
                isLeader: leads, version: "1", processID: 1, skew: skew)
        }
        func find(_ nodes: NodeRecord..., since: Timestamp? = nil) -> [String] {
            WholeTrouble.find(among: nodes, leaderlessSince: since, at: now).map(\.subject)
        }
        #expect(find(node("a", leads: true)) == [])
        #expect(find(node("a"), since: now - .seconds(29)) == [])
        #expect(find(node("a"), since: now - .seconds(30)) == ["(lead)"])
        #expect(
            find(node("a", leads: true, skew: .seconds(2)), node("b", skew: .seconds(-2))) == [
                "(clock of a)", "(clock of b)",
            ])
    }

    @Test func aRunThatEndedFarLaterThanUsualIsSlow() {
        func run(_ id: Int64, took: Int, ended: Int) -> Run {
            var run = Run(
                id: RunID(id), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: now, dueAt: now,
                state: .succeeded)
            run.finishedAt = now - .seconds(ended)
            run.startedAt = now - .seconds(ended + took)
            return run
        }
        let usual = (1...6).map { run(Int64($0), took: 10, ended: 1000) }
        let start = now - .seconds(600)
        #expect(Alerting.slow(among: usual + [run(7, took: 31, ended: 5)], from: start).map(\.run.id) == [RunID(7)])
        #expect(Alerting.slow(among: usual + [run(7, took: 30, ended: 5)], from: start).isEmpty)
        #expect(Alerting.slow(among: usual + [run(7, took: 31, ended: 700)], from: start).isEmpty)
        #expect(Alerting.slow(among: Array(usual.prefix(4)) + [run(7, took: 31, ended: 5)], from: start).isEmpty)
        let lines = [alert { $0.on = ["slow"] }, line("a", .well)]
        let told = judge(lines, slow: [(run(7, took: 31, ended: 5), .seconds(10))]).opened
        #expect(told.map(\.summary) == ["run 7 took 31s; usually it takes 10s"])
        #expect(judge([alert(), line("a", .well)], slow: [(run(7, took: 31, ended: 5), .seconds(10))]) == Alerting())
        var kept = told
        kept[0].closedAt = now
        #expect(judge(lines, known: kept, slow: [(run(7, took: 31, ended: 5), .seconds(10))]) == Alerting())
    }

    @Test(arguments: [
        ("report", "report", true), ("report", "rep*", true), ("report", "*", true), ("report", "*port", true),
        ("report", "r*p*t", true), ("report", "reports", false), ("report", "x*", false), ("", "*", true),
        ("a", "", false),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "a*a*a*a*a*a*a*a*a*a*c", false),
    ])
    func patternsFitWholeNames(name: String, pattern: String, fits: Bool) {
        #expect(NamePattern.fits(name, pattern) == fits)
    }
}

@Suite("Messages and channels") struct AlertChannelTests {
    private func message(_ jobs: String..., kind: AlertKind = .failed, summary: String = "exit code 1") -> AlertMessage
    {
        AlertMessage(
            jobs.enumerated().map { Incident(id: Int64($0 + 1), job: $1, kind: kind, summary: summary) }, number: 12)
    }

    private func call(
        _ channel: AlertChannel, _ settings: [String: String], _ message: AlertMessage? = nil
    ) throws -> HTTPCall {
        let delivery = try channel.delivery(
            of: message ?? self.message("report"), rule: "alerts/ops/x", settings: settings, at: now)
        guard case .call(let call) = delivery else { throw AlertChannel.Unfit(description: "no call") }
        return call
    }

    @Test func oneSentenceAndALineForEachJob() {
        #expect(message("report").text == "Onebeat: report failed\nreport: exit code 1")
        #expect(message("a", "b").title == "Onebeat: 2 jobs need a look")
        #expect(message("a", kind: .recovered).title == "Onebeat: a well again")
        #expect(message("a", kind: .recovered).isGood)
        let many = AlertMessage((1...50).map { Incident(id: $0, job: "job\($0)", kind: .lost, summary: "") }, number: 1)
        #expect(many.title == "Onebeat: 50 jobs need a look")
        #expect(many.lines.count == 21)
        #expect(many.lines.last == "and 30 more")
        #expect(message("a", summary: String(repeating: "x", count: 5000)).lines[0].count == 300)
    }

    @Test func aWebhookIsSignedWithItsTimeStamp() throws {
        let call = try call(.webhook, ["url": "https://a.example/", "secret": "s3cret"])
        let stamp = try #require(call.headers["Onebeat-Timestamp"])
        let body = try #require(call.body)
        let signature = Fingerprint.hmac(Array("\(stamp).\(body)".utf8), key: Array("s3cret".utf8))
        #expect(call.headers["Onebeat-Signature"] == "v1=\(signature)")
        #expect(stamp == "1795435200")
        #expect(body.contains("\"message\":12"))
        #expect(body.contains("\"job\":\"report\""))
        #expect(!body.contains("s3cret"))
    }

    @Test func eachChannelHasItsShape() throws {
        #expect(
            try call(.slack, ["url": "u"], message("a<b")).body
                == #"{"mrkdwn":false,"text":"Onebeat: a&lt;b failed\na&lt;b: exit code 1"}"#)
        #expect(try call(.discord, ["url": "u"]).body?.contains(#""content":"```\nOnebeat: report failed"#) == true)
        #expect(try call(.discord, ["url": "u"]).body?.contains(#""allowed_mentions":{"parse":[]}"#) == true)
        #expect(try call(.teams, ["url": "u"]).body?.contains(#""type":"AdaptiveCard""#) == true)
        let telegram = try call(.telegram, ["token": "T", "chat": "7"])
        #expect(telegram.url == "https://api.telegram.org/botT/sendMessage")
        #expect(telegram.body?.contains(#""chat_id":"7""#) == true)
        let ntfy = try call(.ntfy, ["url": "https://ntfy.example/ops", "token": "t"])
        #expect(ntfy.headers["Authorization"] == "Bearer t")
        #expect(ntfy.body == "report: exit code 1")
        let page = try call(.pagerduty, ["key": "K"])
        #expect(page.body?.contains(#""dedup_key":"onebeat/alerts/ops/x/report","event_action":"trigger""#) == true)
        #expect(
            try call(.pagerduty, ["key": "K"], message("a", kind: .recovered)).body?.contains("\"resolve\"") == true)
    }

    /// What a job says calls nobody and is no markup.
    @Test func whatAJobSaysCallsNobodyAndIsNoMarkup() throws {
        let words = "<!channel> @all @here ops@x.example <at user_id=\"all\">x</at> <@anna> ```[a](https://b.example)"
        let message = message("a", summary: words)
        func text(_ channel: AlertChannel, _ settings: [String: String] = ["url": "u"], _ path: String...) throws
            -> String
        {
            let body = try #require(try call(channel, settings, message).body)
            var value = try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
            for name in path { value = try #require(value.members?[name]) }
            guard case .string(let text) = value else { return value.text }
            return text
        }
        let slack = try text(.slack, ["url": "u"], "text")
        #expect(slack.contains("&lt;!channel&gt; @\u{200b}all @\u{200b}here ops@x.example &lt;at"))
        let discord = try text(.discord, ["url": "u"], "content")
        #expect(
            discord.hasPrefix("```\n") && discord.hasSuffix("\n```")
                && discord.components(separatedBy: "```").count == 3)
        #expect(try text(.feishu, ["url": "u"], "content", "text").contains("＜at user_id=\"all\">x＜/at> <@anna>"))
        #expect(try text(.wecom, ["url": "u"], "text", "content").contains("<at user_id=\"all\">x</at> ＜@anna>"))
        // Telegram finds nothing in what is shown as it was written.
        let telegram = try #require(
            try call(.telegram, ["token": "T", "chat": "7"], self.message("@b", summary: "@c /d")).body)
        let expected =
            #""entities":[{"length":9,"offset":20,"type":"pre"}],"text":"Onebeat: @\#u{200b}b failed\n@b: @c /d""#
        #expect(telegram.contains(expected), "\(telegram)")
        #expect(try call(.teams, ["url": "u"], message).body?.contains("\"TextBlock\"") == false)
        let turned = self.message("a", summary: "x\u{202e}y\u{1b}[2Jz")
        #expect(turned.lines == ["a: x\u{fffd}y [2Jz"])
    }

    /// The longest message there is, of signs that take the most room in each way of counting.
    @Test(arguments: ["x", "报", "\"", "👩‍👩‍👧‍👦", "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}"])
    func noMessageIsLongerThanItsServiceTakes(sign: String) throws {
        let words = String(repeating: sign, count: 1000)
        var message = AlertMessage(
            (1...25).map { Incident(id: $0, job: "job\($0)", kind: .failed, summary: words) }, number: 1)
        message.output = Array(repeating: String(words.prefix(2000 / max(1, sign.utf8.count))), count: 100)
        func body(_ channel: AlertChannel, _ settings: [String: String] = ["url": "u"]) throws -> String {
            let body = try #require(try call(channel, settings, message).body)
            return try EnvironmentExpansion.expand(body, environment: [:])
        }
        func text(_ channel: AlertChannel, _ settings: [String: String] = ["url": "u"], _ path: String...) throws
            -> String
        {
            var value = try JSONDecoder().decode(JSONValue.self, from: Data(body(channel, settings).utf8))
            for name in path { value = try #require(value.members?[name]) }
            guard case .string(let text) = value else { return "" }
            return text
        }
        #expect(try text(.discord, ["url": "u"], "content").utf16.count <= 2000)
        #expect(try text(.telegram, ["token": "T", "chat": "7"], "text").utf16.count <= 4096)
        #expect(try text(.slack, ["url": "u"], "text").utf16.count <= 40_000)
        #expect(try text(.wecom, ["url": "u"], "text", "content").utf8.count <= 2048)
        #expect(try body(.feishu, ["url": "u", "secret": "s"]).utf8.count <= 20_000)
        #expect(try body(.dingtalk).utf8.count <= 20_000)
        #expect(try body(.teams).utf8.count <= 28_000)
        #expect(try body(.ntfy).utf8.count <= 4096)
        #expect(try body(.pagerduty, ["key": "K"]).utf8.count <= 512_000)
        // All say that it is not all.
        #expect(try text(.discord, ["url": "u"], "content").hasSuffix("…\n```"))
        #expect(try body(.teams).contains("…"))
    }

    @Test func aKeyThatIsTooLongForPagerDutyIsShortAndStillItsOwn() throws {
        func key(_ job: String) throws -> String {
            let body = try #require(try call(.pagerduty, ["key": "K"], message(job)).body)
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8)).members?["dedup_key"]
            guard case .string(let key)? = value else { return "" }
            return key
        }
        let long = String(repeating: "j", count: 300)
        #expect(try key(long).utf8.count <= 255)
        #expect(try key(long) == key(long))
        #expect(try key(long) != key(long + "j"))
    }

    @Test func whatLooksLikeAVariableInAMessageIsNone() throws {
        let body = try #require(try call(.slack, ["url": "u"], message("a", summary: "${HOME} $${X}")).body)
        #expect(try EnvironmentExpansion.expand(body, environment: [:]).contains("${HOME} $${X}"))
    }

    @Test func programsGetTheMessageInTheirEnvironment() throws {
        let run = try AlertChannel.run.delivery(
            of: message("a"), rule: "r", settings: ["line": "tell.sh"], at: now)
        guard case .process(let line, let settings) = run else { throw AlertChannel.Unfit(description: "no line") }
        #expect(line == "tell.sh")
        #expect(settings.environment["ONEBEAT_ALERT_TITLE"] == "Onebeat: a failed")
        let mail = try AlertChannel.email.delivery(
            of: message("a\nBcc: x"), rule: "r", settings: ["to": "a@b, C <c@d>", "from": "o@e"], at: now)
        guard case .process(_, let envelope) = mail else { throw AlertChannel.Unfit(description: "no line") }
        let text = try #require(envelope.environment["ONEBEAT_MAIL"])
        #expect(
            text.contains("From: o@e\nTo: a@b,\n \"C\" <c@d>\nSubject: Onebeat: a Bcc: x failed\nDate: Mon, 23 Nov"))
        #expect(!text.contains("\nBcc"))
    }

    @Test func receiversOfChinaAreSignedTo() throws {
        let ding = try call(.dingtalk, ["url": "https://d.example/send?access_token=T", "secret": "S/"])
        #expect(ding.url.hasPrefix("https://d.example/send?access_token=T&timestamp=1795435200000&sign="))
        // printf '1795435200000\nS/' | openssl dgst -sha256 -hmac S/ -binary | base64
        #expect(ding.url.hasSuffix("&sign=3l8khjAQZOlGPnabSZ76AVAWP1UhbubWx0yS1OdBN4o%3D"))
        #expect(ding.body == #"{"msgtype":"text","text":{"content":"Onebeat: report failed\nreport: exit code 1"}}"#)
        let feishu = try call(.feishu, ["url": "https://f.example/", "secret": "S"])
        #expect(
            feishu.body?.contains(#""sign":"2SIDwWUPS/B3Fd1Dn50fiyqFw9oV+fa6NOAi/6xIhyQ=","timestamp":"1795435200""#)
                == true)
        #expect(try call(.feishu, ["url": "u"]).body?.contains("sign") == false)
        let long = message("a", summary: String(repeating: "报", count: 5000))
        let wecom = try #require(
            try call(
                .wecom, ["url": "u"],
                AlertMessage(
                    (1...20).map { Incident(id: $0, job: "a\($0)", kind: .failed, summary: long.lines[0]) }, number: 1)
            ).body)
        #expect(wecom.utf8.count < 2048 + 60)
    }

    @Test(
        arguments: [
            (AlertChannel.dingtalk, #"{"errcode":0,"errmsg":"ok"}"#, nil),
            (.dingtalk, #"{"errcode":310000,"errmsg":"sign not match"}"#, "errcode 310000: \"sign not match\""),
            (.wecom, #"{"errcode":93000,"errmsg":"a\u001b[2Jb"}"#, "errcode 93000: \"a\\u{1B}[2Jb\""),
            (.feishu, #"{"code":19021,"msg":"sign match fail"}"#, "code 19021: \"sign match fail\""),
            (.feishu, #"{"StatusCode":0,"StatusMessage":"success"}"#, nil),
            (.feishu, "<html>", "the answer is not what this channel's receivers say"),
            (.wecom, #"{"errcode":"0"}"#, #"errcode "0""#),
            (.teams, "Webhook message delivery failed with error 413", "the message was not delivered"),
            (.teams, "1", nil),
            (.slack, "anything", nil), (.slack, "ok", nil), (.slack, #"{"ok":true}"#, nil),
            (.slack, #"{"ok":false,"error":"channel_not_found"}"#, #""channel_not_found""#),
            (.slack, #"{"error":"invalid_auth","ok":false}"#, #""invalid_auth""#),
            (.telegram, #"{"ok":true,"result":{"message_id":7}}"#, nil),
            (.telegram, #"{"ok":true,"result":{"text":""# + String(repeating: "x", count: 5000), nil),
            (
                .telegram, #"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
                #""Bad Request: chat not found""#
            ),
            (
                .telegram, #"{"ok": false, "description":""# + String(repeating: "x", count: 5000),
                "it says no more than that"
            ),
            (.telegram, "<html>", "the answer is not what this channel's receivers say"),
        ] as [(AlertChannel, String, String?)])
    func anAnswerThatIsNoSuccessIsNone(channel: AlertChannel, body: String, complaint: String?) {
        #expect(AlertAnswer.complaint(of: channel, in: Array(body.utf8)) == complaint)
    }

    @Test(arguments: [
        ("https://hooks.slack.example/services/T/B/x", "https://hooks.slack.example/…"), ("${URL}", "${URL}"),
        ("${BASE}/T/B/x", "${BASE}/…"), ("https://u:pw@h.example/a", "https://…@h.example/…"),
        ("https://h.example/", "https://h.example/"), ("https://h.example?key=x", "https://h.example/…"), ("abc", "…"),
    ])
    func anAddressIsShownWithoutItsSecrets(url: String, shown: String) throws {
        #expect(try call(.slack, ["url": url]).alias == shown)
    }

    @Test(
        arguments: [
            (.webhook, ["url": "https://hooks.example.com/onebeat", "secret": "s3cret"]),
            (.slack, ["url": "https://hooks.slack.example/T0/B0/x"]),
            (.discord, ["url": "https://discord.example/api/webhooks/1/x"]),
            (.teams, ["url": "https://teams.example/x"]), (.telegram, ["token": "1:x", "chat": "-100200300"]),
            (.ntfy, ["url": "https://ntfy.sh/ops-of-ours", "token": "tk_x"]), (.pagerduty, ["key": "R0"]),
            (.dingtalk, ["url": "https://oapi.dingtalk.com/robot/send?access_token=x", "secret": "s3cret"]),
            (.feishu, ["url": "https://open.feishu.cn/open-apis/bot/v2/hook/x", "secret": "s3cret"]),
            (.wecom, ["url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"]),
            (.email, ["to": "ops@example.com", "from": "onebeat@example.com", "smtp": "smtp://mail.example.com"]),
            (.run, ["line": "tell.sh"]),
        ] as [(AlertChannel, [String: String])])
    func theDocumentationShowsEachMessageAsItArrives(channel: AlertChannel, settings: [String: String]) throws {
        let file =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path + "/docs/alerts.md"
        let documentation = try String(contentsOfFile: file, encoding: .utf8)
        let then = try #require(Timestamp(iso8601: "2026-11-23T03:00:12Z"))
        let rule = "alerts/ops/\(channel.rawValue)"
        let message = AlertSample.all(rule: rule, at: then)[0]
        let texts: [String] =
            switch try channel.delivery(of: message, rule: rule, settings: settings, at: then) {
            case .call(let call):
                ["POST \(call.url)\n", "\n\(call.body ?? "")\n"] + call.headers.map { "\n\($0.key): \($0.value)\n" }
            case .mail(let mail, _, _): [mail.text(at: then, lineEnd: "\n")]
            case .process(_, let process):
                process.environment.filter { $0.key != "ONEBEAT_ALERT_JSON" }.map { "\n\($0.key)=\($0.value)\n" }
            }
        for text in texts { #expect(documentation.contains(text), "\(text)") }
    }

    @Test func aPreviewShowsNoSecret() {
        for channel in AlertChannel.allCases {
            var settings = Dictionary(uniqueKeysWithValues: channel.keys.map { ($0.name, "hush") })
            settings["url"] = "https://h.example/hush"
            settings["to"] = "ops@example.com"
            settings["from"] = nil
            settings["line"] = "tell.sh"
            settings["chat"] = "7"
            settings["sendmail"] = nil
            settings["smtp"] = channel == .email ? "smtp://u:hush@mail.example" : nil
            let rule = AlertRule(channel: channel.rawValue, settings: settings)
            for message in AlertSample.all(rule: "alerts/ops/x", at: now) {
                let text = AlertSample.text(of: message, rule, job: "alerts/ops/x", at: now)
                #expect(text.contains("backup_daily") || channel == .ping, "\(channel): \(text)")
                #expect(!text.contains("hush"), "\(channel): \(text)")
            }
        }
    }

    @Test func aMissingSettingIsNamed() {
        for channel in AlertChannel.allCases {
            let error = #expect(throws: AlertChannel.Unfit.self) {
                try channel.delivery(of: message("a"), rule: "r", settings: [:], at: now)
            }
            #expect(error?.description.hasPrefix(channel.rawValue) == true)
        }
    }

    /// FIPS 180-4's and RFC 4231's own examples.
    @Test func fingerprintsAreThoseOfTheStandards() {
        #expect(
            Fingerprint.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Fingerprint.hmac(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}

extension Incident {
    fileprivate init(id: Int64, job: String, kind: AlertKind, summary: String) {
        self.init(rule: "r", kind: kind, job: job, since: now, run: RunID(1), summary: summary)
        self.id = id
    }
}

@Suite("Alerts in a file") struct AlertReaderTests {
    private func jobs(_ entry: String) throws -> [JobDefinition] {
        try parseFile("jobs: {a: {run: x}}\nalerts:\n  - \(entry)\n").jobs.filter { $0.name != "a" }
    }

    private func problem(_ entry: String) -> String {
        fileProblems("jobs: {a: {run: x}}\nalerts:\n  - \(entry)\n").first ?? ""
    }

    @Test func eachWayToTellIsAJob() throws {
        let found = try jobs(
            "{name: ops, on: [failed, missed], jobs: [a, 'report*'], after: 2, webhook: {url: 'https://x/', secret: '${S}'}, run: tell.sh}"
        )
        #expect(found.map(\.name) == ["alerts/ops/webhook", "alerts/ops/run"])
        guard case .alert(let rule) = found[0].work else { throw AlertChannel.Unfit(description: "no alert") }
        #expect(rule.on == ["failed", "missed"])
        #expect(rule.settings == ["url": "https://x/", "secret": "${S}"])
        #expect(rule.after == 2)
        #expect(found[0].need == "alert")
        #expect(found[0].policies.retry.limit == 60)
        #expect(try DefinitionText.decode(DefinitionText.encode(found[0]), of: found[0].name) == found[0])
    }

    @Test func quietHoursAndRepeatsSurvive() throws {
        let found = try jobs(
            "{repeat: 4h, quiet: {from: '22:00', to: '07:00', days: [sat, sun], timezone: Asia/Shanghai}, jobs: a, run: x}"
        )[0]
        guard case .alert(let rule) = found.work else { throw AlertChannel.Unfit(description: "no alert") }
        #expect(rule.repeats == .seconds(4 * 3600))
        #expect(rule.quiet?.words == "22:00 to 07:00 Asia/Shanghai, sun sat")
        // Who names jobs is told of these; who names none, of the whole as well.
        #expect(!rule.on.contains("store"))
        #expect(!rule.on.contains("slow"))
        #expect(try DefinitionText.decode(DefinitionText.encode(found), of: found.name) == found)
        guard case .alert(let all) = try jobs("{run: x}")[0].work else { return }
        #expect(all.on.contains("store"))
    }

    @Test func aPingIsDueByItself() throws {
        let job = try jobs("{name: switch, ping: {url: 'https://hc.example/${ID}', every: 5m}}")[0]
        #expect(job.name == "alerts/switch/ping")
        #expect(job.schedule.rhythm == .every(.seconds(300)))
        guard case .alert(let rule) = job.work else { throw AlertChannel.Unfit(description: "no alert") }
        #expect(rule.on == [])
        #expect(try jobs("{ping: 'https://hc.example/'}")[0].schedule.rhythm == .every(.seconds(60)))
        #expect(problem("{ping: {url: 'https://u/', every: 1s}}").contains("10s is the shortest"))
    }

    @Test func secretsOfAChannelAreNotShown() throws {
        let shown = DefinitionKeys(try jobs("{webhook: {url: 'https://x/', secret: hush}}")[0]).entries.map(\.shown)
        #expect(!shown.contains { $0.contains("hush") || $0.contains("https") })
    }

    @Test func whatIsWrongIsToldWithItsPlace() {
        #expect(problem("{on: [failed]}").contains("alerts.1: it tells nobody; give it a way to tell"))
        #expect(problem("{on: [faild], run: x}").contains("did you mean `failed`?"))
        #expect(problem("{telegram: abc}").contains("needs chat as well"))
        #expect(problem("{webhook: {secret: x}}").contains("url: is missing"))
        #expect(problem("{run: x, repeat: 5s}").contains("1m is the shortest"))
        #expect(problem("{run: x, quiet: {from: '22:00'}}").contains("to: is missing"))
        #expect(problem("{run: x, quiet: {from: '22:00', to: '7'}}").contains("write a time such as 06:30"))
        #expect(problem("{run: x, quiet: {from: '22:00', to: '07:00', days: [monday]}}").contains("mon, tue"))
        #expect(
            problem("{run: x, quiet: {from: '22:00', to: '07:00', timezone: Mars}}").contains("there is no such zone"))
        #expect(problem("{email: {to: 'a b'}}").contains("is no address; write one like ops@example.com"))
        #expect(problem("{email: {to: [a@b, 'c@d\ne']}}").contains("no address"))
        #expect(problem("{email: {to: a@b, smtp: 'mail:25'}}").contains("write one like smtp://user:"))
        #expect(problem("{webhok: x}").contains("did you mean"))
        #expect(problem("{webhook: 'https://x/${'}").contains("is not a variable"))
        #expect(fileProblems("alerts: {run: x}").first?.contains("where a list of alerts belongs") == true)
        #expect(
            fileProblems("alerts:\n - {name: a, run: x}\n - {name: a, run: y}").first?.contains("as entry 1 does")
                == true)
    }

    /// Whoever mends one problem must not find the next one then.
    @Test func anEntryWithProblemsHidesNoOther() {
        let problems = fileProblems(
            """
            web: {tls: {certificate: [a], key: [b], hsts: maybe}}
            alerts:
              - {name: a, on: [faild], repeat: 5s, quiet: {from: 7, to: 99, days: [monday], timezone: Mars}, telegram: abc}
              - {name: a, telegram: {token: t, chat: c}, email: {to: 'a b', smtp: 'mail:25'}, ping: {url: x, every: 1s}}
              - {name: "b c\\e", run: x, webhook: 'ftp://x/'}
              - {on: [failed], after: 0}
              - nothing
            jobs:
              j: {cron: "61 * * * *", timezone: Mars, run: x, by: never, priority: high}
              k: {every: 0s, run: x}
            """)
        for part in [
            "web.tls.certificate", "web.tls.key", "web.tls.hsts", "did you mean `failed`", "alerts.1.repeat",
            "alerts.1.quiet.from", "alerts.1.quiet.to", "alerts.1.quiet.days", "alerts.1.quiet.timezone",
            "needs chat as well", "as entry 1 does", "alerts.2.email.to", "alerts.2.email.smtp", "alerts.2.ping.url",
            "alerts.2.ping.every", "alerts.3.webhook", "alerts.4.after", "alerts.4: it tells nobody",
            "alerts.5: is text", "minute is 61", "job \"j\", timezone", "job \"j\", by", "job \"j\", priority",
            "job \"k\", every",
        ] {
            #expect(problems.contains { $0.contains(part) }, "\(part): \(problems.joined(separator: "\n"))")
        }
    }

    @Test func whatAnAlertSaysIsOnTheFilesClock() throws {
        let file = try parseFile("timezone: Asia/Shanghai\nalerts: [{run: x, ping: 'https://hc.example/'}]\n")
        #expect(file.jobs.map(\.schedule.timezone) == ["Asia/Shanghai", "Asia/Shanghai"])
    }

    @Test func whatWouldTellNobodyIsSaid() throws {
        #expect(problem("{webhook: 'ftp://x/'}").contains("begins with https:// or http://"))
        #expect(problem("{slack: hooks.example.com/x}").contains("begins with https:// or http://"))
        #expect(try jobs("{webhook: '${HOOK}'}").count == 1)
        func warnings(_ jobs: String) throws -> [String] {
            try parseFile("jobs: {a: {run: x}}\nalerts:\n  - {jobs: \(jobs), run: x}\n").warnings.map(\.message)
        }
        #expect(try warnings("[nope, a]").map { $0.contains("\"nope\" fits no job") } == [true])
        #expect(try warnings("['a*', alerts/1/run]").isEmpty)
        #expect(try parseFile("alerts: [{run: x, jobs: [elsewhere]}]\n").warnings.isEmpty)
    }

    @Test func aFileMayHoldAlertsAlone() throws {
        let file = try parseFile("alerts: [{run: x}]\n")
        #expect(file.jobs.map(\.name) == ["alerts/1/run"])
        #expect(file.warnings.isEmpty)
    }
}
