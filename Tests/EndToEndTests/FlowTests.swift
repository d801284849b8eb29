import Glibc
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
