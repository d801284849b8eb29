import Foundation
import Onebeat
import OnebeatTesting
import Testing

/// Real nodes, real servers, and a nemesis that kills, freezes, parts and crashes them; then the store's rows and the
/// jobs' own words are held against the promise.
///
/// `ONEBEAT_MINUTES` makes it longer (`make chaos MINUTES=…`) and larger; `ONEBEAT_SEED` deals the same faults again.
@Suite(.serialized, .timeLimit(.minutes(300)))
struct ChaosTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let minutes = environment["ONEBEAT_MINUTES"].flatMap { Double($0) }
    private static let nodes = ["n1", "n2", "n3", "n4", "n5"]
    private static let seed = environment["ONEBEAT_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...999_999)

    @Test func everyDueInstantIsKeptWhateverBreaks() async throws {
        let hosts = Network.obstacle == nil ? Self.nodes : []
        try await Cluster.with(redis: true, hosts: hosts, wrongClock: true) { cluster in
            let box = cluster.box
            let sink = box.path("sink"), locks = box.path("locks")
            try FileManager.default.createDirectory(atPath: locks, withIntermediateDirectories: true)
            let isLong = Self.minutes != nil
            let jobs = ChaosJobs(isLong ? 200 : 100, stubborn: isLong ? 300 : 0, sink: sink, locks: locks)
            try box.configure(
                (jobs.entries.map(\.line) + ChaosJobs.flow).joined(separator: "\n"), defaults: "environment: inherit")
            let nodes = try ChaosNodes(cluster, Self.nodes)
            print("chaos: seed \(Self.seed), \(jobs.entries.count) jobs, 5 nodes")
            try await nodes.startAll()
            #expect(
                try await eventually(within: .seconds(60)) {
                    (try? cluster.count("state = 'succeeded'")).map { $0 > 50 } ?? false
                })
            try await nodes.makeRefusals()

            var seen = ChaosSightings()
            try await rage(over: nodes, for: .seconds((Self.minutes ?? 0.75) * 60)) { seen.look(at: cluster) }
            try await nodes.heal()
            let healedAt = Timestamp(Date())
            let isQuiet = try await eventually(within: .seconds(90)) {
                try cluster.count(
                    """
                    state = 'scheduled' AND due_at < clock_timestamp() - interval '5 s'
                    OR state = 'running' AND started_at < clock_timestamp() - interval '8 s'
                    """) == 0
            }
            #expect(isQuiet, "runs stay open after all is well")
            try await Task.sleep(for: .seconds(3))
            let readAt = Timestamp(Date())
            let failed = try await nodes.stopAll()
            // What operators would prove it by, of all jobs, flows too.
            let audit = try await cluster.onebeat("audit")
            #expect(audit.code == 0, "\(audit.output)\(audit.errors)")
            #expect(try cluster.count("job_name = 'flow_join' AND state = 'succeeded'") > 5)
            #expect(failed.isEmpty, "nodes did not stop in good order: \(failed)")

            var history = try cluster.history(of: jobs, sink: "sink")
            history.freezes = await nodes.freezes
            history.seenEnds = seen.ends
            history.seenWatermarks = seen.watermarks
            let fed = history.runs.filter { $0.job.hasPrefix("fed") }
            #expect(fed.contains { $0.state == .succeeded })
            print(
                "chaos: needs       \(fed.count) runs, missed for what they need: \(fed.count { $0.reason == .upstream })"
            )
            history.healedAt = healedAt
            history.readAt = readAt
            let violations = ChaosChecker.violations(of: history)
            let report = ChaosReport(
                history, violations: violations, injected: await nodes.injected, wrongClocks: await nodes.wrongClocks,
                logs: box)
            print(report.text)
            try box.write(await nodes.diary.joined(separator: "\n"), to: "diary")
            let deserters = await nodes.deserters
            if !violations.isEmpty || !failed.isEmpty || !deserters.isEmpty {
                print("chaos: evidence    \(try keepEvidence(of: cluster))")
            }
            #expect(violations.isEmpty, "\(violations.prefix(10).map(\.description).joined(separator: "\n"))")
            #expect(report.weaknesses.isEmpty, "the run proves little: \(report.weaknesses)")
            #expect(deserters.isEmpty, "nodes ended though nobody asked them to: \(deserters)")
            #expect(box.jobProcesses.isEmpty, "a job's process is alive without a node")
            // Those of killed nodes end by themselves.
            #expect(
                try await eventually(within: .seconds(30)) { try cluster.redis?.ask("KEYS", "lock:*") == "" },
                "a lock outlived its node")
        }
    }

    /// Copies logs, the jobs' file and the tables to where they outlive the test.
    private func keepEvidence(of cluster: Cluster) throws -> String {
        let folder = NSTemporaryDirectory() + "/onebeat-chaos-\(Self.seed)"
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.copyItem(atPath: cluster.box.folder, toPath: folder)
        for table in ["runs", "attempts", "nodes", "jobs", "events"] {
            let rows = try cluster.query("SELECT * FROM \(table)").map { $0.joined(separator: "|") }
            try rows.joined(separator: "\n").write(toFile: "\(folder)/\(table)", atomically: true, encoding: .utf8)
        }
        return folder
    }

    /// Has the nemesis do its worst for a while; returns when every fault is over.
    private func rage(over nodes: ChaosNodes, for length: Duration, looking look: () -> Void) async throws {
        var nemesis = Nemesis(seed: Self.seed)
        let end = ContinuousClock.now + length
        try await withThrowingTaskGroup(of: Void.self) { faults in
            while ContinuousClock.now < end {
                let move = nemesis.next()
                faults.addTask { try await nodes.inject(move) }
                if await !nodes.isStandbyCutOff { look() }
                try await Task.sleep(for: nemesis.pause(upTo: .milliseconds(1600)))
                for fault in await nodes.takeVain() { nemesis.putBack(fault) }
                try await nodes.heal()
            }
            try await faults.waitForAll()
        }
    }
}

/// What was seen of the store while the run went on.
private struct ChaosSightings {
    var ends: [Int64: RunState] = [:]
    var watermarks: [String: Timestamp] = [:]

    mutating func look(at cluster: Cluster) {
        let runs = try? cluster.query(
            "SELECT id, state FROM runs WHERE finished_at > clock_timestamp() - interval '3 s'")
        for row in runs ?? [] {
            if let id = Int64(row[0]), ends[id] == nil, let state = RunState(rawValue: row[1]) { ends[id] = state }
        }
        let jobs = try? cluster.query("SELECT name, (extract(epoch FROM watermark) * 1000000)::bigint FROM jobs")
        for row in jobs ?? [] {
            if let mark = Int64(row[1]) {
                watermarks[row[0]] = max(watermarks[row[0]] ?? .distantPast, Timestamp(microseconds: mark))
            }
        }
    }
}
