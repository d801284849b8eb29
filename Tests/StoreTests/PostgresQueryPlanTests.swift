import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatPostgres

/// A history of a million runs must cost the statements that run all the time nothing: each goes by an index that holds
/// only what is open, also once its plan is kept.
@Suite(.timeLimit(.minutes(2)))
struct PostgresQueryPlanTests {
    private static let time = Parameter.time(nil)

    private static func list(_ states: Set<RunState>) -> Statement {
        var filter = RunFilter()
        filter.states = states
        return PostgresStore.list(filter)
    }

    private static var stretch: Statement {
        var filter = RunFilter()
        (filter.from, filter.before, filter.after) = (.distantPast, .distantFuture, RunID(1))
        return PostgresStore.list(filter)
    }

    private static let clear = ClearClaim(
        ClaimRequest(
            node: NodeID(name: "a", boot: "a1"), queues: ["default"], abilities: .only(["run"]), slots: 10,
            nonce: ClaimNonce(1)))!
        .statements(at: time)
    private static let statements: [(what: String, statement: Statement, indexes: [String])] = [
        ("due", DueRuns.fetch(in: ["default"], for: .only(["run"]), at: time, limit: 10), ["runs_due"]),
        ("next due", DueRuns.next(in: ["default"], for: .only(["run"])), ["runs_soon"]),
        ("clear", clear[0], ["runs_soon"]),
        ("clear start", clear[1], ["runs_active"]),
        ("states", Statement(Claiming.states), ["runs_active", "runs_held"]),
        ("held", Statement(Claiming.held, [.texts(["a"])]), ["runs_held"]),
        ("release", Statement(Changes.release, [.texts(["a"]), .ints([1])]), ["runs_held"]),
        ("blocked", Statement(PostgresStore.blocked, [.int(1)]), ["runs_held", "runs_active"]),
        ("orphans", Statement(PostgresStore.orphans, [.int(1)]), ["runs_of_boot"]),
        ("overdue", Overdue.find(limit: 9, at: time), ["runs_due", "runs_soon", "runs_held"]),
        ("unclaimed", Overdue.unclaimed(for: .seconds(9), limit: 9, at: time), ["runs_due", "runs_soon"]),
        ("settle", .lockRuns([RunID(1)]), ["runs_pkey"]),
        ("read back", ClaimLock.brought(by: ClaimNonce(1), of: NodeID(name: "a", boot: "a1")), ["runs_of_boot"]),
        (
            "strays", PostgresStore.running(of: NodeID(name: "a", boot: "a1"), after: nil, limit: 9),
            ["runs_of_boot"]
        ),
        ("what runs", list([.running]), ["runs_active", "runs_of_boot"]),
        ("what is to come", list([.scheduled]), ["runs_due", "runs_soon", "runs_held"]),
        ("what waits", list([.waiting]), ["runs_open_in_flow"]),
        ("what is dead", list([.dead]), ["runs_trouble", "runs_by_end"]),
        ("what was skipped", list([.skipped]), ["runs_by_end"]),
        ("a stretch of time", stretch, ["runs_by_time"]),
        ("needs", Needs.look(["a"], from: [.distantPast], before: [.distantFuture]), ["runs_once"]),
        (
            "the first success", PostgresStore.firstSuccess(of: "a", from: .distantPast, before: .distantFuture),
            ["runs_once"]
        ),
        ("trouble", list([.failed, .timedOut, .lost, .dead, .missed]), ["runs_trouble"]),
    ]

