import Logging
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Synchronization
import Testing

@testable import OnebeatServer

/// Nodes that look, and one that works, over one store.
@Suite(.timeLimit(.minutes(1))) final class AlertLoopTests {
    private let time = ManualTime(Timestamp(iso8601: "2026-11-23T12:00:00Z")!)
    private let store: SQLiteStore
    private let node = NodeID(name: "alpha", boot: "1")
    private let nonce = Mutex<Int64>(0)

    init() async throws {
        store = try SQLiteStore.inMemory(time: time)
        let record = NodeRecord(
            id: node, slots: 99, queues: ["default"], version: "1", processID: 7)
        _ = try await store.join(record, lease: .seconds(3600))
        _ = try await store.lead(node, lease: .seconds(3600))
        let alert = AlertRule(channel: "webhook", settings: ["url": "https://sink.example/"])
        var policies = JobPolicies()
        policies.retry = RetryPolicy(limit: 5, backoff: .seconds(10), max: .seconds(60), jitter: 0)
        policies.overlap = .allow
        try await store.apply(
            (1...3).map {
                JobDefinition(name: "job\($0)", schedule: .manual, work: .shell("false", ProcessSettings()))
            } + [JobDefinition(name: "alerts/ops/webhook", schedule: .manual, work: .alert(alert), policies: policies)],
            source: "test", isComplete: true, by: "test", schedules: ScheduleCache())
    }

    private func loop(_ name: String = "alpha") -> AlertLoop {
        AlertLoop(
            store: store, readings: SharedReadings(store, schedules: ScheduleCache(), time: time), actor: name,
            isLeader: { name == "alpha" },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func look(_ name: String = "alpha") async throws { _ = try await loop(name).turn(at: time.now()) }

    /// Ends a run of each job so.
    private func end(_ jobs: String..., as outcome: Outcome) async throws {
        for job in jobs {
            _ = try await store.trigger(job, requestID: "\(time.now())", by: "test")
        }
        for claim in try await claim() {
            _ = try await store.settle([AttemptReport(claim, outcome)]) {
                Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
            }
        }
        time.advance(by: .seconds(1))
    }

    private func claim() async throws -> [Claim] {
        let number = nonce.withLock {
            $0 += 1; return $0
        }
        return try await store.claim(
            ClaimRequest(node: node, queues: ["default"], slots: 50, nonce: ClaimNonce(number)),
            deciding: Admission.decide
        ).claims
    }

    private func messages() async throws -> [Run] {
        var filter = RunFilter()
        filter.job = "alerts/ops/webhook"
        return try await store.runs(filter)
    }

    /// What a message says, and whether it was sent.
    private func send(as outcome: Outcome) async throws -> [String] {
        let sink = Sink(outcome)
        let executor = AlertExecutor(store: store, process: sink, http: sink, environment: [:], time: time)
        for claim in try await claim() {
            let output = Remarks()
            let end = await executor.execute(claim, output: output)
            _ = try await store.settle([AttemptReport(claim, end, remark: output.words.withLock { $0 })]) {
                Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
            }
        }
        return sink.bodies.withLock { $0 }
    }

    @Test func manyAreToldInOneMessageHoweverManyLookAndInWhateverOrder() async throws {
        try await look()
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look("beta")
        try await end("job2", "job3", as: .failed(Failure("exit code 2", exitCode: 2)))
        for name in ["alpha", "beta", "alpha"] { try await look(name) }
        #expect(try await messages().isEmpty)
        time.advance(by: .seconds(10))
        for name in ["beta", "alpha", "gamma"] { try await look(name) }
        #expect(try await messages().count == 1)
        let bodies = try await send(as: .succeeded)
        #expect(bodies.count == 1)
        #expect(bodies.first?.contains("3 jobs need a look") == true)
        #expect(bodies.first?.contains("job2: failed: exit code 2") == true)
        // They go on failing, and that is no news.
        try await end("job1", "job2", as: .failed(Failure("exit code 1", exitCode: 1)))
        time.advance(by: .seconds(60))
        for name in ["alpha", "beta"] { try await look(name) }
        #expect(try await messages().count == 1)
    }

    @Test func whoDiedBetweenTheMessageAndItsRunHarmsNothing() async throws {
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await store.gather("alerts/ops/webhook", olderThan: .zero)
        let batch = try #require(try await store.unsent(limit: 9).first).batch
        _ = try await store.trigger("alerts/ops/webhook", requestID: "message-\(batch)", by: "the dead")
        for name in ["beta", "gamma"] { try await look(name) }
        #expect(try await messages().count == 1)
        #expect(try await store.unsent(limit: 9).isEmpty)
    }

    @Test func whatCouldNotBeSentIsTriedAgainAndSeen() async throws {
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        #expect(try await send(as: .failed(Failure("status 500", exitCode: 500))).count == 1)
        #expect(try await messages().map(\.state) == [.scheduled])
        time.advance(by: .seconds(10))
        #expect(try await send(as: .succeeded).count == 1)
        #expect(try await messages().map(\.state) == [.succeeded])
    }

    /// The leader of before the outage may not be the leader of after it, and who is may not have looked meanwhile.
    @Test func anOutageThatTheLeaderDidNotSeeIsToldByWhoeverSawItSoonAndOnce() async throws {
        let rule = AlertRule(on: ["store"], channel: "webhook", settings: ["url": "https://sink.example/"])
        try await store.apply(
            [JobDefinition(name: "alerts/store/webhook", schedule: .manual, work: .alert(rule))], source: "outage",
            isComplete: true, by: "test", schedules: ScheduleCache())
        func told() async throws -> [String] {
            try await store.incidents(openOnly: false, limit: 9).filter { $0.rule == "alerts/store/webhook" }
                .map { "\($0.job) \($0.kind)" }
        }
        let seers = [loop("beta"), loop("gamma")]
        for seer in seers {
            let next = try await seer.turn(at: time.now() - .seconds(20))
            #expect(next == .after(.seconds(5)))
        }
        try await look("alpha")
        #expect(try await told() == [])
        time.advance(by: .seconds(20))
        for seer in seers + seers { _ = try await seer.turn(at: time.now()) }
        #expect(try await told() == ["(store) store"])
        for seer in seers { #expect(try await seer.turn(at: time.now()) == .after(.seconds(30))) }
    }

    @Test func noWordOfWhatRunsElsewhereIsToldOnceAndItsReturnToo() async throws {
        let away = JobDefinition(
            name: "away", schedule: .manual, work: .signal(SignalWatch(.every(.seconds(600)), grace: .seconds(60))))
        try await store.apply([away], source: "elsewhere", isComplete: true, by: "test", schedules: ScheduleCache())
        time.advance(by: .seconds(660))
        try await look()
        #expect(try await store.incidents(openOnly: true, limit: 9).isEmpty)
        time.advance(by: .seconds(1))
        for name in ["alpha", "beta"] { try await look(name) }
        time.advance(by: .seconds(10))
        for name in ["beta", "alpha"] { try await look(name) }
        let told = try await send(as: .succeeded)
        #expect(told.count == 1 && told[0].contains("away: word of a success was expected"))
        #expect(try await store.incidents(openOnly: true, limit: 9).map(\.kind) == ["late"])
        _ = try await store.signal(JobSignal(.success, of: "away", by: "elsewhere"))
        for _ in 0..<2 {
            try await look()
            time.advance(by: .seconds(10))
        }
        #expect(try await send(as: .succeeded).first?.contains("away: well again") == true)
        // Silence again is news again.
        time.advance(by: .seconds(661))
        try await look()
        #expect(try await store.incidents(openOnly: true, limit: 9).count == 1)
    }

    @Test func aLateSuccessOfYesterdayIsNotTodaysReport() async throws {
        let load = JobDefinition(
            name: "load", schedule: .cron("0 3 * * *"), work: .shell("true", ProcessSettings()))
        var report = JobDefinition(name: "report", schedule: .after("load"), work: .shell("true", ProcessSettings()))
        report.by = TimeOfDay("06:30")
        try await store.apply([load, report], source: "by", isComplete: true, by: "test", schedules: ScheduleCache())
        func state() async throws -> JobHealth.State? {
            try await HealthReader(store, schedules: ScheduleCache()).all().lines.first {
                $0.job.name == "report"
            }?.health.state
        }
        _ = try await store.trigger("report", requestID: "yesterday", alone: true, by: "test")
        let yesterday = try #require(try await claim().first)
        time.advance(by: .seconds(15 * 3600 + 600))
        func succeed(_ claim: Claim) async throws {
            _ = try await store.settle([AttemptReport(claim, .succeeded)]) {
                Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
            }
        }
        try await succeed(yesterday)
        time.advance(by: .seconds(3 * 3600 + 1260))
        #expect(try await state() == .late)
        _ = try await store.trigger("report", requestID: "today", alone: true, by: "test")
        for claim in try await claim() { try await succeed(claim) }
        #expect(try await state() == .well)
    }

    @Test func aRecoveryIsToldAndAFailureAfterItIsNews() async throws {
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        _ = try await send(as: .succeeded)
        try await end("job1", as: .succeeded)
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        #expect(try await send(as: .succeeded).first?.contains("job1: well again") == true)
        #expect(try await store.incidents(openOnly: true, limit: 9).isEmpty)
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        #expect(try await messages().count == 3)
    }

    /// It failed and did well between two looks.
    @Test func aShortFailureIsToldOnce() async throws {
        time.advance(by: .seconds(1))
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await end("job1", as: .succeeded)
        for name in ["alpha", "beta"] { try await look(name) }
        time.advance(by: .seconds(10))
        for name in ["alpha", "beta"] { try await look(name) }
        #expect(try await messages().count == 1)
        #expect(try await send(as: .succeeded).first?.contains("it has done well since") == true)
    }

    @Test func theEndOfTheOutputStandsInTheMessage() async throws {
        let alert = AlertRule(output: 2, channel: "webhook", settings: ["url": "https://sink.example/"])
        try await store.apply(
            [JobDefinition(name: "alerts/ops/webhook", schedule: .manual, work: .alert(alert))], source: "test",
            isComplete: false, by: "test", schedules: ScheduleCache())
        let run = try await store.trigger("job1", requestID: "r", by: "test")
        try await store.appendLog(
            [
                LogPiece(
                    id: .init(run: run.id, position: .init(attempt: 1, sequence: 1)), stream: .stdout, at: time.now(),
                    bytes: Array("one\ntwo \u{1b}[2J\nthree\n\n".utf8))
            ], dropping: [])
        try await end(as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        let body = try await send(as: .succeeded).first
        #expect(
            body?.contains(#"exit code 1\n\nOutput of job1, run \#(run.id):\ntwo  [2J\nthree""#) == true,
            "\(body ?? "")")
    }

    @Test func aDeadMansSwitchIsToldWhileAllIsWellAndNoLonger() async throws {
        var ping = AlertRule(channel: "ping", settings: ["url": "https://hc.example/"])
        ping.on = []
        try await store.apply(
            [JobDefinition(name: "alerts/switch/ping", schedule: .manual, work: .alert(ping))], source: "switch",
            isComplete: true, by: "test", schedules: ScheduleCache())
        _ = try await store.trigger("alerts/switch/ping", requestID: "1", by: "test")
        #expect(try await send(as: .succeeded).count == 1)
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        _ = try await store.trigger("alerts/switch/ping", requestID: "2", by: "test")
        #expect(try await send(as: .succeeded).count == 0)
        let quiet = try #require(try await store.runs(RunFilter()).first)
        #expect(quiet.state == .succeeded)
        #expect(quiet.message == "not told that all is well: 1 job needs a look. job1 failing")
    }

    /// What quiet hours hold back is seen while they last, told when they end where it is still so, and else kept as told to
    /// nobody. It is told once, whoever looks.
    @Test func whatWasHeldBackIsSeenAndToldWhenThatEndsIfItIsStillSo() async throws {
        let silence = try await store.silence("*", for: .seconds(600), because: "moving", by: "anna")
        try await end("job1", "job2", as: .failed(Failure("exit code 1", exitCode: 1)))
        func words() async throws -> [String] {
            let incidents = try await store.incidents(openOnly: false, limit: 9).sorted { $0.job < $1.job }
            let fate = try await MessageFate.of(incidents, in: store)
            return incidents.map { "\($0.job) \($0.kind): \(fate.word(for: $0))" }
        }
        for name in ["alpha", "beta"] { try await look(name) }
        #expect(
            try await words() == [
                "job1 failed: held back: silence \(silence.id)", "job2 failed: held back: silence \(silence.id)",
            ])
        try await end("job2", as: .succeeded)
        time.advance(by: .seconds(60))
        for name in ["beta", "alpha"] { try await look(name) }
        try await end("job1", as: .failed(Failure("exit code 2", exitCode: 2)))
        #expect(try await messages().isEmpty)
        time.advance(by: .seconds(600))
        for name in ["beta", "alpha"] { try await look(name) }
        time.advance(by: .seconds(10))
        for name in ["alpha", "beta", "gamma"] { try await look(name) }
        #expect(try await messages().count == 1)
        let bodies = try await send(as: .succeeded)
        #expect(bodies.count == 1)
        let said = "job1: failed, 2 times in a row: exit code 2 (found at 2026-11-23 12:00:01 UTC, held back by silence"
        #expect(bodies.first?.contains(said) == true, "\(bodies)")
        #expect(bodies.first?.contains("job2") == false)
        let run = try #require(try await messages().first)
        #expect(
            try await words() == [
                "job1 failed: told, run \(run.id) (held back until 2026-11-23 12:11:03 UTC)",
                "job2 failed: told to nobody: silence \(silence.id)",
            ])
        // Its end is good news as any other.
        try await end("job1", as: .succeeded)
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        #expect(try await send(as: .succeeded).first?.contains("job1: well again") == true)
    }

    /// Two channels of an entry, and one of another: whoever has seen it by one of them is reminded by none.
    @Test func whoHasSeenItIsRemindedByNoChannel() async throws {
        func rule(_ name: String) -> JobDefinition {
            var rule = AlertRule(on: ["failed"], channel: "webhook", settings: ["url": "https://sink.example/"])
            rule.repeats = .seconds(60)
            return JobDefinition(name: name, schedule: .manual, work: .alert(rule))
        }
        let names = ["alerts/a/email", "alerts/a/slack", "alerts/b/slack"]
        try await store.apply(
            names.map(rule), source: "repeat", isComplete: true, by: "test", schedules: ScheduleCache())
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        func reminders() async throws -> [String] {
            try await store.incidents(openOnly: false, limit: 99).filter { $0.isNews && names.contains($0.rule) }
                .map(\.rule).sorted()
        }
        time.advance(by: .seconds(61))
        try await look()
        #expect(try await reminders() == names)
        let first = try await store.incidents(openOnly: true, limit: 9).first { $0.rule == "alerts/a/slack" }
        let words = try await Acts(store, by: "anna").acknowledge(try #require(first).id)
        #expect(words.contains("no channel tells of job1 failed again"))
        #expect(
            try await store.incidents(openOnly: true, limit: 9).filter { names.contains($0.rule) }
                .map(\.acknowledgedBy) == ["anna", "anna", "anna"])
        for _ in 0..<3 {
            time.advance(by: .seconds(61))
            try await look()
        }
        #expect(try await reminders() == names)
    }

    @Test(arguments: [("busy", "450 mailbox busy", false), ("nobody", "550 no such user", true)])
    func whoeverWasRefusedIsTriedAgainUnlessForGoodAndTheOthersAreNotToldTwice(
        who: String, answer: String, isForGood: Bool
    ) async throws {
        let server = try MailServer()
        let rule = AlertRule(
            jobs: ["job1"], channel: "email",
            settings: [
                "to": "ops@x.example, \(who)@x.example, boss@x.example", "from": "o@example.com",
                "smtp": "smtp://127.0.0.1:\(server.port)",
            ])
        var policies = JobPolicies()
        policies.retry = RetryPolicy(limit: 5, backoff: .seconds(10), max: .seconds(60), jitter: 0)
        policies.overlap = .allow
        let name = "alerts/mail/email"
        try await store.apply(
            [JobDefinition(name: name, schedule: .manual, work: .alert(rule), policies: policies)], source: "mail",
            isComplete: true, by: "test", schedules: ScheduleCache())
        try await store.setPaused(true, job: "alerts/ops/webhook", by: "test")
        try await end("job1", as: .failed(Failure("exit code 1", exitCode: 1)))
        try await look()
        time.advance(by: .seconds(10))
        try await look()
        func runs() async throws -> [Run] {
            var filter = RunFilter()
            filter.job = name
            return try await store.runs(filter).sorted { $0.id < $1.id }
        }
        func word() async throws -> String? {
            let incidents = try await store.incidents(openOnly: true, limit: 9).filter { $0.rule == name }
            let fate = try await MessageFate.of(incidents, in: store)
            return incidents.first.map { fate.word(for: $0) }
        }
        _ = try await send(as: .succeeded)
        let both = try await runs()
        #expect(both.map(\.state) == [.succeeded, .scheduled])
        let message = AlertExecutor.batch(of: both[0])
        #expect(message != nil && message == AlertExecutor.batch(of: both[1]))
        #expect(server.messages.map { $0.split(separator: "|")[1] } == ["ops@x.example,boss@x.example"])
        #expect(try await word() == "under way")
        // The rest has tries of its own, for as long as a message has.
        _ = try await send(as: .succeeded)
        #expect(try await runs().last?.message?.contains("RCPT TO:<\(who)@x.example> with \(answer)") == true)
        let failed = "NOT told to all: run \(both[1].id) failed"
        #expect(try await word() == (isForGood ? failed : "tried 1 times"))
        #expect(server.messages.count == 1)
        for _ in 0..<5 {
            time.advance(by: .seconds(60))
            _ = try await send(as: .succeeded)
        }
        #expect(try await runs().map(\.state) == [.succeeded, .failed])
        #expect(try await runs().last?.attempt == (isForGood ? 1 : 6))
        #expect(try await word() == failed)
        #expect(server.messages.count == 1)
    }

    /// How long the store is away, and what is told and kept of it.
    @Test(arguments: [(4, 0, 0), (5, 1, 0), (14, 1, 0), (15, 0, 1), (120, 0, 1)])
    func anOutageIsToldOnceAndAShortOneIsAnEvent(seconds: Int, events: Int, incidents: Int) async throws {
        let isAway = Mutex(false)
        let line = AwayStore(base: store) { isAway.withLock { $0 } }
        let loop = AlertLoop(
            store: line, readings: SharedReadings(line, schedules: ScheduleCache(), time: time), actor: "alpha",
            isLeader: { true },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await loop.turn(at: time.now())
        isAway.withLock { $0 = true }
        await #expect(throws: StoreError.self) { try await loop.turn(at: time.now()) }
        time.advance(by: .seconds(seconds))
        isAway.withLock { $0 = false }
        for _ in 0..<3 {
            _ = try await loop.turn(at: time.now())
            time.advance(by: .seconds(5))
        }
        let kept = try await store.events(job: nil, limit: 100).filter { $0.kind == "store.away" }
        #expect(kept.count == events)
        #expect(kept.allSatisfy { $0.actor == "alpha" && $0.message.contains("for \(seconds)s") })
        let told = try await store.incidents(openOnly: false, limit: 9).filter { $0.kind == "store" }
        #expect(told.count == incidents)
    }

    /// Pages and alerts read all jobs once, where that takes long; and what is told is not told twice by that, nor taken back.
    @Test func allJobsAreReadOnceForPagesAndAlerts() async throws {
        let line = SlowStore(base: store, time: time)
        let readings = SharedReadings(line, schedules: ScheduleCache(), time: time)
        func look(_ name: String) async throws {
            _ = try await AlertLoop(
                store: line, readings: readings, actor: name, isLeader: { name == "alpha" },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).turn(at: time.now())
        }
        try await look("alpha")
        _ = try await readings.snapshot()
        #expect(line.readings.withLock { $0 } == 1)
        // After what was read.
        try await end("job1", as: .failed(Failure("no")))
        try await look("alpha")
        #expect(line.readings.withLock { $0 } == 1)
        #expect(try await store.incidents(openOnly: false, limit: 9).isEmpty)
        time.advance(by: .seconds(5))
        try await look("alpha")
        #expect(line.readings.withLock { $0 } == 2)
        #expect(try await store.incidents(openOnly: false, limit: 9).map(\.kind) == ["failed"])
        // Another one, by what was read before it did well again.
        try await end("job1", as: .succeeded)
        try await look("beta")
        #expect(try await store.incidents(openOnly: true, limit: 9).count == 1)
        time.advance(by: .seconds(5))
        try await look("beta")
        #expect(try await store.incidents(openOnly: true, limit: 9).isEmpty)
        #expect(line.readings.withLock { $0 } == 3)
    }

    @Test func aRunByHandSendsASample() async throws {
        _ = try await store.trigger("alerts/ops/webhook", requestID: "test-1", by: "anna")
        #expect(try await send(as: .succeeded).first?.contains("this is a test of the channel") == true)
    }
}

/// A store that is away at times.
private struct AwayStore: StoreWrapper {
    let base: any Store
    let isAway: @Sendable () -> Bool

    func jobs(_ filter: JobFilter) async throws(StoreError) -> [JobRecord] {
        if isAway() { throw .unavailable("it is away") }
        return try await base.jobs(filter)
    }
}

/// A store of which it takes long to read how all jobs are.
private final class SlowStore: StoreWrapper {
    let base: any Store
    let time: ManualTime
    let readings = Mutex(0)

    init(base: any Store, time: ManualTime) {
        self.base = base
        self.time = time
    }

    func statuses(of jobs: [String]?) async throws(StoreError) -> [JobStatus] {
        if jobs == nil { readings.withLock { $0 += 1 } }
        time.advance(by: .milliseconds(100))
        return try await base.statuses(of: jobs)
    }
}

/// Takes what is sent.
private final class Sink: Executor {
    let bodies = Mutex<[String]>([])
    private let outcome: Outcome

    init(_ outcome: Outcome) { self.outcome = outcome }

    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        if case .http(let call) = claim.definition.work { bodies.withLock { $0.append(call.body ?? "") } }
        return outcome
    }
}

private final class Remarks: OutputSink {
    let words = Mutex<String?>(nil)

    func write(_ bytes: [UInt8], to stream: LogStream) async {}
    func remark(_ text: String) async { words.withLock { $0 = text } }
}
