import Onebeat

/// A database that is not what it was, since it was restored, copied, or a standby took its primary's place, begins a new
/// incarnation: what was given out before may be given out again, and what was kept of it is forgotten. Its fences go on
/// above all before them, as far as anybody can tell: by the clock, of which they stay ahead since no store draws a million in a
/// second, and by the highest that whoever finds it has seen.
enum Incarnation {
    /// What is kept in place of an identity until the first connection after the tables were made.
    static let new = "new"

    /// How far above the highest fence that is known of the next one lies: others may have seen higher ones.
    private static let gap: Int64 = 1_000_000

    /// The incarnation, the identity it was last seen with, and, for those who have seen one, the next fence.
    private static func look(_ highest: Int64) -> Statement {
        Statement(
            """
            SELECT (SELECT value FROM meta WHERE key = 'incarnation'), (SELECT value FROM meta WHERE key = 'server'),
                CASE WHEN $1 > 0 THEN nextval('fences') END
            """, [.int(highest)])
    }

    /// Takes the row that lets one at a time raise the fences: the counter itself knows no transactions.
    static let lock = "SELECT to_regclass('meta')::oid::bigint FROM meta WHERE key = 'incarnation' FOR UPDATE"

    /// Raises the fences to the clock, and above `highest`. The lock is held.
    static func raise(above highest: Int64 = 0) -> Statement {
        let (above, isTooHigh) = highest.addingReportingOverflow(2 * gap)
        let floor = highest > 0 && !isTooHigh ? above : 0
        return Statement(
            """
            SELECT CASE WHEN n + \(gap) < floor THEN setval('fences', floor) ELSE n END
            FROM (SELECT nextval('fences') AS n OFFSET 0) drawn,
                (SELECT greatest($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS floor OFFSET 0) f
            """, [.int(floor)])
    }

    /// The incarnation that a new connection finds, a new one where it must be.
    static func find(
        _ identity: String, highest: Int64, over wire: Wire, by deadline: ContinuousClock.Instant
    ) throws(PostgresFailure) -> String {
        let found = try Found(wire.transaction([look(highest)], by: deadline)[0].first, highest)
        if found.isKnown(as: identity) { return found.incarnation }
        do {
            if found.identity == new {
                _ = try wire.transaction(
                    [
                        Statement(
                            "UPDATE meta SET value = $1 WHERE key = 'server' AND value = $2",
                            [.text(identity), .text(new)])
                    ], by: deadline)
                return found.incarnation
            }
            return try draw(identity, highest: highest, over: wire, by: deadline)
        } catch {
            // Who may only look has nothing to begin anew.
            guard error.state == "42501" || error.isReadOnly else { throw error }
            return "\(found.incarnation)/\(identity)"
        }
    }

    private struct Found {
        var incarnation: String
        var identity: String?
        var wentBack: Bool

        init(_ row: Row?, _ highest: Int64) {
            incarnation = row?[0] ?? ""
            identity = row?[1]
            let next: Int64? = row?[2]
            wentBack = next.map { $0 <= highest } ?? false
        }

        func isKnown(as identity: String) -> Bool { self.identity == identity && !wentBack }
    }

    private static func draw(
        _ identity: String, highest: Int64, over wire: Wire, by deadline: ContinuousClock.Instant
    ) throws(PostgresFailure) -> String {
        let rows = try wire.flight(wire.opening + [Statement(lock), look(highest)], by: deadline)
        let found = Found(rows.last?.first, highest)
        // Somebody else may have been first.
        if found.isKnown(as: identity) {
            _ = try wire.flight([Statement("ROLLBACK")], by: deadline)
            return found.incarnation
        }
        let fences = found.wentBack ? ", and its fences went back" : ""
        let words = "\(found.identity ?? "unknown") is now \(identity)\(fences)"
        let drawn = try wire.flight(
            [
                Statement(
                    """
                    UPDATE meta SET value = replace(gen_random_uuid()::text, '-', '') WHERE key = 'incarnation'
                    RETURNING value
                    """),
                Statement(
                    "INSERT INTO meta VALUES ('server', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [.text(identity)]),
                raise(above: highest),
                // Terms, too, may have been given out that are not known here. The tables may be those of an older version,
                // and have no other columns.
                Statement(
                    """
                    UPDATE leases SET term = term + \(gap), holder = ''
                    WHERE name = '\(PostgresStore.leadName)'
                    """),
                Statement(
                    """
                    INSERT INTO events (at, kind, actor, message)
                    VALUES (clock_timestamp(), 'store.restored', 'store', 'restored, promoted or copied: ' || $1)
                    """, [.text(words)]),
                Statement("COMMIT"),
            ], by: deadline)
        return drawn[0].first?[0] ?? ""
    }
}
