// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: EmissionStore {
    public func emit(_ emission: Emission) async throws(StoreError) -> [Run] {
        try await move { transaction in
            let key: [Parameter] = [.text(emission.name), .text(emission.id)]
            let rows = try transaction.flight([
                Statement(
                    """
                    INSERT INTO emissions (name, request_id, data, actor, at)
                    VALUES ($1, $2, $3, $4, \(Transaction.time(of: 5))) ON CONFLICT DO NOTHING RETURNING id
                    """, key + [.text(emission.data?.json), .text(emission.actor), transaction.now]),
                // Locked, so that those that follow them stay those that are read.
                Statement(
                    """
                    SELECT \(JobRecord.columns) FROM \(JobRecord.tables)
                    WHERE j.removed_at IS NULL AND j.on_event = $1 ORDER BY j.name FOR SHARE OF j
                    """, [.text(emission.name)]),
                Statement("SELECT id FROM emissions WHERE name = $1 AND request_id = $2", key),
                Statement(Transaction.clock),
            ])
            guard let number: Int64 = rows[2].first?[0] else {
                throw StoreError.unavailable("the event was not stored")
            }
            let request = Emission.request(number)
            let cache = transaction.definitions
            let jobs = rows[1].map { JobRecord(row: $0, cache: cache) }
            if !rows[0].isEmpty {
                try start(jobs, request, at: transaction.time(rows[3]), in: transaction)
            }
            let found = Statement(
                """
                SELECT \(Run.columns) FROM runs WHERE kind = 'manual' AND request_id = $1
                    AND (flow_id IS NULL OR flow_id = id) AND job_name = ANY ($2) ORDER BY id
                """, [.text(request), .texts(jobs.map(\.name))])
            if rows[0].isEmpty {
                let runs = try transaction.flight([found])[0].map(Run.init)
                try transaction.confirm()
                return runs
            }
            let event = emission.event(starting: jobs.count)
            return try transaction.commit(
                [.note([event], at: transaction.time(rows[3])), found], waking: !jobs.isEmpty
            )[1].map(Run.init)
        }
    }

    private func start(
        _ jobs: [JobRecord], _ request: String, at now: Timestamp, in transaction: Transaction
    ) throws {
        let made = try Self.addByHand(jobs, request, at: now, in: transaction)
        let paused = Set(jobs.filter(\.isPaused).map(\.name))
        guard !paused.isEmpty else { return }
        var changes = Changes(at: now)
        let runs = try transaction.flight([.lockRuns(made.filter { paused.contains($0.job) }.map(\.id))])[0]
        for run in runs.map(Run.init) { _ = try changes.end(run, as: .skipped, .paused, isGuarded: false) }
        try Flows.follow(&changes, in: transaction)
        _ = try transaction.flight(changes.statements())
    }

    /// Adds a run by hand of each job, and with that of a root its flow.
    static func addByHand(
        _ jobs: [JobRecord], _ request: String, at now: Timestamp, in transaction: Transaction
    ) throws -> [Run] {
        guard !jobs.isEmpty else { return [] }
        var made = try transaction.flight([
            Statement(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need)
                SELECT name, generation, version, 'manual', $5, $6, $5, 'scheduled', queue, priority, need
                FROM unnest($1, $2, $3, $4, $7, $8) AS j (name, generation, version, queue, priority, need)
                ORDER BY name ON CONFLICT DO NOTHING RETURNING \(Run.columns)
                """,
                [
                    .texts(jobs.map(\.name)), .ints(jobs.map(\.generation)), .ints(jobs.map(\.version)),
                    .texts(jobs.map(\.definition.policies.queue)), .time(now), .text(request),
                    .ints(jobs.map(\.definition.policies.priority)), .texts(jobs.map(\.definition.need)),
                ])
        ])[0].map(Run.init)
        var followers: [String: [Follower]] = [:]
        for job in jobs where job.flowEdition > 0 {
            let rows = try transaction.flight([
                Statement(
                    "SELECT \(JobRecord.columns) FROM \(JobRecord.tables) WHERE \(Flows.areFollowers)",
                    [.text(job.name)])
            ])[0]
            let cache = transaction.definitions
            followers[job.name] = try Follower.all(
                of: job.name, among: rows.map { JobRecord(row: $0, cache: cache) })
        }
        let roots = jobs.filter { followers[$0.name]?.isEmpty == false }.map { job in
            Flows.Root(
                job: job.name, generation: job.generation, scheduledAt: now, kind: .manual, requestID: request,
                edition: job.flowEdition)
        }
        guard !roots.isEmpty else { return made }
        _ = try transaction.flight(Flows.insert(roots, followers))
        let names = Set(roots.map(\.job))
        for place in made.indices where names.contains(made[place].job) { made[place].flow = made[place].id }
        return made
    }
}
