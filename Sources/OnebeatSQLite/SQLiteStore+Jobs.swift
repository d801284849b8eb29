// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: JobStore {
    public func now() async throws(StoreError) -> Timestamp { storeTime() }

    public func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        try await write { db, now in
            if let sight = request.sight { try sight.require(try Self.history(of: request.source, in: db)) }
            var changes: [JobChange] = []
            let roots = try Self.flowRoots(in: db)
            var fires: [(JobRecord, [PlannedFire])] = []
            for definition in request.definitions.sorted(by: { $0.name < $1.name }) {
                let (change, planned) = try self.put(
                    definition, source: request.source, by: request.actor, at: now, unless: isOverdue,
                    deciding: deciding, in: db)
                changes.append(change)
                if !planned.isEmpty { fires.append((change.record, planned)) }
            }
            if request.isWhole {
                let named = Set(request.definitions.map(\.name))
                let stored = try self.records("j.removed_at IS NULL AND j.source = ?", [request.source], in: db)
                for record in stored where !named.contains(record.name) {
                    guard request.isComplete else {
                        changes.append(JobChange(.kept, job: record.name, record: record))
                        continue
                    }
                    if isOverdue(record, now) { throw StoreError.overtaken }
                    changes.append(try self.remove(record, by: request.actor, at: now, in: db))
                }
            }
            try self.changeFlows(changes, from: roots, planned: fires, in: db)
            try Self.keepRevision(of: request, changesJobs: changes.contains(where: \.isChange), at: now, in: db)
            if changes.contains(where: \.isChange) {
                try db.change("INSERT OR REPLACE INTO meta VALUES ('edition', lower(hex(randomblob(16))))")
            }
            return changes
        }
    }

    public func history(of source: String) async throws(StoreError) -> SourceHistory {
        try await read { db, _ in try Self.history(of: source, in: db) }
    }

    public func jobs(_ filter: JobFilter) async throws(StoreError) -> [JobRecord] {
        try await read { db, _ in
            var condition = "j.removed_at IS NULL"
            var arguments: Arguments = []
            if let after = filter.after {
                condition += " AND j.name > ?"
                arguments += [after]
            }
            if let text = filter.containing {
                condition += " AND instr(j.name, ?) > 0"
                arguments += [text]
            }
            if let moment = filter.plannedBeyond {
                condition += " AND (j.watermark > ? OR (j.delay_us IS NOT NULL AND j.next_at > ? + j.delay_us))"
                arguments += [moment, moment]
            }
            // SQLite takes -1 as no limit.
            arguments += [filter.limit ?? -1]
            // What stands for a time may be none, and is beyond every moment then.
            return try self.stored(condition + " ORDER BY j.name LIMIT ?", arguments, in: db)
                .filter { filter.plannedBeyond == nil || $0.flaw == nil }.map(\.record)
        }
    }

    public func job(_ name: String) async throws(StoreError) -> JobRecord? {
        try await read { db, _ in try self.records("j.removed_at IS NULL AND j.name = ?", [name], in: db).first }
    }

    public func definition(_ version: JobVersion) async throws(StoreError) -> JobDefinition? {
        try await read { db, _ in try self.storedDefinition(version, in: db) }
    }

    public func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) {
        try await write { db, now in
            guard let record = try self.record(job, in: db) else { throw StoreError.noJob(job) }
            try sight?.require(JobSight(record), of: job)
            guard record.isPaused != isPaused else { return }
            try db.change("UPDATE jobs SET is_paused = ? WHERE name = ?", [isPaused, job])
            try db.note(Event(isPaused ? "job.paused" : "job.resumed", job: job, actor: actor), at: now)
        }
    }

    public func plannable(
        from start: Timestamp?, through horizon: Timestamp, limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        try await read { db, _ in
            try self.stored(
                "j.next_at IS NOT NULL AND j.next_at >= ? AND j.next_at <= ? ORDER BY j.next_at LIMIT ?",
                [start ?? .distantPast, horizon, limit], in: db
            ).filter { $0.flaw == nil }.map(\.record)
        }
    }

    public func followers(of root: String) async throws(StoreError) -> [JobRecord] {
        try await read { db, _ in try self.followers(of: root, in: db) }
    }

    public func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        guard !plans.isEmpty else { return 0 }
        return try await write { db, now in
            if let term { try Self.requireTerm(term, in: db) }
            var inserted = 0
            for plan in plans {
                let moved = try db.change(
                    """
                    UPDATE jobs SET watermark = ?, next_at = ?
                    WHERE name = ? AND generation = ? AND version = ? AND watermark = ? AND removed_at IS NULL
                        AND (? OR flow_edition = ?)
                    """,
                    [
                        plan.through, plan.nextAt, plan.version.job, plan.version.generation, plan.version.version,
                        plan.from, plan.fires.isEmpty, plan.flowEdition,
                    ])
                guard moved == 1 else { continue }
                for run in plan.withdrawn {
                    try db.change(
                        "DELETE FROM runs WHERE id = ? AND job_name = ? AND state = 'missed'",
                        [run.value, plan.version.job])
                }
                let definition = try self.definition(plan.version, in: db)
                for fire in plan.fires {
                    let isNew = try Self.insert(fire, version: plan.version, definition, at: now, in: db) > 0
                    guard isNew else { continue }
                    inserted += 1
                    guard fire.missed == nil, !plan.followers.isEmpty else { continue }
                    try Self.insertFlow(plan.followers, of: plan.version, at: fire.scheduledAt, in: db)
                }
            }
            return inserted
        }
    }
}

