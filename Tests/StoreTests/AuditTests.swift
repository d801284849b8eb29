import Foundation
import GRDB
import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatTesting
import Testing

/// The audit finds nothing in a history that is as it must be, and each fault in a store that was broken by hand.
@Suite(.timeLimit(.minutes(5)))
struct AuditTests {
    @Test(arguments: AuditedStore.Kind.allCases)
    func aHistoryThatIsAsItMustBeIsClean(_ kind: AuditedStore.Kind) async throws {
        try await AuditedStore.with(kind) { audited in
            let (summary, faults) = try await audited.audit()
            #expect(faults == [])
            #expect(summary.faults == 0)
            #expect(summary.jobs == 6)
            #expect(summary.instants == 6 + 6 + 1 + 1)
            #expect(summary.attempts == 17 + 1 + 2 * 6)
            #expect(summary.notes == [])
        }
    }

    struct Breach: Sendable, CustomTestStringConvertible {
        var what: String
        var kind: AuditFault.Kind
        /// Seconds stand in it as `{9}`.
        private var sql: String
        var testDescription: String { what }

        init(_ what: String, _ kind: AuditFault.Kind, _ sql: String) {
            self.what = what
            self.kind = kind
            self.sql = sql
        }

        func sql(for kind: AuditedStore.Kind) -> String {
            sql.replacing(/\{(\d+)\}/) { kind.length(inSeconds: String($0.1)) }
        }
    }

    private static func secondRun(of job: String) -> String {
        "(SELECT id FROM runs WHERE job_name = '\(job)' AND element IS NULL ORDER BY scheduled_at LIMIT 1 OFFSET 1)"
    }
    private static let second = secondRun(of: "root")
    private static let follower = secondRun(of: "follower")
    private static let short = "(SELECT id FROM runs WHERE job_name = 'short')"

    static let breaches: [Breach] = [
        Breach("a row is gone", .missing, "DELETE FROM runs WHERE id = \(second)"),
        Breach(
            "the newest row is gone", .missing,
            "DELETE FROM runs WHERE id = (SELECT max(id) FROM runs WHERE job_name = 'root')"),
        Breach(
            "an instant has two rows", .doubled,
            """
            DROP INDEX runs_once;
            CREATE INDEX runs_once ON runs(job_name, generation, scheduled_at, kind, request_id);
            INSERT INTO runs (job_name, generation, version, kind, scheduled_at, due_at, state, queue, priority, finished_at)
                SELECT job_name, generation, version, kind, scheduled_at, due_at, 'skipped', queue, priority, finished_at
                FROM runs WHERE id = \(second);
            """),
        Breach(
            "a row stands where nothing was due", .notDue,
            "UPDATE runs SET scheduled_at = scheduled_at + {1} WHERE id = \(second)"),
        Breach(
            "a range counts one too many", .miscounted, "UPDATE runs SET count = count + 1 WHERE range_end IS NOT NULL"),
        Breach(
            "a range reaches too far", .doubled,
            "UPDATE runs SET range_end = range_end + {10}, count = 4 WHERE range_end IS NOT NULL"),
        Breach(
            "an attempt began too early", .early,
            "UPDATE attempts SET started_at = started_at - {9} WHERE run_id = \(second)"),
        Breach(
            "an attempt began too late", .late, "UPDATE runs SET deadline_at = scheduled_at - {1} WHERE id = \(second)"),
        Breach(
            "two runs of a job were active at one time", .overlapped,
            "UPDATE attempts SET finished_at = finished_at + {60} WHERE run_id = \(second)"),
        Breach(
            "two attempts of a run were valid", .attempts,
            "UPDATE attempts SET started_at = started_at - {2} WHERE number = 2"),
        Breach("a fence went back", .attempts, "UPDATE attempts SET fence = 0 WHERE number = 2"),
        Breach(
            "the row of a run has another fence than its newest attempt", .attempts,
            "UPDATE runs SET fence = fence + 1 WHERE id = \(second)"),
        Breach("an attempt is gone", .attempts, "DELETE FROM attempts WHERE number = 1 AND run_id = \(second)"),
        Breach(
            "an attempt has another number than its place", .attempts,
            "UPDATE attempts SET number = 3 WHERE number = 1 AND run_id = \(second)"),
        Breach(
            "an attempt began while the one before it had not ended", .attempts,
            """
            UPDATE attempts SET finished_at = NULL
            WHERE number = 1 AND run_id = (SELECT run_id FROM attempts WHERE number = 2)
            """),
        Breach(
            "what may start once began again", .attempts,
            """
            UPDATE attempts SET outcome = 'lost' WHERE run_id = \(short);
            INSERT INTO attempts (run_id, number, fence, node, boot, started_at, finished_at, outcome)
                SELECT run_id, 2, fence + 1000, node, boot, finished_at, finished_at, 'succeeded'
                FROM attempts WHERE run_id = \(short);
            UPDATE runs SET attempt = 2, fence = fence + 1000 WHERE job_name = 'short';
            """),
        Breach("an outcome was changed", .outcome, "UPDATE runs SET state = 'failed' WHERE id = \(second)"),
        Breach("an outcome went away", .outcome, "UPDATE runs SET state = 'scheduled' WHERE id = \(second)"),
        Breach("the end of a run went away", .outcome, "UPDATE runs SET finished_at = NULL WHERE id = \(second)"),
        Breach(
            "a follower ran although its parent failed", .follower,
            """
            UPDATE runs SET state = 'failed' WHERE id = \(second);
            UPDATE attempts SET outcome = 'failed' WHERE run_id = \(second);
            """),
        Breach(
            "a follower was skipped although its parent succeeded", .follower,
            """
            UPDATE runs SET state = 'skipped', reason = 'upstream', attempt = 0, fence = 0 WHERE id = \(follower);
            DELETE FROM attempts WHERE run_id = \(follower);
            """),
        Breach(
            "a follower waits although its parent has ended", .follower,
            """
            DELETE FROM attempts WHERE run_id = \(follower);
            UPDATE runs SET state = 'waiting', attempt = 0, fence = 0, finished_at = NULL WHERE id = \(follower);
            """),
        Breach(
            "a follower began ahead of its parent's end", .follower,
            "UPDATE attempts SET started_at = started_at - {2} WHERE run_id = \(follower)"),
        Breach(
            "the whole of a list succeeded although one of its elements failed", .follower,
            """
            UPDATE attempts SET outcome = 'failed' WHERE run_id = (SELECT max(id) FROM runs WHERE element = 1);
            UPDATE runs SET state = 'failed' WHERE id = (SELECT max(id) FROM runs WHERE element = 1);
            """),
        Breach(
            "the whole of a list waits although all of its elements have ended", .follower,
            "UPDATE runs SET state = 'waiting', finished_at = NULL WHERE id = \(secondRun(of: "spread"))"),
        Breach(
            "a follower was forgotten", .flow,
            "DELETE FROM runs WHERE id = (SELECT max(id) FROM runs WHERE job_name = 'follower')"),
        Breach(
            "a run began before what it needs had succeeded", .need,
            "UPDATE runs SET finished_at = finished_at + {9} WHERE job_name = 'short'"),
        Breach(
            "a run began although what it needs failed", .need,
            """
            UPDATE runs SET state = 'failed' WHERE id = \(short);
            UPDATE attempts SET outcome = 'failed' WHERE run_id = \(short);
            """),
        Breach("nobody plans any more", .unplanned, "UPDATE jobs SET next_at = watermark + {10} WHERE name = 'short'"),
    ]

