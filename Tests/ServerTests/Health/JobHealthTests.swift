import Onebeat
import Testing

@testable import OnebeatServer

private let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!

private func ago(_ seconds: Int) -> Timestamp { now - .seconds(seconds) }

private func run(
    _ state: RunState, id: Int64 = 1, due: Int = 60, reason: Reason? = nil, message: String? = nil, started: Int? = nil,
    ended: Int? = nil, queue: String = "default"
) -> Run {
    var run = Run(
        id: RunID(id), version: JobVersion(job: "job", generation: 1, version: 1), scheduledAt: ago(due),
        dueAt: ago(due),
        state: state, queue: queue)
    run.reason = reason
    run.message = message
    run.startedAt = started.map(ago)
    run.finishedAt = ended.map(ago)
    run.node = started == nil ? nil : "n1"
    return run
}

private func node(
    _ name: String = "n1", slots: Int = 2, queues: [String] = ["default"], roles: Set<NodeRole> = Set(NodeRole.allCases)
)
    -> NodeRecord
{
    NodeRecord(
        id: NodeID(name: name, boot: name), joinedAt: ago(9999), leaseUntil: now + .seconds(9), roles: roles,
        slots: slots,
        queues: queues, version: "1", processID: 1)
}

/// One situation, and what is said of it. What is due each minute unless told otherwise.
struct HealthRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var facts: JobFacts
    var nodes: [NodeRecord]
    var running: [Run]
    var state: JobHealth.State
    var words: String

    fileprivate init(
        _ name: String, _ state: JobHealth.State, _ words: String = "", rhythm: Int = 60, queue: String = "default",
        nodes: [NodeRecord] = [node()], running: [Run] = [], _ change: (inout JobFacts) -> Void
    ) {
        testDescription = name
        let definition = JobDefinition(
            name: "job", schedule: .every(.seconds(rhythm)), work: .shell("true", ProcessSettings()),
            policies: {
                var policies = JobPolicies(); policies.queue = queue; return policies
            }())
        facts = JobFacts(
            JobRecord(definition: definition, watermark: now, nextAt: now + .seconds(30), createdAt: ago(100_000)))
        facts.rhythm = .seconds(rhythm)
        change(&facts)
        self.nodes = nodes
        self.running = running + [facts.running].compactMap(\.self)
        self.state = state
        self.words = words
    }
}

private func status(_ word: String, failures: Int = 0, success: Int? = nil) -> JobStatus {
    JobStatus(job: "job", status: word, lastRunAt: ago(60), lastSuccessAt: success.map(ago), failuresInARow: failures)
}

/// A job that runs elsewhere, of which word was expected so many seconds ago.
private func elsewhere(_ facts: inout JobFacts, expected: Int = -60) {
    facts.job.definition.schedule = .manual
    facts.job.definition.work = .signal(SignalWatch(.every(.seconds(86_400)), grace: .seconds(600)))
    facts.job.nextAt = nil
    facts.expectedAt = ago(expected)
}

private func skips(_ count: Int, first: Int64 = 10) -> [Run] {
    (0..<count).map {
        run(.skipped, id: first + Int64(count - $0), due: 60 * ($0 + 1), reason: .overlap, ended: 60 * ($0 + 1))
    }
}

