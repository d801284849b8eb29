// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: LedgerStore {
    public func definedJobs(after name: String?, limit: Int) async throws(StoreError) -> [String] {
        try await read { db, _ in
            try db.rows(
                "SELECT DISTINCT job_name FROM definitions WHERE job_name > ? ORDER BY job_name LIMIT ?",
                [name ?? "", limit]
            ).map { row in
                var row = Columns(row)
                return row[0]
            }
        }
    }

    public func versions(
        of job: String, before version: JobVersion?, limit: Int
    ) async throws(StoreError) -> [DefinitionVersion] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT generation, version, definition, created_at, actor, source, removed_at FROM definitions
                WHERE job_name = ? AND (generation, version) < (?, ?) ORDER BY generation DESC, version DESC LIMIT ?
                """,
                [job, version?.generation ?? Int.max, version?.version ?? Int.max, limit]
            ).map { row in
                var row = Columns(row)
                var found = DefinitionVersion(
                    version: JobVersion(job: job, generation: row[0], version: row[1]),
                    definition: DefinitionText.decode(row[2], of: job), since: row[3], actor: row[4], source: row[5],
                    removedAt: row[6])
                if let flaw = row.flaw { found.definition.trouble = flaw }
                return found
            }
        }
    }

    public func ledger(_ query: LedgerQuery) async throws(StoreError) -> [LedgerEntry] {
        try await read { db, _ in
            var first = query.from
            if query.after == nil {
                let reaching = try db.rows(
                    """
                    SELECT max(scheduled_at) FROM runs WHERE job_name = ? AND generation = ? AND scheduled_at < ?
                        AND range_end >= ?
                    """, [query.job, query.generation, query.from, query.from]
                ).first.map(Columns.init)
                if var row = reaching { first = (row[0] as Timestamp?) ?? first }
            }
            let after = query.after?.run
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Run.columns) FROM runs WHERE job_name = ? AND generation = ? AND scheduled_at <= ?
                        AND (scheduled_at, kind, request_id, id) > (?, ?, ?, ?)
                    ORDER BY scheduled_at, kind, request_id, id LIMIT ?
                    """)
            let runs = try db.scan(
                statement,
                [
                    query.job, query.generation, query.through, after?.scheduledAt ?? first,
                    after?.kind.rawValue ?? "", after?.requestID ?? "", after?.id.value ?? 0,
                    min(max(query.limit, 1), 1000),
                ]
            ) { Run(&$0) }
            return try Self.entries(of: runs, in: db)
        }
    }

    private static func entries(of runs: [Run], in db: Database) throws -> [LedgerEntry] {
        func list(_ runs: some Sequence<Run>) -> String { runs.map(\.id.description).joined(separator: ",") }
        var attempts: [RunID: [Attempt]] = [:]
        let tried = runs.filter { $0.attempt > 0 || $0.state == .unknown }
        let ofThose = try db.makeStatement(
            sql: "SELECT \(Attempt.columns) FROM attempts WHERE run_id IN (\(list(tried))) ORDER BY run_id, number")
        for attempt in try db.scan(ofThose, [], { Attempt(&$0) }) {
            attempts[attempt.run, default: []].append(attempt)
        }
        var parents: [RunID: [LedgerEntry.Parent]] = [:]
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT waits.run_id, job_name, r.state, r.reason, finished_at, m.state, m.at, m.first_at
                FROM waits LEFT JOIN runs r ON r.id = parent_id LEFT JOIN marks m ON m.run_id = parent_id
                WHERE waits.run_id IN (\(list(runs.filter(\.isFollower)))) ORDER BY parent_id
                """)
        {
            var row = Columns(row)
            let end = ParentEnd(
                job: (row[1] as String?) ?? "", state: (row[2] as String?).map(RunState.init(stored:)),
                reason: (row[3] as String?).map(Reason.init(stored:)))
            parents[RunID(row[0]), default: []].append(
                .init(
                    end, finishedAt: row[4], mark: (row[5] as String?).map(RunState.init(stored:)), markedAt: row[6],
                    firstMarkedAt: row[7]))
        }
        var sizes: [RunID: Int] = [:]
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT flow_id, count(DISTINCT job_name) FROM runs
                WHERE flow_id IN (\(list(runs.filter { $0.flow == $0.id }))) GROUP BY flow_id
                """)
        {
            var row = Columns(row)
            sizes[RunID(row[0])] = row[1]
        }
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
        try await read { db, _ in
            let rows = try db.rows(
                """
                SELECT min(ifnull(m.first_at, m.at)), min(CASE r.state WHEN 'succeeded' THEN r.finished_at END)
                FROM runs r LEFT JOIN marks m ON m.run_id = r.id
                WHERE job_name = ? AND generation IN (SELECT generation FROM definitions WHERE job_name = ?)
                    AND scheduled_at >= ? AND scheduled_at < ? AND (m.run_id IS NOT NULL OR r.state = 'succeeded')
                """, [job, job, start, end])
            guard let row = rows.first else { return nil }
            var columns = Columns(row)
            let moments: [Timestamp?] = [columns[0], columns[1]]
            return moments.compactMap(\.self).min()
        }
    }

    public func keptSince() async throws(StoreError) -> Timestamp? {
        try await read { db, _ in
            try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'kept_since'")
                .flatMap { Int64($0) }.map(Timestamp.init(microseconds:))
        }
    }
}
