/// What every transaction of a store runs under. Behind a pooler it is set anew in each, as nothing else would be left.
enum SessionSettings {
    /// How long the server works on one statement, a good part below ``Pool/patience``, so that it ends by itself what
    /// we no longer wait for.
    static let statement = 4_000
    /// How long a statement waits for a row, well below the length of a lease.
    static let lock = 2_000
    /// How long a transaction may rest on rows it locked: the end of a node that froze in the middle of a move.
    static let idle = 5_000

    /// - Parameter isLocal: until the end of the transaction; otherwise of the session.
    ///
    /// No sequential scans: plans are kept, and one made while the tables were small would scan the history later. And no
    /// compiling, which the costs of the few scans that remain would call for. One plan a statement: the server would
    /// else weigh a new one at each call, and planning costs more than these statements do.
    static func statement(isLocal: Bool, statement length: Int = statement) -> Statement {
        Statement(
            """
            SELECT set_config('statement_timeout', $1, $4), set_config('lock_timeout', $2, $4),
                set_config('idle_in_transaction_session_timeout', $3, $4), set_config('enable_seqscan', 'off', $4),
                set_config('jit', 'off', $4), set_config('plan_cache_mode', 'force_generic_plan', $4)
            """,
            [.text("\(length)"), .text("\(lock)"), .text("\(idle)"), .bool(isLocal)])
    }
}
