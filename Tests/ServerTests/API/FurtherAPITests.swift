import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

/// What commands and pages can find out, over the API.
@Suite(.timeLimit(.minutes(1))) struct FurtherAPITests {
    private static let json = ["Content-Type": "application/json"]

    @Test func anExpressionIsTried() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get(
                "/api/v1/next?expression=30%202%20*%20*%20*&timezone=Europe/Berlin&after=2027-03-27T00:00:00Z&count=3")
            #expect(answer.status == 200, "\(answer)")
            let trial = try answer.object()
            let next = try #require(trial["next"] as? [[String: Any]])
            #expect(next.count >= 3 && next.contains { $0["mark"] as? String == "moved" })
            let often = try #require(trial["often"] as? [String: Any])
            #expect((often["day"] as? [String: Any])?["number"] as? Int == 1)
            #expect((trial["changes"] as? [Any])?.isEmpty == false)
            #expect(try await web.get("/api/v1/next?expression=90s").status == 200)
            for (query, status, words) in [
                ("expression=61%20*%20*%20*%20*", 422, "minutes end at 59"),
                ("expression=0%200%2030%202%20*", 422, "never"),
                ("expression=@daily&timezone=Mars/Base", 422, "Mars/Base"),
                ("expression=@daily&dialect=x", 400, "debian"),
                ("", 400, "expression is missing"), ("expression=@daily&count=0", 400, "a number from 1 to 10000"),
            ] {
                let answer = try await web.get("/api/v1/next?\(query)")
                #expect(answer.status == status && answer.body.contains(words), "\(query): \(answer)")
            }
        }
    }

    @Test func theCalendarSaysWhatItsPageShows() async throws {
        try await WebFixture.serving { web in
            let calendar = try await web.get("/api/v1/calendar").object()
            #expect((calendar["hours"] as? [Int])?.count == 7 * 24)
            #expect((calendar["hours"] as? [Int])?.reduce(0, +) == 7)
            #expect((calendar["frequent"] as? [String: Any])?["jobs"] as? Int == 1)
            #expect(calendar["start"] as? String == "2026-11-23T12:00:00Z")
        }
    }

    @Test func anAuditIsMadeInParts() async throws {
        try await WebFixture.serving { web in
            // What was due and has no row.
            web.time.advance(by: .seconds(7200))
            let whole = try await web.get("/api/v1/audit")
            #expect(whole.status == 200, "\(whole)")
            let summary = try #require(try whole.object()["summary"] as? [String: Any])
            #expect(summary["jobs"] as? Int == 2 && summary["clean"] as? Bool == false)
            #expect((try whole.object()["items"] as? [[String: Any]])?.first?["fault"] as? String == "unplanned")
            let one = try await web.get("/api/v1/audit?job=backup").object()
            #expect((one["summary"] as? [String: Any])?["jobs"] as? Int == 1 && one["next"] == nil)
            let rest = try await web.get("/api/v1/audit?after=backup").object()
            #expect((rest["summary"] as? [String: Any])?["jobs"] as? Int == 1)
            for (query, status) in [
                ("job=nobody", 404), ("from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", 409), ("from=x", 400),
            ] {
                #expect(try await web.get("/api/v1/audit?\(query)").status == status, "\(query)")
            }
        }
    }

    @Test func anAuditThatIsEnoughGoesOnAfterItsLastJob() async throws {
        try await WebFixture.serving { web in
            let auditor = Auditor(web.store)
            let first = try await auditor.audit(lanes: 1, report: { _ in }, until: { _ in true })
            #expect(first.jobs == 1 && first.reached == "backup")
            let second = try await auditor.audit(after: first.reached, lanes: 1, report: { _ in }, until: { _ in true })
            #expect(second.jobs == 1 && second.reached == nil)
        }
    }

    @Test func theDoctorSaysHowANodeStands() async throws {
        try await WebFixture.serving { web in
            let doctor = try await web.get("/api/v1/doctor").object()
            let findings = try #require(doctor["findings"] as? [[String: Any]])
            let checks = findings.compactMap { $0["check"] as? String }
            #expect(Set(["nodes", "waiting", "time zones", "shell"]).isSubset(of: checks), "\(checks)")
            #expect(findings.contains { $0["text"] as? String == "alpha (leads) up" })
        }
    }

    @Test func anAlertIsTriedAndShown() async throws {
        try await WebFixture.serving { web in
            let alert = { (channel: String, settings: [String: String]) in
                JobDefinition(
                    name: "alerts/ops/\(channel)", schedule: .manual,
                    work: .alert(AlertRule(channel: channel, settings: settings)))
            }
            try await web.store.apply(
                [
                    alert("slack", ["url": "https://hooks.example.com/secret-path"]),
                    alert("telegram", ["token": "123:secret", "chat": "7"]),
                ], source: "file:/alerts", isComplete: false, by: "test", schedules: ScheduleCache())
            let one = try await web.post("/api/v1/alerts/test", #"{"alert": "alerts/ops/slack"}"#, Self.json)
            #expect(one.status == 201, "\(one)")
            #expect((try one.object()["runs"] as? [[String: Any]])?.count == 1)
            let both = try await web.post("/api/v1/alerts/test", #"{"alert": "ops"}"#, Self.json).object()
            #expect((both["lines"] as? [String])?.count == 2)
            #expect(try await web.store.runs(RunFilter()).filter { $0.job.hasPrefix("alerts/") }.count == 3)
            let preview = try await web.get("/api/v1/alerts/preview?alert=ops")
            #expect(preview.status == 200 && preview.body.contains("No space left on device"))
            #expect(!preview.body.contains("secret-path") && !preview.body.contains("123:secret"))
            for (path, body) in [("/alerts/test", #"{"alert": "nobody"}"#), ("/alerts/test", #"{"alert": "backup"}"#)] {
                #expect(try await web.post("/api/v1" + path, body, Self.json).status == 404)
            }
            #expect(try await web.post("/api/v1/alerts/test", "{}", Self.json).status == 400)
            #expect(try await web.get("/api/v1/alerts/preview?alert=nobody").status == 404)
        }
    }
}
