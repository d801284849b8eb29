import Foundation
import Glibc
import Testing

/// What a supervisor and an impatient person see of a node.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SignalTests {
    @Test func aSupervisorIsToldOfReadinessAndOfTheStop() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1h, run: \"true\"}")
            let listener = """
                import socket
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                s.bind("notify")
                print("listening", flush=True)
                while True: print(s.recv(1000).decode(), flush=True)
                """
            let supervisor = try box.start(["python3", "-c", listener])
            #expect(try await eventually(within: .seconds(10)) { supervisor.output.contains("listening") })
            let node = try await box.up(environment: ["NOTIFY_SOCKET": box.path("notify")])
            #expect(try await eventually(within: .seconds(10)) { supervisor.output.contains("READY=1") })
            #expect(!supervisor.output.contains("STOPPING=1"))
            try await node.stop()
            #expect(supervisor.output.contains("STOPPING=1"))
        }
    }

    @Test func theSameSignalToAProcessAndItsGroupIsOneWish() async throws {
        try await Sandbox.with { box in
            try box.configure("long: {run: \"sleep 2; echo done >> effects\"}")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(10)) { !box.jobProcesses.isEmpty })
            node.process.send(SIGTERM)
            try await Task.sleep(for: .milliseconds(50))
            try await node.stop()
            #expect(box.lines("effects") == ["done"])
        }
    }

    @Test func aLaterSignalEndsTheNodeAtOnceAndItsJobsSoonAfter() async throws {
        try await Sandbox.with { box in
            try box.configure("long: {run: \"trap '' TERM; while :; do sleep 0.1; done\", grace: 60s}")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(10)) { !box.jobProcesses.isEmpty })
            node.process.send(SIGINT)
            try await Task.sleep(for: .seconds(2))
            #expect(node.process.exitCode == nil, "the node did not wait for its job")
            node.process.send(SIGINT)
            #expect(try await node.process.end(within: .seconds(5)) == 128 + SIGINT)
            #expect(try await eventually(within: .seconds(10)) { box.jobProcesses.isEmpty })
        }
    }

    @Test func aFileThatIsSlowToReadHoldsUpNoStop() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1h, run: \"true\"}")
            let node = try await box.up()
            try FileManager.default.removeItem(atPath: box.path("onebeat.yaml"))
            #expect(mkfifo(box.path("onebeat.yaml"), 0o600) == 0)
            node.process.send(SIGHUP)
            try await Task.sleep(for: .milliseconds(500))
            try await node.stop(within: .seconds(5))
        }
    }

    /// A pipe that nobody reads stands for a log reader that hangs.
    @Test func aNodeWhoseLogNobodyReadsLivesOnAndStops() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, run: \"echo x >> effects\"}")
            let full = "mkfifo log; exec 3<>log; head -c 65536 /dev/zero >&3; exec \"$0\" \"$@\" 1>&3 2>&3 3>&-"
            let node = try await box.up(
                options: ["--log-level", "trace"], inside: ["sh", "-c", full])
            let before = box.lines("effects").count
            #expect(try await eventually(within: .seconds(20)) { box.lines("effects").count >= before + 3 })
            #expect(await node.get("/readyz")?.status == 200)
            try await node.stop(within: .seconds(10))
        }
    }

    @Test func aNodeWithoutStandardStreamsWorks() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, run: \"echo out; echo err >&2; echo x >> effects\"}")
            let node = try await box.up(inside: ["sh", "-c", "exec \"$0\" \"$@\" 0<&- 1>&- 2>&-"])
            #expect(try await eventually(within: .seconds(20)) { box.lines("effects").count >= 2 })
            try await node.stop()
            #expect(try await box.query("SELECT count(*) FROM runs WHERE state = 'failed'") == [["0"]])
            #expect(try await box.query("SELECT DISTINCT stream FROM logs") == [["stdout"]])
        }
    }

    @Test func aNodeWithoutItsGuardianStopsAndItsJobsAreDead() async throws {
        try await Sandbox.with { box in
            try box.configure("long: {run: \"echo start >> starts; [ -e go ] || sleep 300\"}")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(10)) { box.lines("starts") == ["start"] })
            let pid = node.process.pid
            let children = try String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
            let guardian = try #require(children.split(separator: " ").compactMap { pid_t($0) }.first)
            kill(guardian, SIGKILL)
            let code = try await node.process.end(within: .seconds(20))
            #expect(code == 1, "\(node.process.errors.suffix(2000))")
            #expect(node.process.errors.contains("guardian"))
            #expect(try await eventually(within: .seconds(5)) { box.jobProcesses.isEmpty })

            try box.write("", to: "go")
            let next = try await box.up()
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.query("SELECT state FROM runs") == [["succeeded"]]
                })
            try await next.stop()
        }
    }
}