extension SQLiteStore {
    private static func history(of source: String, in db: Database) throws -> SourceHistory {
        let rows = try db.rows(
            "SELECT number, digest, actor, applied_at FROM revisions WHERE source = ? ORDER BY place DESC", [source])
        return SourceHistory(
            of: source,
            rows.compactMap { row in
                var row = Columns(row)
                let applied: (SourceRevision, String, Timestamp) = (
                    SourceRevision(number: row[0], digest: row[1]), row[2], row[3]
                )
                return row.flaw == nil ? applied : nil
            })
    }

    /// Has the last word on a change of definitions: what was written goes back where its revision is refused.
    private static func keepRevision(
        of request: ApplyRequest, changesJobs: Bool, at now: Timestamp, in db: Database
    ) throws {
        guard let revision = request.revision else { return }
        let history = try history(of: request.source, in: db)
        switch history.decide(revision, changesJobs: changesJobs, isForced: request.isForced) {
        case .keep: return
        case .refuse(let error): throw error
        case .record: break
        }
        try db.change(
            """
            INSERT OR REPLACE INTO revisions (source, number, digest, place, applied_at, actor) VALUES (
                ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM revisions WHERE source = ?), ?, ?)
            """,
            [request.source, revision.number, revision.digest, request.source, now, request.actor])
        try db.change(
            "DELETE FROM revisions WHERE source = ? AND place < (SELECT max(place) FROM revisions WHERE source = ?) - ?",
            [request.source, request.source, SourceHistory.length])
    }

    /// The record that a move acts on.
    func record(_ name: String, in db: Database) throws -> JobRecord? {
        guard let (record, flaw) = try stored("j.removed_at IS NULL AND j.name = ?", [name], in: db).first else {
            return nil
        }
        if flaw != nil { throw StoreError.refused("job \"\(name)\": \(record.definition.trouble ?? "")") }
        return record
    }

    func records(
        _ condition: String, _ arguments: Arguments = [], in db: Database
    ) throws -> [JobRecord] {
        try stored(condition, arguments, in: db).map(\.record)
    }

    /// Records, and what is wrong with their rows.
    private func stored(
        _ condition: String, _ arguments: Arguments = [], in db: Database
    ) throws -> [(record: JobRecord, flaw: String?)] {
        try db.scan("SELECT \(JobRecord.columns) FROM \(JobRecord.tables) WHERE \(condition)", arguments) { row in
            (JobRecord(&row), row.flaw)
        }
    }

