/// One line of a preview: a moment when the schedule fires, or would have but for the clocks.
public struct Occurrence: Sendable, Hashable {
    /// What a change of the clocks made of it.
    public enum Mark: Sendable, Hashable {
        /// Nothing.
        case plain
        /// The wall clock jumped over the time named here, so it fires in the first minute after.
        case moved(from: String)
        /// The wall clock jumped over it and it does not fire.
        case skipped
        /// The wall clock shows this time twice; it fires in the first pass.
        case firstPass
        /// The wall clock shows this time twice; it fires in the second pass.
        case secondPass
    }

    /// The moment it fires; for a skipped one the moment the clocks jumped.
    public let instant: Timestamp
    /// The wall clock there: `2026-11-23T03:00:00+08:00`; for a skipped one the time that was jumped over.
    public let local: String
    /// What a change of the clocks made of it.
    public let mark: Mark
    /// The mark in a sentence, or `nil` when there is nothing to say.
    public let note: String?

    package init(instant: Timestamp, local: String, mark: Mark, note: String?) {
        self.instant = instant
        self.local = local
        self.mark = mark
        self.note = note
    }
}
