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
