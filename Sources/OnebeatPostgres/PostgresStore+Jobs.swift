// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: JobStore {
    /// The server's clock, as far as it is confirmed.
    public func now() async throws(StoreError) -> Timestamp {
        let sent = time.uptime
        let shown: Timestamp? = try await move(.urgent) { transaction in
            try transaction.look([Statement(Transaction.clock)])[0].first?[0]
        }
        return seen(shown, sent: sent)
    }

    public func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange] {
        try await move(within: Self.longPatience) { transaction in
            var applying = Applying(request, in: transaction)
            return try applying.run(unless: isOverdue, deciding: deciding)
        }
    }

    public func history(of source: String) async throws(StoreError) -> SourceHistory {
        try await move { transaction in
            SourceHistory(of: source, rows: try transaction.look([.history(of: source)])[0])
        }
    }

    public func jobs(_ filter: JobFilter) async throws(StoreError) -> [JobRecord] {
        try await records(
            """
            j.removed_at IS NULL AND ($1 IS NULL OR j.name > $1) AND ($2 IS NULL OR strpos(j.name, $2) > 0)
                AND ($4 IS NULL OR j.watermark > $4 OR j.next_at > $4 + j.delay)
            ORDER BY j.name LIMIT $3
            """,
            [
                .text(filter.after), .text(filter.containing), .int(filter.limit.map(Int64.init)),
                .time(filter.plannedBeyond),
            ])
    }

    public func job(_ name: String) async throws(StoreError) -> JobRecord? {
        try await records("j.removed_at IS NULL AND j.name = $1", [.text(name)]).first
    }

    public func definition(_ version: JobVersion) async throws(StoreError) -> JobDefinition? {
        if let known = memory.definitions[version] { return known }
        return try await move { transaction in
            transaction.definitions.read(try transaction.look([DefinitionCache.statement([version])])[0])
            return transaction.definitions[version]
        }
    }

    public func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) {
        try await move { transaction in
            let rows = try transaction.flight([.look(at: job), Statement(Transaction.clock)])
            let now = try JobSight(rows[0], of: job)
            try sight?.require(now, of: job)
            guard now.isPaused != isPaused else { return try transaction.confirm() }
            let event = Event(isPaused ? "job.paused" : "job.resumed", job: job, actor: actor)
            try transaction.commit([
                Statement("UPDATE jobs SET is_paused = $2 WHERE name = $1", [.text(job), .bool(isPaused)]),
                .note([event], at: transaction.time(rows[1])),
            ])
        }
    }

    public func plannable(
        from start: Timestamp?, through horizon: Timestamp, limit: Int
    ) async throws(StoreError) -> [JobRecord] {
        try await records(
            "j.next_at IS NOT NULL AND j.next_at >= $3 AND j.next_at <= $1 ORDER BY j.next_at LIMIT $2",
            [.time(horizon), .int(limit), .time(start ?? .distantPast)])
    }

    public func followers(of root: String) async throws(StoreError) -> [JobRecord] {
        try await records(Flows.areFollowers, [.text(root)])
    }

    public func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int {
        guard !plans.isEmpty else { return 0 }
        return try await move { transaction in
            let planning = Planning(plans, term: term, at: transaction.now)
            let rows = try transaction.commit(planning.statements)
            if let term, let current: Int64 = rows[0].first?[0], current != term.value {
                throw StoreError.fenced("term \(term.value) is over; the lead is at term \(current)")
            }
            return planning.insertions.reduce(0) { $0 + rows[$1].changed }
        }
    }

    private func records(_ condition: String, _ parameters: [Parameter] = []) async throws(StoreError) -> [JobRecord] {
        try await move { transaction in
            let sql = "SELECT \(JobRecord.columns) FROM \(JobRecord.tables) WHERE \(condition)"
            return try transaction.look([Statement(sql, parameters)])[0].map { row in
                JobRecord(row: row, cache: transaction.definitions)
            }
        }
    }
}
