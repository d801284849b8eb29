import Onebeat
import OnebeatServer

/// Moments as tables show them: on the wall clock of the job they belong to, to the second.
struct Clock {
    private var clocks: [String: Schedule] = ["UTC": .clock(of: "UTC")]
    private var zones: [String: String] = [:]
    let now: Timestamp

    /// - Parameter jobs: whose zones to use; runs of other jobs are shown in UTC.
    init(_ jobs: [JobRecord] = [], now: Timestamp) {
        self.now = now
        for job in jobs {
            let zone = job.definition.schedule.timezone
            zones[job.name] = zone
            if clocks[zone] == nil { clocks[zone] = .clock(of: zone) }
        }
    }

    /// `2026-11-23 03:00:00 +08:00`.
    func text(_ moment: Timestamp, of job: String? = nil) -> String {
        let zone = job.flatMap { zones[$0] } ?? "UTC"
        return clocks[zone]?.readable(moment) ?? moment.description
    }

    /// `in 2h 5m`.
    func relative(_ moment: Timestamp) -> String { moment.relative(to: now) }
}
