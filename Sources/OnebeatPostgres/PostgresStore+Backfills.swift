// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: BackfillStore {
    public func add(_ backfill: Backfill) async throws(StoreError) -> Backfill {
        try await move { transaction in
            let rows = try transaction.flight([
                // One at a time for a job: two that overlap must not both find none.
                Statement(
                    "SELECT 1 FROM jobs WHERE name = $1 AND removed_at IS NULL FOR NO KEY UPDATE", [.text(backfill.job)]
                ),
                Statement(
                    """
                    SELECT \(Backfill.columns) FROM backfills
                    WHERE job_name = $1 AND state IN ('active', 'paused') AND from_at < $2 AND to_at > $3 LIMIT 1
                    """, [.text(backfill.job), .time(backfill.to), .time(backfill.from)]),
                Statement(Transaction.clock),
            ])
            guard !rows[0].isEmpty else { throw StoreError.noJob(backfill.job) }
            if let open = rows[1].first.map(Backfill.init) { throw StoreError.overlapping(open) }
            let now = transaction.time(rows[2])
            let made = try transaction.flight([
                Statement(
                    """
                    INSERT INTO backfills (job_name, from_at, to_at, direction, most, repeats, state, actor, created_at)
                    VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8) RETURNING \(Backfill.columns)
                    """,
                    [
                        .text(backfill.job), .time(backfill.from), .time(backfill.to), .text(backfill.order.rawValue),
                        .int(backfill.limit), .text(backfill.repeats.rawValue), .text(backfill.actor), .time(now),
                    ])
            ])[0]
            guard let added = made.first.map(Backfill.init) else {
                throw StoreError.unavailable("the backfill was not stored")
            }
            try transaction.commit([.note([.backfill(added, "started", by: backfill.actor)], at: now)])
            return added
        }
    }

    public func backfills(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Backfill] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT \(Backfill.columns) FROM backfills
                    WHERE id < $1 \(openOnly ? "AND state IN ('active', 'paused')" : "") ORDER BY id DESC LIMIT $2
                    """, [.int(before ?? .max), .int(limit)])
            ])[0].map(Backfill.init)
        }
    }

    public func change(
        _ id: Int64, to state: Backfill.State, by actor: String
    ) async throws(StoreError) -> Backfill {
        try await move { transaction in
            let rows = try transaction.flight([
                Statement("SELECT \(Backfill.columns) FROM backfills WHERE id = $1 FOR UPDATE", [.int(id)]),
                Statement(
                    """
                    SELECT \(Run.columns) FROM runs WHERE $2 AND id = ANY (ARRAY(
                        SELECT id FROM runs
                        WHERE kind = 'backfill' AND request_id = $1 AND state IN ('scheduled', 'waiting')
                        UNION ALL SELECT id FROM runs
                        WHERE kind = 'backfill' AND element IS NOT NULL AND state = 'scheduled' AND flow_id IN (
                            SELECT flow_id FROM runs
                            WHERE kind = 'backfill' AND request_id = $1 AND state = 'waiting')))
                        AND state IN ('scheduled', 'waiting') ORDER BY id FOR NO KEY UPDATE
                    """, [.text(Backfill.request(id)), .bool(state == .cancelled)]),
                Statement(Transaction.clock),
            ])
            guard var backfill = rows[0].first.map(Backfill.init) else {
                throw StoreError.notFound("there is no backfill \(id)")
            }
            if backfill.state == state {
                try transaction.confirm()
                return backfill
            }
            guard backfill.state.isOpen else { throw StoreError.ended(backfill) }
            backfill.state = state
            let now = transaction.time(rows[2])
            var changes = Changes(at: now)
            for run in rows[1].map(Run.init).reversed() {
                _ = try changes.end(
                    run, as: .cancelled, .requested, message: "backfill \(id) was cancelled", isGuarded: false)
            }
            changes.events.append(.backfill(backfill, state.rawValue, by: actor))
            try Flows.follow(&changes, in: transaction)
            try transaction.commit(
                [
                    Statement(
                        "UPDATE backfills SET state = $2 WHERE id = $1", [.int(id), .text(state.rawValue)])
                ] + changes.statements(), waking: changes.wakesSomebody)
            return backfill
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
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT count(\(what)) FROM runs WHERE kind = 'backfill' AND request_id = $1
                        AND state IN ('scheduled', 'waiting', 'running')
                    """, [.text(Backfill.request(backfill))])
            ])[0].first?[0] ?? 0
        }
    }

    public func newestStates(
        of job: String, at instants: [Timestamp]
    ) async throws(StoreError) -> [Timestamp: RunState] {
        try await move { transaction in
            let rows = try transaction.look([
                Statement(
                    """
                    SELECT r.scheduled_at, r.state
                    FROM (SELECT DISTINCT generation FROM definitions WHERE job_name = $1) g
                    CROSS JOIN unnest($2) AS i (instant)
                    JOIN runs r ON r.job_name = $1 AND r.generation = g.generation AND r.scheduled_at = i.instant
                    ORDER BY r.id
                    """, [.text(job), .times(instants)])
            ])[0]
            return Dictionary(rows.map { ($0[0] as Timestamp, RunState(stored: $0[1])) }) { $1 }
        }
    }

    public func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int? {
        try await move { transaction in
            let (old, version) = (step.backfill, step.record.versionID)
            let rows = try transaction.flight([
                Statement("SELECT term FROM leases WHERE name = $1 FOR SHARE", [.text(Self.leadName)]),
                Statement(
                    """
                    SELECT 1 FROM jobs WHERE name = $1 AND generation = $2 AND version = $3 AND flow_edition = $4
                        AND removed_at IS NULL FOR SHARE
                    """,
                    [
                        .text(version.job), .int(version.generation), .int(version.version),
                        .int(step.record.flowEdition),
                    ]),
                Statement(
                    """
                    UPDATE backfills SET reached = $2, made = made + $3, passed = passed + $4, state = $5
                    WHERE id = $1 AND state = 'active' AND reached IS NOT DISTINCT FROM $6
                    RETURNING \(Backfill.columns)
                    """,
                    [
                        .int(old.id), .time(step.reached ?? old.reached), .int(step.instants.count), .int(step.passed),
                        .text(step.isLast ? "done" : "active"), .time(old.reached),
                    ]),
                Statement(Transaction.clock),
            ])
            if let term {
                let current: Int64? = rows[0].first?[0]
                guard current == term.value else {
                    throw StoreError.fenced("term \(term.value) is over; the lead is at term \(current ?? 0)")
                }
            }
            guard !rows[1].isEmpty, let moved = rows[2].first.map(Backfill.init) else {
                try transaction.end()
                return nil
            }
            let now = transaction.time(rows[3])
            let request = Backfill.request(old.id)
            let policies = step.record.definition.policies
            var statements = [
                Statement(
                    """
                    INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                        priority, need)
                    SELECT $1, $2, $3, 'backfill', instant, $5, $6, 'scheduled', $7, $8, $9 FROM unnest($4) AS i (instant)
                    ON CONFLICT DO NOTHING
                    """,
                    [
                        .text(version.job), .int(version.generation), .int(version.version), .times(step.instants),
                        .text(request), .time(now), .text(policies.queue), .int(Backfill.priority),
                        .text(step.record.definition.need),
                    ])
            ]
            if !step.followers.isEmpty {
                let roots = step.instants.map {
                    Flows.Root(
                        job: version.job, generation: version.generation, scheduledAt: $0, kind: .backfill,
                        requestID: request, edition: step.record.flowEdition)
                }
                statements += Flows.insert(roots, [version.job: step.followers])
            }
            if step.isLast { statements.append(.note([.backfill(moved, "done", by: "beat")], at: now)) }
            try transaction.commit(statements, waking: !step.instants.isEmpty)
            return step.instants.count
        }
    }
}

extension Backfill {
    fileprivate static let columns =
        "id, job_name, from_at, to_at, direction, most, repeats, state, reached, made, passed, actor, created_at"

    fileprivate init(row: Row) {
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
    }
}
