// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: RerunStore {
    public func retry(
        _ id: RunID, downstream: Bool, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await write { db, now in
            let old = try Self.ended(id, to: "retry", asSeen: sight, in: db)
            guard let record = try self.record(old.job, in: db) else { throw StoreError.noJob(old.job) }
            let request = Run.retryRequest(of: id)
            if let run = try Self.manual(old.job, record.generation, request, in: db) { return run }
            if downstream, old.element != nil { throw StoreError.loneElement(old) }
            let parents = try Self.parentRuns(of: id, in: db)
            let first = FlowRun(run: old, policies: JobPolicies(), parents: parents)
            let runs = try FlowRun.gathered(
                [first] + (downstream ? try self.below(id, in: db) : []),
                parents: Self.parentsOfElements(in: old.flow, in: db))
            let reruns = try runs.map { Rerun(of: $0, by: try self.record($0.run.job, in: db)) }
            let made = try Self.insert(reruns, request: request, flow: nil, at: now, in: db)
            try db.note(
                Event(
                    "run.triggered", job: old.job, run: made.first, actor: actor,
                    message: Event.triggered(requestID: request)), at: now)
            guard let new = made.first, let run = try Run.fetch(new, in: db) else {
                throw StoreError.unavailable("the run was not stored")
            }
            if reruns[0].isWhole {
                var changes = Changes(at: now)
                try self.decide(on: run, &changes, in: db)
                try self.write(changes, in: db)
            }
            return try Run.fetch(new, in: db) ?? run
        }
    }

    public func mark(
        _ id: RunID, as state: RunMark.State, because reason: String, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> [Run] {
        try await write { db, now in
            let run = try Self.ended(id, to: "mark", asSeen: sight, in: db)
            try db.change(
                """
                INSERT INTO marks (run_id, state, reason, actor, at, first_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (run_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                    actor = excluded.actor, at = excluded.at, first_at = coalesce(first_at, at)
                """,
                [id.value, state.rawValue, reason, actor, now, now])
            try db.note(.marked(run, as: state, because: reason, by: actor), at: now)
            let revived = Rerun.revived(try self.below(id, in: db))
            let made = try Self.insert(revived, request: Run.markRequest(of: id), flow: run.flow, at: now, in: db)
            var changes = Changes(at: now)
            changes.reconsider(run.counted(as: state))
            let written = try self.write(changes, in: db)
            return try (Set(made).union(written.letGo.map(\.id)).union(written.ended.map(\.id))).sorted()
                .compactMap { try Run.fetch($0, in: db) }
        }
    }

    public func mark(of run: RunID) async throws(StoreError) -> RunMark? {
        try await read { db, _ in try Self.mark(of: run, in: db) }
    }

    public func marks(in flow: RunID, limit: Int) async throws(StoreError) -> [RunID: RunMark] {
        try await read { db, _ in
            let rows = try db.rows(
                """
                SELECT m.state, m.reason, m.actor, m.at, m.run_id FROM runs r JOIN marks m ON m.run_id = r.id
                WHERE r.flow_id = ? ORDER BY r.id LIMIT ?
                """, [flow.value, limit])
            var marks: [RunID: RunMark] = [:]
            for row in rows {
                var row = Columns(row)
                let state = RunMark.State(rawValue: row[0])
                let mark = state.map { RunMark($0, because: row[1], by: row[2], at: row[3]) }
                let run = RunID(row[4])
                if row.flaw == nil { marks[run] = mark }
            }
            return marks
        }
    }
}

extension SQLiteStore {
    static func mark(of run: RunID, in db: Database) throws -> RunMark? {
        try db.rows("SELECT state, reason, actor, at FROM marks WHERE run_id = ?", [run.value]).first.flatMap { row in
            var row = Columns(row)
            let state = RunMark.State(rawValue: row[0])
            let mark = state.map { RunMark($0, because: row[1], by: row[2], at: row[3]) }
            return row.flaw == nil ? mark : nil
        }
    }

    private static func ended(
        _ id: RunID, to verb: String, asSeen sight: RunSight?, in db: Database
    ) throws -> Run {
        guard let run = try Run.fetch(id, in: db) else { throw StoreError.notFound("there is no run \(id)") }
        if let sight { try sight.require(run, mark: try mark(of: id, in: db)) }
        guard run.state.isTerminal else { throw StoreError.notEnded(run, to: verb) }
        return run
    }

