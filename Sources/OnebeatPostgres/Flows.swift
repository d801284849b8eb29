import Onebeat

/// The rows of flows: a waiting run for each follower of a root's run, and which of them waits for which.
enum Flows {
    static let areFollowers = "j.removed_at IS NULL AND j.flow_root = $1 ORDER BY j.name"

    /// A run of a root, as its unique key names it.
    struct Root {
        var job: String
        var generation: Int
        var scheduledAt: Timestamp
        var kind = RunKind.scheduled
        var requestID = ""
        /// Its flow is inserted only where the job has this edition still.
        var edition: Int
    }

    /// The flows of planned runs.
    static func insert(_ plans: [FirePlan]) -> [Statement] {
        var roots: [Root] = []
        var followers: [String: [Follower]] = [:]
        for plan in plans where !plan.followers.isEmpty {
            let (name, generation) = (plan.version.job, plan.version.generation)
            followers[name] = plan.followers
            roots += plan.fires.filter { $0.missed == nil }.map {
                Root(job: name, generation: generation, scheduledAt: $0.scheduledAt, edition: plan.flowEdition)
            }
        }
        return insert(roots, followers)
    }

    /// Inserts a waiting run for each follower of these runs, where they have not begun and have none yet.
    static func insert(_ roots: [Root], _ followers: [String: [Follower]]) -> [Statement] {
        guard !roots.isEmpty else { return [] }
        let named: [Parameter] = [
            .texts(roots.map(\.job)), .ints(roots.map(\.generation)), .times(roots.map(\.scheduledAt)),
            .texts(roots.map(\.kind.rawValue)), .texts(roots.map(\.requestID)), .ints(roots.map(\.edition)),
        ]
        let below = followers.sorted { $0.key < $1.key }.flatMap { root, all in all.map { (root: root, follower: $0) } }
        let edges = below.flatMap { root, follower in
            follower.parents.map { (root: root, parent: $0, child: follower.version.job) }
        }
        return [
            Statement(
                """
                UPDATE runs r SET flow_id = r.id FROM \(Self.roots) AS f (job, generation, scheduled_at, kind, request_id, edition) JOIN jobs j ON j.name = f.job
                    AND j.generation = f.generation AND j.flow_edition = f.edition AND j.removed_at IS NULL
                WHERE \(isRoot) AND r.state = 'scheduled' AND r.attempt = 0 AND r.flow_id IS NULL
                """, named),
            Statement(
                """
                INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                    priority, need, flow_id)
                SELECT c.name, c.generation, c.version, r.kind, r.scheduled_at, r.request_id, r.due_at, 'waiting',
                    c.queue, c.priority, c.need, r.id
                FROM \(Self.roots) AS f (job, generation, scheduled_at, kind, request_id, edition) JOIN runs r ON \(isRoot) AND r.flow_id = r.id AND r.state = 'scheduled'
                JOIN unnest($7, $8, $9, $10, $11, $12, $13) WITH ORDINALITY
                    AS c (root, name, generation, version, queue, priority, need, place) ON c.root = f.job
                ORDER BY r.id, c.place
                ON CONFLICT (job_name, generation, scheduled_at, kind, request_id) DO NOTHING
                """,
                named + [
                    .texts(below.map(\.root)), .texts(below.map(\.follower.version.job)),
                    .ints(below.map(\.follower.version.generation)), .ints(below.map(\.follower.version.version)),
                    .texts(below.map(\.follower.queue)), .ints(below.map(\.follower.priority)),
                    .texts(below.map(\.follower.need)),
                ]),
            Statement(
                """
                INSERT INTO waits (parent_id, run_id)
                SELECT p.id, c.id
                FROM \(Self.roots) AS f (job, generation, scheduled_at, kind, request_id, edition) JOIN runs r ON \(isRoot) AND r.flow_id = r.id AND r.state = 'scheduled'
                JOIN unnest($7, $8, $9) AS e (root, parent, child) ON e.root = f.job
                JOIN runs p ON p.flow_id = r.id AND p.job_name = e.parent
                JOIN runs c ON c.flow_id = r.id AND c.job_name = e.child AND c.state = 'waiting'
                ON CONFLICT DO NOTHING
                """,
                named + [.texts(edges.map(\.root)), .texts(edges.map(\.parent)), .texts(edges.map(\.child))]),
        ]
    }

    private static let roots = "unnest($1, $2, $3, $4, $5, $6)"
    private static let isRoot = """
        r.job_name = f.job AND r.generation = f.generation AND r.scheduled_at = f.scheduled_at AND r.kind = f.kind
            AND r.request_id = f.request_id
        """

    /// Withdraws what follows runs to come that are about to be withdrawn.
    /// - Parameter withdrawn: the condition on those, with `r` for the row; its parameters.
    static func withdraw(_ withdrawn: String, _ parameters: [Parameter]) -> [Statement] {
        let flows = "(SELECT r.id FROM runs r, \(withdrawn) AND r.flow_id = r.id)"
        return [
            Statement("DELETE FROM waits w USING runs c WHERE w.run_id = c.id AND c.flow_id IN \(flows)", parameters),
            Statement("DELETE FROM runs c WHERE c.id <> c.flow_id AND c.flow_id IN \(flows)", parameters),
        ]
    }

