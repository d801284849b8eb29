import ArgumentParser
import Onebeat

/// How many fires a second are planned, claimed, run and settled, each one durable and unique, when `jobs` are due each
/// second. Counted from the store's rows; the run fails when a key was started twice.
struct Throughput: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var jobs = 3000
    @Option var warm = 10
    @Option var seconds = 20

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let starts = Starts()
        let onebeat = scene.onebeat(slots: 1000)
        var policies = JobPolicies()
        policies.overlap = .allow
        policies.missed = .all
        for index in 0..<jobs {
            try onebeat.register("job-\(index)", .every(.seconds(1)), policies: policies) { starts.note($0) }
        }
        try await scene.run(onebeat) {
            try await Task.sleep(for: .seconds(warm))
            let before = try await scene.store.runCounts()[.succeeded] ?? 0
            let from = SystemTime().now()
            try await Task.sleep(for: .seconds(seconds))
            let to = SystemTime().now()
            let after = try await scene.store.runCounts()[.succeeded] ?? 0
            let late = starts.lateness(from: from, to: to)
            report([
                "asked_per_s": Double(jobs),
                "settled_per_s": Double(after - before) / to.duration(since: from).inSeconds,
                "late_p50_ms": percentile(late, 0.5), "late_p99_ms": percentile(late, 0.99),
            ])
        }
    }
}
