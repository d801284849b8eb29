import ArgumentParser
import Onebeat

/// How late closures start when `jobs` jobs are due each second, spread over the second.
struct Lateness: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var jobs = 100
    @Option var warm = 5
    @Option var seconds = 20

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let starts = Starts()
        let onebeat = scene.onebeat(slots: 64)
        let base = Timestamp(seconds: SystemTime().now().microseconds / 1_000_000 + 1)
        for index in 0..<jobs {
            var schedule = ScheduleDefinition.every(.seconds(1))
            schedule.start = base + .microseconds(1_000_000 * index / jobs)
            try onebeat.register("job-\(index)", schedule) { starts.note($0) }
        }
        try await scene.run(onebeat) {
            try await Task.sleep(for: .seconds(warm))
            let from = SystemTime().now()
            try await Task.sleep(for: .seconds(seconds))
            let late = starts.lateness(from: from, to: SystemTime().now())
            report([
                "fires_per_s": Double(late.count) / Double(seconds), "p50_ms": percentile(late, 0.5),
                "p99_ms": percentile(late, 0.99), "max_ms": late.last ?? .nan,
            ])
        }
    }
}
