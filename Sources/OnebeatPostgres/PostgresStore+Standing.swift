// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each question asks is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: StandingStore {
    public func statuses(of jobs: [String]?) async throws(StoreError) -> [JobStatus] {
        guard let jobs else { return try await statuses(job: nil) }
        return try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT job_name, status, last_run_at, node_id, run_id, fence, last_success_at, failures_in_a_row
                    FROM scheduled_job_status WHERE job_name = ANY ($1) ORDER BY job_name
                    """, [.texts(jobs)])
            ])[0].map { row in
                JobStatus(
                    job: row[0], status: row[1], lastRunAt: row[2], node: row[3],
                    run: (row[4] as Int64?).map(RunID.init), fence: Fence(row[5]), lastSuccessAt: row[6],
                    failuresInARow: row[7])
            }
        }
    }

    public func newestEnds(of jobs: [String]?) async throws(StoreError) -> [Run] {
        try await list(Statement(Self.newestEnds(isNamed: jobs != nil), jobs.map { [.texts($0)] } ?? []))
    }

    public func newestRuns(
        of jobs: [String], states: Set<RunState>, each: Int
    ) async throws(StoreError) -> [Run] {
        try await list(Statement(Self.newestRuns(in: states), [.texts(jobs), .int(each)]))
    }

    public func longestWaiting(for length: Duration, limit: Int) async throws(StoreError) -> [Run] {
        try await move { transaction in
            let parameters = [transaction.now, .length(length), .int(limit)]
            return try transaction.look([Statement(Self.longestWaiting, parameters)])[0].map(Run.init)
        }
    }

    public func longestRunning(limit: Int) async throws(StoreError) -> [Run] {
        try await list(
            Statement(
                "SELECT \(Run.columns) FROM runs WHERE state = 'running' ORDER BY started_at, id LIMIT $1",
                [.int(limit)]
            ))
    }

    private func list(_ statement: Statement) async throws(StoreError) -> [Run] {
        try await move { transaction in try transaction.look([statement])[0].map(Run.init) }
    }
}

extension PostgresStore {
    private static let terminal = RunState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.sorted()
        .joined(separator: ", ")

    /// Each job's runs are walked back by their index to the first that has ended.
    static func newestEnds(isNamed: Bool) -> String {
        """
        SELECT \(Run.columns) FROM runs WHERE id IN (
            SELECT e.id FROM jobs j CROSS JOIN LATERAL (
                SELECT r.id FROM runs r
                WHERE r.job_name = j.name AND r.generation = j.generation AND r.element IS NULL AND r.state IN (\(terminal))
                ORDER BY r.id DESC LIMIT 1) e
            WHERE j.removed_at IS NULL\(isNamed ? " AND j.name = ANY ($1)" : ""))
        ORDER BY job_name
        """
    }

    static func newestRuns(in states: Set<RunState>) -> String {
        let words = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        if states.isEmpty {
            return """
                SELECT \(Run.columns) FROM runs WHERE id IN (
                    SELECT r.id FROM unnest($1) AS n (name) CROSS JOIN LATERAL (
                        SELECT id FROM runs WHERE job_name = n.name COLLATE "C" AND kind <> 'backfill'
                            AND element IS NULL ORDER BY id DESC LIMIT $2) r)
                ORDER BY id DESC
                """
        }
        return """
            SELECT \(Run.columns) FROM runs WHERE id IN (
                SELECT r.id FROM unnest($1) AS n (name) CROSS JOIN LATERAL (
                    SELECT id FROM (
                        SELECT id, state FROM runs WHERE job_name = n.name COLLATE "C" AND kind <> 'backfill'
                            AND element IS NULL ORDER BY id DESC LIMIT 2000) newest
                    WHERE state IN (\(words)) ORDER BY id DESC LIMIT $2) r)
            ORDER BY id DESC
            """
    }

    /// In two halves, since each has an index of its own.
    static let longestWaiting = """
        SELECT \(Run.columns) FROM (
            SELECT DISTINCT ON (job_name) * FROM (
                SELECT * FROM runs WHERE state = 'scheduled' AND NOT is_held AND due_at <= \(moment)
                UNION ALL SELECT * FROM runs WHERE state = 'scheduled' AND is_held AND due_at <= \(moment)) open
            ORDER BY job_name, due_at, id) oldest
        ORDER BY due_at, id LIMIT $3
        """

    private static let moment = "\(Transaction.stableTime(of: 1)) - $2 * interval '1 microsecond'"
}
