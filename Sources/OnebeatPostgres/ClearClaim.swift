import Onebeat

/// The short way of a claim, for due runs with nothing in their way, as nearly all are: one flight finds, locks, starts
/// and commits. What it leaves takes the long way of ``Claiming``, where everything is decided on.
///
/// "Nothing in its way" is ``Admission/isClear(_:for:at:)``, as the server can tell it. There is a slot for each run that
/// is due, so that priorities need no look. Of a guarded job's runs the first starts, unless another run of the job is
/// active or another move has the job.
struct ClearClaim: Sendable {
    private let request: ClaimRequest

    /// - Returns: `nil` when locks were asked for, since not every due run may have got its own.
    init?(_ request: ClaimRequest) {
        guard request.locks == nil || request.locks == LockView() else { return nil }
        self.request = request
    }

    /// What it brought.
    struct Result: Sendable {
        /// What was started, in the order of the claim.
        var runs: [Run]
        /// Whether something due was found that was not started.
        var hasLeft: Bool
        var nextDue: Timestamp?
        /// What they are given of those that they follow, where it was asked for and is little.
        var input: [RunID: [String: RunValue]] = [:]
    }

    /// - Parameter wantsInput: whether what runs are given is read along with them.
    func run(wantsInput: Bool, in transaction: Transaction) throws -> Result {
        let rows = try transaction.commit(
            statements(at: transaction.now, avoiding: transaction.definitions.unreadable) + [
                DueRuns.next(in: request.queues, for: request.abilities)
            ] + (wantsInput ? [Statement(Self.input, [.int(Self.mostInput), .int(Self.longestInput)])] : []))
        let runs = rows[1].map(Run.init).sorted { $0.fence < $1.fence }
        var result = Result(
            runs: runs, hasLeft: runs.count < rows[0].first?[0] ?? 0, nextDue: rows[2].first?[0])
        if wantsInput { result.input = Self.input(of: runs, rows[3]) }
        return result
    }

    /// Of runs that follow others. What is much, was never attempted itself, or cannot be read, is left to those who ask for
    /// it; and so are runs that an event started, which are given what it brought.
    private static func input(of runs: [Run], _ rows: Rows) -> [RunID: [String: RunValue]] {
        guard rows.count < mostInput else { return [:] }
        let found = rows.map { (run: RunID($0[0]), job: $0[1] as String, value: $0[2] as String?) }
        let given = Dictionary(grouping: found, by: \.run)
        var input: [RunID: [String: RunValue]] = [:]
        for run in runs where run.isFollower && !Emission.mayHaveStarted(run) {
            let values = given[run.id] ?? []
            let read = values.compactMap { one in
                one.value.flatMap(RunValue.init(stored:)).map { (one.job, $0) }
            }
            if read.count == values.count { input[run.id] = Dictionary(read) { $1 } }
        }
        return input
    }

    private static let mostInput = 1000
    private static let longestInput = 8192

    /// - Parameter unreadable: versions whose runs take the long way, which holds them.
    func statements(at now: Parameter, avoiding unreadable: [JobVersion] = []) -> [Statement] {
        [
            Statement(
                Self.find,
                [
                    .texts(request.queues), now, .int(request.slots), .text(request.node.boot),
                    .abilities(request.abilities),
                ]),
            Statement(
                Self.start,
                [
                    now, .text(request.node.name), .text(request.node.boot), .text("\(request.nonce)"),
                    // With locks, a run that may not overlap needs one first.
                    .bool(request.locks == nil), .int(request.nonce.value), .texts(unreadable.map(\.job)),
                    .ints(unreadable.map(\.generation)), .ints(unreadable.map(\.version)),
                ]),
        ]
    }

    /// Of runs of which one must be alone none is clear.
    ///
    /// Keeps a read-back of this claim waiting, locks due runs and the guarded jobs among theirs, and tells the next statement
    /// of the runs, unless there are more than slots, and of the first one of each locked job.
    private static let find = """
        WITH found AS MATERIALIZED (
            SELECT r.* FROM unnest($1) AS q (queue) CROSS JOIN LATERAL (
                SELECT id, job_name, priority, due_at, crashes FROM runs
                WHERE state = 'scheduled' AND NOT is_held AND runs.queue COLLATE "C" = q.queue
                    AND due_at <= \(Transaction.stableTime(of: 2)) AND \(DueRuns.isDoable("$5"))
                ORDER BY due_at LIMIT $3 + 1 FOR UPDATE SKIP LOCKED) r),
        guarded AS MATERIALIZED (
            SELECT j.first FROM (
                SELECT DISTINCT ON (job_name) job_name, id FROM found ORDER BY job_name, priority DESC, due_at, id) f
            CROSS JOIN LATERAL (
                SELECT f.id AS first FROM jobs WHERE name = f.job_name AND is_guarded
                FOR NO KEY UPDATE SKIP LOCKED) j)
        SELECT count(*),
            set_config('onebeat.runs', CASE WHEN count(*) <= $3 AND max(crashes) < \(Settlement.crashLimit)
                THEN coalesce(array_agg(id), '{}') ELSE '{}' END::text, true),
            set_config('onebeat.first', (SELECT coalesce(array_agg(first), '{}') FROM guarded)::text, true),
            \(ClaimLock.shared("$4"))
        FROM found
        """

