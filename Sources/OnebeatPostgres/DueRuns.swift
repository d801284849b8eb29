import Onebeat

/// Looks for due runs without touching those that are only planned: one seek for each priority that is in use, since
/// the index is ordered by queue, priority and due time.
enum DueRuns {
    /// The priorities that are in use in each queue: from one to the next by a seek, as PostgreSQL has no skip scan.
    private static let levels = """
        WITH RECURSIVE level (queue, priority) AS (
            SELECT q.queue, (
                SELECT r.priority FROM runs r WHERE r.state = 'scheduled' AND NOT r.is_held AND r.queue = q.queue
                ORDER BY r.queue DESC, r.priority DESC LIMIT 1)
            FROM (SELECT DISTINCT unnest($1) AS queue) q
            UNION ALL
            SELECT l.queue, (
                SELECT r.priority FROM runs r
                WHERE r.state = 'scheduled' AND NOT r.is_held AND r.queue = l.queue AND r.priority < l.priority
                ORDER BY r.queue DESC, r.priority DESC LIMIT 1)
            FROM level l WHERE l.priority IS NOT NULL
        )
        """

    static let nextDue = """
        \(levels)
        SELECT min(d.due_at) FROM level l CROSS JOIN LATERAL (
            SELECT r.due_at FROM runs r
            WHERE r.state = 'scheduled' AND NOT r.is_held AND r.queue = l.queue AND r.priority = l.priority
            ORDER BY r.due_at LIMIT 1) d
        WHERE l.priority IS NOT NULL
        """

    /// Runs that another claim is deciding on, or a person is cancelling, are passed over.
    static let due = found(by: "coalesce($2, clock_timestamp())", locking: "FOR UPDATE SKIP LOCKED")
    static let seen = found(by: "coalesce($2, clock_timestamp()) + $4 * interval '1 microsecond'", locking: "")

    private static func found(by moment: String, locking: String) -> String {
        """
        \(levels)
        SELECT d.* FROM level l CROSS JOIN LATERAL (
            SELECT \(Run.columns) FROM runs r
            WHERE r.state = 'scheduled' AND NOT r.is_held AND r.queue = l.queue AND r.priority = l.priority
                AND r.due_at <= (SELECT \(moment))
            ORDER BY r.due_at, r.id LIMIT $3 \(locking)) d
        WHERE l.priority IS NOT NULL
        ORDER BY d.priority DESC, d.due_at, d.id LIMIT $3
        """
    }

    /// When the next run of these queues may start.
    static func next(in queues: [String]) -> Statement { Statement(nextDue, [.texts(queues)]) }

    /// Locks and reads due runs, highest priority first, then the longest due.
    static func fetch(in queues: [String], at now: Parameter, limit: Int) -> Statement {
        Statement(due, [.texts(queues), now, .int(limit)])
    }

    /// Reads them, and those that are due within a while, and leaves them to others.
    static func look(in queues: [String], at now: Parameter, within ahead: Duration, limit: Int) -> Statement {
        Statement(seen, [.texts(queues), now, .int(limit), .length(ahead)])
    }
}
