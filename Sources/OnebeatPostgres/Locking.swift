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

    /// Locks a job, and reads what people change of it.
    static func look(at job: String) -> Statement {
        Statement(
            """
            SELECT generation, version, is_paused FROM jobs WHERE name = $1 AND removed_at IS NULL FOR NO KEY UPDATE
            """, [.text(job)])
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

extension JobSight {
    /// What ``Statement/look(at:)`` brought.
    /// - Throws: `StoreError.notFound` where there is no such job.
    init(_ rows: Rows, of job: String) throws {
        guard let row = rows.first else { throw StoreError.noJob(job) }
        self.init(generation: row[0], version: row[1], isPaused: row[2])
    }
}
