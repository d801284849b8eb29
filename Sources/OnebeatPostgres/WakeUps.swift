import Onebeat

/// Tells listening nodes that a run is due: a hint that saves a poll interval, and nothing more.
enum WakeUps {
    static let channel = "onebeat"
    /// Runs due within a poll interval are worth a hint; those planned further ahead are found by the clock. Hints are
    /// few, since PostgreSQL lets transactions that notify commit one after the other.
    static let horizon = Duration.milliseconds(500)

    static let statement = Statement("SELECT pg_notify('\(channel)', '')")

    /// Notifies when `due` is near by the store's time.
    static func statement(due: Timestamp?, now: Parameter) -> [Statement] {
        guard let due else { return [] }
        return [
            Statement(
                """
                SELECT pg_notify('\(channel)', '')
                WHERE $1 <= coalesce($2, clock_timestamp()) + $3 * interval '1 microsecond'
                """,
                [.time(due), now, .length(horizon)])
        ]
    }
}
