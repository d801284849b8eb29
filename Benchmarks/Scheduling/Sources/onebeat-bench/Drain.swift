import ArgumentParser
import Onebeat

/// How fast nodes work off runs of closures that do nothing, one process a node. One of them adds the runs, which are all
/// due at the same second; by then every node has joined and waits for it, so that what is measured is all of them at
/// work. Each says how many it started, and when: the rate of several is the sum of their runs, over the time from the
/// earliest first start to the latest last one. When the last one was settled is in its row.
struct Drain: AsyncParsableCommand {
    @OptionGroup var choice: StoreChoice
    @Option(help: "How many runs this node adds; one node does it for all.")
    var fill = 0
    @Option(help: "How many jobs the runs belong to. Runs of one job meet in its row of `scheduled_job_status`.")
    var jobs = 1
    @Option var name = "bench"
    @Option(help: "How many nodes there are, this one included.")
    var nodes = 1
    @Option(help: "The second of the epoch at which the runs are due, the same for all nodes.")
    var at: Int

    func run() async throws {
        let scene = try await Scene(choice)
        defer { scene.remove() }
        let starts = Starts()
        let due = Timestamp(seconds: Int64(at))
        let onebeat = scene.onebeat(slots: 1000, name: name)
        for job in definitions {
            try onebeat.register(job.name, job.schedule, policies: job.policies) { _ in
                starts.note(since: .distantPast)
            }
        }
        if fill > 0 { try await add(to: scene.store, due: due) }
        try await scene.run(onebeat) {
            try await wait(until: due - .seconds(1))
            let joined = try await scene.store.nodes(limit: 100).filter { !$0.isGone }.count
            guard joined == nodes else {
                throw TooLate(description: "\(joined) of \(nodes) nodes had joined a second before the runs were due")
            }
            try await wait(until: due)
            // Seldom, since looking among rows that change takes the store's time.
            while try await scene.store.nextDue(queues: ["default"]) != nil {
                try await Task.sleep(for: .milliseconds(200))
            }
            var filter = RunFilter()
            filter.states = [.running]
            while try await !scene.store.runs(filter).isEmpty { try await Task.sleep(for: .milliseconds(200)) }
            let moments = starts.moments
            guard let first = moments.first, let last = moments.last else { return report(["runs": 0]) }
            report(["runs": Double(moments.count), "first": first.inSeconds, "last": last.inSeconds])
        }
    }

    private var definitions: [JobDefinition] {
        var policies = JobPolicies()
        policies.overlap = .allow
        return (0..<jobs).map { number in
            JobDefinition(
                name: "empty-\(number)", schedule: ScheduleDefinition(.manual), work: .handler, policies: policies)
        }
    }

    private func add(to store: any Store, due: Timestamp) async throws {
        try await store.apply(
            ApplyRequest(definitions, source: "bench", by: name), schedules: ScheduleCache())
        // Planned as due instants, since a plan takes many in one transaction; each has an instant of its own.
        let first = due - .seconds(fill / 1000 + 1)
        var plans: [FirePlan] = []
        for (number, definition) in definitions.enumerated() {
            let record = try await store.job(definition.name)!
            let fires = stride(from: number, to: fill, by: jobs).map { index in
                PlannedFire(scheduledAt: first + .microseconds(index * 1000), dueAt: due)
            }
            plans.append(
                FirePlan(
                    version: record.versionID, from: record.watermark, through: record.watermark, nextAt: nil,
                    fires: fires))
        }
        _ = try await store.plan(plans, term: nil)
    }

    private func wait(until moment: Timestamp) async throws {
        let rest = moment.duration(since: SystemTime().now())
        if rest > .zero { try await Task.sleep(for: rest) }
    }
}

/// Nodes that were not ready in time would measure their own start.
private struct TooLate: Error, CustomStringConvertible {
    let description: String
}
