import Onebeat
import OnebeatTesting

extension JobPolicies {
    /// The default policies but for what `change` changes.
    static func with(_ change: (inout JobPolicies) -> Void) -> JobPolicies {
        var policies = JobPolicies()
        change(&policies)
        return policies
    }
}

extension JobDefinition {
    static func example(
        _ name: String = "report", _ schedule: ScheduleDefinition = .every(.seconds(60)),
        _ policies: JobPolicies = JobPolicies()
    ) -> JobDefinition {
        JobDefinition(name: name, schedule: schedule, work: .handler, policies: policies)
    }
}

extension JobRecord {
    /// The record of a job whose due instants have rows up to `watermark`.
    static func example(_ definition: JobDefinition, watermark: Timestamp, nextAt: Timestamp? = nil) -> JobRecord {
        JobRecord(definition: definition, watermark: watermark, nextAt: nextAt, createdAt: .distantPast)
    }
}

extension Run {
    /// A run that is due at the start of manual time.
    static func example(_ change: (inout Run) -> Void = { _ in }) -> Run {
        var run = Run(
            id: RunID(1), version: JobVersion(job: "report", generation: 1, version: 1), scheduledAt: ManualTime.start,
            dueAt: ManualTime.start)
        change(&run)
        return run
    }
}

extension Claim {
    static func example(_ run: Run = .running(), _ policies: JobPolicies = JobPolicies()) -> Claim {
        Claim(run: run, definition: .example("report", .every(.seconds(60)), policies))
    }
}

extension Run {
    static func running(_ id: Int64 = 1, fence: Int64 = 1) -> Run {
        .example {
            $0.id = RunID(id)
            $0.state = .running
            $0.attempt = 1
            $0.fence = Fence(fence)
        }
    }
}