@Suite("How a job is") struct JobHealthTests {
    static let rows: [HealthRow] = [
        HealthRow("never due", .new) { _ in },
        HealthRow("did well", .well) {
            $0.status = status("success", success: 60)
            $0.newestEnd = run(.succeeded, started: 60, ended: 59)
        },
        HealthRow("failed once", .failing, "failed: exit code 1; last line: disk full") {
            $0.status = status("failed", failures: 1, success: 9000)
            $0.newestEnd = run(.failed, message: "exit code 1; last line: disk full", started: 60, ended: 59)
        },
        HealthRow("failed often", .failing, "timed out, 7 times in a row") {
            $0.status = status("timed_out", failures: 7)
            $0.newestEnd = run(.timedOut, started: 60, ended: 59)
        },
        HealthRow("failed, and is skipped since", .failing, "failed, 2 times in a row") {
            $0.status = status("failed", failures: 2)
            $0.newestEnd = run(.skipped, reason: .overlap, ended: 10)
        },
        HealthRow(
            "failed, and nobody plans it any more", .failing,
            "failed: exit code 1; and overdue: it was due at 2026-11-23 11:59:15 UTC and nobody planned it"
        ) {
            $0.status = status("failed", failures: 1)
            $0.newestEnd = run(.failed, message: "exit code 1", started: 60, ended: 59)
            $0.job.nextAt = ago(45)
        },
        HealthRow(
            "failed, and nobody serves its queue", .failing, "; and unserved: no living node serves queue",
            queue: "mail"
        ) { $0.status = status("failed", failures: 1) },
        HealthRow("failed, and the run after it hangs", .failing, "; and stuck: run 1 has been running since") {
            $0.status = status("running", failures: 1)
            $0.running = run(.running, started: 400)
            $0.successes = [run(.succeeded, started: 1000, ended: 900)]
        },
        HealthRow(
            "failed, and what was due since was missed", .failing,
            "failed; and missing: missed: it could not start within the job's deadline"
        ) {
            $0.status = status("failed", failures: 1)
            $0.newestEnd = run(.missed, reason: .tooLate, ended: 30)
        },
        HealthRow("failed, and is tried again", .failing, "failed, 2 times in a row") {
            $0.status = status("retrying", failures: 2)
            $0.running = run(.running, started: 5)
        },
        HealthRow("its worker vanished for good", .failing, "dead: its worker's lease ended before the run did") {
            $0.status = status("dead", failures: 1)
            $0.newestEnd = run(.dead, reason: .workerLost, started: 60, ended: 59)
        },
        HealthRow("paused, though it failed", .paused) {
            $0.job.isPaused = true
            $0.status = status("failed", failures: 3)
        },
        HealthRow("nobody serves its queue", .unserved, "no living node serves queue \"mail\"", queue: "mail") { _ in },
        HealthRow("nobody is up: said of all, not of each", .new, queue: "mail", nodes: []) { _ in },
        HealthRow("nobody plans", .overdue, "nobody planned it") { $0.job.nextAt = ago(45) },
        HealthRow("a leader is being replaced", .new) { $0.job.nextAt = ago(5) },
        HealthRow("missed", .missing, "missed: it could not start within the job's deadline") {
            $0.newestEnd = run(.missed, reason: .tooLate, ended: 30)
            $0.status = status("success", success: 9000)
        },
        HealthRow(
            "not there by its time of day", .late,
            "what was due at 2026-11-23 03:00:00 UTC was to be done by 2026-11-23 07:00:00 UTC and is not: run 7 has been"
                + " running since 2026-11-23 11:55:00 UTC"
        ) {
            $0.job.definition.by = TimeOfDay("06:30")
            $0.duty = (ago(9 * 3600), ago(5 * 3600))
            $0.running = run(.running, id: 7, started: 300)
            $0.status = status("running", success: 90_000)
        },
        HealthRow("there by its time of day", .well) {
            $0.job.definition.by = TimeOfDay("06:30")
            $0.duty = (ago(9 * 3600), ago(5 * 3600))
            $0.status = status("success", success: 8 * 3600)
        },
        HealthRow(
            "yesterday's ended well after today's was due", .late,
            "was to be done by 2026-11-23 07:00:00 UTC and is not"
        ) {
            $0.job.definition.by = TimeOfDay("06:30")
            $0.duty = (ago(9 * 3600), ago(5 * 3600))
            $0.status = status("success", success: 8 * 3600)
            $0.successes = [run(.succeeded, due: 33 * 3600, started: 33 * 3600, ended: 8 * 3600)]
        },
        HealthRow("today's ended well, and then one of yesterday's", .well) {
            $0.job.definition.by = TimeOfDay("06:30")
            $0.duty = (ago(9 * 3600), ago(5 * 3600))
            $0.status = status("success", success: 7 * 3600)
            $0.successes = [
                run(.succeeded, id: 1, due: 33 * 3600, started: 33 * 3600, ended: 7 * 3600),
                run(.succeeded, id: 2, due: 9 * 3600, started: 9 * 3600, ended: 8 * 3600),
            ]
        },
        HealthRow("its time of day is not of a day before it was stored", .new) {
            $0.job.definition.by = TimeOfDay("06:30")
            $0.duty = (ago(200_000), ago(190_000))
        },
        HealthRow("missed, and ran well since", .well) {
            $0.newestEnd = run(.missed, reason: .coalesced, ended: 30)
            $0.status = status("success", success: 20)
        },
        HealthRow(
            "skipped by a run that hangs", .skipping,
            "skipped 3 times in a row: an earlier run of the job was still active; run 1"
        ) {
            $0.newestEnd = skips(3)[0]
            $0.recent = skips(3)
            $0.running = run(.running, started: 400)
            $0.status = status("running", success: 500)
        },
        HealthRow("skipped by another program's lock", .skipping, "another program holds lock:job:job") {
            var newest = skips(4)
            newest[0].message = "another program holds lock:job:job"
            ($0.newestEnd, $0.recent) = (newest[0], newest)
            $0.status = status("success", success: 4000)
        },
        HealthRow("skipped often, as a long usual run explains", .running, rhythm: 1) {
            ($0.newestEnd, $0.recent) = (skips(50)[0], skips(50))
            $0.running = run(.running, started: 500)
            $0.successes = [run(.succeeded, started: 1200, ended: 600)]
            $0.status = status("running", success: 600)
        },
        HealthRow("skipped twice", .well) {
            ($0.newestEnd, $0.recent) = (skips(2)[0], skips(2) + [run(.succeeded, started: 300, ended: 299)])
            $0.status = status("success", success: 299)
        },
        HealthRow("skipped more often than is looked at", .skipping, "skipped 50 times or more in a row") {
            ($0.newestEnd, $0.recent) = (skips(50)[0], skips(50))
        },
        HealthRow("a night that was skipped", .skipping, "skipped: an earlier run", rhythm: 86_400) {
            ($0.newestEnd, $0.recent) = (skips(1)[0], skips(1))
            $0.status = status("success", success: 86_460)
        },
        HealthRow("a night that was skipped while the run before goes on as usual", .running, rhythm: 86_400) {
            ($0.newestEnd, $0.recent) = (skips(1)[0], skips(1))
            $0.running = run(.running, started: 86_460)
            $0.successes = [run(.succeeded, started: 200_000, ended: 120_000)]
            $0.status = status("running", success: 120_000)
        },
        HealthRow("skipped since it was paused, and resumed", .well) {
            $0.newestEnd = run(.skipped, reason: .paused, ended: 30)
            $0.status = status("success", success: 9000)
        },
        HealthRow("runs three times as long as ever", .stuck, "usually it takes 1m 40s") {
            $0.running = run(.running, started: 400)
            $0.successes = [run(.succeeded, started: 1000, ended: 900)]
        },
        HealthRow("runs long, and nobody knows what is usual", .running) { $0.running = run(.running, started: 400) },
        HealthRow(
            "slots are taken by a hog", .waiting, "all 2 slots of queue \"default\" are taken, 2 of them by job hog",
            running: [("hog", 2), ("hog", 3)].map { name, id in
                var run = run(.running, id: Int64(id), started: 900)
                run.version.job = name
                return run
            }
        ) { $0.waiting = run(.scheduled, due: 120) },
        HealthRow("due for a moment", .new) { $0.waiting = run(.scheduled, due: 20) },
        HealthRow("waits for its own turn", .running) {
            $0.waiting = run(.scheduled, id: 2, due: 120)
            $0.running = run(.running, started: 130)
        },
        HealthRow("waits for a lock of another program", .waiting, "another program holds it") {
            $0.waiting = run(.scheduled, id: 2, due: 120, message: "another program holds it")
            $0.running = nil
        },
        HealthRow("runs elsewhere, and nothing was heard yet", .new) { elsewhere(&$0) },
        HealthRow("runs elsewhere, and word is not due", .well) {
            elsewhere(&$0, expected: -60)
            $0.status = status("success", success: 60)
        },
        HealthRow("runs elsewhere, and word is late but in its grace", .well) {
            elsewhere(&$0, expected: 599)
            $0.status = status("success", success: 9000)
        },
        HealthRow("no word came", .late, "10m late at most; the last came at 2026-11-23 09:30:00 UTC") {
            elsewhere(&$0, expected: 601)
            $0.status = status("success", success: 9000)
        },
        HealthRow("no word ever came", .late, "none ever came") { elsewhere(&$0, expected: 601) },
        HealthRow("it began, and that was the last word", .late, "no word of its end came within 10m") {
            elsewhere(&$0, expected: -60)
            $0.running = run(.running, id: 7, started: 601)
        },
        HealthRow("it began, and may take so long", .running) {
            elsewhere(&$0, expected: -60)
            $0.running = run(.running, started: 599)
        },
        HealthRow("it told of a failure", .failing, "failed: disk full") {
            elsewhere(&$0, expected: 601)
            $0.wordExpectedAt = now + .seconds(86_341)
            $0.status = status("failed", failures: 1, success: 9000)
            $0.newestEnd = run(.failed, message: "disk full", started: 60, ended: 59)
        },
        HealthRow(
            "it told of a failure, and of nothing since", .failing, "failed: disk full; and late: word of a success"
        ) {
            elsewhere(&$0, expected: 90_000)
            $0.wordExpectedAt = ago(601)
            $0.status = status("failed", failures: 1, success: 180_000)
            $0.newestEnd = run(.failed, message: "disk full", started: 87_000, ended: 87_000)
        },
        HealthRow("it is paused, and no word came", .paused) {
            elsewhere(&$0, expected: 601)
            $0.job.isPaused = true
        },
        HealthRow(
            "a message that is tried again and again", .failing,
            "message of run 7 was tried 3 times and is not sent: exit code 127"
        ) {
            $0.job.definition.work = .alert(AlertRule(channel: "run", settings: ["line": "notify"]))
            $0.status = status("retrying")
            $0.retrying = run(.scheduled, message: "exit code 127", started: 60, ended: 59)
            $0.retrying?.id = RunID(7)
            $0.retrying?.failures = 3
        },
        HealthRow("a message that is tried once more", .new) {
            $0.job.definition.work = .alert(AlertRule(channel: "run", settings: ["line": "notify"]))
            $0.retrying = run(.scheduled, message: "exit code 127", started: 60, ended: 59)
            $0.retrying?.failures = 1
        },
        HealthRow("cannot be read", .invalid, "upgrade this node") {
            $0.job.definition = DefinitionText.decode("{\"format\": 99, \"name\": \"job\"}", of: "job")
        },
    ]

