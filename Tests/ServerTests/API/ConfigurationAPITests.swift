import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ConfigurationAPITests {
    private static let yaml = ["Content-Type": "application/yaml"]
    private static let shop =
        "source: shop\njobs: {load: {cron: '0 4 * * *', run: 'true'}, report: {after: load, run: 'true'}}\n"

    private static func names(_ answer: WebFixture.Answer, _ key: String) throws -> [String] {
        try #require(try answer.object()[key] as? [String])
    }

    @Test func aFileIsCheckedAndEveryProblemIsTold() async throws {
        try await WebFixture.serving { web in
            let good = try await web.post("/api/v1/configuration/validate?file=/etc/shop.yaml", Self.shop, Self.yaml)
            #expect(good.status == 200)
            #expect(try good.object()["valid"] as? Bool == true && good.object()["jobs"] as? Int == 2)
            #expect(try good.object()["file"] as? String == "/etc/shop.yaml")
            let bad = try await web.post(
                "/api/v1/configuration/validate", "jobs:\n  a: {cron: '61 * * * *', run: x}\n  b: {colour: red}\n",
                Self.yaml)
            #expect(bad.status == 200)
            let problems = try #require(try bad.object()["problems"] as? [[String: Any]])
            #expect(Set(problems.map { $0["line"] as? Int }) == [2, 3], "\(bad)")
            #expect(problems.first?["job"] as? String == "a")
            #expect((problems.first?["message"] as? String)?.contains("minutes end at 59") == true)
            #expect(try await web.store.jobs().map(\.name) == ["backup", "team/ping"])
        }
    }

    /// No variable of the node is shown to whoever sends a file that names it.
    @Test func variablesStayAsTheyAreWritten() async throws {
        try await WebFixture.serving { web in
            for text in ["redis: ${PATH}", "store: postgres://${PATH}@x/y", "celery: {broker: '${HOME}'}"] {
                let file = Self.shop + text + "\n"
                for verb in ["validate", "plan", "apply"] {
                    let answer = try await web.post("/api/v1/configuration/\(verb)", file, Self.yaml)
                    #expect(answer.status == 200, "\(answer)")
                    #expect(!answer.body.contains(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"))
                }
            }
        }
    }

    @Test func aPlanSaysWhatWouldChangeAndChangesNothing() async throws {
        try await WebFixture.serving { web in
            let before = try await web.store.events(job: nil, limit: 100).count
            let plan = try await web.post("/api/v1/configuration/plan", Self.shop, Self.yaml)
            #expect(plan.status == 200)
            let changes = try #require(try plan.object()["changes"] as? [[String: Any]])
            #expect(changes.map { $0["job"] as? String } == ["load", "report"])
            #expect(changes.allSatisfy { $0["change"] as? String == "added" })
            #expect((changes[0]["next_after"] as? [String])?.first?.contains("T04:00:00") == true)
            #expect(changes[1]["start_after"] as? String == "after load")
            #expect(plan.headers["etag"]?.hasPrefix("\"none-") == true)
            let taken = try await web.post(
                "/api/v1/configuration/plan", "source: shop\njobs: {backup: {run: 'true'}}", Self.yaml)
            #expect((try taken.object()["refusal"] as? String)?.contains("another source defines backup") == true)
            #expect(try await web.store.events(job: nil, limit: 100).count == before)
        }
    }

    @Test func aFileIsAppliedAllOrNothing() async throws {
        try await WebFixture.serving { web in
            let made = try await web.post("/api/v1/configuration/apply", Self.shop, Self.yaml)
            #expect(made.status == 200)
            #expect(try Self.names(made, "added") == ["load", "report"])
            let event = try await web.store.events(job: "load", limit: 1).first
            #expect(event?.kind == "job.added" && event?.actor == "web@127.0.0.1:0")
            let jobs = try await web.store.jobs()
            for (path, file, status, words) in [
                // One of two names is another source's.
                ("apply", "source: shop\njobs: {new: {run: 'true'}, backup: {run: 'true'}}", 409, "is defined by"),
                ("apply", "source: shop\njobs: {new: {run: 'true'}, bad: {cron: 'x', run: y}}", 422, "cannot be used"),
                ("apply", "source: shop\njobs: {new: {after: nobody, run: y}}", 422, "nobody"),
                ("apply?complete=true", "source: shop\njobs:\n", 422, "prune-all"),
                ("apply", "jobs: {new: {run: 'true'}}", 422, "nobody says whose"),
                ("apply?file=onebeat.yaml", Self.shop, 400, "whole path"),
                ("apply?forse=true", Self.shop, 400, "unknown"),
                ("apply?force=yes", Self.shop, 400, "true or false"),
                ("apply?revision=-1", Self.shop, 400, "a number from"),
                ("apply", "", 400, "empty"), ("apply", "a: &b 1", 422, "anchors"),
                ("plan", "jobs: [", 422, "line"), ("plan?prune_all=true", Self.shop, 400, "unknown"),
            ] {
                let answer = try await web.post("/api/v1/configuration/\(path)", file, Self.yaml)
                #expect(answer.status == status && answer.body.contains(words), "\(path) \(file): \(answer)")
                if status == 422, words == "cannot be used" {
                    #expect(try answer.object()["problems"] as? [[String: Any]] != nil)
                }
            }
            #expect(try await web.store.jobs() == jobs)
            #expect(try await web.post("/api/v1/configuration/apply", Self.shop).status == 415)
            let json = ["Content-Type": "application/json"]
            #expect(try await web.post("/api/v1/configuration/apply", Self.shop, json).status == 415)
            let large = Self.shop + String(repeating: "# much\n", count: 700_000)
            #expect(try await web.post("/api/v1/configuration/apply", large, Self.yaml).status == 413)
        }
    }

    @Test func whatAFileNoLongerHoldsGoesOnUnlessItIsComplete() async throws {
        try await WebFixture.serving { web in
            func apply(_ query: String, _ file: String) async throws -> WebFixture.Answer {
                try await web.post("/api/v1/configuration/apply\(query)", file, Self.yaml)
            }
            let named = "?file=/etc/shop.yaml"
            let jobs = "jobs: {a: {run: 'true'}, b: {run: 'true'}}"
            #expect(try Self.names(await apply(named, jobs), "added") == ["a", "b"])
            #expect(try await web.store.job("a")?.source == "file:/etc/shop.yaml")
            let one = "jobs: {a: {run: 'true'}}"
            #expect(try Self.names(await apply(named, one), "kept") == ["b"])
            #expect(try Self.names(await apply(named + "&complete=true", one), "removed") == ["b"])
            let none = try await apply(named + "&prune_all=true", "jobs: {}")
            #expect(try Self.names(none, "removed") == ["a"], "\(none)")
            #expect(try await web.store.jobs().map(\.name) == ["backup", "team/ping"])
        }
    }

    /// As of two files that are applied one after the other: what was replaced is older, whoever brings it.
    @Test func anOlderFileIsRefusedUnlessItIsMeant() async throws {
        try await WebFixture.serving { web in
            func apply(_ query: String, _ run: String) async throws -> WebFixture.Answer {
                try await web.post(
                    "/api/v1/configuration/apply\(query)", "source: shop\njobs: {a: {run: \(run)}}", Self.yaml)
            }
            #expect(try await apply("?revision=7", "one").status == 200)
            let older = try await apply("?revision=6", "two")
            #expect(older.status == 409 && older.body.contains("is older than revision 7"), "\(older)")
            #expect(try await apply("?revision=8", "two").status == 200)
            #expect(try await apply("?revision=7", "one").status == 409)
            #expect(try await apply("?revision=7&force=true", "one").status == 200)
            let source = try await web.get("/api/v1/configuration?source=shop").object()
            #expect(source["revision"] as? Int == 7 && source["jobs"] as? Int == 1)
            #expect(source["by"] as? String == "web@127.0.0.1:0")
            #expect(try await web.get("/api/v1/configuration?source=nobody").status == 404)
            #expect(try await web.get("/api/v1/configuration").status == 400)
        }
    }

    @Test func aPlanIsAppliedOnlyWhereNothingCameBetween() async throws {
        try await WebFixture.serving { web in
            func send(_ verb: String, _ run: String, _ tag: String? = nil) async throws -> WebFixture.Answer {
                var headers = Self.yaml
                headers["If-Match"] = tag
                return try await web.post(
                    "/api/v1/configuration/\(verb)", "source: shop\njobs: {a: {run: \(run)}}", headers)
            }
            #expect(try await send("apply", "one", "*").status == 412)
            let planned = try #require(try await send("plan", "one").headers["etag"])
            let made = try await send("apply", "one", planned)
            #expect(made.status == 200)
            let late = try await send("apply", "two", planned)
            #expect(late.status == 412 && late.headers["etag"] == made.headers["etag"], "\(late)")
            #expect(late.body.contains("source \\\"shop\\\" is not what If-Match names"))
            // A job's pause, and another source's file, are no change of it.
            _ = try await web.post("/api/v1/jobs/a/pause")
            let now = try #require(try await web.get("/api/v1/configuration?source=shop").headers["etag"])
            #expect(try await send("apply", "two", "\"x\", \(now)").status == 200)
            #expect(try await send("apply", "three", "*").status == 200)
            #expect(try await send("apply", "four", "nothing").status == 412)
            #expect(try await send("plan", "four", "*").status == 412)
            #expect(try await web.store.job("a")?.version == 3)
        }
    }

    @Test func whoMayActOnSomeJobsAppliesThoseOnly() async throws {
        try await WebFixture.serving(access: WebAccess(signIn: .password)) { web in
            let (text, digest) = TokenText.fresh()
            _ = try await web.store.add(
                WebToken(name: "shop", digest: digest, role: .admin, scope: try JobScope(["shop-*"])), by: "test")
            func apply(_ query: String, _ file: String) async throws -> WebFixture.Answer {
                try await web.post(
                    "/api/v1/configuration/apply\(query)", file,
                    Self.yaml.merging(["Authorization": "Bearer \(text)"]) { $1 })
            }
            let own = "source: shop\njobs: {shop-a: {run: 'true'}}"
            #expect(try await apply("", own).status == 200)
            let other = try await apply("", "source: shop\njobs: {shop-a: {run: 'true'}, bank: {run: 'true'}}")
            #expect(other.status == 403 && other.body.contains("bank"), "\(other)")
            let complete = try await apply("?complete=true", own)
            #expect(complete.status == 403 && complete.body.contains("must be allowed all jobs"), "\(complete)")
            #expect(try await web.store.job("bank") == nil)
        }
    }
}
