import ArgumentParser
import Onebeat

/// `jobs` jobs that are all due at the next whole minute: how long until the last one has started.
struct Burst: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var jobs = 10_000

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let starts = Starts()
        let onebeat = scene.onebeat(slots: 1000)
        for index in 0..<jobs {
            try onebeat.register("job-\(index)", .cron("* * * * *")) { starts.note($0) }
        }
        // The jobs must be stored well before the minute they are due.
        let second = SystemTime().now().microseconds / 1_000_000 % 60
        if second > 35 { try await Task.sleep(for: .seconds(62 - second)) }
        try await scene.run(onebeat) {
            while starts.count < jobs { try await Task.sleep(for: .milliseconds(20)) }
            let late = starts.lateness(from: .distantPast, to: .distantFuture)
            report([
                "started": Double(late.count), "first_ms": late.first ?? .nan, "p50_ms": percentile(late, 0.5),
                "last_ms": late.last ?? .nan,
            ])
        }
    }
}
