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
            #expect(node.process.errors.contains("allowed=300 needed=700 slots=200"))
            try await node.stop()
        }
    }

    /// Readers who hold on to all the connections they can get take no descriptor from a run.
    @Test func halfSentRequestsFailNoRun() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, run: \"true\", overlap: allow}")
            let node = try await box.up(
                options: ["--slots", "4"], inside: ["sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"])
            try box.write(
                """
                import socket, sys, time
                held = []
                for number in range(300):
                    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                    s.sendall(b"GET / HTTP/1.1\\r\\nHos")
                    held.append(s)
                open("held", "w").write("all")
                time.sleep(60)
                """, to: "hold.py")
            _ = try box.start(["python3", "hold.py", "\(node.port)"])
            #expect(try await eventually(within: .seconds(20)) { box.read("held") == "all" })
            let ended = "SELECT count(*) FROM runs WHERE finished_at IS NOT NULL"
            let before = Int(try await box.query(ended)[0][0]) ?? 0
            #expect(
                try await eventually(within: .seconds(20)) { (Int(try await box.query(ended)[0][0]) ?? 0) > before + 3 }
            )
            #expect(
                try await box.query("SELECT DISTINCT state, message FROM runs WHERE finished_at IS NOT NULL") == [
                    ["succeeded", ""]
                ])
            #expect(await node.get("/readyz")?.status == 200)
            try await node.stop()
        }
    }
}
