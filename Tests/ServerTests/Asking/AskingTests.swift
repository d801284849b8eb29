import Foundation
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

/// A command says the same words whichever it asks: a node must answer what its store answers.
@Suite(.timeLimit(.minutes(1))) struct AskingTests {
    typealias Question = @Sendable (any Witness) async throws -> (any Encodable)?

    private static let berlin = Schedule.clock(of: "Europe/Berlin")
    private static let noon = Timestamp(iso8601: "2026-11-23T12:00:00Z")!

    private static func runs(_ narrow: (inout RunFilter) -> Void) -> Question {
        var filter = RunFilter()
        narrow(&filter)
        return { [filter] in try await $0.runs(filter).map { RunResource($0) } }
    }

    /// What is asked, and a word that must be in the answer: an empty one would be the same twice as well.
    private static let questions: [(String, String, Question)] = [
        ("now", "2026-11-23", { try await $0.now() }),
        ("standing", "needs a look", { try await $0.standing(limit: 1) }),
        ("jobs", "extract.file_list", { try await $0.jobs() }),
        ("job", "pg_dump <shop> & wait", { try await $0.job("backup") }),
        ("each", "\"definition\":[{\"key\":\"each\",\"value\":\"extract.file_list\"}", { try await $0.job("load/eu") }),
        ("no job", "nothing", { try await $0.job("nobody") }),
        ("zones", "Asia/Shanghai", { try await $0.zones(of: ["backup", "team/ping", "gone"]) }),
        (
            "fires", "2026-11-24T03:00:00+08:00",
            { try await $0.fires(of: "backup", after: noon, count: 2, timezone: nil) }
        ),
        (
            "fires elsewhere", "2026-11-24T03:00:00+01:00",
            { try await $0.fires(of: "backup", after: noon, count: 2, timezone: "Europe/Berlin") }
        ),
        (
            "when word is expected", "\"at\":\"2026-11-25T12:00:24Z\"",
            { try await $0.fires(of: "away", after: noon, count: 2, timezone: nil) }
        ),
        (
            "when word is expected, by cron", "a success is expected at 03:00 every day",
            { try await $0.fires(of: "away2", after: noon, count: 2, timezone: nil) }
        ),
        (
            "what starts it", "\"start\":\"after extract\"",
            { try await $0.fires(of: "load/eu", after: noon, count: 2, timezone: nil) }
        ),
        ("fires of a delay", "[]", { try await $0.fires(of: "slow", after: noon, count: 3, timezone: nil) }),
        ("fires of no job", "nothing", { try await $0.fires(of: "x", after: noon, count: 2, timezone: nil) }),
        ("versions", "every", { try await $0.versions(of: "slow2", limit: 5) }),
        ("versions of no job", "[]", { try await $0.versions(of: "nobody", limit: 5) }),
        ("changes", "2m", { try await $0.changes(of: "slow2", from: "1", to: "1.2") }),
        ("explanation", "+01:00", { try await $0.explanation(of: "backup", at: nil, on: berlin) }),
        (
            "explanation of a moment", "not_due",
            { try await $0.explanation(of: "backup", at: noon + .seconds(3600), on: berlin) }
        ),
        (
            "explanation of what is gone", "removed by tester",
            { try await $0.explanation(of: "gone", at: nil, on: berlin) }
        ),
        ("explanation of no job", "nothing", { try await $0.explanation(of: "nobody", at: nil, on: berlin) }),
        ("graph", "for each of extract.file_list", { try await $0.graph(around: nil) }),
        ("graph of a flow", "load/eu", { try await $0.graph(around: "load/eu") }),
        ("graph of a job alone", "backup", { try await $0.graph(around: "backup") }),
        ("runs", "exit 3", runs { _ in }),
        ("runs of a job", "backup", runs { $0.job = "backup" }),
        ("runs by state", "failed", runs { $0.states = [.failed, .waiting] }),
        ("runs of a moment", "scheduled_at", runs { ($0.from, $0.before) = (noon, noon + .seconds(5)) }),
        ("runs of a flow", "extract", runs { ($0.flow, $0.limit) = (RunID(4), 3) }),
        ("run", "backup", { try await $0.run(RunID(1)).map { RunResource($0) } }),
        ("no run", "nothing", { try await $0.whole(RunID(999)) }),
        ("what a run handed on", "\"file_list\":[{\"fileName\":1}]", { try await $0.whole(RunID(4)) }),
        ("attempts", "exit 3", { try await $0.attempts(of: RunID(2)) }),
        ("explanation of a run", "+01:00", { try await $0.explanation(of: RunID(2), on: berlin) }),
        (
            "output", "done",
            { witness in
                let page = try await witness.logs(of: RunID(1), after: nil)
                #expect(page.isLast)
                let after = try await witness.logs(of: RunID(1), after: page.next)
                #expect(after.pieces.isEmpty && after.isLast)
                return page.pieces.map { LogResource($0, text: String(decoding: $0.bytes, as: UTF8.self)) }
            }
        ),
        ("flow", "load/eu", { FlowResource(try await $0.flow(of: RunID(5))) }),
        ("nodes", "alpha", { try await $0.nodes() }),
        (
            "events", "job.paused",
            {
                var filter = EventFilter(job: "slow2", limit: 3)
                filter.kind = "job.paused"
                return try await $0.events(filter)
            }
        ),
    ]

    @Test func aNodeAnswersWhatItsStoreAnswers() async throws {
        try await WebFixture.serving { web in
            try await Self.fill(web)
            let (near, far) = (StoreWitness(web.store), try RemoteNode(web.base, token: nil, environment: [:]))
            for (name, word, question) in Self.questions {
                let said = try await Self.text(question(near))
                #expect(said.contains(word), "\(name): \(said)")
                #expect(try await Self.text(question(far)) == said, "\(name)")
            }
        }
    }

    /// What stands against a question is said in the same words, too.
    @Test func aRefusalIsInTheSameWords() async throws {
        try await WebFixture.serving { web in
            try await Self.fill(web)
            let (near, far) = (StoreWitness(web.store), try RemoteNode(web.base, token: nil, environment: [:]))
            let refused: [(String, Question)] = [
                ("part of no flow", { FlowResource(try await $0.flow(of: RunID(1))) }),
                ("has no version 9", { try await $0.changes(of: "slow2", from: "1", to: "9") }),
                ("is no version", { try await $0.changes(of: "slow2", from: "1", to: "x") }),
            ]
            for (words, question) in refused {
                let said = await #expect(throws: (any Error).self) { _ = try await question(near) }
                #expect(said.map { "\($0)" }?.contains(words) == true)
                let failure = await #expect(throws: RemoteNode.Failure.self) { _ = try await question(far) }
                #expect(failure?.description == said.map { "\($0)" })
            }
        }
    }

    @Test(arguments: [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", RemoteNode.Failure.Kind.refused,
            "it is no node of Onebeat"
        ),
        (
            "HTTP/1.1 404 x\r\nContent-Length: 22\r\n\r\n{\"detail\":\"Not Found\"}", .refused,
            "it is no node of Onebeat"
        ),
        ("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", .tryLater, "status 502"),
        ("", .tryLater, "127.0.0.1"),
    ])
    func whoIsNoNodeIsFoundOut(answer: String, kind: RemoteNode.Failure.Kind, words: String) async throws {
        try await RawServer.serving({ _ in .init(answer) }) { server in
            let node = try RemoteNode("http://127.0.0.1:\(server.port)", token: nil, environment: [:])
            let failure = await #expect(throws: RemoteNode.Failure.self) { _ = try await node.job("backup") }
            #expect(
                failure?.kind == kind && failure?.description.contains(words) == true, "\(String(describing: failure))")
        }
    }

    /// What will not be there another time either is no reason to try again.
    @Test func aFileOfAuthoritiesThatIsNoneIsFoundOutBeforeAnybodyIsAsked() throws {
        func kind(_ authorities: String) -> (RemoteNode.Failure.Kind, String)? {
            do {
                _ = try RemoteNode(
                    "https://onebeat.example", token: nil, authorities: authorities, environment: [:])
                return nil
            } catch {
                return (error.kind, error.description)
            }
        }
        let missing = try #require(kind("/nowhere/ca.pem"))
        #expect(missing.0 == .noFile && missing.1.hasPrefix("there is no file /nowhere/ca.pem; --ca"))
        let unfit = try #require(kind(#filePath))
        #expect(unfit.0 == .badFile && unfit.1.contains("cannot be read") && unfit.1.contains("--ca"))
    }

    private static func text(_ answer: (any Encodable)?) throws -> String {
        guard let answer else { return "nothing" }
        return try JSON.line(answer)
    }

    /// Adds a flow of which one run has handed something on, a job with two versions, one that is gone, and a delay.
    private static func fill(_ web: WebFixture) async throws {
        func job(_ name: String, _ schedule: ScheduleDefinition) -> JobDefinition {
            JobDefinition(name: name, schedule: schedule, work: .shell("true", ProcessSettings()))
        }
        func apply(_ jobs: [JobDefinition]) async throws {
            try await web.store.apply(
                jobs, source: "file:/etc/more.yaml", isComplete: true, by: "tester", schedules: ScheduleCache())
        }
        var load = job("load/eu", ScheduleDefinition(.after(["extract"])))
        load.each = Each(in: "extract", at: ["file_list"])
        func away(_ name: String, _ expected: ScheduleDefinition) -> JobDefinition {
            JobDefinition(name: name, schedule: .manual, work: .signal(SignalWatch(expected, grace: .seconds(60))))
        }
        let flow = [
            job("extract", .manual), load, job("slow", ScheduleDefinition(.delay(.seconds(60)))),
            away("away", .every(.seconds(86_400))), away("away2", .cron("0 3 * * *", timezone: "Asia/Shanghai")),
        ]
        try await apply(flow + [job("gone", .manual), job("slow2", .every(.seconds(60)))])
        _ = try await web.store.trigger("gone", requestID: "gone", by: "tester")
        try await apply(flow + [job("slow2", .every(.seconds(120)))])
        try await web.store.setPaused(true, job: "slow2", by: "tester")
        _ = try await web.store.trigger("extract", requestID: "one", by: "tester")
        let node = NodeID(name: "alpha", boot: "1")
        let claims = try await web.store.claim(
            ClaimRequest(node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(7)), deciding: Admission.decide
        ).claims
        let claim = try #require(claims.first { $0.run.job == "extract" })
        let value = try RunValue(json: Array("{\"file_list\": [{\"fileName\": 1}]}".utf8))
        _ = try await web.store.settle([AttemptReport(claim, .succeeded, value: value)]) {
            Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5)
        }
    }
}
