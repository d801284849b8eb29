import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ConditionTests {
    @Test(arguments: [
        "/jobs/backup", "/runs/1", "/jobs", "/runs?job=backup", "/events", "/graph", "/jobs/backup/versions",
    ])
    func whoHasAnAnswerIsSparedIt(path: String) async throws {
        try await WebFixture.serving { web in
            let first = try await web.get("/api/v1" + path)
            let tag = try #require(first.headers["etag"])
            #expect(first.status == 200 && tag.hasPrefix("\"") && first.headers["cache-control"] == "private, no-cache")
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let again = try await web.get("/api/v1" + path, headers: ["If-None-Match": known])
                #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag, "\(known)")
                #expect(again.headers["content-type"] == nil)
            }
            for other in ["\"other\"", "other", ""] {
                #expect(
                    try await web.get("/api/v1" + path, headers: ["If-None-Match": other]).status == 200, "\(other)")
            }
            let head = try await web.get("/api/v1" + path, method: "HEAD", headers: ["If-None-Match": tag])
            #expect(head.status == 304)
        }
    }

    @Test func anAnswerThatIsAnotherHasAnotherTag() async throws {
        try await WebFixture.serving { web in
            let before = try await web.get("/api/v1/jobs/backup").headers["etag"]
            try await web.fail("backup")
            let ran = try await web.get("/api/v1/jobs/backup", headers: ["If-None-Match": before ?? ""])
            #expect(ran.status == 200 && ran.headers["etag"] != before)
            #expect(try await web.get("/api/v1/runs/99").headers["etag"] == nil)
            #expect(try await web.get("/").headers["etag"] == nil)
        }
    }

    /// A run that ended meanwhile stands against nothing; another pause, and another definition, do.
    @Test func anEditPassesOnlyWhereTheJobIsAsItWasSeen() async throws {
        try await WebFixture.serving { web in
            let seen = try #require(try await web.get("/api/v1/jobs/backup").headers["etag"])
            try await web.fail("backup")
            let paused = try await web.post("/api/v1/jobs/backup/pause", "", ["If-Match": seen])
            #expect(paused.status == 200)
            let late = try await web.post("/api/v1/jobs/backup/pause", "", ["If-Match": seen])
            let current = try #require(late.headers["etag"])
            #expect(late.status == 412 && late.headers["content-type"] == "application/problem+json")
            #expect(
                try late.object()["detail"] as? String == """
                    job "backup" is not what If-Match names any more, and nothing was done: its ETag is \(current) now; read \
                    /api/v1/jobs/backup and, where you still mean it, send that
                    """)
            #expect(try await web.store.events(job: "backup", limit: 9).filter { $0.kind == "job.paused" }.count == 1)
            #expect(try await web.get("/api/v1/jobs/backup").headers["etag"] == current)
            #expect(
                try await web.post("/api/v1/jobs/backup/resume", "", ["If-Match": "\"x\", \(current)"]).status == 200)

            var backup = try #require(try await web.store.job("backup")).definition
            backup.owner = "ben"
            try await web.store.apply(
                [backup], source: "file:/etc/onebeat.yaml", isComplete: false, by: "tester", schedules: ScheduleCache())
            let older = try await web.post("/api/v1/jobs/backup/trigger", "", ["If-Match": seen])
            #expect(older.status == 412)
            #expect(try await web.post("/api/v1/jobs/backup/trigger", "", ["If-Match": "*"]).status == 201)
            #expect(try await web.post("/api/v1/jobs/nobody/pause", "", ["If-Match": "*"]).status == 404)
        }
    }

    /// Two who read the same, and write at the same moment: one of them passes, and the other is told what there is now.
    @Test func ofTwoWritersOfOneMomentOnePasses() async throws {
        try await WebFixture.serving { web in
            for round in 0..<5 {
                let seen = try #require(try await web.get("/api/v1/jobs/backup").headers["etag"])
                let run = try await web.store.trigger("backup", requestID: "round \(round)", by: "tester")
                let state = try #require(try await web.get("/api/v1/runs/\(run.id)").headers["etag"])
                let verb = round.isMultiple(of: 2) ? "pause" : "resume"
                for (path, tag) in [("/jobs/backup/\(verb)", seen), ("/runs/\(run.id)/cancel", state)] {
                    let answers = try await withThrowingTaskGroup(of: WebFixture.Answer.self) { group in
                        for _ in 0..<8 { group.addTask { try await web.post("/api/v1\(path)", "", ["If-Match": tag]) } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(answers.count { $0.status == 200 } == 1, "\(path): \(answers.map(\.status))")
                    #expect(
                        answers.count { $0.status == 412 && $0.headers["etag"] != tag } == 7,
                        "\(tag) \(path): \(answers.map { "\($0.status) \($0.headers["etag"] ?? "no tag")" })")
                }
            }
            let events = try await web.store.events(job: "backup", limit: 100)
            #expect(events.count { $0.kind == "job.paused" || $0.kind == "job.resumed" } == 5)
            #expect(events.count { $0.kind == "run.cancel_requested" } == 5)
        }
    }

    @Test func aRunIsActedOnOnlyWhereItIsAsItWasSeen() async throws {
        try await WebFixture.serving { web in
            let run = try await web.store.trigger("backup", requestID: "three", by: "tester")
            let seen = try #require(try await web.get("/api/v1/runs/\(run.id)").headers["etag"])
            #expect(try await web.post("/api/v1/runs/\(run.id)/cancel", "", ["If-Match": seen]).status == 200)
            let retry = try await web.post("/api/v1/runs/\(run.id)/retry", "", ["If-Match": seen])
            #expect(retry.status == 412 && retry.body.contains("run \(run.id) is not what If-Match names"))
            // A weak tag does not say that all is the same.
            let now = try #require(try await web.get("/api/v1/runs/\(run.id)").headers["etag"])
            #expect(try await web.post("/api/v1/runs/\(run.id)/retry", "", ["If-Match": "W/\(now)"]).status == 412)
            #expect(try await web.post("/api/v1/runs/\(run.id)/retry", "", ["If-Match": now]).status == 201)
        }
    }

    @Test(arguments: [
        ("/jobs/backup/pause", "1.1.on", 412, "with its quotes"), ("/jobs/backup/pause", "\"1.1.on\"", 412, "any more"),
        ("/events", "\"x\"", 412, "nothing here has an ETag"),
        ("/backfills/1/pause", "*", 412, "nothing here has an ETag"),
    ])
    func aConditionThatCannotHoldIsNotPassedOver(path: String, tag: String, status: Int, words: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.post("/api/v1" + path, "", ["If-Match": tag])
            #expect(answer.status == status && answer.body.contains(words), "\(answer)")
        }
    }

    /// One name is one wish: what was asked for alone by it stands against asking for the flow by it.
    @Test func aFlowIsNotAskedForByTheNameOfOneOfItsJobs() async throws {
        try await WebFixture.serving { web in
            let jobs = [("root", ScheduleDefinition(.manual)), ("leaf", ScheduleDefinition(.after(["root"])))].map {
                JobDefinition(name: $0.0, schedule: $0.1, work: .shell("true", ProcessSettings()))
            }
            try await web.store.apply(
                jobs, source: "file:/more", isComplete: false, by: "test", schedules: ScheduleCache())
            let name = ["Idempotency-Key": "one"]
            #expect(try await web.post("/api/v1/jobs/leaf/trigger", "", name).status == 201)
            let refused = try await web.post("/api/v1/jobs/root/trigger", "", name)
            #expect(refused.status == 409 && refused.body.contains("under another name"), "\(refused)")
            let runs = try await web.store.runs(RunFilter()).map(\.job)
            #expect(!runs.contains("root"))
            #expect(try await web.post("/api/v1/jobs/root/trigger", "", ["Idempotency-Key": "two"]).status == 201)
        }
    }

    @Test func whoAsksTooOftenWaitsAndOthersDoNot() {
        let time = ManualTime()
        let pace = Pace(WebLimits(burst: 3, rate: 2), time: time)
        for _ in 0..<3 { #expect(pace.wait(of: "token:a") == nil) }
        #expect(pace.wait(of: "token:a") == .milliseconds(500))
        #expect(pace.wait(of: "token:b") == nil)
        time.advance(by: .milliseconds(500))
        #expect(pace.wait(of: "token:a") == nil)
        #expect(pace.wait(of: "token:a") != nil)
        time.advance(by: .seconds(3600))
        for number in 0..<5000 { #expect(pace.wait(of: "\(number)") == nil) }
        for _ in 0..<3 { #expect(pace.wait(of: "token:a") == nil) }
        #expect(pace.wait(of: "token:a") != nil)
    }

    @Test func aTokenThatIsUsedTooOftenIsToldWhenToComeAgain() async throws {
        try await WebFixture.serving(access: WebAccess(signIn: .password), limits: WebLimits(burst: 5, rate: 1)) {
            web in
            let (secret, digest) = TokenText.fresh()
            _ = try await web.store.add(
                WebToken(name: "ci", digest: digest, role: .viewer, scope: try JobScope([]), expiresAt: nil),
                by: "tester")
            let headers = ["Authorization": "Bearer \(secret)"]
            for _ in 0..<5 { #expect(try await web.get("/api/v1/runs", headers: headers).status == 200) }
            let more = try await web.get("/api/v1/runs", headers: headers)
            #expect(more.status == 429 && more.headers["retry-after"] == "1")
            #expect(more.body.contains("token:ci asks too often"))
            #expect(try await web.get("/healthz").status == 200)
            web.time.advance(by: .seconds(1))
            #expect(try await web.get("/api/v1/runs", headers: headers).status == 200)
        }
    }
}