    /// Decides on all that follows the runs which a move ended, and on what follows from that. Those that wait are locked
    /// before the ends of all they wait for are read: of two that end at one moment, the later sees the earlier.
    /// - Parameter found: what ``look(below:)`` brought for runs that the move has locked, where it was sent along.
    static func follow(_ changes: inout Changes, found: Below? = nil, in transaction: Transaction) throws {
        /// What ended in this move is not written yet.
        var ended: [RunID: Run] = [:]
        var found = found
        while true {
            let parents = changes.takeParents()
            guard !parents.isEmpty else { return }
            for parent in parents { ended[parent.id] = parent }
            let below = try found ?? Below(transaction.flight(look(below: parents.map(\.id), beside: ended.keys)))
            found = nil
            let done = Set(changes.letGo.map(\.id)).union(ended.keys)
            let runs = below.waiting.filter { !done.contains($0.id) }
            guard !runs.isEmpty else { continue }
            let definitions = try transaction.definitions.all(runs.map(\.version), in: transaction)
            let undecided = runs.filter { run in
                let ends = below.ends[run.id]?.compactMap { ended[$0].map(ParentEnd.init) } ?? []
                let rule = definitions[run.version]?.policies.triggerRule ?? .allSuccess
                return !(below.isOpen.contains(run.id) && run.waitsOn(after: ends, by: rule))
            }
            guard !undecided.isEmpty else { continue }
            let rows = try transaction.flight([
                Statement(
                    "\(Reruns.edges) WHERE w.run_id = ANY ($1) ORDER BY w.run_id, w.parent_id",
                    [.ints(undecided.map(\.id.value))])
            ])[0]
            try decide(on: undecided, definitions, following: Reruns.parents(rows), &changes, ended, in: transaction)
        }
    }

    /// What is looked at of runs that follow some that end.
    struct Below {
        /// Those that wait, locked.
        let waiting: [Run]
        /// Which of those that end each of them follows.
        let ends: [RunID: [RunID]]
        /// Those that follow an open run beside.
        let isOpen: Set<RunID>

        init(_ rows: some Collection<Rows>) {
            let rows = Array(rows)
            waiting = rows[0].map(Run.init)
            ends = Dictionary(grouping: rows[1].map { (RunID($0[0]), RunID($0[1])) }, by: \.0).mapValues { $0.map(\.1) }
            isOpen = Set(rows[2].map { RunID($0[0]) })
        }
    }

    /// Looks at what follows runs that end.
    /// - Parameter ended: all that the move ends, so far: as it is written, they are open.
    static func look(below parents: [RunID], beside ended: some Sequence<RunID>) -> [Statement] {
        let ids = Parameter.ints(parents.map(\.value))
        return [
            Statement(lockWaiting, [ids]),
            Statement("SELECT run_id, parent_id FROM waits WHERE parent_id = ANY ($1)", [ids]),
            Statement(openBeside, [ids, .ints(ended.map(\.value))]),
        ]
    }

    /// Decides on a run that waits for nothing any more.
    static func decide(on run: Run, _ changes: inout Changes, in transaction: Transaction) throws {
        let rows = try transaction.flight([Statement(parents, [.int(run.id.value)])])[0]
        let definitions = try transaction.definitions.all([run.version], in: transaction)
        try decide(on: [run], definitions, following: Reruns.parents(rows), &changes, [:], in: transaction)
    }

    private static func decide(
        on runs: [Run], _ definitions: [JobVersion: JobDefinition], following parents: [RunID: [FlowRun.Parent]],
        _ changes: inout Changes, _ ended: [RunID: Run], in transaction: Transaction
    ) throws {
        var waiting = runs.map { run in
            WaitingRun(
                run: run, by: definitions[run.version],
                parents: (parents[run.id] ?? []).map { ended[$0.id].map(ParentEnd.init) ?? $0.end })
        }
        /// Who has the list of which of them.
        var sources: [(index: Int, parent: RunID)] = []
        for (index, follower) in waiting.enumerated() {
            guard let source = follower.source else { continue }
            guard let parent = parents[follower.run.id]?.first(where: { $0.end.job == source }) else { continue }
            sources.append((index, parent.id))
        }
        if !sources.isEmpty {
            let rows = try transaction.flight([
                Statement(
                    "SELECT run_id, value FROM run_values WHERE run_id = ANY ($1)",
                    [.ints(sources.map(\.parent.value))])
            ])[0]
            let kept = Dictionary(rows.map { (RunID($0[0]), $0[1] as String) }) { $1 }
            let bare = sources.map(\.parent).filter { kept[$0] == nil && changes.value(of: $0) == nil }
            // The end of an element must not fail for a list that is too long: what has none says so.
            let lists = try elementValues(of: bare, changes, in: transaction).compactMapValues { try? $0.get() }
            for (index, parent) in sources {
                waiting[index].handedOn =
                    changes.value(of: parent) ?? kept[parent].flatMap(RunValue.init(stored:)) ?? lists[parent]
            }
        }
        try changes.follow(waiting)
    }