    static func manual(
        _ job: String, _ generation: Int, _ request: String, in db: Database
    ) throws -> Run? {
        try db.rows(
            """
            SELECT \(Run.columns) FROM runs
            WHERE job_name = ? AND generation = ? AND kind = 'manual' AND request_id = ?
            """, [job, generation, request]
        ).first.map(Run.init)
    }

    /// All runs below a run in its flow, each after all that it follows.
    private func below(_ run: RunID, in db: Database) throws -> [FlowRun] {
        try db.rows(
            """
            WITH RECURSIVE below(id) AS (
                SELECT run_id FROM waits WHERE parent_id = ?
                UNION SELECT run_id FROM waits JOIN below ON parent_id = below.id)
            SELECT \(Run.columns) FROM runs WHERE id IN (SELECT id FROM below)
                AND flow_id = (SELECT flow_id FROM runs WHERE id = ?) ORDER BY id
            """, [run.value, run.value]
        ).map { row in
            let run = Run(row: row)
            return FlowRun(
                run: run, policies: try definition(run.version, in: db).policies,
                parents: try Self.parentRuns(of: run.id, in: db))
        }
    }

    /// What the elements of a flow's lists follow, by their runs.
    private static func parentsOfElements(in flow: RunID?, in db: Database) throws -> [RunID: [FlowRun.Parent]] {
        guard let flow else { return [:] }
        var parents: [RunID: [FlowRun.Parent]] = [:]
        for row in try db.rows("SELECT id FROM runs WHERE flow_id = ? AND element IS NOT NULL", [flow.value]) {
            var row = Columns(row)
            let element = RunID(row[0])
            parents[element] = try parentRuns(of: element, in: db)
        }
        return parents
    }

    /// The runs that a run follows, as they count for it.
    static func parentRuns(of run: RunID, in db: Database) throws -> [FlowRun.Parent] {
        try db.rows(
            """
            SELECT parent_id, job_name, coalesce(m.state, r.state), CASE WHEN m.state IS NULL THEN r.reason END,
                coalesce(r.fence, 0)
            FROM waits LEFT JOIN runs r ON r.id = parent_id LEFT JOIN marks m ON m.run_id = parent_id
            WHERE waits.run_id = ? ORDER BY parent_id
            """, [run.value]
        ).map { row in
            var row = Columns(row)
            return FlowRun.Parent(
                id: RunID(row[0]),
                end: ParentEnd(
                    job: (row[1] as String?) ?? "", state: (row[2] as String?).map(RunState.init(stored:)),
                    reason: (row[3] as String?).map(Reason.init(stored:)), fence: Fence(row[4])))
        }
    }

    /// Inserts runs by hand that follow one another, those that follow none of these due at once.
    /// - Parameter flow: theirs; without, that of the first of them.
    /// - Returns: those that were not there yet.
    private static func insert(
        _ reruns: [Rerun], request: String, flow: RunID?, at now: Timestamp, in db: Database
    ) throws -> [RunID] {
        var made: [RunID: RunID] = [:]
        var order: [RunID] = []
        for rerun in reruns {
            let isFirst = flow == nil && order.isEmpty
            let isNew = try db.change(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need, flow_id, element)
                VALUES (?, ?, ?, 'manual', ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [
                    rerun.version.job, rerun.version.generation, rerun.version.version, rerun.scheduledAt, request, now,
                    isFirst && !rerun.isWhole ? "scheduled" : "waiting", rerun.queue, rerun.priority, rerun.need,
                    (flow ?? order.first)?.value, rerun.element,
                ])
            guard isNew == 1 else { continue }
            let id = RunID(db.lastInsertedRowID)
            made[rerun.old] = id
            order.append(id)
            if isFirst { try db.change("UPDATE runs SET flow_id = id WHERE id = ?", [id.value]) }
            for parent in rerun.parents {
                try db.change(
                    "INSERT INTO waits (parent_id, run_id) VALUES (?, ?)", [(made[parent] ?? parent).value, id.value])
            }
        }
        return order
    }
}
