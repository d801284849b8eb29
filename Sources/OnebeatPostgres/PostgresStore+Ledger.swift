// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: LedgerStore {
    public func definedJobs(after name: String?, limit: Int) async throws(StoreError) -> [String] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    "SELECT DISTINCT job_name FROM definitions WHERE job_name > $1 ORDER BY job_name LIMIT $2",
                    [.text(name ?? ""), .int(limit)])
            ])[0].map { $0[0] }
        }
    }

    public func versions(
        of job: String, before version: JobVersion?, limit: Int
    ) async throws(StoreError) -> [DefinitionVersion] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT generation, version, definition, created_at, actor, source, removed_at FROM definitions
                    WHERE job_name = $1 AND ($2 IS NULL OR (generation, version) < ($2, $3))
                    ORDER BY generation DESC, version DESC LIMIT $4
                    """,
                    [
                        .text(job), .int(version.map { Int64($0.generation) }), .int(version.map { Int64($0.version) }),
                        .int(limit),
                    ])
            ])[0].map { row in
                DefinitionVersion(
                    version: JobVersion(job: job, generation: row[0], version: row[1]),
                    definition: DefinitionText.decode(row[2], of: job), since: row[3], actor: row[4], source: row[5],
                    removedAt: row[6])
            }
        }
    }

    public func ledger(_ query: LedgerQuery) async throws(StoreError) -> [LedgerEntry] {
        try await move { transaction in
            let scope: [Parameter] = [.text(query.job), .int(query.generation)]
            var first = query.from
            if query.after == nil {
                let reaching = try transaction.look([
                    Statement(
                        """
                        SELECT max(scheduled_at) FROM runs WHERE job_name = $1 AND generation = $2
                            AND scheduled_at < $3 AND range_end >= $3
                        """, scope + [.time(query.from)])
                ])[0]
                first = (reaching.first?[0] as Timestamp?) ?? first
            }
            let after = query.after?.run
            let runs = try transaction.look([
                Statement(
                    """
                    SELECT \(Run.columns) FROM runs WHERE job_name = $1 AND generation = $2 AND scheduled_at <= $3
                        AND (scheduled_at, kind, request_id, id) > ($4, $5, $6, $7)
                    ORDER BY scheduled_at, kind, request_id, id LIMIT $8
                    """,
                    scope + [
                        .time(query.through), .time(after?.scheduledAt ?? first), .text(after?.kind.rawValue ?? ""),
                        .text(after?.requestID ?? ""), .int(after?.id.value ?? 0),
                        .int(min(max(query.limit, 1), 1000)),
                    ])
            ])[0].map(Run.init)
            return try Self.entries(of: runs, in: transaction)
        }
    }

    private static func entries(of runs: [Run], in transaction: Transaction) throws -> [LedgerEntry] {
        func list(_ runs: some Sequence<Run>) -> Parameter { .ints(runs.map(\.id.value)) }
        let rows = try transaction.look([
            Statement(
                "SELECT \(Attempt.columns) FROM attempts WHERE run_id = ANY ($1) ORDER BY run_id, number", [list(runs)]),
            Statement(
                """
                SELECT w.run_id, p.job_name, p.state, p.reason, p.finished_at, m.state, m.at, m.first_at
                FROM waits w LEFT JOIN runs p ON p.id = w.parent_id LEFT JOIN marks m ON m.run_id = w.parent_id
                WHERE w.run_id = ANY ($1) ORDER BY w.parent_id
                """, [list(runs.filter(\.isFollower))]),
            Statement(
                """
                SELECT flow_id, count(DISTINCT job_name) FROM runs WHERE flow_id = ANY ($1) GROUP BY flow_id
                """, [list(runs.filter { $0.flow == $0.id })]),
        ])
        let attempts = Dictionary(grouping: rows[0].map(Attempt.init), by: \.run)
        let ends = rows[1].map { row -> (run: RunID, parent: LedgerEntry.Parent) in
            let end = ParentEnd(
                job: row[1] ?? "", state: (row[2] as String?).map(RunState.init(stored:)),
                reason: (row[3] as String?).map(Reason.init(stored:)))
            return (
                RunID(row[0]),
                .init(
                    end, finishedAt: row[4], mark: (row[5] as String?).map(RunState.init(stored:)), markedAt: row[6],
                    firstMarkedAt: row[7])
            )
        }
        let parents = Dictionary(grouping: ends, by: \.run).mapValues { $0.map(\.parent) }
        let sizes = Dictionary(rows[2].map { (RunID($0[0]), $0[1] as Int) }) { $1 }
        return runs.map { run in
            var entry = LedgerEntry(run)
            entry.attempts = attempts[run.id] ?? []
            entry.parents = parents[run.id] ?? []
            entry.jobsInFlow = sizes[run.id]
            return entry
        }
    }

    public func firstSuccess(
        of job: String, from start: Timestamp, before end: Timestamp
    ) async throws(StoreError) -> Timestamp? {
        try await move { transaction in
            try transaction.look([Self.firstSuccess(of: job, from: start, before: end)])[0].first?[0]
        }
    }

    static func firstSuccess(of job: String, from start: Timestamp, before end: Timestamp) -> Statement {
        Statement(
            """
            SELECT least(min(coalesce(m.first_at, m.at)), min(r.finished_at) FILTER (WHERE r.state = 'succeeded'))
            FROM (SELECT DISTINCT generation FROM definitions WHERE job_name = $1 OFFSET 0) g
            CROSS JOIN LATERAL (
                SELECT id, state, finished_at FROM runs WHERE job_name = $1 AND generation = g.generation
                    AND scheduled_at >= $2 AND scheduled_at < $3 OFFSET 0) r
            LEFT JOIN LATERAL (SELECT run_id, at, first_at FROM marks WHERE run_id = r.id OFFSET 0) m ON true
            WHERE m.run_id IS NOT NULL OR r.state = 'succeeded'
            """, [.text(job), .time(start), .time(end)])
    }

    public func keptSince() async throws(StoreError) -> Timestamp? {
        try await move { transaction in
            try transaction.look([Statement("SELECT value FROM meta WHERE key = 'kept_since'")])[0].first
                .flatMap { Int64($0[0] as String) }.map(Timestamp.init(microseconds:))
        }
    }
}
