import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ReadAPITests {
    @Test func jobsAreListedWithWordsPoliciesAndStatus() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/jobs")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
            let jobs = try #require(try answer.object()["items"] as? [[String: Any]])
            #expect(jobs.map { $0["name"] as? String } == ["backup", "team/ping"])
            let backup = jobs[0]
            #expect(backup["next_at"] as? String == "2026-11-23T19:00:00Z")
            #expect((backup["schedule"] as? [String: Any])?["timezone"] as? String == "Asia/Shanghai")
            #expect((backup["policies"] as? [String: Any])?["deadline"] as? Double == 3600)
            let status = try #require(backup["status"] as? [String: Any])
            #expect(status["status"] as? String == "failed")
            #expect(status["failures_in_a_row"] as? Int == 1)
        }
    }

    @Test func jobsArePagedByName() async throws {
        try await WebFixture.serving { web in
            let first = try await web.get("/api/v1/jobs?limit=1").object()
            #expect(first["next"] as? String == "backup")
            let second = try await web.get("/api/v1/jobs?limit=1&after=backup").object()
            #expect((second["items"] as? [[String: Any]])?.first?["name"] as? String == "team/ping")
            #expect(second["next"] == nil)
        }
    }

    @Test(arguments: ["alerts", "silences", "backfills"])
    func whatIsListedByNumberIsPagedByTheLastOneSeen(list: String) async throws {
        try await WebFixture.serving { web in
            for number in 1...2 {
                let (name, length) = ("backup-\(number)", Duration.seconds(60))
                _ = try await web.store.open([
                    Incident(rule: "alerts/ops/run", kind: .failed, job: name, since: web.time.now(), summary: "x")
                ])
                _ = try await web.store.silence(name, for: length, because: "x", by: "test")
                let end = web.time.now() - .seconds(number * 60)
                _ = try await web.store.add(Backfill(of: "backup", from: end - length, to: end, by: "test"))
            }
            let first = try await web.get("/api/v1/\(list)?limit=1").object()
            let next = try #require(first["next"] as? Int)
            let second = try await web.get("/api/v1/\(list)?limit=1&after=\(next)").object()
            let last = try #require(second["next"] as? Int)
            #expect((second["items"] as? [[String: Any]])?.first?["id"] as? Int == last && last < next)
            let none = try await web.get("/api/v1/\(list)?limit=1&after=\(last)").object()
            #expect((none["items"] as? [Any])?.isEmpty == true && none["next"] == nil)
            #expect(try await web.get("/api/v1/\(list)?after=0").status == 400)
        }
    }

    @Test func aNameWithASlashIsReachedByItsEncodedForm() async throws {
        try await WebFixture.serving { web in
            let job = try await web.get("/api/v1/jobs/team%2Fping").object()
            #expect(job["name"] as? String == "team/ping")
            let next = try await web.get("/api/v1/jobs/team%2Fping/next?count=3")
            #expect(next.status == 200)
        }
    }

    @Test func whatMayBeSecretIsNotShown() async throws {
        try await WebFixture.serving { web in
            for path in ["/api/v1/jobs", "/api/v1/jobs/team%2Fping", "/jobs/team%2Fping"] {
                let body = try await web.get(path).body
                #expect(body.contains("team") && !body.contains("secret"))
            }
        }
    }

    @Test func nextPreviewsDueInstantsOnTheSchedulesClock() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/api/v1/jobs/backup/next?count=2&after=2026-01-01T00:00:00Z").object()
            let next = try #require(answer["next"] as? [[String: Any]])
            #expect(next.map { $0["at"] as? String } == ["2026-01-01T19:00:00Z", "2026-01-02T19:00:00Z"])
            #expect(next[0]["local"] as? String == "2026-01-02T03:00:00+08:00")
            #expect(next[0]["mark"] as? String == "plain")
        }
    }

    @Test func runsAreFilteredByJobAndStateNewestFirst() async throws {
        try await WebFixture.serving { web in
            let all = try await items(of: web.get("/api/v1/runs?job=backup"))
            #expect(all.map { $0["state"] as? String } == ["failed", "succeeded"])
            let failed = try await items(of: web.get("/api/v1/runs?state=failed,lost"))
            #expect(failed.count == 1)
            #expect(failed[0]["exit_code"] as? Int == 3)
            #expect(failed[0]["duration"] as? Double == 12)
            #expect(failed[0]["request_id"] as? String == "two")
            let early = try await items(of: web.get("/api/v1/runs?before=2026-11-23T12:00:05Z"))
            #expect(early.map { $0["state"] as? String } == ["succeeded"])
        }
    }

    @Test func runsArePagedByTheLastOneSeen() async throws {
        try await WebFixture.serving { web in
            let first = try await web.get("/api/v1/runs?limit=1").object()
            let next = try #require(first["next"] as? Int)
            let second = try await items(of: web.get("/api/v1/runs?limit=1&after=\(next)"))
            #expect(second.map { $0["state"] as? String } == ["succeeded"])
        }
    }

    @Test func aRunHasItsAttemptsAndItsOutput() async throws {
        try await WebFixture.serving { web in
            let id = try #require(try await items(of: web.get("/api/v1/runs?state=succeeded"))[0]["id"] as? Int)
            let attempts = try await web.get("/api/v1/runs/\(id)/attempts").object()["attempts"] as? [[String: Any]]
            #expect(attempts?.map { $0["outcome"] as? String } == ["succeeded"])
            let logs = try await web.get("/api/v1/runs/\(id)/logs").object()
            #expect((logs["pieces"] as? [[String: Any]])?.map { $0["text"] as? String } == ["done\n"])
            #expect(logs["next"] as? String == "1.0")
            #expect(logs["complete"] as? Bool == true)
            let rest = try await web.get("/api/v1/runs/\(id)/logs?after=1.0").object()
            #expect((rest["pieces"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func outputIsWholeInTextAndExactInBytes() async throws {
        try await WebFixture.serving { web in
            let runs =
                try await web.get("/api/v1/runs?job=backup&state=succeeded").object()["items"] as? [[String: Any]]
            let id = Int64(try #require(runs?.first?["id"] as? Int))
            let bytes = Array("日本語".utf8) + [0xff]
            for (index, byte) in bytes.enumerated() {
                let position = LogPosition(attempt: 1, sequence: index + 1)
                let piece = LogPiece(
                    id: .init(run: RunID(id), position: position), stream: .stdout, at: web.time.now(), bytes: [byte])
                try await web.store.appendLog([piece], dropping: [])
            }
            var text = ""
            var after = ""
            while true {
                let page = try await web.get("/api/v1/runs/\(id)/logs?limit=2\(after)").object()
                text += ((page["pieces"] as? [[String: Any]]) ?? []).compactMap { $0["text"] as? String }.joined()
                if page["complete"] as? Bool == true { break }
                after = "&after=\(page["next"] as? String ?? "")"
            }
            #expect(text == "done\n日本語\u{fffd}")
            let raw = try await web.bytes("/api/v1/runs/\(id)/output")
            #expect(raw == Array("done\n".utf8) + bytes)
            #expect(try await web.bytes("/api/v1/runs/\(id)/output?stream=stderr&attempt=1").isEmpty)
            #expect(try await web.get("/api/v1/runs/\(id)/output?stream=tty").status == 400)
        }
    }

    @Test func nodesEventsAndStatusAreTold() async throws {
        try await WebFixture.serving { web in
            let nodes = try await web.get("/api/v1/nodes").object()["nodes"] as? [[String: Any]]
            #expect(nodes?.map { $0["state"] as? String } == ["alive"])
            #expect(nodes?.first?["leader"] as? Bool == true)
            let events = try await web.get("/api/v1/events?limit=100").object()["events"] as? [[String: Any]]
            #expect(events?.contains { $0["kind"] as? String == "job.added" } == true)
            let status = try await web.get("/api/v1/status").object()
            #expect(status["ready"] as? Bool == true)
            #expect((status["runs"] as? [String: Int])?["failed"] == 1)
        }
    }

    @Test(arguments: [
        ("/api/v1/jobs/none", 404, "there is no job \"none\""),
        ("/api/v1/runs/999", 404, "there is no run 999"),
        ("/api/v1/runs/x", 400, "\"x\" is not a run"),
        ("/api/v1/jobs/backup%00b", 400, "\"backup%00b\" is not a name: it has a control character"),
        ("/api/v1/jobs/backup%1Bb/next", 400, "\"backup%1Bb\" is not a name: it has a control character"),
        ("/api/v1/runs?job=backup%00", 400, "the parameter \"job\" has a control character"),
        ("/api/v1/events?job=backup%00b", 400, "the parameter \"job\" has a control character"),
        ("/api/v1/nothing", 404, "there is nothing at /api/v1/nothing"),
        ("/api/v1/runs?limit=5000", 400, "limit is \"5000\"; a number from 1 to 1000 will do"),
        ("/api/v1/runs?state=sad", 400, "state names \"sad\"; states are waiting, scheduled"),
        ("/api/v1/runs?from=noon", 400, "from is \"noon\"; write a moment like 2026-11-23T03:00:00Z"),
        ("/api/v1/runs?jobs=backup", 400, "the parameter \"jobs\" is unknown; known are job, state"),
        ("/api/v1/runs?job=a&job=b", 400, "the parameter \"job\" is given twice"),
        ("/api/v1/runs/1/logs?after=7", 400, "after is \"7\"; give it the answer's \"next\""),
    ])
    func whatIsWrongIsToldAsAProblemThatSaysWhatWouldDo(path: String, status: Int, words: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get(path)
            #expect(answer.status == status)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try answer.object()
            #expect(problem["status"] as? Int == status)
            #expect(problem["type"] as? String == "about:blank")
            #expect((problem["detail"] as? String)?.hasPrefix(words) == true, "\(problem)")
        }
    }

    private func items(of answer: WebFixture.Answer) throws -> [[String: Any]] {
        try #require(try answer.object()["items"] as? [[String: Any]])
    }
}
