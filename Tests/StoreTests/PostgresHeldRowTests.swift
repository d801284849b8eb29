import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

/// A job's row that another client holds for long: its own job waits for it, and no other.
@Suite(.timeLimit(.minutes(2)))
struct PostgresHeldRowTests {
    @Test func theLeaderPlansTheOthers() async throws {
        try await withJobs { database, store, node in
            let term = try #require(try await store.lead(node, lease: .seconds(60)))
            let plans = try await store.jobs().map { job in
                let due = job.watermark + .seconds(60)
                return FirePlan(
                    version: job.versionID, from: job.watermark, through: due, nextAt: nil,
                    fires: [PlannedFire(scheduledAt: due, dueAt: due)])
            }
            try await database.holding("jobs WHERE name = 'a'") {
                let planned = try await store.plan(plans, term: term)
                #expect(planned == 1)
                let jobs = try database.jobsOfRuns("attempt = 0")
                #expect(jobs == "b")
            }
            // It comes back for the rest.
            #expect(try await store.plan(plans, term: term) == 1)
        }
    }

    @Test(arguments: ["jobs WHERE name = 'a'", "runs WHERE job_name = 'a'"])
    func theOthersAreSettled(_ row: String) async throws {
        try await withJobs { database, store, node in
            let claims = try await store.claim(
                ClaimRequest(node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(1)),
                deciding: Admission.decide
            ).claims.sorted { $0.run.job < $1.run.job }
            #expect(claims.map(\.run.job) == ["a", "b"])
            func settle() async throws -> [SettleResult] {
                try await store.settle(claims.map { AttemptReport($0, .succeeded) }) { run, outcome, policies, now in
                    Settlement.decide(run, outcome, of: policies, at: now, chance: 0)
                }
            }
            try await database.holding(row) {
                for _ in 0..<2 {
                    let results = try await settle()
                    guard results.first == .later, case .settled(let run) = results.last else {
                        Issue.record("\(results)")
                        return
                    }
                    #expect(run.state == .succeeded)
                }
            }
            #expect(try await settle().allSatisfy { if case .settled = $0 { true } else { false } })
            #expect(try database.jobsOfRuns("state = 'succeeded'") == "a,b")
        }
    }

    @Test func theOthersAreReaped() async throws {
        try await withJobs { database, store, node in
            _ = try await store.claim(
                ClaimRequest(node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(1)),
                deciding: Admission.decide)
            try await store.bury(node)
            func reap() async throws -> [String] {
                try await store.reap(limit: 100) { run, outcome, policies, now in
                    Settlement.decide(run, outcome, of: policies, at: now, chance: 0)
                }.runs.map(\.job)
            }
            try await database.holding("jobs WHERE name = 'a'") {
                let reaped = try await reap()
                #expect(reaped == ["b"])
            }
            #expect(try await reap() == ["a"])
        }
    }

    /// Two jobs, each with a due run.
    private func withJobs(_ body: (PostgresDatabase, PostgresStore, NodeID) async throws -> Void) async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            let node = NodeID(name: "a", boot: "a1")
            _ = try await store.join(
                NodeRecord(id: node, slots: 9, queues: ["default"], version: "1", processID: 1), lease: .seconds(60))
            let jobs = ["a", "b"].map { JobDefinition(name: $0, schedule: .every(.seconds(60)), work: .handler) }
            _ = try await store.apply(ApplyRequest(jobs, source: "test", by: "test"), unless: { _, _ in false }) {
                job, _, now in
                FirePlan(
                    version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now, nextAt: nil,
                    fires: [PlannedFire(scheduledAt: now, dueAt: now)])
            }
            try await body(database, store, node)
        }
    }
}

extension PostgresDatabase {
    /// Does `body` while another client holds a row.
    fileprivate func holding(_ row: String, _ body: () async throws -> Void) async throws {
        let holder = try ServerProcess([
            "psql", "-X", "-d", url, "-c", "BEGIN; SELECT 1 FROM \(row) FOR UPDATE", "-c", "SELECT pg_sleep(60)",
        ])
        defer { holder.stop() }
        let sleepers = "FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = '\(name)'"
        while try server.sql("SELECT count(*) \(sleepers)") == "0" { await Task.yield() }
        try await body()
        try server.sql("SELECT pg_terminate_backend(pid) \(sleepers)")
        while try server.sql("SELECT count(*) \(sleepers)") != "0" { await Task.yield() }
    }

    fileprivate func jobsOfRuns(_ condition: String) throws -> String {
        try server.sql(
            """
            SELECT string_agg(DISTINCT job_name, ',' ORDER BY job_name) FROM runs
            WHERE \(condition) AND scheduled_at = (SELECT max(scheduled_at) FROM runs)
            """, in: name)
    }
}