    @Test func theyReadWhatIsOpenAndNotTheHistory() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql(Self.history, in: database.name)
            try database.server.sql("VACUUM ANALYZE", in: database.name)
            for (what, statement, indexes) in Self.statements {
                let plan = try Self.explain(statement, in: database)
                let used = Set(plan.matches(of: /(?:using|Index Scan on) (runs_\w+)/).map { String($0.1) })
                #expect(!plan.contains("Seq Scan on runs"), "\(what): \(plan)")
                #expect(used.subtracting(["runs_pkey"]).isSubset(of: indexes), "\(what): \(plan)")
                #expect(!used.isEmpty, "\(what): \(plan)")
            }
        }
    }

    /// Kept plans outlive what they were made by. One that went from all jobs to the few due runs took a millisecond for a
    /// hundred jobs, and one that took the wrong index of due runs read all of them, again and again.
    @Test func aClaimGoesTheSameWayWhereThereWasNothing() async throws {
        try await PostgresDatabase.with { database in
            for change in ["SELECT 1", Self.ended, "VACUUM ANALYZE"] {
                try database.server.sql(change, in: database.name)
                for (what, statement, indexes) in Self.statements.filter({ Self.ofClaims.contains($0.what) }) {
                    let plan = try Self.explain(statement, in: database)
                    let used = Set(plan.matches(of: /(?:using|Index Scan on) ((?:runs|jobs)_\w+)/).map { String($0.1) })
                    #expect(used.subtracting(["runs_pkey", "jobs_pkey"]).isSubset(of: indexes), "\(what): \(plan)")
                    #expect(!used.isEmpty, "\(what): \(plan)")
                }
            }
        }
    }

    private static let ofClaims: Set = ["due", "next due", "clear", "clear start"]

    /// What was analysed at a quiet moment says that nothing runs. A plan that goes by that joins all running runs with all
    /// that end, which took seconds for a few thousand.
    @Test func endsAreFoundByNumberAlsoWhereNothingSeemedToRun() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql(Self.ended, in: database.name)
            try database.server.sql("VACUUM ANALYZE", in: database.name)
            var run = Run(
                id: RunID(1), version: JobVersion(job: "a", generation: 1, version: 1), scheduledAt: .distantPast,
                dueAt: .distantPast, state: .running)
            run.attempt = 1
            var changes = Changes(at: .distantPast)
            let settlement = Settlement.decide(run, .succeeded, of: JobPolicies(), at: .distantPast, chance: 0)
            _ = try changes.settle(run, .succeeded, as: settlement, isGuarded: false)
            let plan = try Self.explain(try #require(changes.statements().first), in: database)
            #expect(plan.contains("runs_pkey"), "\(plan)")
            #expect(!plan.contains("runs_active") && !plan.contains("runs_of_boot"), "\(plan)")
        }
    }

    /// The plan that is kept for a prepared statement, under the settings of a session.
    private static func explain(_ statement: Statement, in database: PostgresDatabase) throws -> String {
        if statement.parameters.isEmpty {
            return try database.server.sql("SET enable_seqscan = off; EXPLAIN \(statement.sql)", in: database.name)
        }
        let types = statement.parameters.map { "\($0.type)::oid" }.joined(separator: ",")
        let names = try database.server.sql(
            "SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM unnest(ARRAY[\(types)]) WITH ORDINALITY u (t, n)"
        )
        let values = statement.parameters.map { _ in "NULL" }.joined(separator: ",")
        return try database.server.sql(
            """
            SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan;
            PREPARE p (\(names)) AS \(statement.sql);
            EXPLAIN EXECUTE p (\(values))
            """, in: database.name)
    }

    private static let ended = """
        INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority, finished_at)
        SELECT 'job' || n % 20, 1, 1, 'scheduled', t, t, 'succeeded', 'default', 0, t
        FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) h;
        """
    private static let history = """
        \(ended)
        INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority, boot, is_held)
        SELECT 'job' || n % 20, 1, 1, 'scheduled', now() + n * interval '1 minute', now() + n * interval '1 minute',
            CASE WHEN n % 5 = 0 THEN 'running' ELSE 'scheduled' END, 'default', 0, 'b' || n % 3, n % 5 = 1
        FROM generate_series(1, 300) n
        """
}
