import Onebeat

/// The statements that write what a move decided. The rows are locked by then.
extension Changes {
    /// All but the rows of `scheduled_job_status`, which come last of all.
    func statements(claim nonce: ClaimNonce? = nil) -> [Statement] {
        starting(nonce) + replacing() + holding() + settling() + handingOn() + ending() + lettingGo() + fanningOut()
            + releasing()
            + lettingGoThoseThatNeed()
            + startingDelays()
            + (events.isEmpty ? [] : [.note(events, at: now)])
    }

    /// The rows of `scheduled_job_status`, in the order of names: jobs without a lock of their own meet here.
    var statusStatements: [Statement] {
        guard !status.isEmpty else { return [] }
        let changes = status.values.sorted { $0.run.job < $1.run.job }
        return [
            Statement(
                """
                INSERT INTO scheduled_job_status AS s (job_name, status, last_run_at, node_id, run_id, fence,
                    last_success_at, failures_in_a_row)
                SELECT job_name, status, last_run_at, node_id, run_id, fence, success_at, failures
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
                    AS c (job_name, status, last_run_at, node_id, run_id, fence, success_at, failures)
                ORDER BY job_name COLLATE "C"
                ON CONFLICT (job_name) DO UPDATE SET status = excluded.status, last_run_at = excluded.last_run_at,
                    node_id = excluded.node_id, run_id = excluded.run_id, fence = excluded.fence,
                    last_success_at = coalesce(excluded.last_success_at, s.last_success_at),
                    failures_in_a_row = excluded.failures_in_a_row
                        + CASE WHEN s.job_name = ANY ($9) THEN 0 ELSE s.failures_in_a_row END
                WHERE excluded.fence >= s.fence
                """,
                [
                    .texts(changes.map(\.run.job)), .texts(changes.map(\.status)),
                    .times(changes.map(\.run.startedAt)), .texts(changes.map(\.run.node)),
                    .ints(changes.map(\.run.id.value)), .ints(changes.map(\.run.fence.value)),
                    .times(changes.map(\.successAt)), .ints(changes.map(\.failures)),
                    .texts(changes.filter(\.isReset).map(\.run.job)),
                ])
        ]
    }

    /// Whether something is due soon that others may do.
    var wakesSomebody: Bool { wakesSomebody(beyond: nil) }

    /// The same, where a node has room of its own.
    func wakesSomebody(beyond room: OwnRoom?) -> Bool { hasDue(by: now + WakeUps.horizon, beyond: room) }

    private func starting(_ nonce: ClaimNonce?) -> [Statement] {
        guard let node = starts.first else { return [] }
        let ids = Parameter.ints(starts.map(\.id.value))
        let fences = Parameter.ints(starts.map(\.fence.value))
        let begin: [Parameter] = [.text(node.node), .text(node.boot), .time(now)]
        return [
            Statement(
                """
                UPDATE runs SET state = 'running', attempt = attempt + 1, fence = s.fence, node = $3, boot = $4,
                    started_at = $5, nonce = $6, reason = CASE WHEN is_cancel_requested THEN reason END,
                    message = NULL, exit_code = NULL
                FROM unnest($1, $2) AS s (id, fence) WHERE runs.id = s.id
                """,
                [ids, fences] + begin + [.text(nonce.map { "\($0)" })]),
            Statement(
                """
                INSERT INTO attempts (run_id, number, fence, node, boot, started_at)
                SELECT id, number, fence, $3, $4, $5 FROM unnest($1, $2, $6) AS s (id, fence, number)
                """,
                [ids, fences] + begin + [.ints(starts.map(\.attempt))]),
        ]
    }

