/// What a fixed-time cron schedule does when the clocks change.
///
/// Fixed-time means that neither the minute nor the hour field starts with `*`. Schedules with such a wildcard follow
/// the wall clock: what a gap skips does not fire, what an overlap repeats fires in both passes. Shifts of more than
/// three hours are a new clock rather than daylight saving, and nothing is corrected. This is what Debian's cron does.
public struct DaylightSaving: Sendable, Hashable {
    /// What happens to a time that the clocks jump over.
    public enum Gap: String, Sendable, Hashable, CaseIterable {
        /// It fires in the first minute after the gap, once however many times were jumped over.
        case next
        /// It does not fire that day.
        case skip
    }

    /// What happens to a time that the clocks show twice.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// It fires in the first pass.
        case first
        /// It fires in the second pass.
        case last
        /// It fires in both.
        case both
    }

    /// What happens in a gap.
    public var gap: Gap
    /// What happens in an overlap.
    public var overlap: Overlap

    /// The rule of Debian's cron unless told otherwise.
    public init(gap: Gap = .next, overlap: Overlap = .first) {
        self.gap = gap
        self.overlap = overlap
    }
}
