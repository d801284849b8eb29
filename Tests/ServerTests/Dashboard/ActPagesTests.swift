import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct ActPagesTests {
    @Test func aButtonDoesWhatItSaysAndThePageAfterItToo() async throws {
        try await WebFixture.serving { web in
            let page = try await FormPage(web, "/jobs/backup")
            let answer = try await page.send("/jobs/backup/pause")
            #expect(answer.status == 303)
            #expect(answer.headers["location"] == "/jobs/backup?did=paused")
            #expect(try await web.store.job("backup")?.isPaused == true)
            let after = try await web.get("/jobs/backup?did=paused").body
            #expect(after.contains("role=\"status\">Paused: what falls due is skipped"))
            #expect(after.contains("action=\"/jobs/backup/resume\""))
        }
    }

    @Test func aFormSentTwiceIsOneRun() async throws {
        try await WebFixture.serving { web in
            let page = try await FormPage(web, "/jobs/team%2Fping")
            let id = try #require(page.body.firstMatch(of: /name="request_id" value="([^"]+)"/)?.1)
            for _ in 0..<2 {
                let answer = try await page.send("/jobs/team%2Fping/trigger", "&request_id=\(id)")
                #expect(answer.headers["location"] == "/runs/3?did=triggered")
            }
            #expect(try await web.get("/runs/3?did=triggered").body.contains("The run was asked for."))
        }
    }

    @Test func aRunIsCancelledAndRunAgain() async throws {
        try await WebFixture.serving { web in
            let run = try await web.store.trigger("backup", requestID: "r", by: "ann")
            let page = try await FormPage(web, "/runs/\(run.id)")
            #expect(try await page.send("/runs/\(run.id)/cancel").headers["location"] == "/runs/3?did=cancelled")
            #expect(try await page.send("/runs/\(run.id)/retry").headers["location"] == "/runs/4?did=retried")
            let twice = try await page.send("/runs/\(run.id)/cancel")
            #expect(twice.status == 409)
        }
    }

    @Test func aJobIsSilencedAndAnIncidentSeenOnThePageOfAlerts() async throws {
        try await WebFixture.serving { web in
            let incident = try #require(
                try await web.store.open([
                    Incident(
                        rule: "alerts/ops/slack", kind: .queueUnserved, job: "backup", since: web.time.now(),
                        summary: "no <b>disk</b>")
                ]).first)
            let page = try await FormPage(web, "/alerts?pattern=backup")
            #expect(page.body.contains("no &lt;b&gt;disk&lt;/b&gt;") && page.body.contains("queue unserved"))
            #expect(page.body.contains("value=\"backup\"") && page.body.contains("Nothing is silenced."))
            let fields = "&pattern=backup&seconds=7200&because=new+%3Cdisks%3E"
            #expect(try await page.send("/silences", fields).headers["location"] == "/alerts?did=silenced")
            let silence = try #require(try await web.store.silences(endingFrom: web.time.now(), limit: 9).first)
            let after = try await web.get("/alerts?did=silenced").body
            #expect(after.contains("new &lt;disks&gt;") && after.contains("Silenced: what is still so"))
            #expect(
                try await page.send("/alerts/\(incident.id)/acknowledge").headers["location"]
                    == "/alerts?did=acknowledged")
            #expect(try await web.store.incidents(openOnly: true, limit: 9).first?.acknowledgedBy == "web@127.0.0.1:0")
            #expect(
                try await page.send("/silences/\(silence.id)/end").headers["location"] == "/alerts?did=unsilenced")
            #expect(try await web.store.silences(endingFrom: web.time.now() + .seconds(1), limit: 9).isEmpty)
            #expect(try await page.send("/silences", "&pattern=backup&seconds=x&because=y").status == 400)
        }
    }

    @Test func aBackfillIsShownBegunAndEndedOnItsPage() async throws {
        try await WebFixture.serving { web in
            #expect(try await web.get("/jobs/backup").body.contains("/backfills?job=backup"))
            let page = try await FormPage(web, "/backfills?job=backup&from=2026-11-20&to=2026-11-23&rerun=all")
            // By the job's own clock, which is Shanghai's.
            #expect(page.body.contains("3 runs would be made"), "\(page.body)")
            #expect(page.body.contains("2026-11-19T19:00:00Z"))
            #expect(try await web.store.backfills(openOnly: false, limit: 9).isEmpty)
            let fields = "&job=backup&from=2026-11-20&to=2026-11-23&order=oldest&limit=2&rerun=all"
            #expect(try await page.send("/backfills", fields).headers["location"] == "/backfills?did=backfilling")
            let made = try #require(try await web.store.backfills(openOnly: true, limit: 9).first)
            #expect(made.limit == 2 && made.repeats == .all && made.actor == "web@127.0.0.1:0")
            #expect(try await page.send("/backfills", fields).status == 409)
            let list = try await web.get("/backfills").body
            #expect(list.contains("action=\"/backfills/\(made.id)/pause\""))
            #expect(try await page.send("/backfills/\(made.id)/cancel").status == 303)
            #expect(try await web.store.backfills(openOnly: true, limit: 9).isEmpty)
            #expect(try await web.get("/backfills?job=nothing&from=2026-11-20").status == 404)
            #expect(try await web.get("/backfills?job=backup&from=soon").status == 400)
        }
    }

    /// Whoever may not begin it is not offered to.
    @Test func whatWouldBeRefusedIsNotOffered() throws {
        let now = Timestamp(iso8601: "2026-11-23T12:00:00Z")!
        func page(_ role: Role, _ patterns: String...) throws -> String {
            let visitor = Visitor(actor: "ann", role: role, scope: try JobScope(patterns), proof: .token)
            var page = BackfillsPage(now: now, hand: Hand(visitor), backfills: [], wish: .init())
            page.preview = BackfillPreview(
                job: "backup", runs: 3, passed: 0, isWhole: true, first: [now], followers: 0)
            return page.page.content.text
        }
        #expect(try page(.operator).contains(">Begin</button>"))
        #expect(try page(.operator, "back*").contains(">Begin</button>"))
        let other = try page(.operator, "shop-*")
        #expect(other.contains("3 runs would be made") && !other.contains(">Begin</button>"))
        #expect(other.contains("You may not act on this job"))
        #expect(try !page(.viewer).contains("<form"))
    }

    @Test func everyPageIsInTheMenu() async throws {
        try await WebFixture.serving { web in
            let page = try await web.get("/backfills").body
            #expect(page.contains("<a href=\"/backfills\" data-key=\"b\" aria-current=\"page\">Backfills</a>"))
        }
    }

    @Test func anEndedRunIsMarkedWithAReason() async throws {
        try await WebFixture.serving { web in
            let run = try await web.store.trigger("backup", requestID: "r", by: "ann")
            let page = try await FormPage(web, "/runs/\(run.id)")
            let fields = "&state=succeeded&because=seen+%3Cb%3Eby+hand"
            #expect(try await page.send("/runs/\(run.id)/mark", fields).status == 409)
            _ = try await web.store.cancel(run.id, by: "ann")
            #expect(try await page.send("/runs/\(run.id)/mark", "&state=better&because=x").status == 400)
            #expect(try await page.send("/runs/\(run.id)/mark", "&state=failed").status == 400)
            let marked = try await page.send("/runs/\(run.id)/mark", fields)
            #expect(marked.headers["location"] == "/runs/\(run.id)?did=marked")
            let shown = try await web.get("/runs/\(run.id)").body
            #expect(shown.contains("succeeded, by the word of") && shown.contains("seen &lt;b&gt;by hand"))
        }
    }

    @Test func aFormWithoutItsProofDoesNothing() async throws {
        try await WebFixture.serving { web in
            let page = try await FormPage(web, "/jobs/backup")
            let other = try await FormPage(web, "/jobs/backup")
            for (cookie, proof) in [
                ("", page.proof), (page.cookie, ""), (page.cookie, other.proof), (other.cookie, page.proof),
                ("onebeat-form=x", Fingerprint.hmac(Array("onebeat form".utf8), key: Array("x".utf8))),
                (page.cookie, page.proof.uppercased()), (page.cookie, String(page.proof.dropLast())),
            ] {
                let answer = try await FormPage(web, cookie: cookie, proof: proof).send("/jobs/backup/pause")
                #expect(answer.status == 403)
            }
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    @Test func aFormsCookieIsKeptFromScriptsAndOtherSites() async throws {
        try await WebFixture.serving { web in
            let plain = try await web.get("/jobs/backup").headers["set-cookie"] ?? ""
            #expect(plain.hasPrefix("onebeat-form="))
            #expect(plain.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
            let secure = try await web.get("/jobs/backup", headers: ["X-Forwarded-Proto": "https"])
            #expect(secure.headers["set-cookie"]?.hasSuffix("; SameSite=Strict; Secure") == true)
            let kept = try await web.get("/jobs/backup", headers: ["Cookie": String(plain.prefix { $0 != ";" })])
            #expect(kept.headers["set-cookie"] == nil)
        }
    }

    @Test(arguments: ["proof=%zz", "proof=a&proof=b", "a=b", "", "&&&==&"])
    func aBrokenFormDoesNothing(body: String) async throws {
        try await WebFixture.serving { web in
            let page = try await FormPage(web, "/jobs/backup")
            let answer = try await web.post(
                "/jobs/backup/pause", body,
                ["Cookie": page.cookie, "Content-Type": "application/x-www-form-urlencoded"])
            #expect([400, 403].contains(answer.status))
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    /// An address made by somebody else can make a page say nothing but our own sentences.
    @Test func whatWasDoneIsSaidInOurWordsOnly() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/jobs/backup?did=%3Cb%3Ehacked").body
            #expect(!body.contains("hacked") && !body.contains("role=\"status\""))
            for deed in Deed.allCases {
                #expect(try await web.get("/jobs/backup?did=\(deed.rawValue)").body.contains(deed.sentence.english))
            }
        }
    }
}

/// A page with forms, in a browser that keeps its cookie.
struct FormPage {
    let web: WebFixture
    var body = ""
    var cookie: String
    var proof: String

    init(_ web: WebFixture, cookie: String, proof: String) {
        self.web = web
        self.cookie = cookie
        self.proof = proof
    }

    /// - Parameter session: the cookie of whoever has signed in.
    init(_ web: WebFixture, _ path: String, session: String? = nil) async throws {
        let answer = try await web.get(path, headers: session.map { ["Cookie": $0] } ?? [:])
        let proof = try #require(answer.body.firstMatch(of: /name="proof" value="([0-9a-f]+)"/)?.1)
        self.init(
            web, cookie: session ?? String((answer.headers["set-cookie"] ?? "").prefix { $0 != ";" }),
            proof: String(proof))
        body = answer.body
    }

    func send(_ path: String, _ fields: String = "") async throws -> WebFixture.Answer {
        try await web.post(
            path, "proof=\(proof)\(fields)",
            [
                "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Origin": web.base,
                "Sec-Fetch-Site": "same-origin",
            ])
    }
}
