import Onebeat

extension Run {
    /// How long the newest attempt took, for runs that ended after a start.
    package var length: Duration? {
        guard let startedAt, let finishedAt else { return nil }
        return finishedAt.duration(since: startedAt)
    }
}

extension JobRecord {
    /// The next due instant a person would name: that of the schedule, and for a delay the one that is planned, since
    /// only the store knows when the run before ended.
    package func nextDue(by schedule: Schedule?, after now: Timestamp) -> Timestamp? {
        guard let schedule, !schedule.isDelay else { return nextAt }
        return schedule.next(after: now)
    }

    /// Beyond the present nobody plans as far as this.
    package static var farthest: Duration { .seconds(60) }

    /// How far it has been planned, its next instant with it.
    package var plannedThrough: Timestamp { max(watermark, nextAt ?? watermark) }

    /// Whether it is planned beyond a moment, or, with a delay, waits for longer than that and its delay.
    package func isPlanned(beyond moment: Timestamp) -> Bool {
        // What cannot be read has no instants of its own.
        guard definition.trouble == nil else { return false }
        if watermark > moment { return true }
        guard case .delay(let length) = definition.schedule.rhythm, let nextAt else { return false }
        return nextAt > moment + length
    }

    /// What a person should know of a job that is planned beyond ``farthest``.
    package var aheadWords: String { Self.aheadWords(name, through: plannedThrough) }

    package static func aheadWords(_ job: String, through moment: Timestamp) -> String {
        "job \(job) is planned through \(moment.words), by a clock that was ahead"
    }

    /// The next due instants that a person would name, and what the clocks make of them.
    package func fires(by schedule: Schedule, after start: Timestamp, count: Int) -> [Occurrence] {
        guard schedule.isDelay else { return schedule.preview(after: start, count: count) }
        guard let nextAt, nextAt > start else { return [] }
        return [Occurrence(instant: nextAt, local: schedule.format(nextAt), mark: .plain, note: nil)]
    }
}

extension NodeRecord {
    /// `alive`, `expired` (its lease is over and nobody has said so yet) or `gone`.
    package func standing(at now: Timestamp) -> String {
        if isGone { return "gone" }
        return leaseUntil > now ? "alive" : "expired"
    }
}
