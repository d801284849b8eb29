import Foundation
import Testing

/// Jobs that follow others, with the real binary.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FlowTests {
    private let jobs = """
        extract: {every: 2s, run: "echo extract $ONEBEAT_SCHEDULED_AT >> effects"}
        left: {after: extract, run: "echo left $ONEBEAT_SCHEDULED_AT >> effects"}
        right: {after: [extract], run: "sleep 0.3; echo right $ONEBEAT_SCHEDULED_AT >> effects"}
        load: {after: [left, right], run: "echo load $ONEBEAT_SCHEDULED_AT >> effects"}
        broken: {after: extract, run: "exit 3"}
        never: {after: broken, run: "echo never >> effects"}
        tidy: {after: [never, load], trigger_rule: all_done, overlap: queue_all, run: "echo tidy $ONEBEAT_SCHEDULED_AT >> effects"}
        """

    /// The example of the README, with its backfill of a week, across a kill.
    @Test func theExampleRunsAsTheReadmeSays() async throws {
        try await Sandbox.with { box in
            let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Examples/flow").path
            for name in ["onebeat.yaml", "orders.csv", "extract.sh", "totals.sh", "best.sh", "report.sh"] {
                try FileManager.default.copyItem(atPath: "\(example)/\(name)", toPath: box.path(name))
            }
            var node = try await box.up()
            let begun = try await box.onebeat(
                "backfill", "extract", "--from", "2026-11-01", "--to", "2026-11-08", "--limit", "2", "--timezone", "UTC"
            )
            #expect(begun.code == 0, "\(begun.errors)")
            #expect(try await eventually(within: .seconds(30)) { !box.read("reports/2026-11-02.json").isEmpty })
            node.process.send(SIGKILL)
            _ = try await node.process.end()
            node = try await box.up()
            #expect(
                try await eventually(within: .seconds(90)) {
                    try await box.onebeat("backfills", "--json").output.contains(#""state" : "done""#)
                })
            for day in 1...7 {
                #expect(box.read("reports/2026-11-0\(day).json").contains(#""best": {"pieces""#), "day \(day)")
            }
            let counts = try await box.query(
                """
                SELECT job_name, count(*) FROM runs WHERE kind = 'backfill' AND state = 'succeeded' AND element IS NULL
                GROUP BY 1 ORDER BY 1
                """)
            #expect(counts == ["best", "extract", "report", "tidy", "totals"].map { [$0, "7"] })
            #expect(box.read("reports/2026-11-02.json").contains(#"{"country": "FR", "cents": "#))
            // The kill may have cost one of them a further attempt.
            let retried = try await box.query(
                "SELECT count(*) FROM runs WHERE job_name = 'totals' AND element IS NOT NULL AND attempt >= 2")
            #expect(Int(retried[0][0]) ?? 0 >= 7)
            let audit = try await box.onebeat("audit")
            #expect(audit.code == 0, "\(audit.output)")
            try await node.stop()
        }
    }

    /// An event starts its jobs once, with what it brings; a job waits for what it needs.
    @Test func anEventStartsItsJobsAndANeedIsWaitedFor() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                load: {on: {event: arrived}, run: "cat $ONEBEAT_INPUT >> loaded"}
                report: {every: 2s, needs: {load: {within: 1h}}, deadline: 1h, run: "echo x >> reported"}
                """)
            let node = try await box.up()
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.onebeat("runs", "--job", "report").output.contains("waits for load (within 1h)")
                })
            #expect(box.read("reported").isEmpty)
            #expect(try await box.onebeat("explain", "report").output.contains("`needs` lets it go"))
            for _ in 0..<2 {
                let answer = try await box.onebeat("emit", "arrived", "--id", "7", "--data", #"{"path": "a b"}"#)
                #expect(answer.code == 0 && answer.output.contains("run"), "\(answer.output)\(answer.errors)")
            }
            #expect(try await eventually(within: .seconds(30)) { !box.read("reported").isEmpty })
            #expect(box.read("loaded") == #"{"event": {"path": "a b"}}"#)
            let refused = try await box.onebeat("emit", "arrived", "--data", "{")
            #expect(refused.code != 0 && refused.errors.contains("is not JSON"))
            try await node.stop()
        }
    }

    /// What failed is marked, and what hung on it goes on; and is done once more.
    @Test func aFailedRunIsMarkedAndAPartOfAFlowIsDoneOnceMore() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                extract: {run: "echo 5 > $ONEBEAT_OUTPUT"}
                check: {after: extract, run: "cat $ONEBEAT_INPUT >> checked; test -e fixed"}
                load: {after: [check, extract], run: "cat $ONEBEAT_INPUT >> loaded"}
                """)
            let node = try await box.up()
            #expect(try await box.onebeat("trigger", "extract", "--wait").code == 0)
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.query("SELECT state FROM runs WHERE id = 3") == [["skipped"]]
                })
            let running = try await box.onebeat("mark", "2", "succeeded", "--because", " ")
            #expect(running.code != 0 && running.errors.contains("the reason has 0 characters"), "\(running.errors)")
            #expect(try await box.onebeat("mark", "2", "succeeded", "--because", "seen by hand").code == 0)
            #expect(try await eventually(within: .seconds(30)) { box.read("loaded") == #"{"extract": 5}"# })
            #expect(try await box.onebeat("run", "2").output.contains("counts as succeeded, by the word of"))
            try box.write("", to: "fixed")
            #expect(try await box.onebeat("retry", "2", "--downstream").code == 0)
            #expect(
                try await eventually(within: .seconds(30)) {
                    box.read("loaded") == #"{"extract": 5}{"extract": 5}"#
                })
            #expect(box.read("checked") == #"{"extract": 5}{"extract": 5}"#)
            #expect(try await box.query("SELECT state FROM runs WHERE id = 2") == [["failed"]])
            #expect(try await box.onebeat("audit").code == 0)
            try await node.stop()
        }
    }

    @Test func aValueGoesFromJobToJob() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                extract: {run: "echo '{\\"rows\\": [1, 2]}' > $ONEBEAT_OUTPUT"}
                load: {after: extract, run: "cat $ONEBEAT_INPUT > loaded"}
                """)
            let node = try await box.up()
            #expect(try await box.onebeat("trigger", "extract", "--wait").code == 0)
            #expect(try await eventually(within: .seconds(30)) { box.read("loaded").hasSuffix("}}") })
            #expect(box.read("loaded") == #"{"extract": {"rows": [1, 2]}}"#)
            #expect(try await box.onebeat("run", "1").output.contains(#"handed on: {"rows": [1, 2]}"#))
            #expect(await node.get("/api/v1/runs/1")?.body.contains(#""value":{"rows":[1,2]}"#) == true)
            try await node.stop()
        }
    }

    @Test func eachFireRunsItsFlowInOrderAcrossKills() async throws {
        try await Sandbox.with { box in
            try box.configure(jobs)
            let graph = try await box.onebeat("graph", "onebeat.yaml")
            #expect(graph.code == 0 && graph.output.contains("└─ "), "\(graph.output)\(graph.errors)")
            for _ in 0..<2 {
                let node = try await box.up()
                let before = box.lines("effects").filter { $0.hasPrefix("tidy") }.count
                #expect(
                    try await eventually(within: .seconds(30)) {
                        box.lines("effects").filter { $0.hasPrefix("tidy") }.count >= before + 2
                    })
                node.process.send(SIGKILL)
                _ = try await node.process.end()
            }
            let node = try await box.up()
            // Once the root plans no more, no flow may be left half done.
            #expect(try await box.onebeat("pause", "extract").code == 0)
            #expect(
                try await eventually(within: .seconds(60)) {
                    try await box.query(
                        "SELECT count(*) FROM runs WHERE state IN ('waiting', 'scheduled', 'running')"
                            + " AND scheduled_at < (strftime('%s', 'now') - 4) * 1000000") == [["0"]]
                })
            try await node.stop()
            let lines = box.lines("effects")
            #expect(!lines.contains { $0.hasPrefix("never") })
            // What a kill interrupts is done once more, so that a line may be there twice: its first one counts.
            for load in lines.filter({ $0.hasPrefix("load") }) {
                let instant = load.dropFirst("load ".count)
                let places = ["extract", "left", "right", "load"].map { job in
                    lines.firstIndex(of: "\(job) \(instant)") ?? -1
                }
                #expect(places[0] >= 0 && places[0] < min(places[1], places[2]), "\(instant): \(places)")
                #expect(max(places[1], places[2]) < places[3], "\(instant): \(places)")
            }
            // However its root ended, what is due when all is done came of each flow that is over.
            let untidy = try await box.query(
                """
                SELECT r.scheduled_at, t.state FROM runs r JOIN runs t ON t.flow_id = r.id AND t.job_name = 'tidy'
                WHERE r.flow_id = r.id AND r.finished_at IS NOT NULL AND t.state NOT IN ('succeeded')
                    AND r.scheduled_at < (strftime('%s', 'now') - 10) * 1000000
                """)
            #expect(untidy == [], "\(untidy)")
            let told = try await box.query(
                "SELECT DISTINCT state, reason, message FROM runs WHERE job_name = 'never' AND reason = 'upstream'")
            #expect(told == [["skipped", "upstream", "broken failed"]])
        }
    }

    @Test func aFlowByHandIsShownCancelledAndRunAlone() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                first: {run: "sleep 30"}
                second: {after: first, run: "true"}
                """)
            let node = try await box.up()
            #expect(try await box.onebeat("trigger", "first").code == 0)
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await box.query("SELECT state FROM runs ORDER BY id") == [["running"], ["waiting"]]
                })
            let flow = try await box.onebeat("flow", "1")
            #expect(flow.output.contains("waits for first"), "\(flow.output)\(flow.errors)")
            #expect(try await box.onebeat("cancel", "2", "--flow").code == 0)
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.query("SELECT DISTINCT state FROM runs") == [["cancelled"]]
                })
            let mark = try await box.onebeat("mark", "1", "failed", "--because", "wrong data")
            #expect(mark.code == 0, "\(mark)")
            let marked = try await box.onebeat("flow", "1").output
            #expect(marked.contains("counts as failed, by") && marked.contains("wrong data"), "\(marked)")
            #expect(try await box.onebeat("flow", "1", "--json").output.contains("\"because\" : \"wrong data\""))
            #expect(try await box.onebeat("trigger", "second", "--wait").code == 0)
            #expect(try await box.onebeat("trigger", "first", "--only").code == 0)
            #expect(try await box.query("SELECT count(*) FROM runs WHERE flow_id IS NULL") == [["2"]])
            #expect(try await box.onebeat("cancel", "4").code == 0)
            try await node.stop()
        }
    }

    @Test func aCircleIsRefusedWithItsPath() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                a: {after: c, run: "true"}
                b: {after: a, run: "true"}
                c: {after: b, run: "true"}
                """)
            let answer = try await box.onebeat("validate", "onebeat.yaml")
            #expect(answer.code == 65)
            #expect(answer.errors.contains(" → "), "\(answer.errors)")
        }
    }
}
