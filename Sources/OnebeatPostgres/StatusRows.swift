import Onebeat

/// The rows of `scheduled_job_status` that one move changes: several runs of a job make one change of its row.
struct StatusRows {
    private struct Change {
        var run: Run
        var status: String
        var successAt: Timestamp?
        var failures: Int
        /// Whether the failures before this move no longer count.
        var isReset: Bool
    }

    private var changes: [String: Change] = [:]

    /// An older fence never overwrites a newer one's.
    mutating func note(_ run: Run, at now: Timestamp) {
        let status =
            switch run.state {
            case .succeeded: "success"
            case .scheduled: "retrying"
            default: run.state.rawValue
            }
        let isFailure = run.state.isTerminal && run.state != .succeeded && run.state != .cancelled
        var change = changes[run.job] ?? Change(run: run, status: status, failures: 0, isReset: false)
        guard run.fence >= change.run.fence else { return }
        change.run = run
        change.status = status
        if run.state == .succeeded {
            change.successAt = now
            change.failures = 0
            change.isReset = true
        } else if isFailure {
            change.failures += 1
        }
        changes[run.job] = change
    }

    /// The last statement of a move, in the order of names: jobs without a lock of their own meet here.
    var statements: [Statement] {
        guard !changes.isEmpty else { return [] }
        let changes = changes.values.sorted { $0.run.job < $1.run.job }
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
}
