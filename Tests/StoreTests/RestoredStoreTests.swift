import Foundation
import GRDB
import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatTesting
import Testing

/// A store that was restored, or whose standby took its place, gives out again what it gave out before: versions, and
/// fences. Nothing that was kept of it may be taken for what it has now, and no receiver may find its fences too low.
@Suite(.timeLimit(.minutes(3)))
struct RestoredStoreTests {
    @Test func aStandbyThatLostCommitsGoesOnAboveThem() async throws {
        let primary = try await PostgresServer()
        let line = try Proxy(to: "\(primary.folder)/.s.PGSQL.5432")
        let url = "postgres://onebeat@/postgres"
        let made = try await PostgresStore.open("\(url)?host=\(primary.folder)")
        try await made.put("first", from: nil)
        made.close()
        let standby = try await PostgresServer(standbyOf: primary, over: line)
        let store = try await PostgresStore.open("\(url)?host=\(primary.folder),\(standby.folder)")
        defer { store.close() }
        let node = try await store.joinAlone()
        while try standby.sql("SELECT count(*) FROM nodes") != "1" { try await Task.sleep(for: .milliseconds(5)) }
        let incarnation = "SELECT value FROM meta WHERE key = 'incarnation'"
        let before = try primary.sql(incarnation)

        line.isSilent = true
        try await store.put("lost", from: "first")
        let lost = try #require(try await store.claimOne(node, nonce: 1).claims.first)
        #expect(lost.definition.description == "lost")
        primary.crash()
        line.cut()
        try standby.promote()

        try await store.put("kept", from: "first")
        let kept = try #require(try await store.claimOne(node, nonce: 2).claims.first)
        #expect(kept.run.version == lost.run.version)
        #expect(kept.definition.description == "kept")
        #expect(kept.fence > lost.fence)
        #expect(try standby.sql(incarnation) != before)
        #expect(try await store.events(job: nil, limit: 20).count { $0.kind == "store.restored" } == 1)
        line.isSilent = false
    }

    /// A restored dump, as far as whoever finds it can tell: other tables, lower fences, and a clock that is behind.
    @Test func fencesGoOnAboveAllThatALivingNodeHasSeen() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            let other = try await PostgresStore.open(database.url)
            defer { [store, other].forEach { $0.close() } }
            let node = try await store.joinAlone()
            let far = 9_000_000_000_000_000
            try database.server.sql("SELECT setval('fences', \(far))", in: database.name)
            try await store.put("first", from: nil)
            try await store.put("second", from: "first")
            let before = try #require(try await store.claimOne(node, nonce: 1).claims.first)
            #expect(before.fence.value > far)
            try database.server.sql("SELECT setval('fences', 1)", in: database.name)
            try database.server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
            try await store.put("third", from: "second")
            let after = try #require(try await store.claimOne(node, nonce: 2).claims.first)
            #expect(after.fence > before.fence)
            try await other.record(Event("x", actor: "ann"))
            let events = try await other.events(job: nil, limit: 20)
            #expect(events.count { $0.kind == "store.restored" } == 1)
        }
    }

    @Test func behindAPoolerAnotherServerIsNoticedInTheMiddle() async throws {
        let server = try await PostgresServer()
        let pooler = try await PgBouncer(to: server)
        let store = try await PostgresStore.open(pooler.url("postgres"))
        defer { store.close() }
        try await store.put("first", from: nil)
        _ = try await store.jobs()
        server.crash()
        try await server.restart()
        try server.sql(
            "UPDATE definitions SET definition = replace(definition, 'first', 'other'); UPDATE meta SET value = '' WHERE key = 'server'"
        )
        // The pooler's own connections may have to end first.
        while (try? await store.jobs()) == nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await store.jobs().map(\.definition.description) == ["other"])
        #expect(try await store.events(job: nil, limit: 20).count { $0.kind == "store.restored" } == 1)
    }

    @Test func aFileThatWasRestoredWhileAllWereStoppedGoesOnAbove() async throws {
        try await withFile { path in
            var store = try SQLiteStore(path: path)
            try await store.put("first", from: nil)
            try DatabaseQueue(path: path).backup(to: DatabaseQueue(path: path + ".copy"))
            var fences: [Fence] = []
            for text in ["a", "b"] {
                let node = try await store.joinAlone(boot: text)
                try await store.put(text, from: fences.isEmpty ? "first" : "a")
                fences += try await store.claimOne(node, nonce: 1).claims.map(\.fence)
            }
            store = try SQLiteStore(path: path + ".copy")
            let node = try await store.joinAlone(boot: "c")
            try await store.put("c", from: "first")
            fences += try await store.claimOne(node, nonce: 3).claims.map(\.fence)
            #expect(fences.count == 3)
            #expect(fences == fences.sorted())
        }
    }

    @Test func aFileThatIsRestoredBelowALivingNodeIsNoticed() async throws {
        try await withFile { path in
            let store = try SQLiteStore(path: path)
            let node = try await store.joinAlone()
            try await store.put("first", from: nil)
            let (file, copy) = try (DatabaseQueue(path: path), DatabaseQueue(path: path + ".copy"))
            try file.backup(to: copy)
            try await store.put("lost", from: "first")
            let lost = try #require(try await store.claimOne(node, nonce: 1).claims.first)
            #expect(lost.definition.description == "lost")
            try copy.backup(to: file)
            try await store.put("kept", from: "first")
            let kept = try #require(try await store.claimOne(node, nonce: 2).claims.first)
            #expect(kept.run.version == lost.run.version)
            #expect(kept.definition.description == "kept")
            #expect(kept.fence > lost.fence)
            #expect(try await store.events(job: nil, limit: 20).count { $0.kind == "store.restored" } == 1)
        }
    }

    private func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("onebeat.db").path)
    }
}

extension LeaseStore {
    fileprivate func joinAlone(boot: String = "a1") async throws -> NodeID {
        let node = NodeID(name: "a", boot: boot)
        _ = try await join(
            NodeRecord(id: node, slots: 1, queues: ["default"], version: "1", processID: 1), lease: .seconds(600))
        return node
    }
}

extension JobStore {
    /// Stores a job that is told by its description, and that is due at once unless it is the first.
    fileprivate func put(_ description: String, from old: String?) async throws {
        var job = JobDefinition(name: "report", schedule: .every(.seconds(60)), work: .handler)
        job.description = description
        job.policies.overlap = .allow
        _ = try await apply(ApplyRequest([job], source: "test", by: "test"), unless: { _, _ in false }) {
            job, record, now in
            #expect(record?.definition.description == old)
            return FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: (record?.version ?? 0) + 1), from: now,
                through: now, nextAt: nil, fires: old == nil ? [] : [PlannedFire(scheduledAt: now, dueAt: now)])
        }
    }
}

extension RunStore {
    fileprivate func claimOne(_ node: NodeID, nonce: Int64) async throws -> ClaimResult {
        try await claim(
            ClaimRequest(node: node, queues: ["default"], slots: 10, nonce: ClaimNonce(nonce)),
            deciding: Admission.decide)
    }
}
