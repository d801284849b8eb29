import OnebeatTesting
import Testing

/// A network that holds back what one connection says, and delivers it when its sender has long given up.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct HeldLineTests {
    /// The claims of node a are held from before an instant until 10.5 s after it. It gives up waiting for them, asks
    /// again over another line, and is busy; then the first claim arrives.
    @Test func aClaimThatComesLateLeavesNothingRunningWithoutAProcess() async throws {
        try await Cluster.with { cluster in
            try cluster.box.write(
                """
                timezone: UTC
                jobs:
                  every: {cron: "*/5 * * * * *", run: "echo $ONEBEAT_RUN_KEY >> starts"}
                  long: {run: "sleep 4; echo end >> ends", delivery: at_most_once}
                """)
            let node = try await cluster.up("a", options: ["--slots", "1"])
            #expect(try await eventually(within: .seconds(20)) { cluster.box.lines("starts").count >= 1 })
            let proxy = try cluster.lines(of: "a").store
            proxy.hold(linesThatSaid: "LISTEN")
            #expect(try await cluster.onebeat("trigger", "long").code == 0)
            // It is claimed over the line that took the place of the held one.
            try await Task.sleep(for: .seconds(10.5))
            let before = cluster.box.lines("starts").count
            proxy.release()
            #expect(try await eventually(within: .seconds(15)) { cluster.box.lines("starts").count >= before + 2 })
            #expect(cluster.box.lines("ends").count == 1)
            // What runs has a process: the node says so by ending it.
            let running = try cluster.query("SELECT id FROM runs WHERE state = 'running'")
            #expect(running.count <= 1)
            try await node.stop()
            #expect(try cluster.count("state = 'running'") == 0)
            #expect(try cluster.count("state IN ('lost', 'dead')") == 0)
        }
    }
}
