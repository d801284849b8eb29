// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: RerunStore {
    public func retry(
        _ id: RunID, downstream: Bool, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await move { transaction in
            let rows = try transaction.flight([
                .lockRuns([id]), Reruns.below([id], where: downstream ? "true" : "false"),
                Reruns.parents(ofBelow: id),
                Statement(
                    """
                    SELECT \(JobRecord.columns) FROM \(JobRecord.tables)
                    WHERE j.removed_at IS NULL AND j.name IN (
                        SELECT job_name FROM runs WHERE id = $1 OR flow_id = (SELECT flow_id FROM runs WHERE id = $1))
                    FOR SHARE OF j
                    """, [.int(id.value)]),
                Statement(Transaction.clock),
            ])
            let old = try Reruns.ended(rows[0], id, to: "retry", asSeen: sight, in: transaction)
            let records = Dictionary(
                rows[3].map { JobRecord(row: $0, cache: transaction.definitions) }.map { ($0.name, $0) }
            ) { $1 }
            guard let record = records[old.job] else { throw StoreError.noJob(old.job) }
            let request = Run.retryRequest(of: id)
            if downstream, old.element != nil { throw StoreError.loneElement(old) }
            let parents = Reruns.parents(rows[2])
            let runs = ([old] + rows[1].map(Run.init)).map { run in
                FlowRun(run: run, policies: JobPolicies(), parents: parents[run.id] ?? [])
            }
            let reruns = FlowRun.gathered(runs, parents: parents).map { Rerun(of: $0, by: records[$0.run.job]) }
            let now = transaction.time(rows[4])
            let made = try Reruns.insert(reruns, request: request, flow: nil, at: now, in: transaction)
            let found = try transaction.flight([
                Statement(
                    """
                    SELECT \(Run.columns) FROM runs
                    WHERE job_name = $1 AND generation = $2 AND kind = 'manual' AND request_id = $3
                    """, [.text(old.job), .int(record.generation), .text(request)])
            ])[0]
            guard let run = found.first.map(Run.init) else { throw StoreError.unavailable("the run was not stored") }
            if made.isEmpty {
                try transaction.confirm()
            } else {
                var changes = Changes(at: now)
                changes.events.append(
                    Event(
                        "run.triggered", job: old.job, run: run.id, actor: actor,
                        message: Event.triggered(requestID: request)))
                if reruns[0].isWhole {
                    try Flows.decide(on: run, &changes, in: transaction)
                    try Flows.follow(&changes, in: transaction)
                }
                try transaction.commit(changes.statements() + changes.statusStatements, waking: true)
            }
            return run
        }
    }

    public func mark(
        _ id: RunID, as state: RunMark.State, because reason: String, asSeen sight: RunSight?, by actor: String
    ) async throws(StoreError) -> [Run] {
        try await move { transaction in
            let locked = try transaction.flight([.lockRuns([id]), Statement(Transaction.clock)])
            let run = try Reruns.ended(locked[0], id, to: "mark", asSeen: sight, in: transaction)
            let now = transaction.time(locked[1])
            let rows = try transaction.flight([
                Statement(
                    """
                    INSERT INTO marks AS m (run_id, state, reason, actor, at, first_at) VALUES ($1, $2, $3, $4, $5, $5)
                    ON CONFLICT (run_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                        actor = excluded.actor, at = excluded.at, first_at = coalesce(m.first_at, m.at)
                    """, [.int(id.value), .text(state.rawValue), .text(reason), .text(actor), .time(now)]),
                Reruns.below([id], where: "true"), Reruns.parents(ofBelow: id),
            ])
            let runs = rows[1].map(Run.init)
            let parents = Reruns.parents(rows[2])
            let definitions = try transaction.definitions.all(runs.map(\.version), in: transaction)
            let revived = Rerun.revived(
                runs.map { run in
                    FlowRun(
                        run: run, policies: definitions[run.version]?.policies ?? JobPolicies(),
                        parents: parents[run.id] ?? [])
                })
            let made = try Reruns.insert(
                revived, request: Run.markRequest(of: id), flow: run.flow, at: now, in: transaction)
            var changes = Changes(at: now)
            changes.events.append(.marked(run, as: state, because: reason, by: actor))
            changes.reconsider(run.counted(as: state))
            try Flows.follow(&changes, in: transaction)
            let touched = Set(made).union(changes.letGo.map(\.id)).union(changes.ended.map(\.id)).sorted()
            let written = try transaction.commit(
                changes.statements() + changes.statusStatements + [
                    Statement(
                        "SELECT \(Run.columns) FROM runs WHERE id = ANY ($1) ORDER BY id",
                        [.ints(touched.map(\.value))])
                ], waking: changes.wakesSomebody)
            return written.last.map { $0.map(Run.init) } ?? []
        }
    }

    public func mark(of run: RunID) async throws(StoreError) -> RunMark? {
        try await move { transaction in try Reruns.mark(transaction.look([Reruns.mark(of: run)])[0]) }
    }

    public func marks(in flow: RunID, limit: Int) async throws(StoreError) -> [RunID: RunMark] {
        try await move { transaction in
            let sql = """
                SELECT m.state, m.reason, m.actor, m.at, m.run_id FROM runs r JOIN marks m ON m.run_id = r.id
                WHERE r.flow_id = $1 ORDER BY r.id LIMIT $2
                """
            let rows = try transaction.look([Statement(sql, [.int(flow.value), .int(limit)])])[0].map { row in
                (
                    RunID(row[4] as Int64),
                    RunMark.State(rawValue: row[0]).map { RunMark($0, because: row[1], by: row[2], at: row[3]) }
                )
            }
            return Dictionary(rows.compactMap { run, mark in mark.map { (run, $0) } }) { first, _ in first }
        }
    }
}

