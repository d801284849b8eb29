import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct DashboardTests {
    @Test func theOverviewSaysWhatNeedsALookWhatComesNextAndWhoWorks() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/")
            #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
            #expect(answer.body.contains("<h1>1 job needs a look.</h1>"))
            #expect(answer.body.contains("Next is <a href=\"/jobs/team%2Fping\">team/ping</a>"))
            #expect(answer.body.contains(">alpha</td>"))
        }
    }

    @Test func aJobsPageSaysWhenItIsDueAndHowItWent() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/jobs/backup").body
            #expect(body.contains("2026-11-24 03:00:00+08:00"))
            #expect(
                body.contains("<span class=\"badge bad\">failing</span> failed: exit 3: &lt;b&gt;disk full&lt;/b&gt;."))
            #expect(body.contains("On the clock of Asia/Shanghai"))
            #expect(body.contains("<pre>pg_dump &lt;shop&gt; &amp; wait</pre>"))
        }
    }

    @Test(arguments: [
        "/", "/jobs", "/jobs/team%2Fping", "/runs", "/runs/1", "/runs/2", "/jobs/%3Cscript%3E",
        "/events", "/nodes", "/graph", "/graph/backup", "/calendar", "/lab?expression=%3Cscript%3E&timezone=%3Cb%3E",
        "/events?job=%3Cscript%3E&kind=%22%3E%3Cb%3E", "/flows/1",
    ])
    func nothingAJobSaysBecomesMarkup(path: String) async throws {
        try await WebFixture.serving { web in
            let body = try await web.get(path, headers: ["Accept": "text/html"]).body
            #expect(body.contains("</html>"))
            #expect(body.components(separatedBy: "<script").count == 2)
            #expect(body.contains("<script src=\"/assets/onebeat.js?"))
            #expect(!body.contains("<b>disk"))
            #expect(body.components(separatedBy: "</pre>").count == body.components(separatedBy: "<pre").count)
        }
    }

    @Test func aRunsPageShowsItsOutputWithoutTerminalCommands() async throws {
        try await WebFixture.serving { web in
            let id = try await web.store.runs(RunFilter()).first { $0.state == .failed }?.id
            let body = try await web.get("/runs/\(id?.value ?? 0)").body
            #expect(body.contains("exit 3: &lt;b&gt;disk full&lt;/b&gt;"))
            #expect(body.contains("<span class=\"red\">&lt;/pre&gt;&lt;script&gt;alert(2)&lt;/script&gt;</span>"))
        }
    }

    @Test func aJobsPageSaysWhatItsVersionsChangedAndByWhom() async throws {
        try await WebFixture.serving { web in
            #expect(!(try await web.get("/jobs/backup").body.contains("What changed")))
            var job = try #require(try await web.store.job("backup")).definition
            job.policies.priority = 7
            job.description = "<b>"
            let source = try #require(try await web.store.job("backup")).source
            try await web.store.apply(
                ApplyRequest([job], source: source, by: "<ann>"), schedules: ScheduleCache())
            let body = try await web.get("/jobs/backup").body
            #expect(body.contains("What changed"))
            #expect(body.contains("<div>priority: 0 → 7</div>"))
            #expect(body.contains("&lt;b&gt;") && body.contains("&lt;ann&gt;") && !body.contains("<ann>"))
        }
    }

    /// Failures of a job that fails each second pushed those of others off the page.
    @Test func noFailureFallsOffTheOverview() async throws {
        try await WebFixture.serving { web in
            for _ in 0..<60 { try await web.fail("team/ping") }
            let body = try await web.get("/").body
            #expect(body.contains("<h1>2 jobs need a look.</h1>"))
            #expect(body.contains("failed, 60 times in a row: exit 1"))
            #expect(body.contains("failed: exit 3: &lt;b&gt;disk full&lt;/b&gt;"))
        }
    }

    @Test func whatIsPausedDoesNotComeNext() async throws {
        try await WebFixture.serving { web in
            try await web.store.setPaused(true, job: "team/ping", by: "tester")
            let body = try await web.get("/").body
            #expect(body.contains("Next is <a href=\"/jobs/backup\">"))
        }
    }

    @Test(arguments: [
        ("health=look", ["backup"]), ("health=new", ["team/ping"]), ("tag=shop", ["backup"]), ("tag=none", []),
        ("owner=anna&queue=default", ["backup"]), ("name=team&health=look", []),
        ("queue=default", ["backup", "team/ping"]),
    ])
    func jobsAreChosenByHowTheyAreAndWhatTheyCarry(query: String, names: [String]) async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/jobs?\(query)").body
            for name in ["backup", "team/ping"] {
                #expect(body.contains("\">\(name)</a>") == names.contains(name), "\(name)")
            }
            #expect(try await web.get("/jobs?health=bad").status == 400)
        }
    }

    @Test func everyMomentNamesItsZone() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/runs").body
            #expect(body.contains(" UTC</time>"))
            #expect(body.contains("Times are <span data-zone>UTC</span>."))
            let script = try await web.get("/assets/onebeat.js")
            #expect(script.headers["content-type"] == "text/javascript; charset=utf-8")
        }
    }

    @Test func runsAreFilteredByAFormWithEmptyFields() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/runs?job=backup&state=succeeded&from=&before=").body
            #expect(body.contains(">succeeded</span>"))
            #expect(!body.contains(">failed</span>"))
            #expect(body.contains("<option value=\"succeeded\" selected>"))
        }
    }

    @Test func peopleGetAPageForWhatIsNotThere() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/runs/999", headers: ["Accept": "text/html,*/*"])
            #expect(answer.status == 404)
            #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
            #expect(answer.body.contains("there is no run 999"))
        }
    }
}