    /// Open flows of the jobs of runs that look at their whole flows, which began before them.
    static func open(
        before runs: [Run], _ definitions: [JobVersion: JobDefinition], in transaction: Transaction
    ) throws -> [RunID: RunID] {
        let looking = runs.filter { definitions[$0.version]?.policies.overlapScope == .flow }
        guard !looking.isEmpty else { return [:] }
        let rows = try transaction.flight([
            Statement(
                """
                SELECT l.id, min(c.flow_id) FROM unnest($1, $2, $3) AS l (id, job, flow), runs c, runs r
                WHERE r.id = c.flow_id AND r.job_name = l.job AND c.flow_id <> l.flow
                    AND c.flow_id IS NOT NULL AND c.state IN ('waiting', 'scheduled', 'running')
                    AND (r.attempt > 0 OR r.state <> 'scheduled') AND r.kind <> 'backfill'
                GROUP BY l.id
                """,
                [
                    .ints(looking.map(\.id.value)), .texts(looking.map(\.job)),
                    .ints(looking.map { ($0.flow ?? $0.id).value }),
                ])
        ])[0]
        return Dictionary(rows.map { (RunID($0[0]), RunID($0[1])) }) { $1 }
    }

    /// The runs of the elements that a run waits for, locked.
    static func elements(of whole: Run, in transaction: Transaction) throws -> [Run] {
        guard whole.state == .waiting else { return [] }
        return try transaction.flight([
            Statement(
                """
                SELECT \(Run.columns) FROM runs WHERE id IN (SELECT parent_id FROM waits WHERE run_id = $1)
                    AND job_name = $2 ORDER BY id FOR NO KEY UPDATE
                """, [.int(whole.id.value), .text(whole.job)])
        ])[0].map(Run.init)
    }

    /// What the elements of runs handed on; nothing of those that stand for none.
    /// - Parameter changes: what is decided and not written.
    static func elementValues(
        of wholes: [RunID], _ changes: Changes = Changes(at: .distantPast), in transaction: Transaction
    ) throws -> [RunID: Result<RunValue, StoreError>] {
        guard !wholes.isEmpty else { return [:] }
        let rows = try transaction.look([
            Statement(
                """
                SELECT w.id, e.id, e.job_name, v.value IS NULL,
                    CASE WHEN sum(coalesce(octet_length(v.value), 0)) OVER (PARTITION BY w.id ORDER BY e.element) <= $2
                        THEN v.value END
                FROM runs w JOIN waits c ON c.run_id = w.id
                    JOIN runs e ON e.id = c.parent_id AND e.job_name = w.job_name AND e.element IS NOT NULL
                    LEFT JOIN run_values v ON v.run_id = e.id
                WHERE w.id = ANY ($1) ORDER BY w.id, e.element
                """, [.ints(wholes.map(\.value)), .int(RunValue.mostBytesOfElements)])
        ])[0]
        var values: [RunID: [RunValue?]] = [:]
        var troubles: [RunID: StoreError] = [:]
        let found = rows.map { row in
            (RunID(row[0]), RunID(row[1]), row[2] as String, isNone: row[3] as Bool, json: row[4] as String?)
        }
        for (whole, element, job, isNone, json) in found {
            let value = changes.value(of: element) ?? json.flatMap(RunValue.init(stored:))
            if !isNone, json == nil { troubles[whole] = .tooMuchOfElements(job) }
            if value == nil, json != nil { troubles[whole] = .unreadableValue(of: job) }
            values[whole, default: []].append(value)
        }
        return values.reduce(into: [:]) { lists, entry in
            lists[entry.key] = troubles[entry.key].map { .failure($0) } ?? .success(RunValue(elements: entry.value))
        }
    }

    private static let lockWaiting = """
        SELECT \(Run.columns) FROM runs WHERE id IN (SELECT run_id FROM waits WHERE parent_id = ANY ($1))
            AND state = 'waiting' ORDER BY id FOR NO KEY UPDATE
        """
    /// The newest of those that a run follows are looked at first: the oldest begin first, and so are the first to end.
    private static let openBeside = """
        SELECT f.run_id FROM (SELECT DISTINCT run_id FROM waits WHERE parent_id = ANY ($1)) f
        WHERE EXISTS (
            SELECT FROM (SELECT parent_id FROM waits WHERE run_id = f.run_id ORDER BY parent_id DESC OFFSET 0) w
            CROSS JOIN LATERAL (SELECT state FROM runs WHERE id = w.parent_id OFFSET 0) p
            WHERE p.state IN ('waiting', 'scheduled', 'running') AND w.parent_id <> ALL ($2))
        """
    private static let parents = "\(Reruns.edges) WHERE w.run_id = $1 ORDER BY w.parent_id"
}
