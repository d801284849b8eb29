import GRDB
import Onebeat

/// The tables, as numbered migrations that are only ever added to.
///
/// Times are microseconds since 1970, UTC; states and reasons are words, so that a person with `sqlite3` can read them.
///
/// No two versions of the tables are ever in use at one time: tables are not changed while a node holds a lease, and a
/// node does not join where they are newer than it knows.
package struct Schema: Sendable {
    /// The tables of this Onebeat.
    package static let current = Schema(migrations: [
        first, renewals, deviations, revisions, leavings, claims, flows, incidents, runValues, eventKinds, authors,
        marks, backfills, access, needs, emissions, silences, elements, stretches, holdings,
    ])

    private let migrations: [String]

    /// The tables of an Onebeat to come, for tests.
    package func followed(by migration: String) -> Schema { Schema(migrations: migrations + [migration]) }

    func migrate(_ writer: any DatabaseWriter, path: String, at now: Timestamp) throws(StoreError) {
        let migrator = migrator(at: now)
        do {
            try writer.read { db in
                try requireOwn(in: db, path: path)
                try requireKnown(in: db, path: path)
            }
            for migration in 1...migrations.count {
                do {
                    try migrator.migrate(writer)
                    break
                } catch  where migration < migrations.count {
                    // Another process may have made the same tables between the migrator's look and its write; it may
                    // have more of them to make.
                    continue
                } catch {
                    guard try writer.read(migrator.hasCompletedMigrations) else { throw error }
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Refuses a file in which another program keeps tables of the names that are needed here, or its own list of
    /// migrations: it would never be a store, and waiting for it would not help.
    private func requireOwn(in db: Database, path: String) throws {
        var done: [String] = []
        if try db.tableExists("grdb_migrations") {
            done = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
        }
        let isOurs = try db.tableExists("meta")
        let foreign = done.filter { !isOurs || Int($0) == nil }
        // A later migration may make anew what an earlier one had made.
        let made = Set(migrations.prefix(done.count - foreign.count).flatMap(TableNames.made(by:)))
        let needed = Set(migrations.dropFirst(done.count - foreign.count).flatMap(TableNames.made(by:))).subtracting(
            made)
        let taken = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master ORDER BY name").filter(needed.contains)
        guard let first = taken.first ?? foreign.first else { return }
        let what = taken.isEmpty ? "migrations of another program (\(first))" : "tables of the names Onebeat needs"
        let names = taken.isEmpty ? "" : " (\(taken.joined(separator: ", ")))"
        throw StoreError.refused("\(path) has \(what)\(names); give the store a file of its own")
    }

    /// Refuses tables that are newer than this Onebeat knows.
    func requireKnown(in db: Database, path: String) throws {
        if try migrator().hasBeenSuperseded(db) {
            throw StoreError.refused(
                "\(path) was written by a newer Onebeat than \(OnebeatVersion.current); upgrade this node to use it")
        }
    }

    private func migrator(at now: Timestamp = .distantPast) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (index, migration) in migrations.enumerated() {
            migrator.registerMigration("\(index + 1)") { db in
                // All in one transaction, which nobody can join beside.
                if index > 0 { try Self.requireNoNode(in: db, at: now) }
                try db.execute(sql: migration)
            }
        }
        return migrator
    }

    /// Whoever holds no lease by now must join again first.
    private static func requireNoNode(in db: Database, at now: Timestamp) throws {
        let nodes = try db.rows(
            "SELECT DISTINCT name FROM nodes WHERE gone_at IS NULL AND lease_until > ? ORDER BY name", [now]
        ).map { row in
            var row = Columns(row)
            return row[0] as String
        }
        if !nodes.isEmpty { throw StoreError.inUse(by: nodes) }
        try db.change("UPDATE nodes SET gone_at = ? WHERE gone_at IS NULL", [now])
    }

    /// `refused_nonce`: claims of this life up to this one are refused, should they still arrive.
    /// `need`: what a process must be able to do for a run, a kind of work or `handler:JOB`.
    private static let claims = """
        ALTER TABLE nodes ADD COLUMN refused_nonce INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE nodes ADD COLUMN abilities TEXT;
        ALTER TABLE runs ADD COLUMN need TEXT NOT NULL DEFAULT '';
        UPDATE runs SET need = (
            SELECT CASE
                WHEN NOT json_valid(definition) THEN 'run'
                WHEN json_type(definition, '$.work.handler') IS NOT NULL
                    OR json_extract(definition, '$.work.kind') = 'handler' THEN 'handler:' || runs.job_name
                WHEN json_type(definition, '$.work.http') IS NOT NULL THEN 'http'
                WHEN json_type(definition, '$.work.command') IS NOT NULL THEN 'exec'
                ELSE coalesce(json_extract(definition, '$.work.kind'), 'run') END
            FROM definitions d
            WHERE d.job_name = runs.job_name AND d.generation = runs.generation AND d.version = runs.version)
        WHERE state = 'scheduled'
            AND EXISTS (
                SELECT 1 FROM definitions d
                WHERE d.job_name = runs.job_name AND d.generation = runs.generation AND d.version = runs.version);
        """

    /// `flow_root`: of a job that follows others, the job they all lead to. `flow_edition`: counts the changes among those
    /// that follow a root. `flow_id`: the number of the root's run, also in its own row. `waits`: which run follows which.
    private static let flows = """
        ALTER TABLE jobs ADD COLUMN flow_root TEXT;
        ALTER TABLE jobs ADD COLUMN flow_edition INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX jobs_by_root ON jobs(flow_root) WHERE flow_root IS NOT NULL;
        ALTER TABLE runs ADD COLUMN flow_id INTEGER;
        CREATE INDEX runs_of_flow ON runs(flow_id) WHERE flow_id IS NOT NULL;
        CREATE TABLE waits (
            parent_id INTEGER NOT NULL, run_id INTEGER NOT NULL, PRIMARY KEY (parent_id, run_id)
        ) WITHOUT ROWID;
        CREATE INDEX waits_of_run ON waits(run_id);
        """

    /// What people are told of. An incident of a job is known by when the job last did well before it.
    private static let incidents = """
        CREATE TABLE incidents (
            id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, kind TEXT NOT NULL, job_name TEXT NOT NULL,
            since INTEGER NOT NULL, run_id INTEGER, summary TEXT NOT NULL, opened_at INTEGER NOT NULL,
            closed_at INTEGER, batch INTEGER, sent_at INTEGER, acknowledged_by TEXT, is_news INTEGER NOT NULL,
            UNIQUE (rule, kind, job_name, since)
        );
        CREATE INDEX incidents_open ON incidents(id) WHERE closed_at IS NULL;
        CREATE INDEX incidents_ungathered ON incidents(rule, opened_at) WHERE batch IS NULL;
        CREATE INDEX incidents_of_batch ON incidents(batch) WHERE batch IS NOT NULL;
        CREATE INDEX incidents_unsent ON incidents(batch) WHERE batch IS NOT NULL AND sent_at IS NULL;
        """

    private static let first = """
        CREATE TABLE jobs (
            name TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL,
            source TEXT NOT NULL, is_paused INTEGER NOT NULL DEFAULT 0, watermark INTEGER NOT NULL, next_at INTEGER,
            delay_us INTEGER, created_at INTEGER NOT NULL, removed_at INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX jobs_next ON jobs(next_at) WHERE next_at IS NOT NULL;

        CREATE TABLE definitions (
            job_name TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL,
            created_at INTEGER NOT NULL, PRIMARY KEY (job_name, generation, version)
        ) WITHOUT ROWID;

        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, job_name TEXT NOT NULL, generation INTEGER NOT NULL,
            version INTEGER NOT NULL, kind TEXT NOT NULL, scheduled_at INTEGER NOT NULL,
            request_id TEXT NOT NULL DEFAULT '', due_at INTEGER NOT NULL, deadline_at INTEGER, state TEXT NOT NULL,
            reason TEXT, message TEXT, queue TEXT NOT NULL, priority INTEGER NOT NULL,
            is_held INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0,
            node TEXT, boot TEXT, nonce TEXT, crashes INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
            is_cancel_requested INTEGER NOT NULL DEFAULT 0, started_at INTEGER, finished_at INTEGER,
            exit_code INTEGER, range_end INTEGER, count INTEGER NOT NULL DEFAULT 1
        );
        CREATE UNIQUE INDEX runs_once ON runs(job_name, generation, scheduled_at, kind, request_id);
        CREATE UNIQUE INDEX runs_request ON runs(job_name, generation, request_id) WHERE kind = 'manual';
        CREATE INDEX runs_by_job ON runs(job_name, id);
        CREATE INDEX runs_due ON runs(queue, priority, due_at, id) WHERE state = 'scheduled' AND is_held = 0;
        CREATE INDEX runs_held ON runs(job_name, due_at, id) WHERE state = 'scheduled' AND is_held = 1;
        CREATE INDEX runs_active ON runs(job_name, kind) WHERE state = 'running';
        CREATE INDEX runs_trouble ON runs(id) WHERE state IN ('dead', 'failed', 'lost', 'missed', 'timed_out');
        CREATE INDEX runs_of_boot ON runs(boot) WHERE state = 'running';

        CREATE TABLE attempts (
            run_id INTEGER NOT NULL, number INTEGER NOT NULL, fence INTEGER NOT NULL, node TEXT NOT NULL,
            boot TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER, outcome TEXT, message TEXT,
            exit_code INTEGER, PRIMARY KEY (run_id, number)
        ) WITHOUT ROWID;

        CREATE TABLE logs (
            run_id INTEGER NOT NULL, attempt INTEGER NOT NULL, sequence INTEGER NOT NULL, stream TEXT NOT NULL,
            at INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (run_id, attempt, sequence)
        );

        CREATE TABLE scheduled_job_status (
            job_name TEXT PRIMARY KEY NOT NULL, status TEXT NOT NULL, last_run_at INTEGER, node_id TEXT,
            run_id INTEGER, fence INTEGER NOT NULL DEFAULT 0, last_success_at INTEGER,
            failures_in_a_row INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;

        CREATE TABLE nodes (
            boot TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, joined_at INTEGER NOT NULL,
            lease_until INTEGER NOT NULL, gone_at INTEGER, roles TEXT NOT NULL, slots INTEGER NOT NULL,
            queues TEXT NOT NULL, version TEXT NOT NULL, process_id INTEGER NOT NULL, zones TEXT NOT NULL,
            skew INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX nodes_alive ON nodes(lease_until) WHERE gone_at IS NULL;

        CREATE TABLE leases (
            name TEXT PRIMARY KEY NOT NULL, holder TEXT NOT NULL, term INTEGER NOT NULL, expires_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, job_name TEXT,
            run_id INTEGER, actor TEXT NOT NULL, message TEXT NOT NULL
        );
        CREATE INDEX events_by_job ON events(job_name, id) WHERE job_name IS NOT NULL;

        CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('incarnation', lower(hex(randomblob(16))));
        CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('fence', 0);
        """

    /// Leases are counted by those who see them; the times of their ends are for people.
    private static let renewals = """
        ALTER TABLE nodes ADD COLUMN renewal INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE nodes ADD COLUMN length INTEGER NOT NULL DEFAULT 10000000;
        ALTER TABLE leases ADD COLUMN renewal INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE leases ADD COLUMN length INTEGER NOT NULL DEFAULT 10000000;
        DROP INDEX nodes_alive;
        CREATE INDEX nodes_alive ON nodes(boot) WHERE gone_at IS NULL;
        """

    /// How far the store's clock was ahead of what a node took for the store's time, at its newest renewal.
    private static let deviations = "ALTER TABLE nodes ADD COLUMN deviation INTEGER NOT NULL DEFAULT 0"

    /// What each source has applied: in force is what has the highest place.
    private static let revisions = """
        CREATE TABLE revisions (
            source TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, place INTEGER NOT NULL,
            applied_at INTEGER NOT NULL, actor TEXT NOT NULL, PRIMARY KEY (source, number, digest)
        ) WITHOUT ROWID;
        """

    /// Which element of a list a run is for; what is open of which flow; and since when a run has been marked as something,
    /// for audits: a later mark takes the place of an earlier one.
    private static let elements = """
        ALTER TABLE runs ADD COLUMN element INTEGER;
        CREATE INDEX runs_open_in_flow ON runs(flow_id)
            WHERE flow_id IS NOT NULL AND state IN ('waiting', 'scheduled', 'running');
        ALTER TABLE marks ADD COLUMN first_at INTEGER
        """

    /// Runs of a stretch of time, and those in one of the states that are rare, are found without reading all others.
    private static let stretches = """
        CREATE INDEX runs_by_time ON runs(scheduled_at, id);
        CREATE INDEX runs_by_end ON runs(state, id)
            WHERE state IN ('cancelled', 'dead', 'failed', 'lost', 'missed', 'skipped', 'timed_out')
        """

    /// For how long nothing is told of what.
    private static let silences = """
        CREATE TABLE silences (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, pattern TEXT NOT NULL, began_at INTEGER NOT NULL,
            ends_at INTEGER NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL
        );
        CREATE INDEX silences_by_end ON silences(ends_at);
        """

    /// What runs hand on, as JSON.
    private static let runValues = """
        CREATE TABLE run_values (run_id INTEGER PRIMARY KEY NOT NULL, value TEXT NOT NULL);
        """

    /// Events of one kind are found without reading all others.
    private static let eventKinds = "CREATE INDEX events_by_kind ON events(kind, id)"

    /// Events from outside, and which jobs start on which.
    private static let emissions = """
        CREATE TABLE emissions (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, request_id TEXT NOT NULL, data TEXT, actor TEXT NOT NULL, at INTEGER NOT NULL,
            UNIQUE (name, request_id)
        );
        ALTER TABLE jobs ADD COLUMN on_event TEXT;
        CREATE INDEX jobs_on_event ON jobs(on_event) WHERE on_event IS NOT NULL
        """

    /// Which jobs wait for which.
    private static let needs = """
        CREATE TABLE needs (needed TEXT NOT NULL, job_name TEXT NOT NULL, PRIMARY KEY (needed, job_name));
        CREATE INDEX needs_of ON needs(job_name)
        """

    /// Past due instants that are to be run. `reached`: the last one that was decided on.
    private static let backfills = """
        CREATE TABLE backfills (
            id INTEGER PRIMARY KEY AUTOINCREMENT, job_name TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, direction TEXT NOT NULL,
            most INTEGER NOT NULL, repeats TEXT NOT NULL, state TEXT NOT NULL, reached INTEGER,
            made INTEGER NOT NULL DEFAULT 0, passed INTEGER NOT NULL DEFAULT 0, actor TEXT NOT NULL, created_at INTEGER NOT NULL
        );
        CREATE INDEX backfills_open ON backfills(job_name) WHERE state IN ('active', 'paused');
        CREATE INDEX runs_of_backfill ON runs(request_id, state) WHERE kind = 'backfill'
        """

    /// What somebody said that runs count as for those that follow them.
    private static let marks = """
        CREATE TABLE marks (
            run_id INTEGER PRIMARY KEY NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL,
            at INTEGER NOT NULL
        )
        """

    /// Who stored a definition, where it came from, and when its job was removed, if it was the last one.
    private static let authors = """
        ALTER TABLE definitions ADD COLUMN actor TEXT NOT NULL DEFAULT '';
        ALTER TABLE definitions ADD COLUMN source TEXT NOT NULL DEFAULT '';
        ALTER TABLE definitions ADD COLUMN removed_at INTEGER;
        UPDATE definitions SET removed_at = (
            SELECT j.removed_at FROM jobs j
            WHERE j.name = job_name AND j.generation = definitions.generation AND j.version = definitions.version
        );
        """

    /// Who may see and act on the web. Of secrets there are fingerprints only.
    private static let access = """
        CREATE TABLE web_users (
            name TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, scope TEXT NOT NULL, password TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE web_sessions (
            digest TEXT PRIMARY KEY NOT NULL, user_name TEXT NOT NULL, created_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL, ends_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX web_sessions_by_user ON web_sessions(user_name);
        CREATE INDEX web_sessions_by_end ON web_sessions(ends_at);
        CREATE TABLE web_tokens (
            name TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL UNIQUE, role TEXT NOT NULL, scope TEXT NOT NULL,
            created_by TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE sign_in_failures (key TEXT PRIMARY KEY NOT NULL, count INTEGER NOT NULL, last_at INTEGER NOT NULL)
            WITHOUT ROWID;
        CREATE INDEX sign_in_failures_by_age ON sign_in_failures(last_at);
        """

    /// What kept an incident from being told, and when it was let go after that.
    private static let holdings = """
        ALTER TABLE incidents ADD COLUMN held_by TEXT;
        ALTER TABLE incidents ADD COLUMN released_at INTEGER;
        DROP INDEX incidents_ungathered;
        CREATE INDEX incidents_ungathered ON incidents(rule, opened_at)
            WHERE batch IS NULL AND (held_by IS NULL OR released_at IS NOT NULL)
        """

    /// How many runs a node was running when it was gone, so that one that was alone is known.
    private static let leavings = "ALTER TABLE nodes ADD COLUMN runs_left INTEGER"
}