    @Test(arguments: rows) func oneRuleSaysHowItIs(row: HealthRow) {
        let health = JobHealth.decide(row.facts, ClusterFacts(now: now, nodes: row.nodes, running: row.running))
        #expect(health.state == row.state, "\(health.why)")
        #expect(row.words.isEmpty || health.why.contains(row.words), "\(health.why)")
        #expect(!health.needsLook || !health.why.isEmpty)
        // What is kept, or sent, is read later.
        #expect(!health.why.contains(/\bago\b|\bin \d|\bfor \d/), "\(health.why)")
        #expect(health.also.allSatisfy { health.state == .failing && health.why.contains($0.why) })
    }

    @Test func whatIsWrongBesidesIsOneOfItsOwn() throws {
        var facts = JobFacts(
            JobRecord(
                definition: JobDefinition(
                    name: "job", schedule: .every(.seconds(60)), work: .shell("true", ProcessSettings())),
                watermark: now, nextAt: ago(45), createdAt: ago(100_000)))
        facts.status = status("failed", failures: 1)
        let health = JobHealth.decide(facts, ClusterFacts(now: now, nodes: [node()]))
        #expect(health.also.map(\.alertKind) == [.late])
        // Whoever is told of both by themselves is not told the second within the first.
        #expect(health.why(toldBy: AlertRule(on: ["failed", "late"], channel: "run")) == "failed")
        #expect(health.why(toldBy: AlertRule(on: ["failed"], channel: "run")) == health.why)
        #expect(health.why.hasPrefix("failed; and overdue: "))
    }

