import Onebeat

/// What a new connection finds: whose database this is, and in which state.
struct Session {
    /// The process that serves it; another one than libpq was told of behind a pooler.
    var process: Int
    private var encoding: String
    /// The schema that has our tables, or will have them, as SQL writes it.
    private var place: String?
    /// Which server this is, since when, and on which timeline. Behind a pooler each transaction asks whether it still is.
    var server: String
    /// Which tables these are: other ones after a restore, a promotion, or in a copy; `nil` where there are none yet.
    var identity: String?
    /// The number of a table that a restore makes anew.
    var tables: Int64?

    init(_ row: Row) {
        process = row[0]
        encoding = row[1]
        place = row[2]
        let timeline: String = row[4]
        server = "\(row[3] as String)/\(timeline)"
        tables = row[7]
        identity = tables.map { "\(row[5] as String)/\(timeline)/\(row[6] as Int64)/\($0)" }
    }

    /// The schema.
    /// - Throws: why this database cannot be a store, and what would do.
    func schema() throws(PostgresFailure) -> String {
        guard encoding == "UTF8" else {
            throw .refusal(
                "the database's encoding is \(encoding), and names, outputs and tokens may hold any character; make"
                    + " one with ENCODING 'UTF8' TEMPLATE template0")
        }
        guard let place else {
            throw .refusal(
                "the role's search_path names no schema that is there and that it may use; make one, or name another"
                    + " by `?options=-csearch_path%3Donebeat`")
        }
        return place
    }

    /// A promotion and a restore to a point in time begin a new timeline. Not all that speak like PostgreSQL can tell.
    static let timeline = """
        CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
        """
    static let start = "extract(epoch FROM pg_postmaster_start_time())::text"

    /// - Parameter isPlain: for servers that do not let us see what the better one looks at.
    ///
    /// Tables of ours in a schema further back count for more than another program's in front of them, of whatever name.
    static func look(isPlain: Bool = false) -> Statement {
        Statement(
            """
            WITH place AS (
                SELECT n.nspname AS name, m.oid::bigint AS meta
                FROM unnest(current_schemas(false)) WITH ORDINALITY AS s (name, place)
                JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
                JOIN pg_catalog.pg_class m ON m.relnamespace = n.oid AND m.relname = 'meta'
                WHERE EXISTS (
                    SELECT 1 FROM pg_catalog.pg_class c
                    WHERE c.relnamespace = n.oid AND c.relname = 'scheduled_job_status')
                ORDER BY s.place LIMIT 1)
            SELECT pg_backend_pid(), current_setting('server_encoding'),
                quote_ident(coalesce((SELECT name FROM place), current_schema())), \(isPlain ? "''" : start),
                \(isPlain ? "''" : timeline),
                \(isPlain ? "''" : "(SELECT system_identifier::text FROM pg_control_system())"),
                (SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = current_database()),
                (SELECT meta FROM place)
            """)
    }
}
