import Glibc
import Testing

/// The way of somebody who has just built the binary.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct NewcomerTests {
    private let jobs = """
        every_second:
          every: 1s
          missed: all
          overlap: queue_all
          run: sh counted.sh
        newest_only: {every: 1s, run: "true"}
        slow: {every: 2s, overlap: skip, run: "sleep 1.5"}
        """

    @Test func jobsRunAStopDrainsAndASecondStartGoesOn() async throws {
        try await Sandbox.with { box in
            try box.writeCountedScript(lasting: 0.1)
            try box.configure(jobs)

            #expect(try await box.onebeat("validate", "onebeat.yaml").code == 0)
            let plan = try await box.onebeat("plan", "onebeat.yaml")
            #expect(plan.code == 0 && plan.output.contains("every_second"), "\(plan.output)\(plan.errors)")

            let first = try await box.up()
            #expect(try await eventually(within: .seconds(20)) { box.effects(of: "every_second").count >= 3 })
            let answer = try #require(await first.get("/metrics"))
            #expect(answer.body.contains("onebeat_runs_total{outcome=\"succeeded\"}"))
            #expect(await first.get("/healthz")?.status == 200)
            try await first.stop()
            #expect(box.jobProcesses.isEmpty)
            #expect(try await box.query("SELECT count(*) FROM runs WHERE state = 'running'") == [["0"]])
            let before = box.effects(of: "every_second").count

            try await Task.sleep(for: .seconds(3))
            let second = try await box.up()
            #expect(try await eventually(within: .seconds(30)) { box.effects(of: "every_second").count >= before + 6 })
            try await second.stop()

            for job in ["every_second", "newest_only"] { try await box.expectNoGapAndNoDouble(in: job, every: 1) }
            try await box.expectNoGapAndNoDouble(in: "slow", every: 2)
            let succeeded = try await box.keys(of: "every_second", in: "succeeded")
            #expect(box.effects(of: "every_second") == succeeded.sorted())
            #expect(box.starts(of: "every_second").sorted() == succeeded.sorted())
            let others = try await box.query(
                "SELECT DISTINCT state, message FROM runs WHERE job_name = 'every_second' AND state != 'scheduled'")
            #expect(others == [["succeeded", ""]])
        }
    }

    @Test func aRunningJobIsGivenTimeToEnd() async throws {
        try await Sandbox.with { box in
            try box.configure("long: {run: \"sleep 2; echo done >> effects\"}")
            let node = try await box.up()
            #expect(try await box.onebeat("trigger", "long").code == 0)
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await box.query("SELECT state FROM runs") == [["running"]]
                })
            try await node.stop()
            #expect(box.lines("effects") == ["done"])
            #expect(try await box.query("SELECT state, attempt FROM runs") == [["succeeded", "1"]])
        }
    }

    @Test func whatDoesNotEndInTimeIsHandedBackAndDoneOnceMore() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                stubborn:
                  run: "trap '' TERM; echo $ONEBEAT_ATTEMPT >> starts; [ $ONEBEAT_ATTEMPT = 2 ] || while :; do sleep 0.1; done"
                  grace: 1s
                """)
            let node = try await box.up(options: ["--drain", "1s"])
            #expect(try await box.onebeat("trigger", "stubborn").code == 0)
            #expect(try await eventually(within: .seconds(10)) { box.lines("starts") == ["1"] })
            try await node.stop()
            #expect(box.jobProcesses.isEmpty)
            let next = try await box.up()
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.query("SELECT state, attempt, crashes FROM runs") == [["succeeded", "2", "0"]]
                })
            try await next.stop()
            #expect(box.lines("starts") == ["1", "2"])
        }
    }
}
