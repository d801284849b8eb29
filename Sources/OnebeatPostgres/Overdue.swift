import Onebeat

/// Statements on runs that nobody has claimed. They go through what is open, which is little where all is well.
enum Overdue {
    /// Runs past their deadline that have not started.
    static func find(limit: Int, at now: Parameter) -> Statement {
        Statement(
            """
            (SELECT id, job_name FROM runs
            WHERE state = 'scheduled' AND NOT is_held AND attempt = 0 AND deadline_at < \(Transaction.stableTime(of: 1))
            LIMIT $2)
            UNION ALL
            (SELECT id, job_name FROM runs
            WHERE state = 'scheduled' AND is_held AND attempt = 0 AND deadline_at < \(Transaction.stableTime(of: 1))
            LIMIT $2)
            LIMIT $2
            """,
            [now, .int(limit)])
    }

    /// Locks the jobs that are to be had and says how they stand, and locks the runs that no claim has just now.
    static func lock(_ ids: [RunID], of jobs: [String]) -> [Statement] {
        [
            Statement(
                """
                SELECT name FROM jobs WHERE name = ANY ($1) AND is_guarded ORDER BY name FOR NO KEY UPDATE SKIP LOCKED
                """, [.texts(jobs)]),
            Statement(
                "SELECT name, generation, removed_at IS NOT NULL, is_paused FROM jobs WHERE name = ANY ($1)",
                [.texts(jobs)]),
            Statement(
                "SELECT \(Run.columns) FROM runs WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
                [.ints(ids.map(\.value))]),
        ]
    }

    /// How a job stands for a run of it, as far as that counts for one that is too late.
    static func states(_ rows: Rows) -> [String: (Run) -> JobState] {
        var states: [String: (Run) -> JobState] = [:]
        for (name, generation, isRemoved, isPaused) in rows.map({ row -> (String, Int, Bool, Bool) in
            (row[0], row[1], row[2], row[3])
        }) {
            states[name] = { run in
                JobState(isRemoved: isRemoved || generation != run.version.generation, isPaused: isPaused)
            }
        }
        return states
    }

    /// What is due and was not claimed, by queue and need.
    static func unclaimed(for length: Duration, limit: Int, at now: Parameter) -> Statement {
        Statement(
            """
            SELECT queue, need, min(job_name), count(*), min(due_at) FROM runs
            WHERE state = 'scheduled' AND NOT is_held
                AND due_at <= \(Transaction.stableTime(of: 1)) - $2 * interval '1 microsecond'
            GROUP BY queue, need ORDER BY min(due_at) LIMIT $3
            """,
            [now, .length(length), .int(limit)])
    }
}