    static func requireTerm(_ term: Term, in db: Database) throws {
        let current = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT term FROM leases WHERE name = ?"), arguments: [leadName])
        guard current == term.value else {
            throw StoreError.fenced("term \(term.value) is over; the lead is at term \(current ?? 0)")
        }
    }

    /// A row that exists already stays as it is: planning twice is harmless.
    /// - Returns: 1 when a run was inserted.
    @discardableResult
    private static func insert(
        _ fire: PlannedFire, version: JobVersion, _ definition: JobDefinition, at now: Timestamp, in db: Database
    ) throws -> Int {
        try db.change(
            """
            INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, deadline_at, state, reason,
                queue, priority, need, finished_at, range_end, count)
            VALUES (?, ?, ?, 'scheduled', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (job_name, generation, scheduled_at, kind, request_id) DO NOTHING
            """,
            [
                version.job, version.generation, version.version, fire.scheduledAt, fire.dueAt, fire.deadlineAt,
                fire.missed == nil ? RunState.scheduled.rawValue : RunState.missed.rawValue, fire.missed?.rawValue,
                definition.policies.queue, definition.policies.priority, definition.need,
                fire.missed == nil ? nil : now, fire.rangeEnd, fire.count,
            ])
    }

    private func put(
        _ definition: JobDefinition, source: String, by actor: String, at now: Timestamp,
        unless isOverdue: (JobRecord, Timestamp) -> Bool,
        deciding: (JobDefinition, JobRecord?, Timestamp) -> FirePlan, in db: Database
    ) throws -> (JobChange, [PlannedFire]) {
        let name = definition.name
        // A row that cannot be read is made anew, as that of a job that is new.
        let old = try stored("j.removed_at IS NULL AND j.name = ?", [name], in: db).first { $0.flaw == nil }?.record
        if let old {
            guard old.source == source else { throw StoreError.taken(name, by: old.source) }
            if old.definition == definition { return (JobChange(.unchanged, job: name, record: old), []) }
            if isOverdue(old, now) { throw StoreError.overtaken }
        }
        let plan = deciding(definition, old, now)
        let lastGeneration = try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT max(min(max(CAST(generation AS INTEGER), 0), 1 << 50)) FROM definitions WHERE job_name = ?
                    """),
            arguments: .whole([name]))
        let record = JobRecord(
            definition: definition, generation: old?.generation ?? (lastGeneration ?? 0) + 1,
            version: (old?.version ?? 0) + 1, source: source, isPaused: old?.isPaused ?? false,
            watermark: max(plan.through, old?.watermark ?? plan.through), nextAt: plan.nextAt,
            createdAt: old?.createdAt ?? now, flowEdition: old?.flowEdition ?? 0)
        try save(record, by: actor, at: now, in: db)
        if old == nil {
            // A new generation has no rows yet.
            for fire in plan.fires {
                try Self.insert(fire, version: record.versionID, definition, at: now, in: db)
            }
        } else {
            try Self.replaceFuture(of: record, by: plan.fires, at: now, in: db)
            try Self.releaseAll(heldOf: name, in: db)
            if definition.hasDelay, plan.nextAt != nil {
                // While a due run of a delay is open, its end sets the next instant.
                try db.change("UPDATE jobs SET next_at = NULL WHERE name = ? AND \(Self.isUnderWay)", [name])
            }
        }
        try db.note(
            Event(
                old == nil ? "job.added" : "job.changed", job: name, actor: actor,
                message: "version \(record.version) from \(source)"),
            at: now)
        return (JobChange(old == nil ? .added : .changed, job: name, record: record), plan.fires)
    }

    private func save(_ record: JobRecord, by actor: String, at now: Timestamp, in db: Database) throws {
        let delay: Int64? =
            if case .delay(let length) = record.definition.schedule.rhythm {
                length.wholeMicroseconds
            } else { nil }
        try db.change(
            """
            INSERT INTO definitions (job_name, generation, version, definition, created_at, actor, source)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                record.name, record.generation, record.version, try DefinitionText.encode(record.definition), now,
                actor,
                record.source,
            ])
        try db.change("DELETE FROM needs WHERE job_name = ?", [record.name])
        for needed in record.definition.lookedAt {
            try db.change("INSERT INTO needs (needed, job_name) VALUES (?, ?)", [needed, record.name])
        }
        try db.change(
            """
            INSERT INTO jobs (name, generation, version, source, is_paused, watermark, next_at, delay_us, created_at,
                on_event)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, version = excluded.version,
                source = excluded.source, is_paused = excluded.is_paused, watermark = excluded.watermark,
                next_at = excluded.next_at, delay_us = excluded.delay_us, created_at = excluded.created_at,
                removed_at = NULL, on_event = excluded.on_event,
                flow_edition = CASE typeof(jobs.flow_edition)
                    WHEN 'integer' THEN max(min(jobs.flow_edition, 1 << 50), 0) ELSE 0 END
            """,
            [
                record.name, record.generation, record.version, record.source, record.isPaused, record.watermark,
                record.nextAt, delay, record.createdAt, record.definition.schedule.event,
            ])
    }

    /// Instants still to come follow the new definition; those that are due keep the one that was in force.
    private static func replaceFuture(
        of record: JobRecord, by fires: [PlannedFire], at now: Timestamp, in db: Database
    ) throws {
        let kept = fires.map { "\($0.scheduledAt.microseconds)" }.joined(separator: ",")
        let withdrawn = """
            job_name = ? AND generation = ? AND kind = 'scheduled' AND state = 'scheduled' AND attempt = 0
                AND scheduled_at > ? AND scheduled_at NOT IN (\(kept))
            """
        let arguments: StatementArguments = [record.name, record.generation, now]
        if record.flowEdition > 0 {
            let flows = "(SELECT id FROM runs WHERE \(withdrawn) AND flow_id = id)"
            try db.execute(
                sql: "DELETE FROM waits WHERE run_id IN (SELECT id FROM runs WHERE flow_id IN \(flows))",
                arguments: arguments)
            try db.execute(sql: "DELETE FROM runs WHERE id <> flow_id AND flow_id IN \(flows)", arguments: arguments)
        }
        try db.execute(sql: "DELETE FROM runs WHERE \(withdrawn)", arguments: arguments)
        let policies = record.definition.policies
        for fire in fires {
            let existed = try db.change(
                """
                UPDATE runs SET version = ?, due_at = ?, deadline_at = ?, queue = ?, priority = ?, need = ?
                WHERE job_name = ? AND generation = ? AND kind = 'scheduled' AND scheduled_at = ?
                    AND state = 'scheduled' AND attempt = 0
                """,
                [
                    record.version, fire.dueAt, fire.deadlineAt, policies.queue, policies.priority,
                    record.definition.need, record.name, record.generation, fire.scheduledAt,
                ])
            if existed == 0 { try insert(fire, version: record.versionID, record.definition, at: now, in: db) }
        }
    }

    private func remove(_ record: JobRecord, by actor: String, at now: Timestamp, in db: Database) throws -> JobChange {
        try db.change("UPDATE jobs SET removed_at = ?, next_at = NULL WHERE name = ?", [now, record.name])
        try db.change(
            "UPDATE definitions SET removed_at = ? WHERE job_name = ? AND generation = ? AND version = ?",
            [now, record.name, record.generation, record.version])
        try db.change("DELETE FROM needs WHERE job_name = ?", [record.name])
        try Self.replaceFuture(of: record, by: [], at: now, in: db)
        var changes = Changes(at: now)
        let due = try db.rows(
            """
            SELECT \(Run.columns) FROM runs
            WHERE job_name = ? AND state = 'scheduled' AND (flow_id IS NULL OR flow_id = id) ORDER BY id
            """, [record.name])
        for run in due.map(Run.init(row:)) where !run.isUnderWay {
            _ = try changes.end(run, as: .cancelled, .removed)
        }
        try write(changes, in: db)
        try db.note(Event("job.removed", job: record.name, actor: actor, message: "from \(record.source)"), at: now)
        return JobChange(.removed, job: record.name, record: record)
    }
}

extension StoreError {
    static func noJob(_ name: String) -> StoreError { .notFound("there is no job \"\(name)\"") }
}
