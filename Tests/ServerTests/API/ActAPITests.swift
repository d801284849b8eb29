import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ActAPITests {
    private static let json = ["Content-Type": "application/json"]

    @Test func aRunIsAskedForOnceAWish() async throws {
        try await WebFixture.serving { web in
            let first = try await web.post("/api/v1/jobs/backup/trigger", #"{"request_id": "w1"}"#, Self.json)
            #expect(first.status == 201)
            let run = try #require(try first.object()["run"] as? [String: Any])
            #expect(run["request_id"] as? String == "w1")
            #expect(first.headers["location"] == "/api/v1/runs/\(run["id"] as? Int ?? 0)")
            #expect(try first.object()["outlook"] as? String == "starts as soon as a slot is free")
            for (body, headers) in [
                ("", ["Idempotency-Key": "w1"]), ("", ["Idempotency-Key": "\"w1\""]),
                (#"{"request_id": "w1"}"#, Self.json.merging(["Idempotency-Key": "w1"]) { $1 }),
            ] {
                let again = try await web.post("/api/v1/jobs/backup/trigger", body, headers)
                #expect((try again.object()["run"] as? [String: Any])?["id"] as? Int == run["id"] as? Int)
            }
            _ = try await web.post("/api/v1/jobs/backup/trigger")
            #expect(try await web.store.runs(RunFilter()).count { $0.job == "backup" } == 4)
            let event = try await web.store.events(job: "backup", limit: 1).first
            #expect(event?.kind == "run.triggered" && event?.actor == "web@127.0.0.1:0")
        }
    }

    @Test func wordOfWhatRunsElsewhereIsTakenDown() async throws {
        try await WebFixture.serving { web in
            let away = JobDefinition(
                name: "away", schedule: .manual, work: .signal(SignalWatch(.every(.seconds(3600)))))
            try await web.store.apply([away], source: "x", isComplete: true, by: "t", schedules: ScheduleCache())
            func say(_ body: String, _ headers: [String: String] = Self.json) async throws -> [String: Any] {
                let answer = try await web.post("/api/v1/jobs/away/signal", body, headers)
                #expect(answer.status == 201, "\(answer.body)")
                return try #require(try answer.object()["run"] as? [String: Any])
            }
            let begun = try await say(#"{"state": "start"}"#)
            #expect(begun["state"] as? String == "running")
            web.time.advance(by: .seconds(7))
            let expected = web.time.now() + .seconds(3600)
            let ended = try await say("", [:])
            #expect(ended["id"] as? Int == begun["id"] as? Int && ended["state"] as? String == "succeeded")
            let failed = try await say(#"{"exit_code": 3, "message": "no space"}"#)
            #expect(failed["state"] as? String == "failed" && failed["exit_code"] as? Int == 3)
            #expect(failed["message"] as? String == "no space")
            let once = try await say("", ["Idempotency-Key": "night-1"])
            #expect(try await say(#"{"request_id": "night-1"}"#)["id"] as? Int == once["id"] as? Int)
            for (path, body, status, words) in [
                ("/jobs/away/signal", #"{"state": "done"}"#, 400, "start, success or fail"),
                ("/jobs/away/signal", #"{"exit_code": 256}"#, 400, "0 to 255"),
                ("/jobs/away/signal", #"{"state": "success", "exit_code": 1}"#, 409, "is no success"),
                ("/jobs/away/signal", #"{"request_id": "signal-1"}"#, 400, "begins with signal-"),
                ("/jobs/backup/signal", "{}", 409, "is run by nodes"), ("/jobs/nothing/signal", "{}", 404, "no job"),
                ("/jobs/away/trigger", "{}", 409, "onebeat signal away success"),
                ("/runs/\(failed["id"] as? Int ?? 0)/retry", "{}", 409, "was done elsewhere"),
            ] {
                let answer = try await web.post("/api/v1" + path, body, Self.json)
                #expect(answer.status == status && answer.body.contains(words), "\(path) \(body): \(answer)")
            }
            // What asks changes nothing: no preview of a link says that a backup went well.
            #expect(try await web.get("/api/v1/jobs/away/signal").status == 405)
            let job = try await web.get("/api/v1/jobs/away").object()
            #expect((job["health"] as? [String: Any])?["state"] as? String == "well")
            #expect(job["expected_at"] as? String == "\(expected)")
            let page = try await web.get("/jobs/away").body
            #expect(page.contains("It runs elsewhere, and only reports") && !page.contains("Run now"))
            #expect(page.contains("onebeat signal away success"))
        }
    }

    @Test func silencesComeAndGoAndIncidentsAreSeen() async throws {
        try await WebFixture.serving { web in
            let made = try await web.post(
                "/api/v1/silences", #"{"pattern": "back*", "seconds": 7200, "because": "new disks"}"#, Self.json)
            #expect(made.status == 201 && made.body.contains("nobody is told of back* (1 now)"), "\(made)")
            let silence = try #require(try made.object()["silence"] as? [String: Any])
            #expect(silence["until"] as? String == "\(web.time.now() + .seconds(7200))")
            #expect(silence["actor"] as? String == "web@127.0.0.1:0")
            let id = try #require(silence["id"] as? Int)
            let held = try #require(try await web.get("/api/v1/silences").object()["items"] as? [[String: Any]])
            #expect(held.map { $0["reason"] as? String } == ["new disks"])
            for (body, status, words) in [
                (#"{"pattern": "nothing-*", "seconds": 60, "because": "x"}"#, 404, "no job and no alert is called"),
                (#"{"pattern": "backup", "seconds": 0, "because": "x"}"#, 400, "1 s to 30 days"),
                (#"{"pattern": "backup", "seconds": 2592001, "because": "x"}"#, 400, "1 s to 30 days"),
                (#"{"pattern": "backup", "seconds": 60, "because": " "}"#, 400, "1 to 500 characters"),
                (#"{"pattern": "backup", "seconds": 60}"#, 400, "send all three"),
            ] {
                let answer = try await web.post("/api/v1/silences", body, Self.json)
                #expect(answer.status == status && answer.body.contains(words), "\(body): \(answer)")
            }
            let over = try await web.get("/api/v1/silences/\(id)", method: "DELETE")
            #expect(over.status == 200 && over.body.contains("silence \(id) is over"), "\(over)")
            #expect((try await web.get("/api/v1/silences").object()["items"] as? [Any])?.isEmpty == true)
            #expect((try await web.get("/api/v1/silences?all=true").object()["items"] as? [Any])?.count == 1)
            #expect(try await web.get("/api/v1/silences/99", method: "DELETE").status == 404)

            let incident = try #require(
                try await web.store.open([
                    Incident(
                        rule: "alerts/ops/slack", kind: .failed, job: "backup", since: web.time.now(), summary: "exit 1"
                    )
                ]).first)
            let seen = try await web.post("/api/v1/alerts/\(incident.id)/acknowledge")
            #expect(seen.status == 200 && seen.body.contains("is acknowledged by web@"), "\(seen)")
            let list = try #require(
                try await web.get("/api/v1/alerts?open=true").object()["items"] as? [[String: Any]])
            #expect(list.map { $0["acknowledged_by"] as? String } == ["web@127.0.0.1:0"])
            #expect(list.map { $0["told"] as? String } == ["soon"])
            #expect(try await web.post("/api/v1/alerts/99/acknowledge").status == 404)
            let kinds = try await web.store.events(job: nil, limit: 9).map(\.kind)
            #expect(kinds.contains("alert.silenced") && kinds.contains("alert.unsilenced"))
        }
    }

    @Test func aBackfillIsSeenBeforehandBegunPausedAndEnded() async throws {
        try await WebFixture.serving { web in
            let period = #""job": "backup", "from": "2026-11-20T00:00:00Z", "to": "2026-11-23T00:00:00Z""#
            let dry = try await web.post("/api/v1/backfills", "{\(period), \"dry_run\": true}", Self.json)
            #expect(dry.status == 200 && dry.body.contains("Nothing was done"), "\(dry)")
            let preview = try #require(try dry.object()["preview"] as? [String: Any])
            #expect(preview["runs"] as? Int == 3)
            #expect((preview["first"] as? [String])?.first == "2026-11-20T19:00:00Z")
            #expect((try await web.get("/api/v1/backfills").object()["items"] as? [Any])?.isEmpty == true)
            let made = try await web.post("/api/v1/backfills", "{\(period), \"limit\": 2}", Self.json)
            #expect(made.status == 201 && made.body.contains("begins, 2 at a time"), "\(made)")
            let id = try #require((try made.object()["backfill"] as? [String: Any])?["id"] as? Int)
            let twice = try await web.post("/api/v1/backfills", "{\(period)}", Self.json)
            #expect(twice.status == 409 && twice.body.contains("has not ended"), "\(twice)")
            for (verb, state) in [("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")] {
                let answer = try await web.post("/api/v1/backfills/\(id)/\(verb)")
                #expect(answer.status == 200, "\(answer)")
                #expect((try answer.object()["backfill"] as? [String: Any])?["state"] as? String == state)
            }
            #expect(try await web.post("/api/v1/backfills/\(id)/resume").status == 409)
            #expect(try await web.post("/api/v1/backfills/99/pause").status == 404)
            let items = try #require(try await web.get("/api/v1/backfills").object()["items"] as? [[String: Any]])
            #expect(items.map { $0["by"] as? String } == ["web@127.0.0.1:0"])
            #expect((try await web.get("/api/v1/backfills?open=true").object()["items"] as? [Any])?.isEmpty == true)
            for (body, status, words) in [
                (#"{"job": "nothing", "from": "2026-11-20T00:00:00Z"}"#, 404, "no job"),
                (#"{"job": "backup"}"#, 400, "send both"), (#"{"job": "backup", "from": "x"}"#, 400, "write a moment"),
                (#"{"job": "backup", "from": "2027-01-01T00:00:00Z"}"#, 409, "nothing lies between"),
                (
                    #"{"job": "backup", "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}"#, 409,
                    "lies ahead"
                ),
                (#"{"job": "backup", "from": "2026-01-01T00:00:00Z", "order": "best"}"#, 400, "oldest or newest"),
                (#"{"job": "backup", "from": "2026-01-01T00:00:00Z", "limit": 0}"#, 400, "1 to 1000"),
            ] {
                let answer = try await web.post("/api/v1/backfills", body, Self.json)
                #expect(answer.status == status && answer.body.contains(words), "\(body): \(answer)")
            }
        }
    }

    @Test func aNameWithASlashIsActedOn() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.post("/api/v1/jobs/team%2Fping/pause")
            #expect(answer.status == 200)
            #expect(try await web.store.job("team/ping")?.isPaused == true)
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    @Test func pausingTwiceChangesNothingTheSecondTime() async throws {
        try await WebFixture.serving { web in
            let first = try await web.post("/api/v1/jobs/backup/pause", "{}", Self.json).object()
            #expect(first["changed"] as? Bool == true && first["words"] as? String == "backup is paused")
            #expect((first["job"] as? [String: Any])?["paused"] as? Bool == true)
            #expect(try await web.post("/api/v1/jobs/backup/pause").object()["changed"] as? Bool == false)
            #expect(try await web.post("/api/v1/jobs/backup/resume").object()["changed"] as? Bool == true)
            #expect(try await web.store.events(job: "backup", limit: 9).count { $0.kind == "job.paused" } == 1)
        }
    }

    @Test func aRunIsCancelledOnce() async throws {
        try await WebFixture.serving { web in
            let run = try await web.store.trigger("backup", requestID: "r", by: "ann")
            let answer = try await web.post("/api/v1/runs/\(run.id)/cancel")
            #expect(answer.status == 200)
            #expect((try answer.object()["run"] as? [String: Any])?["state"] as? String == "cancelled")
            let again = try await web.post("/api/v1/runs/\(run.id)/cancel")
            #expect(again.status == 409 && again.body.contains("has ended already: it is cancelled"))
            let flow = try await web.post("/api/v1/runs/\(run.id)/cancel", #"{"flow": true}"#, Self.json)
            #expect(flow.status == 409 && flow.body.contains("part of no flow"))
        }
    }

    @Test func aRunIsRetriedOnceAndOnlyAfterItsEnd() async throws {
        try await WebFixture.serving { web in
            let failed = try #require(try await web.store.runs(RunFilter()).first { $0.state == .failed })
            let first = try await web.post("/api/v1/runs/\(failed.id)/retry")
            #expect(first.status == 201)
            let id = try #require((try first.object()["run"] as? [String: Any])?["id"] as? Int)
            #expect(id != Int(failed.id.value))
            let again = try await web.post("/api/v1/runs/\(failed.id)/retry").object()["run"] as? [String: Any]
            #expect(again?["id"] as? Int == id)
            #expect(try await web.post("/api/v1/runs/\(id)/retry").status == 409)
        }
    }

    @Test(arguments: [
        (#"{"request_id": "w", "request_id": "x"}"#, "application/json", 400, "has \\\"request_id\\\" twice"),
        (#"{"request_id": "w", "request\u005fid": "x"}"#, "application/json", 400, "has \\\"request_id\\\" twice"),
        (#"{"request_id": "w", "onyl": true}"#, "application/json", 400, "\\\"onyl\\\" is unknown"),
        (#"["w"]"#, "application/json", 400, "no JSON object"), ("{", "application/json", 400, "it is not JSON"),
        (#"{"only": "true"}"#, "application/json", 400, "neither true nor false"),
        (#"{"request_id": 7}"#, "application/json", 400, "no text"),
        (#"{"request_id": ""}"#, "application/json", 400, "0 characters"),
        (#"{"request_id": "a\u0000b"}"#, "application/json", 400, "control character U+0"),
        ("{}", "text/plain", 415, "application/json"), ("{}", "application/x-www-form-urlencoded", 415, "json"),
        ("{}", "application/json; charset=utf-16", 415, "json"), ("{}", "", 415, "json"),
        ("\u{feff}{}", "application/json", 400, "byte order mark"),
        (String(repeating: "[", count: 9000), "application/json", 400, "in one another"),
        (#"{"request_id": ""# + String(repeating: "x", count: 20_000) + #""}"#, "application/json", 413, "16384"),
    ])
    func aBodyThatIsNotAsDescribedDoesNothing(body: String, type: String, status: Int, words: String) async throws {
        try await WebFixture.serving { web in
            let count = try await web.store.runs(RunFilter()).count
            let answer = try await web.post("/api/v1/jobs/backup/trigger", body, ["Content-Type": type])
            #expect(answer.status == status)
            #expect(answer.body.contains(words), "\(answer.body)")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(try await web.store.runs(RunFilter()).count == count)
        }
    }

    @Test(arguments: [
        ("jobs/none/trigger", 404), ("jobs/none/pause", 404), ("jobs/back%00up/trigger", 400),
        ("jobs/%25zz/trigger", 404), ("jobs/%2e%2e%2fbackup/trigger", 404), ("jobs/backup%2Ftrigger/trigger", 404),
        ("jobs/../jobs/backup/trigger", 404), ("runs/0/cancel", 400), ("runs/-1/cancel", 400), ("runs/x/retry", 400),
        ("runs/99999/retry", 404), ("runs/99999999999999999999/cancel", 400), ("runs/1%2F/cancel", 400),
        ("jobs/backup/trigger?only=true", 400), ("jobs/backup/trigger?_method=GET", 400), ("jobs/backup/delete", 404),
        ("jobs/backup/trigger?token=ob_x", 400),
    ])
    func whatIsNotThereIsNotDone(path: String, status: Int) async throws {
        try await WebFixture.serving { web in
            let count = try await web.store.runs(RunFilter()).count
            let answer = try await web.post("/api/v1/\(path)")
            #expect(answer.status == status, "\(answer.body)")
            #expect(try await web.store.runs(RunFilter()).count == count)
            #expect(try await web.store.jobs().allSatisfy { !$0.isPaused })
        }
    }

    /// Links, pictures and prefetches ask with GET.
    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
    func onlyAPostActs(method: String) async throws {
        try await WebFixture.serving { web in
            for path in ["/api/v1/jobs/backup/trigger", "/api/v1/jobs/backup/pause", "/jobs/backup/trigger"] {
                let answer = try await web.get(
                    path, method: method,
                    headers: ["X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"])
                #expect(answer.status == 405)
                #expect(answer.headers["allow"] == "POST")
            }
            #expect(try await web.store.runs(RunFilter()).count == 2)
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    @Test(arguments: [
        ["Origin": "https://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"],
        ["Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"],
    ])
    func anotherSitesPageDoesNothing(headers: [String: String]) async throws {
        try await WebFixture.serving { web in
            for path in ["/api/v1/jobs/backup/trigger", "/api/v1/jobs/backup/pause", "/jobs/backup/pause"] {
                let answer = try await web.post(path, "", headers)
                #expect(answer.status == 403)
            }
            #expect(try await web.store.runs(RunFilter()).count == 2)
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    @Test func wishesThatContradictEachOtherAreRefused() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.post(
                "/api/v1/jobs/backup/trigger", #"{"request_id": "a"}"#,
                Self.json.merging(["Idempotency-Key": "b"]) { $1 })
            #expect(answer.status == 409)
        }
    }
}