    /// Runs that wait for a job are looked at again.
    private func lettingGoThoseThatNeed() -> [Statement] {
        guard !succeeded.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE runs SET is_held = false FROM needs n WHERE n.needed = ANY ($1) AND runs.job_name = n.job_name
                    AND state = 'scheduled' AND is_held
                """, [.texts(succeeded.sorted())])
        ]
    }

    private func replacing() -> [Statement] {
        guard !replaced.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE runs SET is_cancel_requested = true, reason = $2
                WHERE job_name = ANY ($1) AND state = 'running' AND NOT is_cancel_requested AND kind <> 'backfill'
                """,
                [.texts(replaced.sorted()), .text(Reason.replaced.rawValue)])
        ]
    }

    private func holding() -> [Statement] {
        guard !holds.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE runs SET is_held = true, deadline_at = CASE WHEN h.waives THEN NULL ELSE deadline_at END,
                    message = coalesce(h.message, runs.message)
                FROM unnest($1, $2, $3) AS h (id, waives, message) WHERE runs.id = h.id
                """,
                [
                    .ints(holds.map(\.run.value)), .bools(holds.map(\.waivesDeadline)), .texts(holds.map(\.message)),
                ])
        ]
    }

    /// The fence is compared in the statement that writes, though the rows are locked: no run ends without it.
    private func settling() -> [Statement] {
        guard !settled.isEmpty else { return [] }
        let runs = settled.map(\.run)
        let ids = Parameter.ints(runs.map(\.id.value))
        let fences = Parameter.ints(runs.map(\.fence.value))
        let messages = Parameter.texts(runs.map(\.message))
        let codes = Parameter.ints(runs.map { $0.exitCode.map { Int64($0) } })
        return [
            // The state is compared so that no index of running runs is used: where statistics say that there are none,
            // every one of them would be joined with every one that ends.
            Statement(
                """
                UPDATE runs SET state = e.state, reason = e.reason, message = e.message, due_at = e.due_at,
                    finished_at = e.finished_at, exit_code = e.exit_code, crashes = e.crashes, failures = e.failures,
                    nonce = NULL
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    AS e (id, fence, state, reason, message, due_at, finished_at, exit_code, crashes, failures)
                WHERE runs.id = e.id AND runs.fence = e.fence AND runs.state || '' = 'running'
                """,
                [
                    ids, fences, .texts(runs.map(\.state.rawValue)), .texts(runs.map { $0.reason?.rawValue }), messages,
                    .times(runs.map(\.dueAt)), .times(runs.map(\.finishedAt)), codes, .ints(runs.map(\.crashes)),
                    .ints(runs.map(\.failures)),
                ]),
            Statement(
                """
                UPDATE attempts SET finished_at = $6, outcome = e.outcome, message = e.message, exit_code = e.exit_code
                FROM unnest($1, $2, $3, $4, $5, $7) AS e (id, fence, outcome, message, exit_code, number)
                WHERE run_id = e.id AND attempts.number = e.number AND attempts.fence = e.fence
                """,
                [
                    ids, fences, .texts(settled.map(\.outcome)), messages, codes, .time(now),
                    .ints(runs.map(\.attempt)),
                ]),
        ]
    }

    private func handingOn() -> [Statement] {
        let given = settled.filter { $0.value != nil }
        guard !given.isEmpty else { return [] }
        return [
            Statement(
                """
                INSERT INTO run_values (run_id, value) SELECT run_id, value FROM unnest($1, $2) AS v (run_id, value)
                ON CONFLICT (run_id) DO UPDATE SET value = excluded.value
                """,
                [.ints(given.map(\.run.id.value)), .texts(given.map { $0.value?.json })])
        ]
    }

    private func ending() -> [Statement] {
        guard !ended.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE runs SET state = e.state, reason = e.reason, message = e.message, finished_at = $5,
                    is_held = false
                FROM unnest($1, $2, $3, $4) AS e (id, state, reason, message) WHERE runs.id = e.id
                """,
                [
                    .ints(ended.map(\.id.value)), .texts(ended.map(\.state.rawValue)),
                    .texts(ended.map { $0.reason?.rawValue }), .texts(ended.map(\.message)), .time(now),
                ])
        ]
    }

    private func lettingGo() -> [Statement] {
        guard !letGo.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE runs SET state = 'scheduled', due_at = e.due_at, deadline_at = e.deadline_at
                FROM unnest($1, $2, $3) AS e (id, due_at, deadline_at) WHERE runs.id = e.id AND runs.state = 'waiting'
                """,
                [.ints(letGo.map(\.id.value)), .times(letGo.map(\.dueAt)), .times(letGo.map(\.deadlineAt))])
        ]
    }

    /// The runs of lists' elements go between what the whole followed and the whole.
    private func fanningOut() -> [Statement] {
        guard !fanOuts.isEmpty else { return [] }
        let wholes = Parameter.ints(fanOuts.map(\.whole.id.value))
        return [
            Statement(
                """
                UPDATE runs SET due_at = f.due_at, started_at = $3 FROM unnest($1, $2) AS f (id, due_at)
                WHERE runs.id = f.id
                """, [wholes, .times(fanOuts.map(\.whole.dueAt)), .time(now)]),
            Statement(
                """
                WITH element AS (
                    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, deadline_at,
                        state, queue, priority, need, flow_id, element)
                    SELECT w.job_name, w.generation, w.version, w.kind, w.scheduled_at,
                        w.request_id || '[' || place || ']', w.due_at, f.deadline_at, 'scheduled', w.queue, w.priority,
                        w.need, w.flow_id, place
                    FROM unnest($1, $2, $3) AS f (id, count, deadline_at) JOIN runs w ON w.id = f.id,
                        generate_series(0, f.count - 1) AS place ORDER BY w.id, place
                    RETURNING id, job_name, flow_id, kind, request_id),
                whole AS (SELECT id, job_name, flow_id, kind, request_id FROM runs WHERE id = ANY ($1)),
                edge AS (
                    SELECT e.id AS element, w.id AS whole FROM element e JOIN whole w
                    ON w.job_name = e.job_name AND w.flow_id = e.flow_id AND w.kind = e.kind
                        AND starts_with(e.request_id, w.request_id || '[')),
                gone AS (DELETE FROM waits WHERE run_id = ANY ($1) RETURNING parent_id, run_id)
                INSERT INTO waits (parent_id, run_id)
                SELECT element, whole FROM edge
                UNION ALL SELECT g.parent_id, e.element FROM gone g JOIN edge e ON e.whole = g.run_id
                """,
                [wholes, .ints(fanOuts.map(\.count)), .times(fanOuts.map(\.deadlineAt))]),
        ]
    }

    /// Whoever lets a run go tells the others.
    private func releasing() -> [Statement] {
        guard !releases.isEmpty else { return [] }
        var release = Statement(Self.release, [.texts(Array(releases.keys)), .ints(Array(releases.values))])
        release.wakesOthers = true
        return [release]
    }

    static let release = """
        WITH released AS (
            UPDATE runs SET is_held = false FROM unnest($1, $2) AS e (job, number) CROSS JOIN LATERAL (
                SELECT h.id FROM runs h WHERE h.job_name = e.job AND h.state = 'scheduled' AND h.is_held
                ORDER BY h.due_at, h.id LIMIT e.number) held
            WHERE runs.id = held.id RETURNING 1)
        SELECT 1 FROM released LIMIT 1
        """

    private func startingDelays() -> [Statement] {
        guard !delays.isEmpty else { return [] }
        return [
            Statement(
                """
                UPDATE jobs SET next_at = $3::timestamptz + delay FROM unnest($1, $2) AS e (name, generation)
                WHERE jobs.name = e.name AND jobs.generation = e.generation AND delay IS NOT NULL
                    AND next_at IS NULL AND removed_at IS NULL AND NOT \(Self.isUnderWay)
                """,
                [.texts(delays.map(\.job)), .ints(delays.map(\.generation)), .time(now)])
        ]
    }

    /// Whether a due run of a row of `jobs` is open. The newest few are looked at, since no more are open of a delay.
    static let isUnderWay = """
        EXISTS (
            SELECT 1 FROM (
                SELECT state FROM runs
                WHERE job_name = jobs.name AND generation = jobs.generation AND kind = 'scheduled'
                ORDER BY scheduled_at DESC LIMIT 10) newest
            WHERE state IN ('scheduled', 'running'))
        """
}
