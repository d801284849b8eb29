import Foundation
import GRDB
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

/// The audit finds nothing in a history that is as it must be, and each fault in a store that was broken by hand.
@Suite(.timeLimit(.minutes(2)))
struct AuditTests {
    @Test func aHistoryThatIsAsItMustBeIsClean() async throws {
        try await AuditedFile.with { file in
            let (summary, faults) = try await file.audit()
            #expect(faults == [])
            #expect(summary.faults == 0)
            #expect(summary.jobs == 4)

            #expect(summary.instants == 6 + 6 + 1)
            #expect(summary.attempts == 17)
            #expect(summary.notes == [])
        }
    }

    struct Breach: Sendable, CustomTestStringConvertible {
        var what: String
        var kind: AuditFault.Kind
        var sql: String
        var testDescription: String { what }

        init(_ what: String, _ kind: AuditFault.Kind, _ sql: String) {
            self.what = what
            self.kind = kind
            self.sql = sql
        }
    }

    private static let second = "(SELECT id FROM runs WHERE job_name = 'root' ORDER BY scheduled_at LIMIT 1 OFFSET 1)"
    private static let follower =
        "(SELECT id FROM runs WHERE job_name = 'follower' ORDER BY scheduled_at LIMIT 1 OFFSET 1)"

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
            "UPDATE runs SET scheduled_at = scheduled_at + 1000000 WHERE id = \(second)"),
        Breach(
            "a range counts one too many", .miscounted, "UPDATE runs SET count = count + 1 WHERE range_end IS NOT NULL"),
        Breach(
            "a range reaches too far", .doubled,
            "UPDATE runs SET range_end = range_end + 10000000, count = 4 WHERE range_end IS NOT NULL"),
        Breach(
            "an attempt began too early", .early,
            "UPDATE attempts SET started_at = started_at - 9000000 WHERE run_id = \(second)"),
        Breach(
            "an attempt began too late", .late,
            "UPDATE runs SET deadline_at = scheduled_at - 1000000 WHERE id = \(second)"),
        Breach(
            "two runs of a job were active at one time", .overlapped,
            "UPDATE attempts SET finished_at = finished_at + 60000000 WHERE run_id = \(second)"),
        Breach(
            "two attempts of a run were valid", .attempts,
            "UPDATE attempts SET started_at = started_at - 2000000 WHERE number = 2"),
        Breach("a fence went back", .attempts, "UPDATE attempts SET fence = 0 WHERE number = 2"),
        Breach("an attempt is gone", .attempts, "DELETE FROM attempts WHERE number = 1 AND run_id = \(second)"),
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
            "a follower began ahead of its parent's end", .follower,
            "UPDATE attempts SET started_at = started_at - 2000000 WHERE run_id = \(follower)"),
        Breach(
            "a follower was forgotten", .flow,
            "DELETE FROM runs WHERE id = (SELECT max(id) FROM runs WHERE job_name = 'follower')"),
        Breach(
            "nobody plans any more", .unplanned, "UPDATE jobs SET next_at = watermark + 10000000 WHERE name = 'short'"),
    ]

    @Test(arguments: breaches)
    func eachBreachIsFound(_ breach: Breach) async throws {
        try await AuditedFile.with { file in
            try file.write(breach.sql)
            let (summary, faults) = try await file.audit()
            #expect(faults.contains { $0.kind == breach.kind }, "\(faults.map(\.words))")
            #expect(summary.faults == faults.count)
        }
    }

    @Test func whatIsNotKeptIsSaid() async throws {
        try await AuditedFile.with { file in
            _ = try await file.store.prune(before: file.start + .seconds(25), limit: 100)
            file.time.advance(by: .seconds(60))
            let (summary, faults) = try await file.audit()
            #expect(faults.filter { $0.kind != .unplanned } == [])
            #expect(summary.notes.contains { $0.contains("not kept any more") })
            #expect(summary.after == file.start + .seconds(85))
        }
    }

    @Test func aDefinitionThatCannotBeReadIsSaid() async throws {
        try await AuditedFile.with { file in
            try file.write("UPDATE definitions SET definition = '{' WHERE job_name = 'root'")
            let (summary, faults) = try await file.audit()
            #expect(faults == [])
            #expect(summary.notes.contains { $0.contains("root: version 1 cannot be read here") })
        }
    }
}

/// A store on disk with a minute of history: a root and its follower every ten seconds, one of whose runs needed a second
/// attempt; a job that nobody planned for half a minute; one that was due once.
private struct AuditedFile {
    let path: String
    let store: SQLiteStore
    let time: ManualTime
    let start: Timestamp
    private let node = NodeID(name: "a", boot: "a1")

    static func with(_ body: (AuditedFile) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("onebeat.db").path
        let time = ManualTime()
        let file = AuditedFile(
            path: path, store: try SQLiteStore(path: path, time: time), time: time, start: time.now())
        try await file.live()
        try await body(file)
    }

    func audit() async throws -> (Auditor.Summary, [AuditFault]) {
        var faults: [AuditFault] = []
        let summary = try await Auditor(store).audit { faults.append($0) }
        return (summary, faults)
    }

    func write(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        try queue.write { try $0.execute(sql: sql) }
    }

    private func live() async throws {
        var retried = JobPolicies()
        retried.retry = RetryPolicy(limit: 3, backoff: .seconds(1), jitter: 0)
        let beat = ScheduleDefinition(.every(.seconds(10)), end: start + .seconds(60))
        let jobs = [
            JobDefinition(name: "root", schedule: beat, work: .handler, policies: retried),
            JobDefinition(name: "follower", schedule: .after("root"), work: .handler),
            JobDefinition(name: "report", schedule: beat, work: .handler),
            JobDefinition(name: "short", schedule: .at(start + .seconds(10)), work: .handler),
        ]
        _ = try await store.apply(jobs, source: "library", isComplete: false, by: "ann", schedules: ScheduleCache())
        _ = try await store.join(
            NodeRecord(id: node, slots: 9, queues: ["default"], version: "1", processID: 1), lease: .seconds(600))
        for beat in 1...6 {
            time.advance(to: start + .seconds(10 * beat))
            try await plan(["root", "short"] + ([3, 4, 5].contains(beat) ? [] : ["report"]))
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
        _ = try await store.settle(
            claims.map { AttemptReport($0, $0.run.job == name ? .failed(Failure("no")) : .succeeded) }
        ) { Settlement.decide($0, $1, of: $2, at: $3, chance: 0.5) }
    }
}
