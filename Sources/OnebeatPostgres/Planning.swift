import Onebeat

/// The statements of one planning, all in one flight: whether the term is in force, the locks of the jobs, the rows, and
/// the watermarks. Nothing of it takes effect when the term is over.
struct Planning {
    private(set) var statements: [Statement]
    /// Which of the statements insert runs.
    private(set) var insertions: [Int] = []

    init(_ plans: [FirePlan], term: Term?, at now: Parameter) {
        statements = [
            // Shared, so that no other leader takes over in the middle of it.
            Statement("SELECT term FROM leases WHERE name = '\(PostgresStore.leadName)' FOR SHARE"),
            Self.lock(Set(plans.map(\.version.job)).sorted(), waiting: term == nil),
        ]
        var rest = plans[...]
        while !rest.isEmpty {
            // One statement moves a job once; a second plan of the same job follows in the next one.
            var names: Set<String> = []
            let group = rest.prefix { names.insert($0.version.job).inserted }
            insertions.append(statements.count)
            statements.append(Self.insert(Array(group), term: term, at: now))
            rest = rest.dropFirst(group.count)
        }
        // Only where the plan was not stale: its watermark is in force then.
        for plan in plans where !plan.withdrawn.isEmpty {
            statements.append(
                Statement(
                    """
                    DELETE FROM runs r USING jobs j WHERE r.id = ANY ($1) AND r.state = 'missed' AND j.name = $2
                        AND r.job_name = j.name AND j.version = $3 AND j.watermark = $4
                    """,
                    [
                        .ints(plan.withdrawn.map { Optional($0.value) }), .text(plan.version.job),
                        .int(plan.version.version), .time(plan.through),
                    ]))
        }
        statements += Flows.insert(plans)
        let due = plans.lazy.flatMap(\.fires).filter { $0.missed == nil }.map(\.dueAt).min()
        statements += WakeUps.ask(due: due, now: now)
    }

    /// Locks the jobs, and tells the statements after it which. The leader takes what it can: a job that somebody else has is
    /// still due at its next turn, and keeps no other waiting.
    private static func lock(_ jobs: [String], waiting: Bool) -> Statement {
        Statement(
            """
            SELECT set_config('onebeat.jobs', coalesce(array_agg(name), '{}')::text, true) FROM (
                SELECT name FROM jobs WHERE name = ANY ($1) ORDER BY name
                FOR NO KEY UPDATE \(waiting ? "" : "SKIP LOCKED")) locked
            """, [.texts(jobs)])
    }

    private static func insert(_ plans: [FirePlan], term: Term?, at now: Parameter) -> Statement {
        let fires = plans.flatMap { plan in plan.fires.map { (job: plan.version.job, fire: $0) } }
        return Statement(
            """
            WITH plan AS (
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $16)
                    AS p (name, generation, version, starts_at, through_at, next_at, edition)),
            moved AS (
                UPDATE jobs j SET watermark = p.through_at, next_at = p.next_at FROM plan p
                WHERE j.name = p.name AND j.name = ANY ((SELECT \(DueRuns.foundJobs))::text[])
                    AND j.generation = p.generation AND j.version = p.version
                    AND j.watermark = p.starts_at AND j.removed_at IS NULL
                    AND (p.edition IS NULL OR j.flow_edition = p.edition)
                    AND ($7 IS NULL
                        OR EXISTS (SELECT 1 FROM leases WHERE name = '\(PostgresStore.leadName)' AND term = $7))
                RETURNING j.name, j.generation, j.version, j.queue, j.priority, j.need)
            INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, deadline_at, state, reason,
                queue, priority, need, finished_at, range_end, count)
            SELECT m.name, m.generation, m.version, 'scheduled', f.scheduled_at, f.due_at, f.deadline_at,
                CASE WHEN f.reason IS NULL THEN 'scheduled' ELSE 'missed' END, f.reason, m.queue, m.priority,
                m.need,
                CASE WHEN f.reason IS NOT NULL THEN \(Transaction.time(of: 15)) END, f.range_end, f.count
            FROM unnest($8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY
                AS f (job, scheduled_at, due_at, deadline_at, reason, range_end, count, place)
            JOIN moved m ON m.name = f.job
            ORDER BY f.place
            ON CONFLICT (job_name, generation, scheduled_at, kind, request_id) DO NOTHING
            """,
            [
                .texts(plans.map(\.version.job)), .ints(plans.map(\.version.generation)),
                .ints(plans.map(\.version.version)), .times(plans.map(\.from)), .times(plans.map(\.through)),
                .times(plans.map(\.nextAt)), .int(term?.value), .texts(fires.map(\.job)),
                .times(fires.map(\.fire.scheduledAt)), .times(fires.map(\.fire.dueAt)),
                .times(fires.map(\.fire.deadlineAt)), .texts(fires.map { $0.fire.missed?.rawValue }),
                .times(fires.map(\.fire.rangeEnd)), .ints(fires.map(\.fire.count)), now,
                .ints(plans.map { $0.fires.isEmpty ? nil : Int64($0.flowEdition) }),
            ])
    }
}
