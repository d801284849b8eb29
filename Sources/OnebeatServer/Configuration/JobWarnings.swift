import Onebeat

/// What a job may be, and yet probably was not meant to be.
struct JobWarnings {
    let map: MapReader
    let job: JobDefinition
    let schedule: Schedule
    let now: Timestamp

    func find() {
        let rhythm = schedule.definition.rhythm
        if hasEnded { map.findings.warning("it never fires again", at: map.mark, map.place) }
        if case .every(let length) = rhythm, length < .seconds(1) {
            map.warning("each of its fires is stored; below 1s that is a lot of history", key: "every")
        }
        if let user = map.node("user")?.scalar?.string {
            map.warning("only a node that runs as root, or as \(user), can start it", key: "user")
        }
        if case .celery(let call) = job.work, call.outcome == .result, job.policies.timeout == nil,
            job.policies.effectiveLimit == 1, rhythm != .manual
        {
            map.warning(
                "has no timeout; a worker that is killed says nothing, and the job waits a day for it then",
                key: "celery")
        }
        // A time-out that jobs share is a safety net for the slowest of them; one of the job's own is meant.
        if map.has("timeout"), let timeout = job.policies.timeout, job.policies.overlap == .skip,
            let period = shortestPeriod, timeout > period
        {
            map.warning(
                "a run may take \(timeout.text), but the next is due after \(period.text) and is skipped then "
                    + "(overlap: skip)", key: "timeout")
        }
    }

    private var hasEnded: Bool {
        switch schedule.definition.rhythm {
        case .cron, .every, .at, .repeat, .solar: schedule.next(after: now) == nil
        case .delay, .event, .after, .manual: false
        }
    }

    /// The shortest time between the next few fires.
    private var shortestPeriod: Duration? {
        if schedule.isDelay { return nil }
        let fires = schedule.occurrences(after: now, through: .distantFuture, limit: 8)
        return zip(fires, fires.dropFirst()).map { $1.duration(since: $0) }.min()
    }
}
