/// What every transaction of a store runs under, whatever the role, the database and the server have for a default. Behind
/// a pooler it is set anew in each, as nothing else would be left.
struct SessionSettings {
    /// How long the server works on one statement, a good part below ``PostgresStore/patience``, so that it ends by itself
    /// what we no longer wait for.
    private static let statement = 4_000
    /// How long a statement waits for a row, well below the length of a lease.
    private static let lock = 2_000
    /// How long a transaction may rest on rows it locked: the end of a node that froze in the middle of a move.
    private static let idle = 5_000

    /// The schema of our tables, as SQL writes it; no other is looked into.
    var schema: String

    /// Sets them.
    /// - Parameters:
    ///   - isLocal: until the end of the transaction; otherwise of the session.
    ///   - server: what ``Session/server`` must still be, or the transaction ends with ``PostgresFailure/isOtherServer``.
    ///
    /// No sequential scans: plans are kept, and one made while the tables were small would scan the history later. And no
    /// compiling, which the costs of the few scans that remain would call for. One plan a statement: the server would
    /// else weigh a new one at each call, and planning costs more than these statements do.
    ///
    /// Commits wait for the disk, and for the standby where there is a synchronous one; that one of them stopped to wait is
    /// told by a warning.
    func statement(isLocal: Bool, server: String? = nil) -> Statement {
        let settings = """
            set_config('statement_timeout', $1, $4), set_config('lock_timeout', $2, $4),
            set_config('idle_in_transaction_session_timeout', $3, $4), set_config('enable_seqscan', 'off', $4),
            set_config('jit', 'off', $4), set_config('plan_cache_mode', 'force_generic_plan', $4),
            set_config('search_path', $5, $4), set_config('client_min_messages', 'warning', $4),
            set_config('default_transaction_isolation', 'read committed', $4),
            set_config('synchronous_commit',
                CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, $4)
            """
        let values: [Parameter] = [
            .text("\(Self.statement)"), .text("\(Self.lock)"), .text("\(Self.idle)"), .bool(isLocal),
            .text("\(schema), pg_temp"),
        ]
        guard let server else { return Statement("SELECT \(settings)", values) }
        return Statement(
            "SELECT 1 / CASE WHEN \(Session.start) || '/' || \(Session.timeline) = $6 THEN 1 ELSE 0 END, \(settings)",
            values + [.text(server)])
    }

    /// Lets the statements of this transaction take longer.
    static func patience(statement length: Int) -> Statement {
        Statement("SELECT set_config('statement_timeout', $1, true)", [.text("\(length)")])
    }

    /// Each statement must see what was committed before it began, whatever others have for a default.
    static let begin = Statement("BEGIN ISOLATION LEVEL READ COMMITTED")
}
