import Onebeat

/// A backfill as JSON.
package struct BackfillResource: Codable {
    package var id: Int64
    package var job: String
    package var state: String
    package var from: Timestamp
    package var to: Timestamp
    package var order: String
    package var limit: Int
    package var rerun: String
    package var reached: Timestamp?
    package var made: Int
    package var passed: Int
    /// How many of its runs have not ended.
    package var open: Int
    package var by: String
    package var createdAt: Timestamp

    package init(_ backfill: Backfill, open: Int = 0) {
        id = backfill.id
        job = backfill.job
        state = backfill.state.rawValue
        from = backfill.from
        to = backfill.to
        order = backfill.order.rawValue
        limit = backfill.limit
        rerun = backfill.repeats.rawValue
        reached = backfill.reached
        made = backfill.made
        passed = backfill.passed
        self.open = open
        by = backfill.actor
        createdAt = backfill.createdAt
    }
}
