import Foundation
import Glibc
import Testing

/// Several nodes on PostgreSQL: what ends, stops, hangs and comes back below them changes neither what runs nor how often.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ClusterTests {
    @Test func threeNodesShareTheWorkAndNeverDoubleIt() async throws {
        try await Cluster.with(redis: true) { cluster in
            try cluster.box.writeCountedScript(lasting: 0.3)
            let names = (1...6).map { "job\($0)" }
            try cluster.box.configure(
                names.map { "\($0): {every: 1s, missed: all, run: sh counted.sh}" }.joined(separator: "\n"))
            var nodes: [RunningNode] = []
            for name in ["a", "b", "c"] { nodes.append(try await cluster.up(name, options: ["--slots", "2"])) }
            #expect(try await eventually(within: .seconds(60)) { cluster.box.effects().count >= 60 })
            for node in nodes { try await node.stop() }

            for name in names { try cluster.expectNoGapAndNoDouble(in: name, every: 1) }
            try cluster.expectOneStartAndOneEffectEach()
            let workers = try cluster.query("SELECT DISTINCT node FROM runs WHERE state = 'succeeded' ORDER BY node")
            #expect(workers == [["a"], ["b"], ["c"]])
            #expect(try cluster.query("SELECT count(*) - count(DISTINCT fence) FROM attempts") == [["0"]])
        }
    }

    @Test func theRunOfAKilledWorkerGoesOnElsewhereLongBeforeTheLeaseEnds() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure(
                "long: {run: \"echo $ONEBEAT_FENCE >> starts; [ $ONEBEAT_ATTEMPT -gt 1 ] || sleep 60\"}")
            let first = try await cluster.up("a")
            #expect(try await cluster.onebeat("trigger", "long").code == 0)
            #expect(try await eventually(within: .seconds(20)) { cluster.box.lines("starts").count == 1 })
            let second = try await cluster.up("b")
            first.process.send(SIGKILL)
            #expect(try await eventually(within: .seconds(40)) { try cluster.count("state = 'succeeded'") == 1 })
            let attempts = try cluster.query("SELECT fence, node, outcome FROM attempts ORDER BY number")
            #expect(attempts.map { $0[1...] } == [["a", "lost"], ["b", "succeeded"]])
            #expect(cluster.box.lines("starts") == attempts.map { $0[0] })
            #expect(try #require(Int(attempts[0][0])) < #require(Int(attempts[1][0])))
            let early = """
                SELECT count(*) FROM attempts a JOIN nodes n ON n.name = 'a' WHERE a.number = 2
                AND a.started_at < n.lease_until
                """
            #expect(try cluster.query(early) == [["1"]])
            try await second.stop()
        }
    }

    @Test func whenTheLeaderIsKilledNothingIsLostAndNothingIsLate() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure(
                (1...5).map { "tick\($0): {every: 1s, exec: [\"true\"]}" }.joined(separator: "\n"))
            var nodes: [String: RunningNode] = [:]
            for name in ["a", "b", "c"] { nodes[name] = try await cluster.up(name) }
            #expect(try await eventually(within: .seconds(20)) { try cluster.count("state = 'succeeded'") >= 10 })
            for _ in 0..<2 {
                let leader = try #require(try cluster.leader())
                try #require(nodes[leader]).process.send(SIGKILL)
                nodes[leader] = nil
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try cluster.leader().map { $0 != leader } ?? false
                    })
                let passed = try cluster.count("state = 'succeeded'")
                #expect(
                    try await eventually(within: .seconds(30)) {
                        try cluster.count("state = 'succeeded'") >= passed + 40
                    })
            }
            for node in nodes.values { try await node.stop() }
            for number in 1...5 { try cluster.expectNoGapAndNoDouble(in: "tick\(number)", every: 1) }
            #expect(try cluster.count("state IN ('missed', 'skipped', 'failed', 'dead')") == 0)
            #expect(try cluster.query("SELECT count(*) FROM events WHERE kind = 'leader.elected'") == [["3"]])
        }
    }

    @Test func aNodeThatDrainsKeepsItsRunsForLongerThanALease() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("long: {run: \"echo x >> starts; sleep 14\"}")
            let first = try await cluster.up("a")
            #expect(try await cluster.onebeat("trigger", "long").code == 0)
            #expect(try await eventually(within: .seconds(20)) { cluster.box.lines("starts").count == 1 })
            let second = try await cluster.up("b")
            try await first.stop(within: .seconds(40))
            #expect(try cluster.query("SELECT state, attempt, node FROM runs") == [["succeeded", "1", "a"]])
            #expect(cluster.box.lines("starts").count == 1)
            try await second.stop()
        }
    }

    @Test func aDatabaseThatCrashesAndComesBackLosesAndDoublesNothing() async throws {
        try await Cluster.with { cluster in
            try cluster.box.writeCountedScript(lasting: 0.2)
            let names = (1...4).map { "job\($0)" }
            try cluster.box.configure(
                names.map { "\($0): {every: 1s, missed: all, overlap: queue_all, run: sh counted.sh}" }
                    .joined(separator: "\n"))
            let a = try await cluster.up("a")
            let b = try await cluster.up("b")
            func more() async throws {
                let now = cluster.box.effects().count
                #expect(try await eventually(within: .seconds(30)) { cluster.box.effects().count >= now + 12 })
            }
            try await more()
            for _ in 0..<2 {
                cluster.postgres.crash()
                try await Task.sleep(for: .seconds(1))
                try await cluster.postgres.restart()
                try await more()
            }
            try await a.stop()
            try await b.stop()
            for name in names { try cluster.expectNoGapAndNoDouble(in: name, every: 1) }
            try cluster.expectOneStartAndOneEffectEach()
            #expect(try cluster.count("state IN ('missed', 'skipped', 'failed', 'lost', 'dead')") == 0)
        }
    }

    @Test func aNodeThatStartsBeforeItsDatabaseWaitsForIt() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("tick: {every: 1s, run: echo x >> starts}")
            cluster.postgres.crash()
            let process = try cluster.box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--node", "a", "--listen", "127.0.0.1:0"],
                environment: try cluster.environment(of: "a"))
            #expect(
                try await eventually(within: .seconds(30)) {
                    (process.output + process.errors).contains("waiting for the store") || process.exitCode != nil
                })
            #expect(process.exitCode == nil, "\(process.errors)")
            try await cluster.postgres.restart()
            #expect(try await eventually(within: .seconds(30)) { cluster.box.lines("starts").count >= 2 })
            process.send(SIGTERM)
            #expect(try await process.end() == 0)
        }
    }

    @Test func aNodeThatWaitsForItsDatabaseCanBeStopped() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("tick: {every: 1s, run: \"true\"}")
            cluster.postgres.crash()
            let process = try cluster.box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--node", "a", "--listen", "127.0.0.1:0"],
                environment: try cluster.environment(of: "a"))
            #expect(
                try await eventually(within: .seconds(30)) {
                    (process.output + process.errors).contains("waiting for the store")
                })
            process.send(SIGTERM)
            #expect(try await process.end(within: .seconds(10)) == 128 + SIGTERM)
        }
    }

    @Test func aNodeThatFindsNewerTablesStartsNothingAndSaysWhy() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("tick: {every: 1s, exec: [\"true\"]}")
            let node = try await cluster.up("a")
            #expect(try await eventually(within: .seconds(20)) { try cluster.count("state = 'succeeded'") >= 1 })
            // Frozen until its lease is over; then a later version's node changes the tables.
            node.process.send(SIGSTOP)
            let isAlive = "SELECT count(*) FROM nodes WHERE lease_until > clock_timestamp()"
            #expect(try await eventually(within: .seconds(20)) { try cluster.query(isAlive) == [["0"]] })
            _ = try cluster.query("UPDATE meta SET value = '99' WHERE key = 'schema'")
            let attempts = try cluster.query("SELECT count(*) FROM attempts")

            let late = try await cluster.onebeat("up", "onebeat.yaml", "--node", "b")
            #expect(late.code != 0)
            #expect(late.errors.contains("upgrade this node"))
            node.process.send(SIGCONT)
            #expect(
                try await eventually(within: .seconds(20)) { node.process.errors.contains("upgrade this node") })
            #expect(await node.get("/readyz")?.status == 503)
            #expect(try cluster.query("SELECT count(*) FROM attempts") == attempts)
            #expect(try cluster.query(isAlive) == [["0"]])
            try await node.stop()
        }
    }
}
