import Onebeat

/// What an expression does, as JSON.
package struct TrialResource: Codable, Sendable {
    /// How often it fires; not more than ten thousand are counted.
    package struct Count: Codable, Sendable {
        package var number: Int
        package var isMore: Bool

        init(_ count: ScheduleTrial.Count) { (number, isMore) = (count.number, count.isMore) }
    }

    package struct Often: Codable, Sendable {
        package var day: Count
        package var week: Count
        package var year: Count
        /// The shortest and the longest time between two fires, in seconds.
        package var shortest: Double?
        package var longest: Double?
    }

    /// A moment at which the zone's clocks change, and the fires around it.
    package struct Change: Codable, Sendable {
        package var at: Timestamp
        package var before: String
        package var after: String
        package var around: [OccurrenceResource]
    }

    /// In words.
    package var schedule: String
    package var timezone: String
    package var next: [OccurrenceResource]
    package var warnings: [String]
    package var often: Often
    package var changes: [Change]

    package init(_ trial: ScheduleTrial) {
        schedule = trial.schedule.words
        timezone = trial.schedule.definition.timezone
        next = trial.next.map(OccurrenceResource.init)
        warnings = trial.warnings.map { "\($0)" }
        often = Often(
            day: Count(trial.day), week: Count(trial.week), year: Count(trial.year),
            shortest: trial.shortest?.inSeconds, longest: trial.longest?.inSeconds)
        changes = trial.changes.map { change in
            Change(
                at: change.at, before: change.before, after: change.after,
                around: change.around.map(OccurrenceResource.init))
        }
    }
}
