import GRDB
import Onebeat

extension SQLiteStore {
    /// Writes what a move decided, in the transaction in which it looked.
    /// - Returns: the changes with what follows from them.
    @discardableResult
    func write(_ decided: Changes, claim nonce: ClaimNonce? = nil, in db: Database) throws -> Changes {
        var changes = decided
        try follow(&changes, in: db)
        try Self.write(changes, nonce, in: db)
        return changes
    }

    private static func write(_ changes: Changes, _ nonce: ClaimNonce?, in db: Database) throws {
        for run in changes.starts { try start(run, nonce, in: db) }
        for job in changes.replaced.sorted() { try askToEnd(runsOf: job, in: db) }
        for hold in changes.holds { try write(hold, in: db) }
        for end in changes.settled { try write(end, at: changes.now, in: db) }
        for run in changes.ended { try writeEnd(of: run, in: db) }
        for run in changes.letGo { try letGo(run, in: db) }
        for fanOut in changes.fanOuts { try write(fanOut, in: db) }
        for (job, number) in changes.releases { try release(number, heldOf: job, in: db) }
        for job in changes.succeeded { try letGo(thoseThatNeed: job, in: db) }
        for job in changes.delays { try startDelay(of: job, at: changes.now, in: db) }
        for (job, change) in changes.status { try write(change, of: job, in: db) }
        for event in changes.events { try db.note(event, at: changes.now) }
    }

    private static func start(_ run: Run, _ nonce: ClaimNonce?, in db: Database) throws {
        try db.change(
            """
            UPDATE runs SET state = 'running', attempt = ?, fence = ?, node = ?, boot = ?, nonce = ?, started_at = ?,
                reason = CASE WHEN is_cancel_requested THEN reason END, message = NULL, exit_code = NULL
            WHERE id = ?
            """,
            [
                run.attempt, run.fence.value, run.node, run.boot, nonce.map { "\($0)" }, run.startedAt, run.id.value,
            ])
        try db.change(
            "INSERT INTO attempts (run_id, number, fence, node, boot, started_at) VALUES (?, ?, ?, ?, ?, ?)",
            [run.id.value, run.attempt, run.fence.value, run.node, run.boot, run.startedAt])
    }

    /// Runs that wait for a job are looked at again.
    private static func letGo(thoseThatNeed job: String, in db: Database) throws {
        try db.change(
            """
            UPDATE runs SET is_held = 0 WHERE state = 'scheduled' AND is_held = 1
                AND job_name IN (SELECT job_name FROM needs WHERE needed = ?)
            """, [job])
    }

    private static func askToEnd(runsOf job: String, in db: Database) throws {
        try db.change(
            """
            UPDATE runs SET is_cancel_requested = 1, reason = ?
            WHERE job_name = ? AND state = 'running' AND is_cancel_requested = 0 AND kind <> 'backfill'
            """,
            [Reason.replaced.rawValue, job])
    }

    private static func write(_ hold: Changes.Hold, in db: Database) throws {
        try db.change(
            """
            UPDATE runs SET is_held = 1, deadline_at = CASE WHEN ? THEN NULL ELSE deadline_at END,
                message = coalesce(?, message)
            WHERE id = ?
            """,
            [hold.waivesDeadline, hold.message, hold.run.value])
    }

    /// The fence is compared in the statement that writes.
    private static func write(_ end: Changes.Settled, at now: Timestamp, in db: Database) throws {
        let run = end.run
        let changed = try db.change(
            """
            UPDATE runs SET state = ?, reason = ?, message = ?, due_at = ?, finished_at = ?, exit_code = ?,
                crashes = ?, failures = ?, nonce = NULL
            WHERE id = ? AND fence = ? AND state = 'running'
            """,
            [
                run.state.rawValue, run.reason?.rawValue, run.message, run.dueAt, run.finishedAt, run.exitCode,
                run.crashes, run.failures, run.id.value, run.fence.value,
            ])
        guard changed == 1 else { throw StoreError.fenced("run \(run.id) is not at fence \(run.fence)") }
        try db.change(
            """
            UPDATE attempts SET finished_at = ?, outcome = ?, message = ?, exit_code = ?
            WHERE run_id = ? AND number = ? AND fence = ?
            """,
            [now, end.outcome, run.message, run.exitCode, run.id.value, run.attempt, run.fence.value])
        guard let value = end.value else { return }
        try db.change("INSERT OR REPLACE INTO run_values (run_id, value) VALUES (?, ?)", [run.id.value, value.json])
    }

    private static func writeEnd(of run: Run, in db: Database) throws {
        try db.change(
            "UPDATE runs SET state = ?, reason = ?, message = ?, finished_at = ?, is_held = 0 WHERE id = ?",
            [run.state.rawValue, run.reason?.rawValue, run.message, run.finishedAt, run.id.value])
    }

    private static func letGo(_ run: Run, in db: Database) throws {
        try db.change(
            "UPDATE runs SET state = 'scheduled', due_at = ?, deadline_at = ? WHERE id = ? AND state = 'waiting'",
            [run.dueAt, run.deadlineAt, run.id.value])
    }

    @discardableResult
    static func release(_ number: Int, heldOf job: String, in db: Database) throws -> Int {
        try db.change(
            """
            UPDATE runs SET is_held = 0 WHERE id IN
                (SELECT id FROM runs WHERE job_name = ? AND state = 'scheduled' AND is_held = 1
                 ORDER BY due_at, id LIMIT ?)
            """,
            [job, number])
    }

    /// Whether a due run of a row of `jobs` is open. The newest few are looked at, since no more are open of a delay.
    static let isUnderWay = """
        EXISTS (
            SELECT 1 FROM (
                SELECT state FROM runs
                WHERE job_name = jobs.name AND generation = jobs.generation AND kind = 'scheduled'
                ORDER BY scheduled_at DESC LIMIT 10)
            WHERE state IN ('scheduled', 'running'))
        """

    private static func startDelay(of job: JobVersion, at now: Timestamp, in db: Database) throws {
        try db.change(
            """
            UPDATE jobs SET next_at = ? + delay_us
            WHERE name = ? AND generation = ? AND delay_us IS NOT NULL AND next_at IS NULL AND removed_at IS NULL
                AND NOT \(isUnderWay)
            """,
            [now, job.job, job.generation])
    }

    /// The row that whoever asks for a job's newest word reads. An older fence never overwrites a newer one's.
    private static func write(_ change: StatusChange, of job: String, in db: Database) throws {
        let run = change.run
        try db.change(
            """
            INSERT INTO scheduled_job_status VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (job_name) DO UPDATE SET status = excluded.status, last_run_at = excluded.last_run_at,
                node_id = excluded.node_id, run_id = excluded.run_id, fence = excluded.fence,
                last_success_at = coalesce(excluded.last_success_at, last_success_at),
                failures_in_a_row = excluded.failures_in_a_row + CASE WHEN ? THEN 0 ELSE failures_in_a_row END
            WHERE excluded.fence >= fence
            """,
            [
                job, change.status, run.startedAt, run.node, run.id.value, run.fence.value, change.successAt,
                change.failures, change.isReset,
            ])
    }
}