    @Test func whatNeedsALookStandsWorstFirst() {
        let all = [
            JobHealth(job: "a", .well), JobHealth(job: "b", .skipping), JobHealth(job: "c", .failing, streak: 1),
            JobHealth(job: "d", .failing, streak: 5), JobHealth(job: "e", .paused), JobHealth(job: "f", .missing),
        ]
        #expect(all.worstFirst.map(\.job) == ["d", "c", "f", "b"])
    }
}

@Suite("The state of things in one sentence") struct HeadlineTests {
    private func decide(_ states: JobHealth.State..., nodes: [NodeRecord] = [node()]) -> Headline {
        .decide(states.enumerated().map { JobHealth(job: "\($0)", $1) }, nodes: nodes, at: now)
    }

    @Test func wellIsSaidOfJobsThatDidTheirWorkOnly() {
        #expect(decide(.well, .running, .new) == Headline(tone: .good, sentence: "All is well."))
        #expect(decide(.well, .paused) == Headline(tone: .good, sentence: "All is well. 1 job is paused."))
        #expect(decide() == Headline(tone: .calm, sentence: "No job is stored: there is nothing to run."))
        #expect(decide(.paused, .paused) == Headline(tone: .calm, sentence: "All \(2) jobs are paused."))
        for state in JobHealth.State.allCases where state.needsLook {
            #expect(decide(.well, state) == Headline(tone: .bad, sentence: "1 job needs a look."))
        }
    }

    @Test func whereNodesLackThatGoesFirst() {
        #expect(decide(.failing, nodes: []).sentence.hasPrefix("No node is alive"))
        #expect(decide(.well, nodes: [node(roles: [.worker])]).sentence.hasPrefix("No living node plans"))
        #expect(decide(.well, nodes: [node(slots: 0)]).sentence.hasPrefix("No living node works"))
        // Calls of `once` need no node.
        #expect(Headline.decide([JobHealth(job: "a", .well)], nodes: [], needsNodes: false, at: now).tone == .good)
        var dead = node()
        dead.leaseUntil = ago(1)
        #expect(decide(.well, nodes: [dead]).sentence.hasPrefix("No node is alive"))
    }

    @Test func aHandOverThatDoesNotEndNeedsALook() {
        func decide(since start: Timestamp) -> Headline {
            .decide([JobHealth(job: "a", .well)], nodes: [node()], standby: .handingOver(from: start), at: now)
        }
        #expect(decide(since: ago(60)).tone == .calm)
        #expect(decide(since: ago(700)).tone == .bad)
    }
}
