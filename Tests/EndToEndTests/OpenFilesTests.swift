import Testing

/// A node that was started where few open files are allowed.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct OpenFilesTests {
    /// More runs at one time than the limit has room for: a node must not fail what others could run.
    @Test func theLimitThatCanBeRaisedFailsNoRun() async throws {
        try await Sandbox.with { box in
            let line = "ulimit -Sn >> limits; until [ -e go ]; do sleep 0.5; done"
            let jobs = (1...60).map { "job\($0): {run: \"\(line)\"}" }
            try box.configure(jobs.joined(separator: "\n"))
            let node = try await box.up(
                options: ["--slots", "60"], inside: ["sh", "-c", "ulimit -Sn 64; exec \"$@\"", "sh"])
            for number in 1...60 {
                let answer = try await box.onebeat("trigger", "job\(number)")
                #expect(answer.code == 0)
            }
            #expect(try await eventually(within: .seconds(20)) { box.lines("limits").count == 60 })
            try box.write("", to: "go")
            let ended = "SELECT count(*) FROM runs WHERE finished_at IS NOT NULL"
            #expect(try await eventually(within: .seconds(30)) { try await box.query(ended) == [["60"]] })
            #expect(try await box.query("SELECT DISTINCT state, message FROM runs") == [["succeeded", ""]])
            #expect(Set(box.lines("limits")) == ["64"])
            try await node.stop()
        }
    }

    @Test func aLimitThatIsTooLowForTheSlotsIsTold() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1h, run: \"true\"}")
            let node = try await box.up(
                options: ["--slots", "200"], inside: ["sh", "-c", "ulimit -n 300; exec \"$@\"", "sh"])
            #expect(node.process.errors.contains("fewer open files are allowed than the slots may need"))
            #expect(node.process.errors.contains("allowed=300 needed=500 slots=200"))
            try await node.stop()
        }
    }
}