    /// The runs that `find` found in this transaction; NULL where it found none, and so for those below.
    private static let found = "NULLIF(current_setting('onebeat.runs', true), '')::bigint[]"
    private static let first = "NULLIF(current_setting('onebeat.first', true), '')::bigint[]"

    private static let input = """
        SELECT f.id, p.job_name, CASE WHEN octet_length(v.value) <= $2 THEN v.value END FROM unnest(\(found)) AS f (id)
        CROSS JOIN LATERAL (SELECT parent_id FROM waits WHERE run_id = f.id OFFSET 0) w
        CROSS JOIN LATERAL (SELECT job_name, attempt FROM runs WHERE id = w.parent_id OFFSET 0) p
        LEFT JOIN LATERAL (SELECT value FROM run_values WHERE run_id = w.parent_id OFFSET 0) v ON true
        WHERE v.value IS NOT NULL OR p.attempt = 0 LIMIT $1
        """

    /// What it goes by, the clock too, is read after the locks were taken. Status rows are locked in the order of names.
    ///
    /// OFFSET 0 keeps the way it goes: runs by their numbers, then their jobs by name, then what else runs of those. A
    /// plan that is made while the tables are small, and kept, would go through all jobs, or through all that runs.
    private static let start = """
        WITH clear AS MATERIALIZED (
            SELECT run, job, number, sort, nextval('fences') AS drawn FROM (
                SELECT r.id AS run, r.job_name AS job, r.attempt + 1 AS number, r.kind AS sort
                FROM unnest(\(found)) AS f (id)
                CROSS JOIN LATERAL (SELECT * FROM runs WHERE id = f.id OFFSET 0) r
                CROSS JOIN LATERAL (
                    SELECT * FROM jobs WHERE name = r.job_name AND generation = r.generation OFFSET 0) j
                WHERE NOT r.is_cancel_requested AND NOT EXISTS (
                        SELECT FROM unnest($7, $8, $9) AS u (job, generation, version)
                        WHERE u.job = r.job_name AND u.generation = r.generation AND u.version = r.version)
                    AND j.removed_at IS NULL AND NOT j.is_paused AND \(StandbyRow.isOver)
                    AND NOT EXISTS (SELECT FROM needs WHERE job_name = j.name)
                    AND (r.deadline_at IS NULL OR r.deadline_at >= \(Transaction.stableTime(of: 1)))
                    AND CASE WHEN j.is_guarded THEN $5 AND r.id = ANY ((SELECT \(first))::bigint[]) AND (
                        SELECT a.kind FROM runs a WHERE a.job_name = j.name AND a.state = 'running'
                        AND a.kind <> 'backfill' ORDER BY a.kind LIMIT 1) IS NULL ELSE true END
                    AND EXISTS (SELECT FROM nodes WHERE boot = $3 AND gone_at IS NULL AND refused_nonce < $6)
                ORDER BY r.priority DESC, r.due_at, r.id) ready),
        noted AS (
            INSERT INTO attempts (run_id, number, fence, node, boot, started_at)
            SELECT run, number, drawn, $2, $3, \(Transaction.stableTime(of: 1)) FROM clear),
        told AS (
            INSERT INTO scheduled_job_status AS s (job_name, status, last_run_at, node_id, run_id, fence)
            SELECT DISTINCT ON (job) job, 'running', \(Transaction.stableTime(of: 1)), $2, run, drawn FROM clear
            WHERE sort <> 'backfill' ORDER BY job, drawn DESC
            ON CONFLICT (job_name) DO UPDATE SET status = excluded.status, last_run_at = excluded.last_run_at,
                node_id = excluded.node_id, run_id = excluded.run_id, fence = excluded.fence
            WHERE excluded.fence >= s.fence)
        UPDATE runs SET state = 'running', attempt = number, fence = drawn, node = $2, boot = $3,
            started_at = \(Transaction.stableTime(of: 1)), nonce = $4, reason = NULL, message = NULL, exit_code = NULL
        FROM clear WHERE id = run
        RETURNING \(Run.columns)
        """
}
