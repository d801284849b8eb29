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
