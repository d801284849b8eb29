import Onebeat

/// One change of definitions: reads what is stored, has each changed definition decided on, and writes all of it in a
/// few statements, however many jobs there are.
struct Applying {
    /// Names the lock that lets one change of definitions at a time in: "apply" in ASCII. Rows that are not there yet
    /// cannot be locked, and every node of a cluster applies the same file when it starts.
    private static let lock: Int64 = 0x61_7070_6c79

    private let request: ApplyRequest
    private let transaction: Transaction
    private let cache: DefinitionCache
    private var stored: [String: JobRecord] = [:]
    private var generations: [String: Int] = [:]
    private var saved: [(record: JobRecord, fires: [PlannedFire])] = []
    private var removed: [JobRecord] = []
    private var replaced: [JobRecord] = []
    private var events: [Event] = []
    /// The root of each follower before the change.
    private var roots: [String: String] = [:]
    private var flows: [Statement] = []

    init(_ request: ApplyRequest, in transaction: Transaction) {
        self.request = request
        self.transaction = transaction
        cache = transaction.definitions
    }

    mutating func run(
        unless isOverdue: (JobRecord, Timestamp) -> Bool, deciding: (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) throws -> [JobChange] {
        let (now, history) = try begin()
        try request.sight?.require(history)
        var changes = try request.definitions.sorted { $0.name < $1.name }
            .map { try put($0, at: now, deciding: deciding) }
        let named = Set(request.definitions.map(\.name))
        let others = stored.values.filter { $0.source == request.source && !named.contains($0.name) }
        for record in others.sorted(by: { $0.name < $1.name }) {
            guard request.isComplete else {
                changes.append(JobChange(.kept, job: record.name, record: record))
                continue
            }
            removed.append(record)
            replaced.append(record)
            events.append(
                Event("job.removed", job: record.name, actor: request.actor, message: "from \(record.source)"))
            changes.append(JobChange(.removed, job: record.name, record: record))
        }
        let isNew = try isNewRevision(after: history)
        if replaced.contains(where: { isOverdue($0, now) }) { throw StoreError.overtaken }
        if !events.isEmpty { try changeFlows(changes) }
        let writes = try (events.isEmpty ? [] : statements(at: now)) + (isNew ? revising(at: now) : [])
        if writes.isEmpty { try transaction.confirm() } else { try transaction.commit(writes) }
        return changes
    }

    private func isNewRevision(after history: SourceHistory) throws -> Bool {
        guard let revision = request.revision else { return false }
        switch history.decide(revision, changesJobs: !events.isEmpty, isForced: request.isForced) {
        case .record: return true
        case .keep: return false
        case .refuse(let error): throw error
        }
    }

    private func revising(at now: Timestamp) -> [Statement] {
        guard let revision = request.revision else { return [] }
        return [
            Statement(
                """
                INSERT INTO revisions (source, number, digest, place, applied_at, actor)
                SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5 FROM revisions WHERE source = $1
                ON CONFLICT (source, number, digest) DO UPDATE
                SET place = excluded.place, applied_at = excluded.applied_at, actor = excluded.actor
                """,
                [
                    .text(request.source), .int(revision.number), .text(revision.digest), .time(now),
                    .text(request.actor),
                ]),
            Statement(
                """
                DELETE FROM revisions WHERE source = $1
                    AND place < (SELECT max(place) FROM revisions WHERE source = $1) - $2
                """, [.text(request.source), .int(SourceHistory.length)]),
        ]
    }

    private mutating func begin() throws -> (Timestamp, SourceHistory) {
        let source = request.source
        let names = Parameter.texts(request.definitions.map(\.name))
        let rows = try transaction.flight([
            SessionSettings.patience(statement: 20_000),
            Statement("SELECT pg_advisory_xact_lock($1)", [.int(Self.lock)]),
            Statement(
                """
                SELECT name, generation FROM jobs
                WHERE name = ANY ($1) OR ($3 AND source = $2 AND removed_at IS NULL)
                ORDER BY name FOR NO KEY UPDATE
                """, [names, .text(source), .bool(request.isComplete)]),
            Statement(
                """
                SELECT \(JobRecord.columns) FROM \(JobRecord.tables)
                WHERE j.removed_at IS NULL AND (j.name = ANY ($1) OR ($3 AND j.source = $2))
                """, [names, .text(source), .bool(request.isWhole)]),
            .history(of: source), Statement(Transaction.clock),
            Statement("SELECT name, flow_root FROM jobs WHERE flow_root IS NOT NULL AND removed_at IS NULL"),
        ])
        for (name, root): (String, String) in rows[6].map({ ($0[0], $0[1]) }) { roots[name] = root }
        for (name, generation): (String, Int) in rows[2].map({ ($0[0], $0[1]) }) { generations[name] = generation }
        for record in rows[3].map({ JobRecord(row: $0, cache: cache) }) { stored[record.name] = record }
        return (transaction.time(rows[5]), SourceHistory(of: source, rows: rows[4]))
    }

    private mutating func put(
        _ definition: JobDefinition, at now: Timestamp, deciding: (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) throws -> JobChange {
        let name = definition.name
        let old = stored[name]
        if let old {
            guard old.source == request.source else { throw StoreError.taken(name, by: old.source) }
            if old.definition == definition { return JobChange(.unchanged, job: name, record: old) }
            replaced.append(old)
        }
        let plan = deciding(definition, old, now)
        let record = JobRecord(
            definition: definition, generation: old?.generation ?? (generations[name] ?? 0) + 1,
            version: (old?.version ?? 0) + 1, source: request.source, isPaused: old?.isPaused ?? false,
            watermark: max(plan.through, old?.watermark ?? plan.through), nextAt: plan.nextAt,
            createdAt: old?.createdAt ?? now, flowEdition: old?.flowEdition ?? 0)
        stored[name] = record
        saved.append((record, plan.fires))
        events.append(
            Event(
                old == nil ? "job.added" : "job.changed", job: name, actor: request.actor,
                message: "version \(record.version) from \(request.source)"))
        return JobChange(old == nil ? .added : .changed, job: name, record: record)
    }

    private func statements(at now: Timestamp) throws -> [Statement] {
        try saving(at: now) + replacingFuture(at: now) + keepingOneInstant() + removing(at: now) + flows
            + [.note(events, at: now)]
    }

    private func saving(at now: Timestamp) throws -> [Statement] {
        guard !saved.isEmpty else { return [] }
        let records = saved.map(\.record)
        let names = Parameter.texts(records.map(\.name))
        let generations = Parameter.ints(records.map(\.generation))
        let versions = Parameter.ints(records.map(\.version))
        let delays = records.map { record -> Int64? in
            guard case .delay(let length) = record.definition.schedule.rhythm else { return nil }
            return length.wholeMicroseconds
        }
        return [
            Statement(
                """
                INSERT INTO definitions (job_name, generation, version, definition, created_at, actor, source)
                SELECT name, generation, version, definition, $5, $6, $7
                FROM unnest($1, $2, $3, $4) AS d (name, generation, version, definition)
                """,
                [
                    names, generations, versions, .texts(try records.map { try DefinitionText.encode($0.definition) }),
                    .time(now), .text(request.actor), .text(request.source),
                ]),
            Statement(
                """
                INSERT INTO jobs AS j (name, generation, version, source, is_paused, watermark, next_at, delay,
                    created_at, queue, priority, is_guarded, need, on_event)
                SELECT name, generation, version, $4, is_paused, watermark, next_at, delay * interval '1 microsecond',
                    created_at, queue, priority, is_guarded, need, on_event
                FROM unnest($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS d (name, generation, version, is_paused,
                    watermark, next_at, delay, created_at, queue, priority, is_guarded, need, on_event)
                ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, version = excluded.version,
                    source = excluded.source, is_paused = excluded.is_paused, watermark = excluded.watermark,
                    next_at = excluded.next_at, delay = excluded.delay, created_at = excluded.created_at,
                    removed_at = NULL, queue = excluded.queue, priority = excluded.priority, need = excluded.need,
                    on_event = excluded.on_event,
                    is_guarded = j.is_guarded OR excluded.is_guarded
                """,
                [
                    names, generations, versions, .text(request.source), .bools(records.map(\.isPaused)),
                    .times(records.map(\.watermark)), .times(records.map(\.nextAt)), .ints(delays),
                    .times(records.map(\.createdAt)), .texts(records.map(\.definition.policies.queue)),
                    .ints(records.map(\.definition.policies.priority)), .bools(records.map(\.definition.isGuarded)),
                    .texts(records.map(\.definition.need)), .texts(records.map(\.definition.schedule.event)),
                ]),
            Statement(
                "UPDATE runs SET is_held = false WHERE job_name = ANY ($1) AND state = 'scheduled' AND is_held", [names]
            ),
            Statement("DELETE FROM needs WHERE job_name = ANY ($1)", [names]),
        ] + needing(records)
    }

    private func needing(_ records: [JobRecord]) -> [Statement] {
        let needs = records.flatMap { record in record.definition.lookedAt.map { (needed: $0, job: record.name) } }
        guard !needs.isEmpty else { return [] }
        return [
            Statement(
                "INSERT INTO needs (needed, job_name) SELECT * FROM unnest($1, $2)",
                [.texts(needs.map(\.needed)), .texts(needs.map(\.job))])
        ]
    }

    /// Instants still to come follow the new definition; those that are due keep the one that was in force.
    private func replacingFuture(at now: Timestamp) -> [Statement] {
        let records = saved.map(\.record) + removed
        let fires = saved.flatMap { saved in saved.fires.map { (record: saved.record, fire: $0) } }
        let instants = Parameter.times(fires.map(\.fire.scheduledAt))
        let jobs = Parameter.texts(fires.map(\.record.name))
        let withdrawn = """
            unnest($1, $2) AS j (name, generation)
            WHERE r.job_name = j.name AND r.generation = j.generation AND r.kind = 'scheduled'
                AND r.state = 'scheduled' AND r.attempt = 0 AND r.scheduled_at > $3
                AND NOT EXISTS (
                    SELECT 1 FROM unnest($4, $5) AS f (job, scheduled_at)
                    WHERE f.job = r.job_name AND f.scheduled_at = r.scheduled_at)
            """
        let parameters: [Parameter] = [
            .texts(records.map(\.name)), .ints(records.map(\.generation)), .time(now), jobs, instants,
        ]
        var statements = records.contains { $0.flowEdition > 0 } ? Flows.withdraw(withdrawn, parameters) : []
        statements.append(Statement("DELETE FROM runs r USING \(withdrawn)", parameters))
        guard !fires.isEmpty else { return statements }
        let values: [Parameter] = [
            jobs, .ints(fires.map(\.record.generation)), .ints(fires.map(\.record.version)), instants,
            .times(fires.map(\.fire.dueAt)), .times(fires.map(\.fire.deadlineAt)),
            .texts(fires.map(\.record.definition.policies.queue)),
            .ints(fires.map(\.record.definition.policies.priority)), .texts(fires.map(\.record.definition.need)),
        ]
        statements.append(
            Statement(
                """
                UPDATE runs r SET version = f.version, due_at = f.due_at, deadline_at = f.deadline_at,
                    queue = f.queue, priority = f.priority, need = f.need
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                    AS f (job, generation, version, scheduled_at, due_at, deadline_at, queue, priority, need)
                WHERE r.job_name = f.job AND r.generation = f.generation AND r.kind = 'scheduled'
                    AND r.scheduled_at = f.scheduled_at AND r.state = 'scheduled' AND r.attempt = 0
                """, values))
        statements.append(
            Statement(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, deadline_at, state, reason,
                    queue, priority, need, finished_at, range_end, count)
                SELECT job, generation, version, 'scheduled', scheduled_at, due_at, deadline_at,
                    CASE WHEN reason IS NULL THEN 'scheduled' ELSE 'missed' END, reason, queue, priority, need,
                    CASE WHEN reason IS NOT NULL THEN $13::timestamptz END, range_end, count
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY
                    AS f (job, generation, version, scheduled_at, due_at, deadline_at, queue, priority, need,
                        reason, range_end, count, place)
                ORDER BY place
                ON CONFLICT (job_name, generation, scheduled_at, kind, request_id) DO NOTHING
                """,
                values + [
                    .texts(fires.map { $0.fire.missed?.rawValue }), .times(fires.map(\.fire.rangeEnd)),
                    .ints(fires.map(\.fire.count)), .time(now),
                ]))
        return statements
    }

    /// While a due run of a delay is open, its end sets the next instant.
    private func keepingOneInstant() -> [Statement] {
        let delays = saved.map(\.record).filter { $0.definition.hasDelay && $0.nextAt != nil }.map(\.name)
        guard !delays.isEmpty else { return [] }
        return [
            Statement(
                "UPDATE jobs SET next_at = NULL WHERE name = ANY ($1) AND \(Changes.isUnderWay)", [.texts(delays)])
        ]
    }

    /// What is due of a removed job is cancelled. A flow goes on as it was planned, and what somebody else's workers have is
    /// watched to its end, as what is running is.
    private func removing(at now: Timestamp) throws -> [Statement] {
        guard !removed.isEmpty else { return [] }
        let names = Parameter.texts(removed.map(\.name))
        let due = try transaction.flight([
            Statement(
                """
                SELECT \(Run.columns) FROM runs WHERE job_name = ANY ($1) AND state = 'scheduled'
                    AND (flow_id IS NULL OR flow_id = id) ORDER BY id FOR NO KEY UPDATE
                """, [names])
        ])[0].map(Run.init)
        let instants = Set(removed.map(\.name))
        var changes = Changes(at: now)
        // Instants still to come are withdrawn.
        for run in due where !(run.kind == .scheduled && run.attempt == 0 && run.scheduledAt > now) {
            guard instants.contains(run.job), !run.isUnderWay else { continue }
            _ = try changes.end(run, as: .cancelled, .removed, isGuarded: false)
        }
        try Flows.follow(&changes, in: transaction)
        return [
            Statement("UPDATE jobs SET removed_at = $2, next_at = NULL WHERE name = ANY ($1)", [names, .time(now)]),
            Statement("DELETE FROM needs WHERE job_name = ANY ($1)", [names]),
            Statement(
                """
                UPDATE definitions d SET removed_at = $2 FROM jobs j
                WHERE j.name = ANY ($1) AND d.job_name = j.name AND d.generation = j.generation
                    AND d.version = j.version
                """, [names, .time(now)]),
        ] + changes.statements()
    }

    /// Brings flows in line with what has changed.
    private mutating func changeFlows(_ changes: [JobChange]) throws {
        let changed = changes.filter(\.isChange)
        guard !roots.isEmpty || changed.contains(where: { $0.record.definition.isFollower }) else { return }
        let followers = try followersAfter(changed)
        let named = Set(
            followers.values.flatMap { record -> [String] in
                guard case .after(let jobs) = record.definition.schedule.rhythm else { return [] }
                return jobs
            })
        let gone = Set(changed.filter { $0.kind == .removed }.map(\.job))
        let known = try transaction.flight([
            Statement(
                "SELECT name FROM jobs WHERE name = ANY ($1) AND removed_at IS NULL", [.texts(named.sorted())])
        ])[0].map { $0[0] as String }
        let inForce = Set(known).subtracting(gone).union(saved.map(\.record.name))
        let change: FlowChange
        do {
            change = try FlowChange(
                followers.values.map(\.definition), before: roots, changed: Set(changed.map(\.job)),
                isKnown: inForce.contains)
        } catch {
            throw StoreError.refused("\(error)")
        }
        flows = statements(of: change, followers)
    }

    private func statements(of change: FlowChange, _ records: [String: JobRecord]) -> [Statement] {
        var statements: [Statement] = []
        if !change.roots.isEmpty {
            statements.append(
                Statement(
                    "UPDATE jobs SET flow_root = u.root FROM unnest($1, $2) AS u (name, root) WHERE jobs.name = u.name",
                    [.texts(Array(change.roots.keys)), .texts(change.roots.values.map { $0 })]))
        }
        if !change.touched.isEmpty {
            statements.append(
                Statement(
                    "UPDATE jobs SET flow_edition = flow_edition + 1 WHERE name = ANY ($1)",
                    [.texts(change.touched.sorted())]))
        }
        var followers: [String: [Follower]] = [:]
        var planned: [Flows.Root] = []
        for (record, fires) in saved {
            let below = change.followers(of: record.name, among: records)
            guard !below.isEmpty else { continue }
            followers[record.name] = below
            let edition = record.flowEdition + (change.touched.contains(record.name) ? 1 : 0)
            planned += fires.filter { $0.missed == nil }.map {
                Flows.Root(
                    job: record.name, generation: record.generation, scheduledAt: $0.scheduledAt, edition: edition)
            }
        }
        return statements + Flows.insert(planned, followers)
    }

    /// All followers that are in force once the change is made.
    private func followersAfter(_ changed: [JobChange]) throws -> [String: JobRecord] {
        var records: [String: JobRecord] = [:]
        let rows = try transaction.flight([
            Statement(
                """
                SELECT \(JobRecord.columns) FROM \(JobRecord.tables)
                WHERE j.removed_at IS NULL AND j.flow_root IS NOT NULL
                """)
        ])[0]
        for record in rows.map({ JobRecord(row: $0, cache: cache) }) { records[record.name] = record }
        for change in changed { records[change.job] = change.kind == .removed ? nil : change.record }
        return records.filter { $0.value.definition.isFollower }
    }
}

extension Statement {
    /// What a source has applied, the newest first.
    static func history(of source: String) -> Statement {
        Statement(
            "SELECT number, digest, actor, applied_at FROM revisions WHERE source = $1 ORDER BY place DESC",
            [.text(source)])
    }
}

extension SourceHistory {
    /// Takes in what ``Statement/history(of:)`` brought.
    init(of source: String, rows: Rows) {
        self.init(of: source, rows.map { (SourceRevision(number: $0[0], digest: $0[1]), $0[2], $0[3]) })
    }
}