/// The statements by which runs of flows are made anew.
enum Reruns {
    static func mark(of run: RunID) -> Statement {
        Statement("SELECT state, reason, actor, at FROM marks WHERE run_id = $1", [.int(run.value)])
    }

    static func mark(_ rows: Rows) -> RunMark? {
        rows.first.flatMap { row in
            RunMark.State(rawValue: row[0]).map { RunMark($0, because: row[1], by: row[2], at: row[3]) }
        }
    }

    /// Whether a run, which is locked, is as it was seen. Whoever marks it locks it, too.
    static func require(_ sight: RunSight?, _ run: Run, in transaction: Transaction) throws {
        guard let sight else { return }
        try sight.require(run, mark: mark(try transaction.flight([mark(of: run.id)])[0]))
    }

    static func ended(
        _ rows: Rows, _ id: RunID, to verb: String, asSeen sight: RunSight?, in transaction: Transaction
    ) throws -> Run {
        guard let run = rows.first.map(Run.init) else { throw StoreError.notFound("there is no run \(id)") }
        try require(sight, run, in: transaction)
        guard run.state.isTerminal else { throw StoreError.notEnded(run, to: verb) }
        return run
    }

    private static let ids = """
        WITH RECURSIVE below(id) AS (
            SELECT run_id FROM waits WHERE parent_id = $1
            UNION SELECT run_id FROM waits JOIN below ON parent_id = below.id)
        """

    /// All runs below a run in its flow, each after all that it follows.
    static func below(_ run: [RunID], where condition: String) -> Statement {
        Statement(
            """
            \(ids) SELECT \(Run.columns) FROM runs WHERE id IN (SELECT id FROM below) AND \(condition)
                AND flow_id = (SELECT flow_id FROM runs WHERE id = $1) ORDER BY id
            """, run.map { .int($0.value) })
    }

    /// Which run follows which, and how those that are followed count.
    static let edges = """
        SELECT w.run_id, w.parent_id, p.job_name, coalesce(m.state, p.state), CASE WHEN m.state IS NULL THEN p.reason END,
            coalesce(p.fence, 0)
        FROM waits w LEFT JOIN runs p ON p.id = w.parent_id LEFT JOIN marks m ON m.run_id = w.parent_id
        """

