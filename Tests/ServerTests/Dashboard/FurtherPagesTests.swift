import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct FurtherPagesTests {
    @Test func eventsAreTurnedBothWays() async throws {
        try await WebFixture.serving { web in
            for number in 0..<120 { try await web.store.record(Event("a.b", job: "x", actor: "ann\(number)end")) }
            func page(_ path: String) async throws -> (seen: Int, newer: String?, older: String?) {
                let body = try await web.get(path).body
                func link(_ words: String) -> String? {
                    body.matches(of: /href="(\/events[^"]*)">([a-z ]+)</).first { $0.2 == words }
                        .map { String($0.1).replacing("&amp;", with: "&") }
                }
                return (body.matches(of: /ann\d+end/).count, link("newer events"), link("older events"))
            }
            let first = try await page("/events?kind=a.b")
            #expect(first.seen == 50 && first.newer == nil)
            let second = try await page(try #require(first.older))
            #expect(second.seen == 50)
            let third = try await page(try #require(second.older))
            #expect(third.seen == 20 && third.older == nil)
            let back = try await page(try #require(third.newer))
            #expect(back.seen == 50)
            #expect(try await page(try #require(back.newer)).seen == 50)
            #expect(try await web.get("/events?kind=job.added&job=backup").body.contains(">backup</a>"))
            #expect(try await web.get("/events?before=0").status == 400)
        }
    }

    /// The ways on from a page, by their words.
    private static func ways(_ web: WebFixture, _ path: String) async throws -> (body: String, to: [String: String]) {
        let body = try await web.get(path).body
        let links = body.matches(of: /<a href="([^"]*)">([a-z ]+)<\/a>/).map {
            (String($0.2), String($0.1).replacing("&amp;", with: "&"))
        }
        return (body, Dictionary(links) { first, _ in first })
    }

    @Test func runsAreTurnedBothWays() async throws {
        try await WebFixture.serving { web in
            for number in 0..<110 { _ = try await web.store.trigger("team/ping", requestID: "r\(number)", by: "t") }
            let first = try await Self.ways(web, "/runs?job=team%2Fping")
            #expect(first.to["newer runs"] == nil)
            let second = try await Self.ways(web, try #require(first.to["older runs"]))
            let third = try await Self.ways(web, try #require(second.to["older runs"]))
            #expect(third.to["older runs"] == nil)
            let back = try await Self.ways(web, try #require(third.to["newer runs"]))
            func rows(_ page: (body: String, to: [String: String])) -> [String] {
                page.body.matches(of: /<tr><td><a href="\/runs\/(\d+)"/).map { String($0.1) }
            }
            #expect(rows(third).count == 10)
            #expect(rows(back) == rows(second))
            #expect(rows(try await Self.ways(web, try #require(back.to["newer runs"]))) == rows(first))
            #expect(try await web.get("/runs?newer=x").status == 400)
        }
    }

    @Test func jobsAreTurnedBothWays() async throws {
        try await WebFixture.serving { web in
            let jobs = (0..<110).map { number in
                JobDefinition(
                    name: "many-\(1000 + number)", schedule: .manual, work: .shell("true", ProcessSettings()))
            }
            try await web.store.apply(jobs, source: "many", isComplete: true, by: "t", schedules: ScheduleCache())
            let first = try await Self.ways(web, "/jobs?name=many")
            #expect(first.to["jobs before"] == nil)
            let second = try await Self.ways(web, try #require(first.to["more jobs"]))
            let third = try await Self.ways(web, try #require(second.to["more jobs"]))
            #expect(third.to["more jobs"] == nil && third.body.contains(">many-1109</a>"))
            let back = try await Self.ways(web, try #require(third.to["jobs before"]))
            #expect(back.body.contains(">many-1050</a>") && back.body.contains(">many-1099</a>"))
            #expect(!back.body.contains(">many-1100</a>") && !back.body.contains(">many-1049</a>"))
            let start = try await Self.ways(web, try #require(back.to["jobs before"]))
            #expect(start.to["jobs before"] == nil && start.body.contains(">many-1000</a>"))
        }
    }

    @Test func theNodesPageSaysWhoServesWhatAndWhatNobodyServes() async throws {
        try await WebFixture.serving { web in
            var job = JobDefinition(
                name: "letters", schedule: .manual, work: .shell("true", ProcessSettings()))
            job.policies.queue = "mail"
            try await web.store.apply([job], source: "other", isComplete: false, by: "t", schedules: ScheduleCache())
            _ = try await web.store.trigger("letters", requestID: "r", by: "t")
            try await web.store.record(Event("node.dead", actor: "gone-node", message: "its lease ended"))
            web.time.advance(by: .seconds(1))
            let body = try await web.get("/nodes").body
            #expect(body.contains("0 / 4"))
            #expect(body.contains("<td>mail</td><td><span class=\"badge bad\">nobody</span></td>"))
            #expect(body.contains("gone-node") && body.contains(">died</span>"))
        }
    }

    @Test func aFlowIsDrawnOfItsDefinitionsAndOfItsRuns() async throws {
        try await WebFixture.serving { web in
            let jobs = [
                ("extract", ScheduleDefinition.manual), ("load", .after("extract")), ("report", .after("load")),
            ]
            .map { JobDefinition(name: $0, schedule: $1, work: .shell("true", ProcessSettings())) }
            try await web.store.apply(jobs, source: "flows", isComplete: true, by: "t", schedules: ScheduleCache())
            let root = try await web.store.trigger("extract", requestID: "r", by: "t")
            for path in ["/graph", "/graph/load", "/flows/\(root.id)"] {
                let body = try await web.get(path).body
                for (name, _) in [("extract", 0), ("load", 1), ("report", 2)] {
                    #expect(body.contains("class=\"name\">\(name)</text>"), "\(path) \(name)")
                }
                #expect(body.components(separatedBy: "<path class=\"edge").count == 3)
            }
            #expect(try await web.get("/flows/\(root.id)").body.contains("waits for load"))
            for path in ["/graph", "/graph/load", "/flows/\(root.id)"] {
                let whole = try await web.get(path).body
                #expect(whole.contains("class=\"drawing\"") && whole.contains("href=\"\(path)?zoom=fit\""))
                let fitting = try await web.get("\(path)?zoom=fit").body
                #expect(
                    fitting.contains("class=\"drawing fit\"") && fitting.contains("href=\"\(path)\" data-zoom=\"full\"")
                )
                #expect(try await web.get("\(path)?zoom=9").status == 400)
            }
            #expect(try await web.get("/flows/1").status == 404)
            #expect(try await web.get("/graph/none").status == 404)
            #expect(try await web.get("/graph/backup").body.contains("It follows no job"))
            #expect(try await web.get("/jobs/load").body.contains("href=\"/graph/load\">its flow</a>"))
        }
    }

    /// A flow with a list: `extract`, then `load` for each of its files, then `report`.
    private static func spread(_ web: WebFixture, hasList: Bool = true) async throws -> (
        flow: Run, claim: (String) async throws -> [Claim]
    ) {
        var jobs = [
            ("extract", ScheduleDefinition.manual), ("load", .after("extract")), ("report", .after("load")),
        ]
        .map { JobDefinition(name: $0, schedule: $1, work: .shell("true", ProcessSettings())) }
        if hasList { jobs[1].each = Each(in: "extract", at: ["files"]) }
        jobs[1].policies.overlap = .allow
        try await web.store.apply(jobs, source: "flows", isComplete: true, by: "t", schedules: ScheduleCache())
        let root = try await web.store.trigger("extract", requestID: "r", by: "t")
        let node = NodeID(name: "alpha", boot: "1")
        let claim: (String) async throws -> [Claim] = { job in
            try await web.store.claim(
                ClaimRequest(
                    node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(Int64.random(in: 9...1_000_000))),
                deciding: Admission.decide
            ).claims.filter { $0.run.job == job }
        }
        return (root, claim)
    }

    private static func settle(
        _ claim: Claim, _ outcome: Outcome, _ web: WebFixture, value: RunValue? = nil
    ) async throws {
        var report = AttemptReport(claim, outcome)
        report.value = value
        _ = try await web.store.settle([report]) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }
    }

    @Test func theRunOfAListShowsItsElementsAndSpeaksOfNoAttempt() async throws {
        try await WebFixture.serving { web in
            let (root, claim) = try await Self.spread(web)
            let whole = try #require(try await web.store.runs(RunFilter()).first { $0.job == "load" })
            let waiting = try await web.get("/runs/\(whole.id)").body
            #expect(waiting.contains("How many there are is not known yet."))
            #expect(!waiting.contains("Output of attempt"))
            let value = try RunValue(json: Array(#"{"files": ["a", "b", "c"]}"#.utf8))
            try await Self.settle(try #require(try await claim("extract").first), .succeeded, web, value: value)
            let elements = try await claim("load")
            try #require(elements.count == 3)
            try await Self.settle(elements[1], .failed(Failure("exit 4")), web)
            let page = try await web.get("/runs/\(whole.id)").body
            #expect(!page.contains("Output of attempt") && !page.contains("<h2>Attempts"))
            #expect(page.contains("One run for each of <code>extract.files</code>"))
            for element in elements { #expect(page.contains("href=\"/runs/\(element.run.id)\"")) }
            // What needs a look stands first.
            let rows = page.matches(of: /<tr><td>(\d)<\/td>/).map { String($0.1) }
            #expect(rows == ["1", "0", "2"])
            #expect(page.contains("exit 4"))
            let element = try await web.get("/runs/\(elements[1].run.id)").body
            #expect(element.contains("</a>[1]") && element.contains("1 of extract.files, counted from 0"))
            #expect(element.contains("Output of attempt 1"))
            let flow = try await web.get("/flows/\(root.id)").body
            #expect(flow.contains("1 / 3"))
            for claim in [elements[0], elements[2]] { try await Self.settle(claim, .succeeded, web) }
            let ended = try await web.get("/runs/\(whole.id)").body
            #expect(ended.contains("It stands for all elements of extract.files, and ended as failed"))
            #expect(ended.contains("2 of 3 succeeded") && !ended.contains("no further attempt"))
            let graph = try await web.get("/graph/load").body
            #expect(graph.contains("each of extract.files"))
            // A box behind the box stands for the others.
            #expect(graph.components(separatedBy: "<rect").count - 1 == 4)
        }
    }

    @Test func aMarkIsSeenInItsFlow() async throws {
        try await WebFixture.serving { web in
            let (root, claim) = try await Self.spread(web, hasList: false)
            try await Self.settle(try #require(try await claim("extract").first), .failed(Failure("exit 1")), web)
            #expect(try await web.get("/flows/\(root.id)").body.contains(">not well<"))
            _ = try await web.store.mark(root.id, as: .succeeded, because: "<done> by hand", by: "ann")
            let page = try await web.get("/flows/\(root.id)").body
            #expect(!page.contains(">not well<"))
            #expect(page.contains("counts as succeeded"))
            #expect(page.contains("by the word of ann: &lt;done&gt; by hand"))
        }
    }

    @Test(arguments: [
        ("/lab?dialect=french", 400), ("/lab?expression=61+*+*+*+*", 200), ("/lab?timezone=Mars", 200),
        ("/lab?expression=0+3+*+*+*&timezone=Mars/Olympus", 200), ("/lab?from=yesterday", 400), ("/calendar?x=1", 400),
    ])
    func whatIsWrongInTheLabIsSaidThere(path: String, status: Int) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.get(path)
            #expect(answer.status == status)
            if path.contains("61") || path.contains("Olympus") { #expect(answer.body.contains("role=\"alert\"")) }
        }
    }

    @Test func whatStandsBetweenBackticksIsCodeAndWhatIsPutInIsNot() {
        let telling: Telling = "see `onebeat flow \("<b>")` of \("a`b")"
        #expect(telling.html.text == "see <code>onebeat flow &lt;b&gt;</code> of a`b")
        #expect(telling.text == "see `onebeat flow <b>` of a`b")
    }

    @Test func aReportIsToldInTheReadersLanguage() {
        let now = ManualTime.start
        let telling: Telling =
            "\("It" as Telling) failed\(" after \(Duration.seconds(65))" as Telling)\(": \(english: "exit <1>")" as Telling)."
        #expect(telling.text == "It failed after 1m 5s: exit <1>.")
        #expect(telling.html.text == "It failed after 1m 5s: exit &lt;1&gt;.")
        let coming: Telling = "It is planned and starts \(now + .seconds(300), from: now)."
        #expect(coming.text == "It is planned and starts in 5m.")
        Reader.$current.withValue(Reader(language: .chinese)) {
            #expect(telling.html.text == "它失败（用时 1 分 5 秒）：<span lang=\"en\">exit &lt;1&gt;</span>。")
            #expect(coming.html.text.contains(">5 分钟后</time>启动。"))
        }
        #expect((("one " as Telling) + "\(2)").text == "one 2")
    }
}
