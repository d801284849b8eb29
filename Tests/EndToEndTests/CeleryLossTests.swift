import Foundation
import Glibc
import OnebeatTesting
import Testing

/// What becomes of runs whose workers are killed, and of occurrences whose leaders are.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CeleryLossTests {
    /// The table of docs/celery.md, a job for each row.
    @Test func aWorkerThatIsKilledEndsItsRunsAsItsSettingsSay() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box, settings: "broker_transport_options={\"visibility_timeout\": 5}")
            try app.configure(
                ["early", "late", "reject"].flatMap { task in
                    [
                        "\(task)_child: {timeout: 15s, celery: {task: \(task), queue: child}}",
                        "\(task)_whole: {timeout: 15s, celery: {task: \(task), queue: whole}}",
                    ]
                }.joined(separator: "\n"))
            let child = try await app.worker("child", queues: "child", processes: 3)
            let whole = try await app.worker("whole", queues: "whole", processes: 3)
            let node = try await box.up()
            for task in ["early", "late", "reject"] {
                for place in ["child", "whole"] { _ = try await box.onebeat("trigger", "\(task)_\(place)") }
            }
            #expect(try await eventually(within: .seconds(20)) { box.lines("losses").count >= 6 })
            whole.killGroup()
            for line in box.lines("losses") where line.contains("_child ") {
                if let pid = line.split(separator: " ").last.flatMap({ pid_t($0) }) { kill(pid, SIGKILL) }
            }
            // What a worker finds that is older than the visibility time-out it takes; the next look is after 100 s.
            try await Task.sleep(for: .seconds(6))
            _ = try await app.worker("other", queues: "whole", processes: 3)
            #expect(
                try await eventually(within: .seconds(40)) {
                    try await box.query("SELECT count(*) FROM runs WHERE finished_at IS NULL") == [["0"]]
                })
            func expect(_ job: String, _ words: String) async throws {
                let run = try await box.query("SELECT state, message, attempt FROM runs WHERE job_name = '\(job)'")[0]
                let begun = box.lines("losses").count { $0.hasPrefix("\(job) ") }
                let found = "\(begun) \(run[0]) \(run[1].prefix(15)) \(run[2])"
                #expect(found == words, "\(job): \(found)")
            }
            try await expect("early_child", "1 failed WorkerLostError 1")
            try await expect("early_whole", "1 timed_out stopped after 1 1")
            try await expect("late_child", "1 failed WorkerLostError 1")
            try await expect("reject_child", "2 succeeded  1")
            try await expect("late_whole", "2 succeeded  1")
            try await expect("reject_whole", "2 succeeded  1")
            // A second start of the same run is shown, and is no new run.
            let id = try await box.query("SELECT id FROM runs WHERE job_name = 'reject_child'")[0][0]
            let output = try await box.onebeat("logs", id).output
            #expect(output.split(separator: "\n").count { $0.contains("started by") } == 2, "\(output)")
            _ = child
            try await node.stop()
        }
    }

    /// Three nodes, of which the one that leads is killed every 3 s. `ONEBEAT_CELERY_SECONDS` says for how
    /// long; `make chaos-celery MINUTES=1` does it for a minute.
    @Test func leadersThatAreKilledLoseAndDoubleNothing() async throws {
        let seconds = ProcessInfo.processInfo.environment["ONEBEAT_CELERY_SECONDS"].flatMap { Int($0) } ?? 15
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                tick: {every: 1s, overlap: allow, celery: {task: tick}}
                tock: {every: 1s, overlap: allow, celery: {task: tick, outcome: dispatch}}
                """)
            _ = try await app.worker()
            var nodes: [String: RunningNode] = [:]
            for name in ["a", "b", "c"] { nodes[name] = try await box.up(name) }
            #expect(try await eventually(within: .seconds(20)) { box.lines("ticks").count >= 4 })
            let end = ContinuousClock.now + .seconds(seconds)
            var killed = 0
            while ContinuousClock.now < end {
                let leader = try await box.query(
                    "SELECT n.name FROM leases l JOIN nodes n ON n.boot = l.holder WHERE l.name = 'beat'")
                if let name = leader.first?.first, let node = nodes[name] {
                    node.process.send(SIGKILL)
                    _ = try await node.process.end()
                    killed += 1
                    nodes[name] = try await box.up(name)
                }
                try await Task.sleep(for: .seconds(3))
            }
            #expect(killed >= seconds / 6)
            let due = try await box.instants(of: "tick", every: 1).count
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.query(
                        "SELECT count(*) FROM runs WHERE state = 'succeeded' AND job_name = 'tick'"
                    )[0][0] >= "\(due)" || box.lines("ticks").count > 2 * due
                })
            for node in nodes.values { try await node.stop() }
            for job in ["tick", "tock"] {
                try await box.expectNoGapAndNoDouble(in: job, every: 1)
                let sent = try await box.keys(of: job, in: "succeeded")
                let ended = try await box.query(
                    "SELECT count(*) FROM runs WHERE job_name = '\(job)' AND state NOT IN ('succeeded', 'scheduled')")
                #expect(ended == [["0"]])
                #expect(
                    try await eventually(within: .seconds(10)) {
                        box.lines("ticks").count { $0.hasPrefix("\(job)@") } >= sent.count
                    })
                let done = box.lines("ticks").filter { $0.hasPrefix("\(job)@") }.map {
                    $0.split(separator: " ").map(String.init)
                }
                #expect(done.map { $0[0] }.sorted() == sent.sorted(), "each occurrence once at the worker")
                #expect(Set(done.map { $0[1] }).count == done.count)
            }
        }
    }
}
