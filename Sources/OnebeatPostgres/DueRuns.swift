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
        SELECT min(r.due_at) FROM unnest($1) AS q (queue) CROSS JOIN LATERAL (
            SELECT due_at FROM runs WHERE state = 'scheduled' AND NOT is_held AND runs.queue COLLATE "C" = q.queue
                AND \(isDoable("$2"))
            ORDER BY due_at LIMIT 1) r
        """

    /// Whether a run needs nothing but what a parameter says can be done. Runs that nobody can do are passed over one by one:
    /// they are few, since they end at their deadline.
    static func isDoable(_ parameter: String) -> String { "(\(parameter) IS NULL OR need = ANY (\(parameter)))" }

    /// Runs that another claim is deciding on, or a person is cancelling, are passed over. What was found is kept in settings
    /// of the transaction: the statements after it in the same flight go on from there.
    static let due = """
        WITH found AS MATERIALIZED (\(found(by: "\(Transaction.time(of: 2))", locking: "FOR UPDATE SKIP LOCKED")))
        SELECT f.* FROM found f, (
            SELECT set_config('onebeat.jobs', coalesce(array_agg(DISTINCT job_name), '{}')::text, true),
                set_config('onebeat.count', count(*)::text, true) FROM found) s
        ORDER BY f.priority DESC, f.due_at, f.id
        """
    /// The jobs of the runs that ``due`` found in this transaction; NULL where it found none.
    static let foundJobs = "NULLIF(current_setting('onebeat.jobs', true), '')::text[]"
    /// How many runs those are; NULL for none.
    static let foundCount = "NULLIF(current_setting('onebeat.count', true), '')::bigint"
    static let seen = found(by: "\(Transaction.time(of: 2)) + $5 * interval '1 microsecond'", locking: "")

    private static func found(by moment: String, locking: String) -> String {
        """
        \(levels)
        SELECT d.* FROM level l CROSS JOIN LATERAL (
            SELECT \(Run.columns) FROM runs r
            WHERE r.state = 'scheduled' AND NOT r.is_held AND r.queue = l.queue AND r.priority = l.priority
                AND r.due_at <= (SELECT \(moment)) AND \(isDoable("$4"))
            ORDER BY r.due_at, r.id LIMIT $3 \(locking)) d
        WHERE l.priority IS NOT NULL
        ORDER BY d.priority DESC, d.due_at, d.id LIMIT $3
        """
    }

    /// When the next run of these queues may start.
    static func next(in queues: [String], for abilities: Abilities) -> Statement {
        Statement(nextDue, [.texts(queues), .abilities(abilities)])
    }

    /// Locks and reads due runs, highest priority first, then the longest due.
    static func fetch(
        in queues: [String], for abilities: Abilities, at now: Parameter, limit: Int
    ) -> Statement {
        Statement(due, [.texts(queues), now, .int(limit), .abilities(abilities)])
    }

    /// Reads them, and those that are due within a while, and leaves them to others.
    static func look(
        in queues: [String], for abilities: Abilities, at now: Parameter, within ahead: Duration, limit: Int
    ) -> Statement {
        Statement(seen, [.texts(queues), now, .int(limit), .abilities(abilities), .length(ahead)])
    }
}
