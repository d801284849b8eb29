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
            #expect(try await web.get("/flows/1").status == 404)
            #expect(try await web.get("/graph/none").status == 404)
            #expect(try await web.get("/graph/backup").body.contains("It follows no job"))
            #expect(try await web.get("/jobs/load").body.contains("href=\"/graph/load\">its flow</a>"))
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

    @Test func aBacktickOpensCodeOnlyWithItsOtherHalf() {
        #expect(CodeText.html("see `a <b>` now").text == "see <code>a &lt;b&gt;</code> now")
        #expect(CodeText.html("it's `half").text == "it&#39;s `half")
    }
}
