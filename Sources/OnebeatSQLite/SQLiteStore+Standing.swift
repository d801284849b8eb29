// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each question asks is documented where it is promised: at the protocol.

import Foundation
import GRDB
import Onebeat

extension SQLiteStore: StandingStore {
    public func statuses(of jobs: [String]?) async throws(StoreError) -> [JobStatus] {
        guard let jobs else { return try await statuses(job: nil) }
        return try await read { db, _ in
            try db.rows(
                """
                SELECT job_name, status, last_run_at, node_id, run_id, fence, last_success_at, failures_in_a_row
                FROM scheduled_job_status WHERE job_name IN (SELECT value FROM json_each(?)) ORDER BY job_name
                """,
                [try Self.names(jobs)]
            ).map { row in
                JobStatus(
                    job: row[0], status: row[1], lastRunAt: row[2], node: row[3],
                    run: (row[4] as Int64?).map(RunID.init), fence: Fence(row[5]), lastSuccessAt: row[6],
                    failuresInARow: row[7])
            }
        }
    }

    public func newestEnds(of jobs: [String]?) async throws(StoreError) -> [Run] {
        try await read { db, _ in
            try db.scan(Self.newestEnds(isNamed: jobs != nil), jobs.map { [try Self.names($0)] } ?? []) { Run(&$0) }
        }
    }

    public func newestRuns(
        of jobs: [String], states: Set<RunState>, each: Int
    ) async throws(StoreError) -> [Run] {
        try await read { db, _ in
            try db.scan(Self.newestRuns(in: states), [try Self.names(jobs), each]) { Run(&$0) }
        }
    }

    public func longestWaiting(for length: Duration, limit: Int) async throws(StoreError) -> [Run] {
        try await read { db, now in
            var oldest: [String: Run] = [:]
            for isHeld in [false, true] {
                for run in try db.scan(Self.longestWaiting(isHeld: isHeld), [now - length, limit], { Run(&$0) })
                where oldest[run.job].map({ (run.dueAt, run.id) < ($0.dueAt, $0.id) }) ?? true {
                    oldest[run.job] = run
                }
            }
            return Array(oldest.values.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }.prefix(limit))
        }
    }

    public func longestRunning(limit: Int) async throws(StoreError) -> [Run] {
        try await read { db, _ in
            try db.scan(
                "SELECT \(Run.columns) FROM runs WHERE state = 'running' ORDER BY started_at, id LIMIT ?", [limit]
            ) { Run(&$0) }
        }
    }
}

extension SQLiteStore {
    private static let terminal = RunState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.sorted()
        .joined(separator: ", ")

    /// Each job's runs are walked back by their index to the first that has ended.
    static func newestEnds(isNamed: Bool) -> String {
        """
        SELECT \(Run.columns) FROM runs WHERE id IN (
            SELECT (
                SELECT r.id FROM runs r INDEXED BY runs_by_job
                WHERE r.job_name = j.name AND r.generation = j.generation AND r.element IS NULL AND r.state IN (\(terminal))
                ORDER BY r.id DESC LIMIT 1)
            FROM jobs j WHERE j.removed_at IS NULL
                \(isNamed ? "AND j.name IN (SELECT value FROM json_each(?))" : ""))
        ORDER BY job_name
        """
    }

    static func newestRuns(in states: Set<RunState>) -> String {
        let words = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        if states.isEmpty {
            return """
                SELECT \(Run.columns) FROM runs WHERE id IN (
                    SELECT r.id FROM json_each(?) n JOIN runs r ON r.id IN (
                        SELECT id FROM runs INDEXED BY runs_by_job WHERE job_name = n.value AND kind <> 'backfill'
                            AND element IS NULL
                        ORDER BY id DESC LIMIT ?))
                ORDER BY id DESC
                """
        }
        return """
            SELECT \(Run.columns) FROM runs WHERE id IN (
                SELECT r.id FROM json_each(?) n JOIN runs r ON r.id IN (
                    SELECT id FROM (
                        SELECT id, state FROM runs INDEXED BY runs_by_job WHERE job_name = n.value AND kind <> 'backfill'
                            AND element IS NULL
                        ORDER BY id DESC LIMIT 2000)
                    WHERE state IN (\(words)) ORDER BY id DESC LIMIT ?))
            ORDER BY id DESC
            """
    }

    /// Beside a `min` SQLite takes the other columns from the row that has it.
    static func longestWaiting(isHeld: Bool) -> String {
        """
        SELECT \(Run.columns), min(due_at) FROM runs INDEXED BY \(isHeld ? "runs_held" : "runs_due")
        WHERE state = 'scheduled' AND is_held = \(isHeld ? 1 : 0) AND due_at <= ?
        GROUP BY job_name ORDER BY min(due_at), id LIMIT ?
        """
    }

    private static func names(_ names: [String]) throws -> String {
        String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
    }
}
