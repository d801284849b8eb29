import Onebeat

extension Statement {
    /// Locks the jobs among these whose row is their runs' guard, and says of which it is locked. This comes before the locks
    /// of runs.
    static func lockGuarded(_ jobs: some Sequence<String>, waiting isWaiting: Bool) -> Statement {
        let names = Parameter.texts(Set(jobs).sorted())
        if isWaiting {
            return Statement(
                "SELECT name, true FROM jobs WHERE name = ANY ($1) AND is_guarded ORDER BY name FOR NO KEY UPDATE",
                [names])
        }
        return Statement(
            """
            WITH locked AS MATERIALIZED (
                SELECT name FROM jobs WHERE name = ANY ($1) AND is_guarded ORDER BY name
                FOR NO KEY UPDATE SKIP LOCKED)
            SELECT name, name IN (SELECT name FROM locked) FROM jobs WHERE name = ANY ($1) AND is_guarded
            """, [names])
    }

    /// Locks and reads runs.
    static func lockRuns(_ ids: [RunID], waiting isWaiting: Bool = true) -> Statement {
        Statement(
            """
            SELECT \(Run.columns) FROM runs WHERE id = ANY ($1) ORDER BY id
            FOR NO KEY UPDATE \(isWaiting ? "" : "SKIP LOCKED")
            """,
            [.ints(ids.map(\.value))])
    }

    /// A row for a node whose lease nobody has declared over.
    static func lease(of node: NodeID) -> Statement {
        Statement("SELECT true FROM nodes WHERE boot = $1 AND gone_at IS NULL", [.text(node.boot)])
    }
}
