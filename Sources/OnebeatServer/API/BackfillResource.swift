import Onebeat

/// A backfill as JSON.
package struct BackfillResource: Encodable {
    var id: Int64
    var job: String
    var state: String
    var from: Timestamp
    var to: Timestamp
    var order: String
    var limit: Int
    var rerun: String
    var reached: Timestamp?
    var made: Int
    var passed: Int
    /// How many of its runs have not ended.
    var open: Int
    var by: String
    var createdAt: Timestamp

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
