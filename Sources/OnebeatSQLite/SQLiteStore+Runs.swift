// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: RunStore {
    public func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await write { db, now in
            guard let record = try self.record(job, in: db) else { throw StoreError.noJob(job) }
            try sight?.require(JobSight(record), of: job)
            let policies = record.definition.policies
            let inserted = try db.change(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need)
                VALUES (?, ?, ?, 'manual', ?, ?, ?, 'scheduled', ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [
                    job, record.generation, record.version, now, requestID, now, policies.queue, policies.priority,
                    record.definition.need,
                ])
            let row = try db.rows(
                """
                SELECT \(Run.columns) FROM runs
                WHERE job_name = ? AND generation = ? AND kind = 'manual' AND request_id = ?
                """,
                [job, record.generation, requestID])
            guard let run = row.first.map(Run.init) else { throw StoreError.unavailable("the run was not stored") }
            if inserted > 0 {
                if !alone, record.flowEdition > 0 {
                    let followers = try Follower.all(of: job, among: self.followers(of: job, in: db))
                    do {
                        try Self.insert(followers, after: run, in: db)
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                        throw StoreError.wished(requestID, belowOf: job)
                    }
                }
                let words = Event.triggered(requestID: requestID)
                try db.note(Event("run.triggered", job: job, run: run.id, actor: actor, message: words), at: now)
            }
            return try Run.fetch(run.id, in: db) ?? run
        }
    }

    public func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        let result = try await write { db, now in
            try Self.requireLease(request.node, in: db)
            try Self.requireOpen(request, in: db)
            var claiming = try Claiming(request, store: self, at: now, in: db, deciding: deciding)
            return try claiming.run()
        }
        saw(result.claims.map(\.fence).max())
        return result
    }

    public func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim] {
        try await write { db, _ in
            try db.change(
                "UPDATE nodes SET refused_nonce = max(refused_nonce, ?) WHERE boot = ?", [nonce.value, node.boot])
            return try self.claims(
                "SELECT \(Run.columns) FROM runs WHERE state = 'running' AND boot = ? AND nonce = ?",
                [node.boot, "\(nonce)"], in: db)
        }
    }

    public func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim] {
        try await read { db, _ in
            try self.claims(
                """
                SELECT \(Run.columns) FROM runs INDEXED BY runs_of_boot
                WHERE state = 'running' AND boot = ? AND id > ? ORDER BY id LIMIT ?
                """,
                [node.boot, run?.value ?? 0, limit], in: db)
        }
    }

    private func claims(_ sql: String, _ arguments: Arguments, in db: Database) throws -> [Claim] {
        try db.rows(sql, arguments).map(Run.init).filter { $0.state == .running }.map { run in
            Claim(run: run, definition: try self.definition(run.version, in: db))
        }
    }

    public func dueRuns(
        queues: [String], abilities: Abilities, within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun] {
        try await read { db, now in
            // What is not started needs neither locks nor pointers.
            guard try Self.standby(in: db)?.isOver ?? true else { return [] }
            return try DueRuns.fetch(in: queues, for: abilities, at: now + ahead, limit: limit, db).filter {
                $0.state == .scheduled
            }.map {
                DueRun(run: $0, definition: try self.definition($0.version, in: db))
            }
        }
    }

    public func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp? {
        try await read { db, _ in try DueRuns.next(in: queues, for: abilities, db) }
    }

    public func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await write { db, now in
            var changes = Changes(at: now)
            var known: [RunID: (run: Run, outcome: String)] = [:]
            let results = try reports.map { report -> SettleResult in
                let claimed = report.claim.run
                let mine = known[claimed.id]
                guard let run = try mine?.run ?? Run.fetch(claimed.id, in: db) else { return .fenced }
                if run.state == .unknown { try Self.setAside(run, at: now, in: db) }
                guard run.state == .running, run.fence == claimed.fence else {
                    let isAgain = run.fence == claimed.fence && mine?.outcome == report.outcome.word
                    return try isAgain || Self.wasSettled(report, in: db) ? .settled(run) : .fenced
                }
                let settlement = deciding(run, report.outcome, report.claim.definition.policies, now)
                let after = try changes.settle(
                    run, report.outcome, as: settlement, words: report.words, value: report.value)
                known[run.id] = (after, report.outcome.word)
                return .settled(after)
            }
            try self.write(changes, in: db)
            return results
        }
    }

    public func cancel(_ id: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run {
        try await write { db, now in
            guard let run = try Run.fetch(id, in: db) else { throw StoreError.notFound("there is no run \(id)") }
            if let sight { try sight.require(run, mark: try Self.mark(of: id, in: db)) }
            if run.state.isTerminal || run.isCancelRequested { return run }
            var changes = Changes(at: now)
            changes.events.append(
                Event("run.cancel_requested", job: run.job, run: id, actor: actor, message: run.key))
            if run.isReported, run.state == .running {
                _ = try changes.settle(run, .cancelled, as: .end(.cancelled, .requested))
            } else if run.state == .running || run.isUnderWay {
                try db.change("UPDATE runs SET is_cancel_requested = 1 WHERE id = ?", [id.value])
            } else {
                let elements = try Self.elements(of: run, in: db)
                let running = try changes.cancel(whole: run, elements: elements, message: "cancelled by \(actor)")
                    .running
                for element in running {
                    try db.change("UPDATE runs SET is_cancel_requested = 1 WHERE id = ?", [element.id.value])
                }
            }
            try self.write(changes, in: db)
            return try Run.fetch(id, in: db) ?? run
        }
    }

    public func cancelRequests(of node: NodeID) async throws(StoreError) -> [RunID] {
        try await read { db, _ in
            try db.rows(
                "SELECT id FROM runs WHERE state = 'running' AND boot = ? AND is_cancel_requested = 1", [node.boot]
            ).map { row in
                var row = Columns(row)
                return RunID(row[0])
            }
        }
    }

    public func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        let isNeeded = try await read { db, now in try !Self.overdue(limit: 1, at: now, in: db).isEmpty }
        guard isNeeded else { return [] }
        return try await write { db, now in
            var changes = Changes(at: now)
            let ended = try Self.overdue(limit: limit, at: now, in: db).compactMap { run -> Run? in
                guard run.state == .scheduled else { return try Self.setAside(run, at: now, in: db) }
                let job = try db.rows(
                    "SELECT is_paused, removed_at IS NOT NULL OR generation <> ? FROM jobs WHERE name = ?",
                    [run.version.generation, run.job]
                ).first
                var state =
                    job.map { row in
                        var row = Columns(row)
                        return JobState(isRemoved: row[1], isPaused: row[0])
                    } ?? JobState(isRemoved: true)
                let definition = try self.definition(run.version, in: db)
                let policies = definition.policies
                state.unmetNeeds = try Self.unmetNeeds(of: run, definition, in: db)
                switch deciding(run, policies, state, now) {
                case .start, .hold, .replace: return nil
                case .skip(let reason): return try changes.end(run, as: .skipped, reason)
                case .miss(let reason):
                    return try changes.end(run, as: .missed, reason, message: state.unmetWords(for: reason))
                case .cancel(let reason): return try changes.end(run, as: .cancelled, reason)
                }
            }
            try self.write(changes, in: db)
            return ended
        }
    }

    public func unclaimed(for length: Duration, limit: Int) async throws(StoreError) -> [UnclaimedRuns] {
        try await read { db, now in
            try db.rows(Self.unclaimed, [now - length, limit]).map { row in
                var row = Columns(row)
                return UnclaimedRuns(queue: row[0], need: row[1], job: row[2], count: row[3], since: row[4])
            }
        }
    }

    public func releaseHeld(limit: Int) async throws(StoreError) -> Int {
        let blocked = """
            SELECT DISTINCT job_name, EXISTS (SELECT 1 FROM needs n WHERE n.job_name = h.job_name) FROM runs h
            WHERE state = 'scheduled' AND is_held = 1 AND NOT EXISTS (
                SELECT 1 FROM runs a WHERE a.job_name = h.job_name AND a.state = 'running' AND a.kind <> 'backfill')
            LIMIT ?
            """
        let found = try await read { db, _ in try !db.rows(blocked, [1]).isEmpty }
        guard found else { return 0 }
        return try await write { db, _ in
            var released = 0
            for row in try db.rows(blocked, [limit]) {
                var row = Columns(row)
                // Of those that wait for other jobs the first may wait for longer than one behind it.
                let (job, needsOthers) = (row[0] as String, row[1] as Bool)
                released += try Self.release(needsOthers ? limit : 1, heldOf: job, in: db)
            }
            return released
        }
    }
}

