import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct DashboardTests {
    @Test func theOverviewSaysWhatNeedsALookWhatComesNextAndWhoWorks() async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get("/")
            #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
            #expect(answer.body.contains("<h1>1 job needs a look.</h1>"))
            #expect(answer.body.contains("next is <a href=\"/jobs/team%2Fping\">team/ping</a>"))
            #expect(answer.body.contains(">alpha</td>"))
        }
    }

    @Test func aJobsPageSaysWhenItIsDueAndHowItWent() async throws {
        try await WebFixture.serving { web in
            let body = try await web.get("/jobs/backup").body
            #expect(body.contains("2026-11-24 03:00:00+08:00"))
            #expect(body.contains("1 run in a row did not end well."))
            #expect(body.contains("<pre>pg_dump &lt;shop&gt; &amp; wait</pre>"))
        }
    }

    @Test(arguments: ["/", "/jobs", "/jobs/team%2Fping", "/runs", "/runs/1", "/runs/2", "/jobs/%3Cscript%3E"])
    func nothingAJobSaysBecomesMarkup(path: String) async throws {
        try await WebFixture.serving { web in
            let body = try await web.get(path, headers: ["Accept": "text/html"]).body
            #expect(body.contains("</html>"))
            #expect(!body.contains("<script"))
            #expect(!body.contains("<b>disk"))
            #expect(body.components(separatedBy: "</pre>").count == body.components(separatedBy: "<pre").count)
        }
    }

    @Test func aRunsPageShowsItsOutputWithoutTerminalCommands() async throws {
        try await WebFixture.serving { web in
            let id = try await web.store.runs(RunFilter()).first { $0.state == .failed }?.id
            let body = try await web.get("/runs/\(id?.value ?? 0)").body
            #expect(body.contains("exit 3: &lt;b&gt;disk full&lt;/b&gt;"))
            #expect(body.contains(">&lt;/pre&gt;&lt;script&gt;alert(2)&lt;/script&gt;\n<"))
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
