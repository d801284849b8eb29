// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: BackfillStore {
    public func add(_ backfill: Backfill) async throws(StoreError) -> Backfill {
        try await write { db, now in
            guard try self.record(backfill.job, in: db) != nil else { throw StoreError.noJob(backfill.job) }
            let open = try db.rows(
                """
                SELECT \(Backfill.columns) FROM backfills
                WHERE job_name = ? AND state IN ('active', 'paused') AND from_at < ? AND to_at > ? LIMIT 1
                """, [backfill.job, backfill.to, backfill.from]
            ).first.map(Backfill.init)
            if let open { throw StoreError.overlapping(open) }
            try db.change(
                """
                INSERT INTO backfills (job_name, from_at, to_at, direction, most, repeats, state, actor, created_at)
                VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?)
                """,
                [
                    backfill.job, backfill.from, backfill.to, backfill.order.rawValue, backfill.limit,
                    backfill.repeats.rawValue, backfill.actor, now,
                ])
            let added = try Self.backfill(db.lastInsertedRowID, in: db)
            try db.note(.backfill(added, "started", by: backfill.actor), at: now)
            return added
        }
    }

    public func backfills(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Backfill] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT \(Backfill.columns) FROM backfills
                WHERE id < ? \(openOnly ? "AND state IN ('active', 'paused')" : "") ORDER BY id DESC LIMIT ?
                """, [before ?? .max, limit]
            ).map(Backfill.init)
        }
    }

    public func change(
        _ id: Int64, to state: Backfill.State, by actor: String
    ) async throws(StoreError) -> Backfill {
        try await write { db, now in
            let old = try Self.backfill(id, in: db)
            if old.state == state { return old }
            guard old.state.isOpen else { throw StoreError.ended(old) }
            try db.change("UPDATE backfills SET state = ? WHERE id = ?", [state.rawValue, id])
            var changes = Changes(at: now)
            if state == .cancelled {
                let open = try db.rows(
                    """
                    SELECT \(Run.columns) FROM runs INDEXED BY runs_of_backfill
                    WHERE kind = 'backfill' AND request_id = ? AND state IN ('scheduled', 'waiting')
                    UNION ALL SELECT \(Run.columns) FROM runs
                    WHERE kind = 'backfill' AND element IS NOT NULL AND state = 'scheduled' AND flow_id IN (
                        SELECT flow_id FROM runs INDEXED BY runs_of_backfill
                        WHERE kind = 'backfill' AND request_id = ? AND state = 'waiting')
                    ORDER BY id DESC
                    """, [Backfill.request(id), Backfill.request(id)])
                for run in open.map(Run.init) where [.scheduled, .waiting].contains(run.state) {
                    _ = try changes.end(run, as: .cancelled, .requested, message: "backfill \(id) was cancelled")
                }
            }
            let changed = try Self.backfill(id, in: db)
            changes.events.append(.backfill(changed, state.rawValue, by: actor))
            try self.write(changes, in: db)
            return changed
        }
    }

    public func openRuns(of backfill: Int64) async throws(StoreError) -> Int {
        try await open("*", of: backfill)
    }

    // The whole of a list's elements is open while one of them is.
    public func openFlows(of backfill: Int64) async throws(StoreError) -> Int {
        try await open("DISTINCT coalesce(flow_id, id)", of: backfill)
    }

    private func open(_ what: String, of backfill: Int64) async throws(StoreError) -> Int {
        try await read { db, _ in
            try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT count(\(what)) FROM runs INDEXED BY runs_of_backfill
                        WHERE kind = 'backfill' AND request_id = ? AND state IN ('scheduled', 'waiting', 'running')
                        """), arguments: [Backfill.request(backfill)]) ?? 0
        }
    }

    public func newestStates(
        of job: String, at instants: [Timestamp]
    ) async throws(StoreError) -> [Timestamp: RunState] {
        try await read { db, _ in
            var states: [Timestamp: RunState] = [:]
            let wanted = instants.map { "\($0.microseconds)" }.joined(separator: ",")
            let generations = try Int.fetchAll(
                db, sql: "SELECT DISTINCT generation FROM definitions WHERE job_name = ?", arguments: [job])
            for generation in generations.sorted() {
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT scheduled_at, state FROM runs
                        WHERE job_name = ? AND generation = ? AND scheduled_at IN (\(wanted)) ORDER BY id
                        """, arguments: .whole([job, generation]))
                for row in rows {
                    var row = Columns(row)
                    states[row[0]] = RunState(stored: row[1])
                }
            }
            return states
        }
    }

    public func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        try await write { db, now in
            if let term { try Self.requireTerm(term, in: db) }
            let (old, version) = (step.backfill, step.record.versionID)
            let isInForce = try !db.rows(
                """
                SELECT 1 FROM jobs WHERE name = ? AND generation = ? AND version = ? AND flow_edition = ?
                    AND removed_at IS NULL
                """, [version.job, version.generation, version.version, step.record.flowEdition]
            ).isEmpty
            guard isInForce else { return nil }
            let moved = try db.change(
                """
                UPDATE backfills SET reached = ?, made = made + ?, passed = passed + ?, state = ?
                WHERE id = ? AND state = 'active' AND reached IS ?
                """,
                [
                    step.reached ?? old.reached, step.instants.count, step.passed, step.isLast ? "done" : "active",
                    old.id, old.reached,
                ])
            guard moved == 1 else { return nil }
            let policies = step.record.definition.policies
            for instant in step.instants {
                let isNew = try db.change(
                    """
                    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                        priority, need)
                    VALUES (?, ?, ?, 'backfill', ?, ?, ?, 'scheduled', ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    [
                        version.job, version.generation, version.version, instant, Backfill.request(old.id), now,
                        policies.queue, Backfill.priority, step.record.definition.need,
                    ])
                guard isNew == 1, let run = try Run.fetch(RunID(db.lastInsertedRowID), in: db) else { continue }
                try Self.insert(step.followers, after: run, in: db)
            }
            if step.isLast { try db.note(.backfill(try Self.backfill(old.id, in: db), "done", by: "beat"), at: now) }
            return step.instants.count
        }
    }

    private static func backfill(_ id: Int64, in db: Database) throws -> Backfill {
        let row = try db.rows("SELECT \(Backfill.columns) FROM backfills WHERE id = ?", [id]).first
        guard let row else { throw StoreError.notFound("there is no backfill \(id)") }
        return Backfill(row: row)
    }
}

extension Backfill {
    fileprivate static let columns =
        "id, job_name, from_at, to_at, direction, most, repeats, state, reached, made, passed, actor, created_at"

    /// A row that cannot be read is one that has ended.
    fileprivate init(row: Row) {
        var row = Columns(row)
        self.init(of: row[1], from: row[2], to: row[3], by: row[11])
        id = row[0]
        order = Order(rawValue: row[4]) ?? .oldest
        limit = row[5]
        repeats = Repeats(rawValue: row[6]) ?? .none
        state = State(rawValue: row[7]) ?? .cancelled
        reached = row[8]
        made = row[9]
        passed = row[10]
        createdAt = row[12]
        if row.flaw != nil { state = .cancelled }
    }
}