extension SQLiteStore {
    /// The indexes are named, since they hold only what is open.
    static let unclaimed = """
        SELECT queue, need, min(job_name), count(*), min(due_at) FROM runs INDEXED BY runs_due
        WHERE state = 'scheduled' AND is_held = 0 AND due_at <= ?
        GROUP BY queue, need ORDER BY min(due_at) LIMIT ?
        """

    /// Runs past their deadline that have not started.
    private static func overdue(limit: Int, at now: Timestamp, in db: Database) throws -> [Run] {
        var found: [Run] = []
        for (index, isHeld) in [("runs_due", 0), ("runs_held", 1)] {
            found += try db.rows(
                """
                SELECT \(Run.columns) FROM runs INDEXED BY \(index)
                WHERE state = 'scheduled' AND is_held = \(isHeld) AND attempt = 0 AND deadline_at < ? LIMIT ?
                """,
                [now, limit - found.count]
            ).map(Run.init)
        }
        return found
    }

    /// The jobs that a run waits for, in words.
    static func unmetNeeds(of run: Run, _ definition: JobDefinition, in db: Database) throws -> [String] {
        try definition.needs.sorted { $0.key < $1.key }.compactMap { needed, need in
            let period = need.period(at: run.scheduledAt, timezone: definition.schedule.timezone)
            let met = try db.rows(
                """
                SELECT 1 FROM runs r LEFT JOIN marks m ON m.run_id = r.id
                WHERE job_name = ? AND generation IN (SELECT generation FROM definitions WHERE job_name = ?)
                    AND scheduled_at >= ? AND scheduled_at < ? AND coalesce(m.state, r.state) = 'succeeded' LIMIT 1
                """, [needed, needed, period.from, period.before])
            return met.isEmpty ? "\(needed) (\(need.words))" : nil
        }
    }

