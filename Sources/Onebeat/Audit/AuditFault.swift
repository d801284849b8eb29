/// Something in the history that the promise rules out.
package struct AuditFault: Sendable, Equatable {
    /// How far the times that two nodes write may be from one another: while the store's clock is off, each goes on by its own
    /// uptime. Their order in the store is told by fences.
    package static let clockError = Duration.milliseconds(100)

    /// What is wrong.
    package enum Kind: String, Sendable, CaseIterable {
        /// A due instant has no row.
        case missing
        /// Nobody has planned an instant that is past; it may still be, late.
        case unplanned
        /// An instant has two rows.
        case doubled
        /// A row stands for an instant at which the job was not due.
        case notDue = "not_due"
        /// A row that stands for several instants counts them wrongly.
        case miscounted
        /// An attempt began before the due instant.
        case early
        /// A first attempt began after the deadline.
        case late
        /// More runs of a job were active at one time than its limit.
        case overlapped
        /// Two attempts of a run were valid at one time, or their numbers or fences are out of order.
        case attempts
        /// What a run's row says is not what became of its attempts.
        case outcome
        /// A run that follows others was let go, or skipped, against its rule or ahead of them.
        case follower
        /// A run began before what it needs had succeeded.
        case need
        /// The flow of a run lacks jobs.
        case flow
    }

    package var kind: Kind
    package var job: String
    /// The due instant, the first of several.
    package var at: Timestamp
    /// The run, where there is one.
    package var run: RunID?
    /// How many instants it is about.
    package var count = 1
    /// What was found, in words.
    package var words: String
}
