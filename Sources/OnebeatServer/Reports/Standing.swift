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
}

extension NodeRecord {
    /// `alive`, `expired` (its lease is over and nobody has said so yet) or `gone`.
    package func standing(at now: Timestamp) -> String {
        if isGone { return "gone" }
        return leaseUntil > now ? "alive" : "expired"
    }
}