    @Test(arguments: AuditedStore.Kind.allCases, breaches)
    func eachBreachIsFound(_ kind: AuditedStore.Kind, _ breach: Breach) async throws {
        try await AuditedStore.with(kind) { audited in
            try audited.write(breach.sql(for: kind))
            let (summary, faults) = try await audited.audit()
            #expect(faults.contains { $0.kind == breach.kind }, "\(faults.map(\.words))")
            #expect(summary.faults == faults.count)
        }
    }

    @Test func eachKindOfFaultHasABreach() {
        #expect(Set(Self.breaches.map(\.kind)) == Set(AuditFault.Kind.allCases))
    }

    @Test(arguments: AuditedStore.Kind.allCases)
    func whatIsNotKeptIsSaid(_ kind: AuditedStore.Kind) async throws {
        try await AuditedStore.with(kind) { audited in
            _ = try await audited.store.prune(before: audited.start + .seconds(25), limit: 100)
            audited.time.advance(by: .seconds(60))
            let (summary, faults) = try await audited.audit()
            #expect(faults.filter { $0.kind != .unplanned } == [])
            #expect(summary.notes.contains { $0.contains("not kept any more") })
            #expect(summary.after == audited.start + .seconds(85))
        }
    }

    @Test(arguments: AuditedStore.Kind.allCases)
    func aDefinitionThatCannotBeReadIsSaid(_ kind: AuditedStore.Kind) async throws {
        try await AuditedStore.with(kind) { audited in
            try audited.write("UPDATE definitions SET definition = '{' WHERE job_name = 'root'")
            let (summary, faults) = try await audited.audit()
            #expect(faults == [])
            #expect(summary.notes.contains { $0.contains("root: version 1 cannot be read here") })
        }
    }
}

/// A store with a minute of history: every ten seconds a root, which hands on a list of two and one of whose runs needed a
/// second attempt, its follower, and a run for each element of the list; a job that nobody planned for half a minute; one
/// that was due once, and may start once, and one that needed it.
struct AuditedStore {
    enum Kind: CaseIterable {
        case sqlite, postgres