    /// The runs that it and those below it follow, as they count for them; and those that elements in its flow follow.
    static func parents(ofBelow run: RunID) -> Statement {
        Statement(
            """
            \(ids) \(edges) WHERE w.run_id = $1 OR w.run_id IN (SELECT id FROM below) OR w.run_id IN (
                SELECT id FROM runs WHERE flow_id = (SELECT flow_id FROM runs WHERE id = $1) AND element IS NOT NULL)
            ORDER BY w.run_id, w.parent_id
            """, [.int(run.value)])
    }

    static func parents(_ rows: Rows) -> [RunID: [FlowRun.Parent]] {
        let ends = rows.map { row -> (run: RunID, parent: FlowRun.Parent) in
            let end = ParentEnd(
                job: row[2] ?? "", state: (row[3] as String?).map(RunState.init(stored:)),
                reason: (row[4] as String?).map(Reason.init(stored:)), fence: Fence(row[5]))
            return (RunID(row[0]), FlowRun.Parent(id: RunID(row[1]), end: end))
        }
        return Dictionary(grouping: ends, by: \.run).mapValues { $0.map(\.parent) }
    }

    /// Inserts runs by hand that follow one another; the first is due at once where they are a flow of their own.
    /// - Parameter flow: theirs; without, that of the first of them.
    /// - Returns: those that were not there yet.
    static func insert(
        _ reruns: [Rerun], request: String, flow: RunID?, at now: Timestamp, in transaction: Transaction
    ) throws -> [RunID] {
        guard !reruns.isEmpty else { return [] }
        let rows = try transaction.flight([
            Statement(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need, flow_id, element)
                SELECT name, generation, version, 'manual', scheduled_at, $8, $9,
                    CASE WHEN $10 IS NULL AND place = 1 AND NOT is_whole THEN 'scheduled' ELSE 'waiting' END, queue,
                    priority, need, $10, element
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $11, $12) WITH ORDINALITY
                    AS r (name, generation, version, scheduled_at, queue, priority, need, element, is_whole, place)
                ORDER BY place
                ON CONFLICT DO NOTHING RETURNING id, job_name
                """,
                [
                    .texts(reruns.map(\.version.job)), .ints(reruns.map(\.version.generation)),
                    .ints(reruns.map(\.version.version)), .times(reruns.map(\.scheduledAt)),
                    .texts(reruns.map(\.queue)), .ints(reruns.map(\.priority)), .texts(reruns.map(\.need)),
                    .text(request), .time(now), .int(flow?.value), .ints(reruns.map { $0.element.map(Int64.init) }),
                    .bools(reruns.map(\.isWhole)),
                ])
        ])[0]
        let ofJob = Dictionary(rows.map { ($0[1] as String, RunID($0[0])) }) { first, _ in first }
        var made: [RunID: RunID] = [:]
        for rerun in reruns { made[rerun.old] = ofJob[rerun.version.job] }
        let order = reruns.compactMap { made[$0.old] }
        guard let first = order.first else { return [] }
        let edges = reruns.flatMap { rerun in
            (made[rerun.old].map { new in rerun.parents.map { (made[$0] ?? $0, new) } }) ?? []
        }
        _ = try transaction.flight([
            Statement(
                "UPDATE runs SET flow_id = $2 WHERE id = ANY ($1) AND flow_id IS NULL",
                [.ints(order.map(\.value)), .int(first.value)]),
            Statement(
                "INSERT INTO waits (parent_id, run_id) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING",
                [.ints(edges.map(\.0.value)), .ints(edges.map(\.1.value))]),
            // What they follow may be ending just now, in a move that does not see them: after it, they are decided on by
            // that end, or before it, which waits for this one and sees them then.
            Statement(
                """
                SELECT 1 FROM runs WHERE id = ANY ($1) AND state IN ('waiting', 'scheduled', 'running')
                ORDER BY id FOR SHARE
                """, [.ints(Set(edges.map(\.0.value)).subtracting(order.map(\.value)).sorted())]),
        ])
        return order
    }
}
