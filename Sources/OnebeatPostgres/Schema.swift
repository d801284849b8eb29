import Onebeat

/// The tables, as numbered migrations that are only ever added to.
///
/// The same tables and columns as in SQLite, with PostgreSQL's own types; states and reasons are words, so that a person
/// with `psql` can read them. Names sort by their bytes, as they do in SQLite.
///
/// No two versions of the tables are ever in use at one time: tables are not changed while a node holds a lease, and a
/// node does not join where they are newer than it knows.
package struct Schema: Sendable {
    /// The tables of this Onebeat.
    package static let current = Schema(migrations: [
        first, renewals, deviations, revisions, leavings, claims, flows, incidents, runValues, eventKinds, authors,
        marks, backfills, access, needs, emissions, silences, elements, stretches, holdings,
    ])

    /// Names the lock under which migrations run: "onebeat" in ASCII.
    private static let lock: Int64 = 0x6f_6e65_6265_6174

    private let migrations: [String]

    /// The tables of an Onebeat to come, for tests.
    package func followed(by migration: String) -> Schema { Schema(migrations: migrations + [migration]) }

    /// Brings the tables up to date, one node at a time.
    /// - Throws: ``StoreError/refused(_:)`` for tables of a newer Onebeat, ``StoreError/notFound(_:)`` for none where
    ///   there must be some.
    func prepare(_ transaction: Transaction, mustExist: Bool) throws {
        if try Self.version(in: transaction) == migrations.count { return }
        do {
            _ = try transaction.flight([
                // Making indexes over a long history takes its time.
                SessionSettings.patience(statement: 600_000),
                Statement("SELECT pg_advisory_xact_lock($1)", [.int(Self.lock)]),
            ])
            // Whoever held the lock before may have done the work.
            let version = try Self.version(in: transaction)
            try requireNoNewer(version)
            if version == migrations.count {
                // Its nodes may be at work by now, and are in nobody's way.
                try transaction.end()
                return try transaction.enterAnew()
            }
            guard version > 0 || !mustExist else {
                throw StoreError.notFound(
                    "there are no tables of Onebeat in the database; `onebeat up` or `onebeat apply` makes them")
            }
            try requireFreeNames(after: version, in: transaction)
            if version > 0 { try Self.requireNoNode(in: transaction) }
            for number in version..<migrations.count {
                let statements = migrations[number].split(separator: ";\n").map { Statement(String($0)) }
                _ = try transaction.flight(statements)
            }
            let note = """
                INSERT INTO meta VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value
                """
            try transaction.commit([Statement(note, [.text("\(migrations.count)")])])
            try transaction.enterAnew()
        } catch let failure as PostgresFailure where failure.state == "42P07" {
            throw Self.taken(failure.message)
        } catch let failure as PostgresFailure where failure.state == "42501" {
            throw StoreError.refused(
                "the role may not make tables (\(failure.message)); GRANT CREATE ON SCHEMA public TO it, or let its"
                    + " owner run `onebeat apply` once")
        }
    }

    /// Refuses a schema in which another program keeps tables of the names that are needed here.
    private func requireFreeNames(after version: Int, in transaction: Transaction) throws {
        // A later migration may make anew what an earlier one had made.
        let made = Set(migrations.prefix(version).flatMap(TableNames.made(by:)))
        let names = Set(migrations.dropFirst(version).flatMap(TableNames.made(by:))).subtracting(made).sorted()
        let taken = try transaction.flight([
            Statement(
                """
                SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                WHERE relname = ANY ($1) AND nspname = current_schema() ORDER BY 1
                """, [.texts(names)])
        ])[0].map { $0[0] as String }
        if !taken.isEmpty { throw Self.taken(taken.joined(separator: ", ")) }
    }

    private static func taken(_ names: String) -> StoreError {
        .refused(
            "the database has tables of the names Onebeat needs (\(names)); give the store a database of its own, or a"
                + " schema of its own by `?options=-csearch_path%3Donebeat`")
    }

    /// Refuses a node that joins where the tables are newer than it knows. Whoever would change them waits until it has
    /// joined, or has changed them before.
    func requireKnown(in transaction: Transaction) throws {
        let version: String? = try transaction.flight([
            Statement("SELECT value FROM meta WHERE key = 'schema' FOR SHARE")
        ])[0].first?[0]
        try requireNoNewer(version.flatMap { Int($0) } ?? 0)
    }

    private func requireNoNewer(_ version: Int) throws {
        guard version <= migrations.count else {
            throw StoreError.refused(
                "the database was set up by a newer Onebeat than \(OnebeatVersion.current) (schema \(version), known here:"
                    + " \(migrations.count)); upgrade this node to use it")
        }
    }

    /// Whoever holds no lease by now must join again first.
    private static func requireNoNode(in transaction: Transaction) throws {
        _ = try transaction.flight([Statement("SELECT 1 FROM meta WHERE key = 'schema' FOR UPDATE")])
        let nodes = try transaction.look([
            Statement(
                """
                SELECT DISTINCT name FROM nodes
                WHERE gone_at IS NULL AND lease_until > (SELECT \(Transaction.time(of: 1))) ORDER BY name
                """, [transaction.now])
        ])[0].map { $0[0] as String }
        if !nodes.isEmpty { throw StoreError.inUse(by: nodes) }
        _ = try transaction.flight([
            Statement(
                "UPDATE nodes SET gone_at = \(Transaction.time(of: 1)) WHERE gone_at IS NULL", [transaction.now])
        ])
    }

    /// 0 where there are no tables yet.
    private static func version(in transaction: Transaction) throws -> Int {
        // A look at the catalogue, and not `to_regclass`: in the middle of a transaction that goes by what the session
        // remembers, and misses tables that another node has just made.
        // Another program's table of the name has other columns, or other rows.
        let catalogue = """
            SELECT count(*) = 2 FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE relname = 'meta' AND pg_table_is_visible(c.oid) AND attname IN ('key', 'value')
            """
        let isThere: Bool? = try transaction.look([Statement(catalogue)])[0].first?[0]
        guard isThere == true else { return 0 }
        let own = """
            SELECT value::text FROM meta
            WHERE key::text = 'schema' AND EXISTS (SELECT 1 FROM meta WHERE key::text = 'incarnation')
            """
        let version: String? =
            try transaction.look([Statement(own)])[0].first?[0]
        return version.flatMap { Int($0) } ?? 0
    }

    /// What people are told of. An incident of a job is known by when the job last did well before it.
    private static let incidents = """
        CREATE TABLE incidents (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, rule text COLLATE "C" NOT NULL,
            kind text COLLATE "C" NOT NULL, job_name text COLLATE "C" NOT NULL, since timestamptz NOT NULL,
            run_id bigint, summary text NOT NULL, opened_at timestamptz NOT NULL, closed_at timestamptz, batch bigint,
            sent_at timestamptz, acknowledged_by text, is_news boolean NOT NULL, UNIQUE (rule, kind, job_name, since)
        );
        CREATE INDEX incidents_open ON incidents (id) WHERE closed_at IS NULL;
        CREATE INDEX incidents_ungathered ON incidents (rule, opened_at) WHERE batch IS NULL;
        CREATE INDEX incidents_of_batch ON incidents (batch) WHERE batch IS NOT NULL;
        CREATE INDEX incidents_unsent ON incidents (batch) WHERE batch IS NOT NULL AND sent_at IS NULL
        """

    private static let claims = """
        ALTER TABLE nodes ADD COLUMN refused_nonce bigint NOT NULL DEFAULT 0;
        COMMENT ON COLUMN nodes.refused_nonce IS 'claims of this life up to this one are refused, should they still arrive';

        ALTER TABLE nodes ADD COLUMN abilities text[];
        ALTER TABLE jobs ADD COLUMN need text NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN need text NOT NULL DEFAULT '';
        UPDATE jobs SET need = CASE WHEN kind = 'handler' THEN 'handler:' || name ELSE kind END
            FROM (
                SELECT job_name, generation, version, CASE word
                    WHEN 'shell' THEN 'run' WHEN 'command' THEN 'exec' ELSE coalesce(word, 'run') END AS kind
                FROM definitions, LATERAL (
                    SELECT coalesce(
                        substring(definition FROM '"work":\\{"(shell|command|http|handler)":'),
                        substring(definition FROM '"kind":"([a-z]*)"')) AS word) w) d
            WHERE d.job_name = name AND d.generation = jobs.generation AND d.version = jobs.version;
        UPDATE runs SET need = jobs.need FROM jobs WHERE jobs.name = job_name AND state = 'scheduled';
        COMMENT ON COLUMN runs.need IS 'what a process must be able to do for it: a kind of work, or handler:JOB'
        """

    private static let flows = """
        ALTER TABLE jobs ADD COLUMN flow_root text COLLATE "C", ADD COLUMN flow_edition bigint NOT NULL DEFAULT 0;
        COMMENT ON COLUMN jobs.flow_root IS 'of a job that follows others: the job they all lead to';
        COMMENT ON COLUMN jobs.flow_edition IS 'counts the changes among those that follow a root';
        CREATE INDEX jobs_by_root ON jobs (flow_root) WHERE flow_root IS NOT NULL;
        ALTER TABLE runs ADD COLUMN flow_id bigint;
        COMMENT ON COLUMN runs.flow_id IS 'the number of the root''s run, also in its own row';
        CREATE INDEX runs_of_flow ON runs (flow_id, job_name) WHERE flow_id IS NOT NULL;
        CREATE TABLE waits (parent_id bigint NOT NULL, run_id bigint NOT NULL, PRIMARY KEY (parent_id, run_id));
        COMMENT ON TABLE waits IS 'which run follows which';
        CREATE INDEX waits_of_run ON waits (run_id)
        """

    /// Where little is open, the planner takes one index for as good as another, and keeps the plan. `runs_soon` has another
    /// collation than `runs_due`, so that neither can be taken for the other.
    private static let first = """
        CREATE TABLE jobs (
            name text COLLATE "C" PRIMARY KEY, generation bigint NOT NULL, version bigint NOT NULL, source text NOT NULL,
            is_paused boolean NOT NULL DEFAULT false, watermark timestamptz NOT NULL, next_at timestamptz,
            delay interval, created_at timestamptz NOT NULL, removed_at timestamptz, queue text NOT NULL,
            priority bigint NOT NULL, is_guarded boolean NOT NULL
        );
        CREATE INDEX jobs_next ON jobs (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX jobs_by_source ON jobs (source) WHERE removed_at IS NULL;
        COMMENT ON COLUMN jobs.is_guarded IS 'has, or had, a limit or a delay: claims and ends of its runs lock this row';

        CREATE TABLE definitions (
            job_name text COLLATE "C" NOT NULL, generation bigint NOT NULL, version bigint NOT NULL,
            definition text NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (job_name, generation, version)
        );

        CREATE TABLE runs (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job_name text COLLATE "C" NOT NULL,
            generation bigint NOT NULL, version bigint NOT NULL, kind text NOT NULL, scheduled_at timestamptz NOT NULL,
            request_id text NOT NULL DEFAULT '', due_at timestamptz NOT NULL, deadline_at timestamptz,
            state text NOT NULL, reason text, message text, queue text NOT NULL, priority bigint NOT NULL,
            is_held boolean NOT NULL DEFAULT false, attempt bigint NOT NULL DEFAULT 0, fence bigint NOT NULL DEFAULT 0,
            node text, boot text, nonce text, crashes bigint NOT NULL DEFAULT 0, failures bigint NOT NULL DEFAULT 0,
            is_cancel_requested boolean NOT NULL DEFAULT false, started_at timestamptz, finished_at timestamptz,
            exit_code bigint, range_end timestamptz, count bigint NOT NULL DEFAULT 1
        );
        CREATE UNIQUE INDEX runs_once ON runs (job_name, generation, scheduled_at, kind, request_id);
        CREATE UNIQUE INDEX runs_request ON runs (job_name, generation, request_id) WHERE kind = 'manual';
        CREATE INDEX runs_by_job ON runs (job_name, id);
        CREATE INDEX runs_due ON runs (queue, priority, due_at, id) WHERE state = 'scheduled' AND NOT is_held;
        CREATE INDEX runs_soon ON runs (queue COLLATE "C", due_at) WHERE state = 'scheduled' AND NOT is_held;
        CREATE INDEX runs_held ON runs (job_name, due_at, id) WHERE state = 'scheduled' AND is_held;
        CREATE INDEX runs_active ON runs (job_name, kind) WHERE state = 'running';
        CREATE INDEX runs_of_boot ON runs (boot, id) WHERE state = 'running';
        CREATE INDEX runs_trouble ON runs (id) WHERE state IN ('dead', 'failed', 'lost', 'missed', 'timed_out');
        CREATE SEQUENCE fences;

        CREATE TABLE attempts (
            run_id bigint NOT NULL, number bigint NOT NULL, fence bigint NOT NULL, node text NOT NULL,
            boot text NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz, outcome text, message text,
            exit_code bigint, PRIMARY KEY (run_id, number)
        );

        CREATE TABLE logs (
            run_id bigint NOT NULL, attempt bigint NOT NULL, sequence bigint NOT NULL, stream text NOT NULL,
            at timestamptz NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (run_id, attempt, sequence)
        );

        CREATE TABLE scheduled_job_status (
            job_name text COLLATE "C" PRIMARY KEY, status text NOT NULL, last_run_at timestamptz, node_id text,
            run_id bigint, fence bigint NOT NULL DEFAULT 0, last_success_at timestamptz,
            failures_in_a_row bigint NOT NULL DEFAULT 0
        );

        CREATE TABLE nodes (
            boot text COLLATE "C" PRIMARY KEY, name text NOT NULL, joined_at timestamptz NOT NULL,
            lease_until timestamptz NOT NULL, gone_at timestamptz, roles text[] NOT NULL, slots bigint NOT NULL,
            queues text[] NOT NULL, version text NOT NULL, process_id bigint NOT NULL, zones text NOT NULL,
            skew bigint NOT NULL
        );
        CREATE INDEX nodes_alive ON nodes (lease_until) WHERE gone_at IS NULL;

        CREATE TABLE leases (
            name text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL, expires_at timestamptz NOT NULL
        );
        INSERT INTO leases VALUES ('beat', '', 0, '1970-01-01 00:00:00+00');

        CREATE TABLE events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, kind text NOT NULL,
            job_name text, run_id bigint, actor text NOT NULL, message text NOT NULL
        );
        CREATE INDEX events_by_job ON events (job_name, id) WHERE job_name IS NOT NULL;

        CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
        INSERT INTO meta VALUES ('incarnation', replace(gen_random_uuid()::text, '-', '')), ('server', 'new')
        """

    /// Leases are counted by those who see them; the times of their ends are for people.
    private static let renewals = """
        ALTER TABLE nodes ADD COLUMN renewal bigint NOT NULL DEFAULT 0,
            ADD COLUMN length interval NOT NULL DEFAULT '10 s';
        ALTER TABLE leases ADD COLUMN renewal bigint NOT NULL DEFAULT 0,
            ADD COLUMN length interval NOT NULL DEFAULT '10 s';
        DROP INDEX nodes_alive;
        CREATE INDEX nodes_alive ON nodes (boot) WHERE gone_at IS NULL
        """

    /// How far the store's clock was ahead of what a node took for the store's time, at its newest renewal.
    private static let deviations = "ALTER TABLE nodes ADD COLUMN deviation bigint NOT NULL DEFAULT 0"

    /// What each source has applied: in force is what has the highest place.
    private static let revisions = """
        CREATE TABLE revisions (
            source text COLLATE "C" NOT NULL, number bigint NOT NULL, digest text NOT NULL, place bigint NOT NULL,
            applied_at timestamptz NOT NULL, actor text NOT NULL, PRIMARY KEY (source, number, digest)
        )
        """

    /// Events from outside, and which jobs start on which.
    private static let emissions = """
        CREATE TABLE emissions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, request_id text NOT NULL, data text, actor text NOT NULL, at timestamptz NOT NULL,
            UNIQUE (name, request_id)
        );
        ALTER TABLE jobs ADD COLUMN on_event text;
        CREATE INDEX jobs_on_event ON jobs(on_event) WHERE on_event IS NOT NULL
        """

    /// Which jobs wait for which.
    private static let needs = """
        CREATE TABLE needs (needed text NOT NULL, job_name text NOT NULL, PRIMARY KEY (needed, job_name));
        CREATE INDEX needs_of ON needs(job_name)
        """

    /// Past due instants that are to be run. `reached`: the last one that was decided on.
    private static let backfills = """
        CREATE TABLE backfills (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job_name text NOT NULL, from_at timestamptz NOT NULL, to_at timestamptz NOT NULL, direction text NOT NULL,
            most bigint NOT NULL, repeats text NOT NULL, state text NOT NULL, reached timestamptz,
            made bigint NOT NULL DEFAULT 0, passed bigint NOT NULL DEFAULT 0, actor text NOT NULL, created_at timestamptz NOT NULL
        );
        CREATE INDEX backfills_open ON backfills(job_name) WHERE state IN ('active', 'paused');
        CREATE INDEX runs_of_backfill ON runs(request_id, state) WHERE kind = 'backfill'
        """

    /// What somebody said that runs count as for those that follow them.
    private static let marks = """
        CREATE TABLE marks (
            run_id bigint PRIMARY KEY, state text NOT NULL, reason text NOT NULL, actor text NOT NULL,
            at timestamptz NOT NULL
        )
        """

    /// Who stored a definition, where it came from, and when its job was removed, if it was the last one.
    private static let authors = """
        ALTER TABLE definitions ADD COLUMN actor text NOT NULL DEFAULT '';
        ALTER TABLE definitions ADD COLUMN source text NOT NULL DEFAULT '';
        ALTER TABLE definitions ADD COLUMN removed_at timestamptz;
        UPDATE definitions d SET removed_at = j.removed_at FROM jobs j
        WHERE j.name = d.job_name AND j.generation = d.generation AND j.version = d.version
        """

    /// Which element of a list a run is for; what is open of which flow; and since when a run has been marked as something,
    /// for audits: a later mark takes the place of an earlier one.
    private static let elements = """
        ALTER TABLE runs ADD COLUMN element bigint;
        CREATE INDEX runs_open_in_flow ON runs (flow_id)
            WHERE flow_id IS NOT NULL AND state IN ('waiting', 'scheduled', 'running');
        ALTER TABLE marks ADD COLUMN first_at timestamptz
        """

    /// Runs of a stretch of time, and those in one of the states that are rare, are found without reading all others.
    private static let stretches = """
        CREATE INDEX runs_by_time ON runs (scheduled_at, id);
        CREATE INDEX runs_by_end ON runs (state, id)
            WHERE state IN ('cancelled', 'dead', 'failed', 'lost', 'missed', 'skipped', 'timed_out')
        """

    /// For how long nothing is told of what.
    private static let silences = """
        CREATE TABLE silences (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pattern text COLLATE "C" NOT NULL,
            began_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, reason text NOT NULL, actor text NOT NULL
        );
        CREATE INDEX silences_by_end ON silences (ends_at)
        """

    /// What runs hand on, as JSON.
    private static let runValues = "CREATE TABLE run_values (run_id bigint PRIMARY KEY, value text NOT NULL)"

    /// Events of one kind are found without reading all others.
    private static let eventKinds = "CREATE INDEX events_by_kind ON events (kind, id)"

    /// Who may see and act on the web. Of secrets there are fingerprints only.
    private static let access = """
        CREATE TABLE web_users (
            name text COLLATE "C" PRIMARY KEY, role text NOT NULL, scope text NOT NULL, password text NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE TABLE web_sessions (
            digest text COLLATE "C" PRIMARY KEY, user_name text COLLATE "C" NOT NULL, created_at timestamptz NOT NULL,
            used_at timestamptz NOT NULL, ends_at timestamptz NOT NULL
        );
        CREATE INDEX web_sessions_by_user ON web_sessions (user_name);
        CREATE INDEX web_sessions_by_end ON web_sessions (ends_at);
        CREATE TABLE web_tokens (
            name text COLLATE "C" PRIMARY KEY, digest text COLLATE "C" NOT NULL UNIQUE, role text NOT NULL,
            scope text NOT NULL, created_by text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz
        );
        CREATE TABLE sign_in_failures (
            key text COLLATE "C" PRIMARY KEY, count bigint NOT NULL, last_at timestamptz NOT NULL
        );
        CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at)
        """

    /// What kept an incident from being told, and when it was let go after that.
    private static let holdings = """
        ALTER TABLE incidents ADD COLUMN held_by text;
        ALTER TABLE incidents ADD COLUMN released_at timestamptz;
        DROP INDEX incidents_ungathered;
        CREATE INDEX incidents_ungathered ON incidents (rule, opened_at)
            WHERE batch IS NULL AND (held_by IS NULL OR released_at IS NOT NULL)
        """

    /// How many runs a node was running when it was gone, so that one that was alone is known.
    private static let leavings = "ALTER TABLE nodes ADD COLUMN runs_left bigint"
}