    /// An open flow of the run's job that began before it.
    static func openFlow(before run: Run, in db: Database) throws -> RunID? {
        try db.rows(
            """
            SELECT min(c.flow_id) FROM runs c JOIN runs r ON r.id = c.flow_id
            WHERE c.flow_id IS NOT NULL AND c.state IN ('waiting', 'scheduled', 'running') AND r.job_name = ?
                AND c.flow_id <> ? AND (r.attempt > 0 OR r.state <> 'scheduled') AND r.kind <> 'backfill'
            """, [run.job, (run.flow ?? run.id).value]
        ).first.flatMap { row in
            var row = Columns(row)
            return (row[0] as Int64?).map(RunID.init)
        }
    }

    static func releaseAll(heldOf job: String, in db: Database) throws {
        try db.change("UPDATE runs SET is_held = 0 WHERE job_name = ? AND state = 'scheduled' AND is_held = 1", [job])
    }

    /// Takes a run out of everybody's way whose row cannot be read: nothing follows its state, and its message says why.
    @discardableResult
    static func setAside(_ run: Run, at now: Timestamp, in db: Database) throws -> Run? {
        try db.change(
            "UPDATE runs SET state = 'unreadable', message = ?, is_held = 0 WHERE id = ?", [run.message, run.id.value])
        try db.note(
            Event("run.unreadable", job: run.job, run: run.id, actor: "store", message: run.message ?? ""), at: now)
        return nil
    }

    static func requireLease(_ node: NodeID, in db: Database) throws {
        let isAlive = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT gone_at IS NULL FROM nodes WHERE boot = ?"), arguments: [node.boot])
        guard isAlive == true else { throw StoreError.over(node) }
    }

    /// A claim that was read back brings nothing any more.
    private static func requireOpen(_ request: ClaimRequest, in db: Database) throws {
        let refused = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT refused_nonce FROM nodes WHERE boot = ?"), arguments: [request.node.boot])
        guard let refused, refused < request.nonce.value else {
            throw StoreError.fenced("claim \(request.nonce) of node \(request.node) was read back")
        }
    }

    private static func wasSettled(_ report: AttemptReport, in db: Database) throws -> Bool {
        let outcome = try String.fetchOne(
            db.cachedStatement(sql: "SELECT outcome FROM attempts WHERE run_id = ? AND number = ? AND fence = ?"),
            arguments: [report.claim.run.id.value, report.claim.attempt, report.claim.fence.value])
        return outcome == report.outcome.word
    }
}
