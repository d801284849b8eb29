import ArgumentParser
import Onebeat

/// One turn of planning, with `due` jobs due among `jobs` registered ones: finding them, deciding, and the commit.
struct Plan: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option var jobs = 1000
    @Option var due = 100
    @Option var turns = 30

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let schedules = ScheduleCache()
        var definitions = (0..<jobs - due).map { index in
            JobDefinition(
                name: "idle-\(index)", schedule: .cron("\(index % 60) \(index / 60 % 24) 29 2 *"), work: .handler)
        }
        definitions += (0..<due).map {
            JobDefinition(name: "due-\($0)", schedule: .every(.seconds(1)), work: .handler)
        }
        try await scene.store.apply(ApplyRequest(definitions, source: "bench", by: "bench"), schedules: schedules)
        var took: [Double] = []
        for turn in 1...turns {
            let now = try await scene.store.now() + .seconds(turn)
            let clock = ContinuousClock()
            let start = clock.now
            let found = try await scene.store.plannable(through: now, limit: 500)
            let plans = try found.map { job in
                let schedule = try schedules.schedule(for: job)
                var fires: [PlannedFire] = []
                var next = job.nextAt
                while let due = next, due <= now {
                    fires.append(PlannedFire(scheduledAt: due, dueAt: due))
                    next = schedule.next(after: due)
                }
                return FirePlan(version: job.versionID, from: job.watermark, through: now, nextAt: next, fires: fires)
            }
            _ = try await scene.store.plan(plans, term: nil)
            if found.count == due { took.append((clock.now - start).inSeconds * 1000) }
        }
        took.sort()
        report([
            "jobs": Double(jobs), "due": Double(due), "turns": Double(took.count), "p50_ms": percentile(took, 0.5),
            "max_ms": took.last ?? .nan,
        ])
    }
}