        /// How long it says so many seconds are.
        func length(inSeconds seconds: String) -> String {
            switch self {
            case .sqlite: "\(seconds)000000"
            case .postgres: "interval '\(seconds) s'"
            }
        }
    }

    let store: any Store
    let time: ManualTime
    let start: Timestamp
    /// Writes past the store.
    let write: (String) throws -> Void
    private let node = NodeID(name: "a", boot: "a1")

    static func with(_ kind: Kind, _ body: (AuditedStore) async throws -> Void) async throws {
        switch kind {
        case .sqlite: try await withFile(body)
        case .postgres: try await withDatabase(body)
        }
    }

    private static func withFile(_ body: (AuditedStore) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("onebeat.db").path
        let time = ManualTime()
        let audited = AuditedStore(store: try SQLiteStore(path: path, time: time), time: time, start: time.now()) {
            let queue = try DatabaseQueue(path: path)
            defer { try? queue.close() }
            let sql = $0
            try queue.write { try $0.execute(sql: sql) }
        }
        try await audited.live()
        try await body(audited)
    }

    private static func withDatabase(_ body: (AuditedStore) async throws -> Void) async throws {
        try await PostgresDatabase.with { database in
            let time = ManualTime()
            let store = try await PostgresStore.open(database.url, time: time)
            defer { store.close() }
            let audited = AuditedStore(store: store, time: time, start: time.now()) {
                _ = try database.server.sql($0, in: database.name)
            }
            try await audited.live()
            try await body(audited)
        }
    }

    private init(
        store: any Store, time: ManualTime, start: Timestamp, write: @escaping (String) throws -> Void
    ) {
        (self.store, self.time, self.start, self.write) = (store, time, start, write)
    }

    func audit() async throws -> (Auditor.Summary, [AuditFault]) {
        var faults: [AuditFault] = []
        let summary = try await Auditor(store).audit { faults.append($0) }
        return (summary, faults)
    }

    private func live() async throws {
        var retried = JobPolicies()
        retried.retry = RetryPolicy(limit: 3, backoff: .seconds(1), jitter: 0)
        var once = JobPolicies()
        once.delivery = .atMostOnce
        let beat = ScheduleDefinition(.every(.seconds(10)), end: start + .seconds(60))
        var spread = JobDefinition(name: "spread", schedule: .after("root"), work: .handler)
        spread.each = Each(in: "root")
        spread.policies.overlap = .allow
        var needing = JobDefinition(name: "needing", schedule: .at(start + .seconds(10)), work: .handler)
        needing.needs = ["short": .within(.seconds(60))]
        let jobs = [
            JobDefinition(name: "root", schedule: beat, work: .handler, policies: retried),
            JobDefinition(name: "follower", schedule: .after("root"), work: .handler),
            spread,
            JobDefinition(name: "report", schedule: beat, work: .handler),
            JobDefinition(name: "short", schedule: .at(start + .seconds(10)), work: .handler, policies: once),
            needing,
        ]
        _ = try await store.apply(jobs, source: "library", isComplete: false, by: "ann", schedules: ScheduleCache())
        _ = try await store.join(
            NodeRecord(id: node, slots: 9, queues: ["default"], version: "1", processID: 1), lease: .seconds(600))
        for beat in 1...6 {
            time.advance(to: start + .seconds(10 * beat))
            try await plan(["root", "short", "needing"] + ([3, 4, 5].contains(beat) ? [] : ["report"]))
            // The roots, a further attempt of one of them, and what follows.
            for round in 0..<3 { try await work(failing: beat == 3 && round == 0 ? "root" : nil) }
        }
        time.advance(to: start + .seconds(140))
    }

    private func plan(_ names: [String]) async throws {
        var plans: [FirePlan] = []
        for name in names {
            let job = try #require(try await store.job(name))
            let plan = Misfire.decide(
                job, schedule: try Schedule(of: job.definition), at: time.now(), through: time.now())
            plans.append(
                plan.followed(by: try await store.followers(planning: job), edition: job.flowEdition))
        }
        _ = try await store.plan(plans, term: nil)
    }

    private func work(failing name: String?) async throws {
        let request = ClaimRequest(
            node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(Int64(time.uptime().inSeconds) + 1))
        let claims = try await store.claim(request, deciding: Admission.decide).claims
        time.advance(by: .seconds(1))
        let list = RunValue(stored: "[1, 2]")
        _ = try await store.settle(
            claims.map {
                AttemptReport(
                    $0, $0.run.job == name ? .failed(Failure("no")) : .succeeded,
                    value: $0.run.job == "root" ? list : nil)
            }
        ) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }
    }
}
