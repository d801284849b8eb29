import ArgumentParser
import Onebeat

/// How fast a node works off runs of a closure that does nothing, all due before it starts. Several processes may do it
/// side by side: one fills, all start at the same second, and each says how many it did and when.
struct Drain: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var fill = 0
    @Option var name = "bench"
    @Option(help: "Start together at this second of the epoch, so that several processes measure the same time.")
    var at = 0

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let starts = Starts()
        let onebeat = scene.onebeat(slots: 1000, name: name)
        var policies = JobPolicies()
        policies.overlap = .allow
        let empty = ScheduleDefinition(.manual)
        try onebeat.register("empty", empty, policies: policies) { _ in starts.note(since: .distantPast) }
        if fill > 0 { try await ask(scene) }
        if at > 0 {
            let rest = Timestamp(seconds: Int64(at)).duration(since: SystemTime().now())
            if rest > .zero { try await Task.sleep(for: rest) }
        }
        try await scene.run(onebeat) {
            while try await scene.store.nextDue(queues: ["default"]) != nil {
                try await Task.sleep(for: .milliseconds(50))
            }
            var filter = RunFilter()
            filter.states = [.running]
            while try await !scene.store.runs(filter).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let settled = SystemTime().now()
            let moments = starts.moments
            guard let first = moments.first, let last = moments.last else { return report(["runs": 0]) }
            report([
                "runs": Double(moments.count), "first": first.inSeconds, "last": last.inSeconds,
                "started_per_s": Double(moments.count) / last.duration(since: first).inSeconds,
                "settled_per_s": Double(moments.count) / settled.duration(since: first).inSeconds,
            ])
        }
    }

    private func ask(_ scene: Scene) async throws {
        var policies = JobPolicies()
        policies.overlap = .allow
        let job = JobDefinition(name: "empty", schedule: ScheduleDefinition(.manual), work: .handler, policies: policies)
        try await scene.store.apply(
            [job], source: "library", isComplete: true, by: "bench", schedules: ScheduleCache())
        // Planned as due instants, since a plan takes many in one transaction; what is measured comes after it.
        let record = try await scene.store.job("empty")!
        let now = try await scene.store.now()
        let first = now - .seconds(fill / 1000 + 1)
        let fires = (0..<fill).map { index in
            let moment = first + .microseconds(index * 1000)
            return PlannedFire(scheduledAt: moment, dueAt: moment)
        }
        let plan = FirePlan(
            version: record.versionID, from: record.watermark, through: record.watermark, nextAt: nil, fires: fires)
        _ = try await scene.store.plan([plan], term: nil)
    }
}
