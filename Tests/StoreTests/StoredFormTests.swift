import Foundation
import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

@testable import OnebeatSQLite

/// Stores that other versions wrote: version 0.1's, and one with things in it that this version does not know.
@Suite(.timeLimit(.minutes(1)))
struct StoredFormTests {
    /// What a newer version may have written, as both databases take it.
    private static let newer = [
        """
        UPDATE definitions SET definition = '{"format":2,"name":"tick","schedule":{"every":"1s"},"work":{"kind":"python"}}'
            WHERE job_name = 'tick'
        """,
        "UPDATE definitions SET definition = '{\"format\":9}' WHERE job_name = 'pause'",
        "UPDATE runs SET state = 'floating' WHERE job_name = 'broken' AND state = 'failed'",
        "UPDATE runs SET kind = 'lunar', reason = 'weather' WHERE job_name = 'tick' AND state = 'succeeded'",
    ]

    private static func fixture(_ name: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    private func withSQLite(_ changes: [String] = [], _ check: (any Store) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stored-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("onebeat.db").path
        try SQLiteFile.write(
            [Self.fixture("version-0.1.sqlite.sql")] + changes.map { $0 + ";" }, to: path)
        try await check(try SQLiteStore(path: path))
    }

    private func withPostgres(_ changes: [String] = [], _ check: (any Store) async throws -> Void) async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        defer { try? server.drop(name) }
        try server.sql(Self.fixture("version-0.1.postgres.sql"), in: name)
        for change in changes { try server.sql(change, in: name) }
        let store = try await PostgresStore.open(server.url(name))
        try await check(store)
        store.close()
    }

    @Test func aFileOfVersion01IsRead() async throws { try await withSQLite { try await checkFirst($0) } }

    @Test func aDatabaseOfVersion01IsRead() async throws { try await withPostgres { try await checkFirst($0) } }

    private func checkFirst(_ store: any Store) async throws {
        let jobs = try await store.jobs()
        #expect(jobs.map(\.name) == ["backup", "broken", "call", "hand", "once", "pause", "rate", "tick"])
        for job in jobs {
            #expect(job.definition.trouble == nil)
            _ = try Schedule(of: job.definition)
            let again = DefinitionText.decode(try DefinitionText.encode(job.definition), of: job.name)
            #expect(again == job.definition)
        }
        #expect(jobs[0].definition.policies.retry.max == .seconds(600) && jobs[3].isPaused)
        #expect(try await store.runs(RunFilter()).contains { $0.state == .succeeded })
    }

    @Test func whatAFileHasThatIsNotKnownIsItsJobsTroubleAlone() async throws {
        try await withSQLite(Self.newer) { store in
            let held = try await checkNewer(store)
            #expect(!held.isEmpty && held.allSatisfy { $0.message?.contains("python") == true })
        }
    }

    @Test func whatADatabaseHasThatIsNotKnownIsItsJobsTroubleAlone() async throws {
        try await withPostgres(Self.newer) { store in
            let held = try await checkNewer(store)
            #expect(!held.isEmpty && held.allSatisfy { $0.message?.contains("python") == true })
        }
    }

    /// - Returns: what is due and cannot be read, after a claim.
    @discardableResult
    private func checkNewer(_ store: any Store) async throws -> [Run] {
        let stored = try await store.jobs()
        #expect(stored.count == 8)
        #expect(stored.filter { $0.definition.trouble != nil }.map(\.name) == ["pause", "tick"])
        let now = try await store.now()
        let due = try await store.plannable(through: now, limit: 100).map(\.name)
        #expect(due.contains("tick") && due.contains("broken"))

        let runs = try await store.runs(RunFilter())
        #expect(runs.contains { $0.job == "broken" && $0.state == .unknown })
        #expect(runs.contains { $0.job == "tick" && $0.kind == .unknown && $0.reason == .unknown })

        let node = NodeID(name: "a", boot: "a1")
        let record = NodeRecord(id: node, slots: 9, queues: ["default"], version: "1", processID: 1)
        _ = try await store.join(record, lease: .seconds(60))
        var jobs: Set<String> = []
        for nonce in 1...2 {
            let request = ClaimRequest(
                node: node, queues: ["default"], slots: 9, nonce: ClaimNonce(Int64(nonce)))
            let result = try await store.claim(request, deciding: Admission.decide)
            jobs.formUnion(result.claims.map(\.run.job))
            guard !result.hasMore else { continue }
            #expect(result.nextDue.map { $0 > now } ?? true, "the worker would look for ever")
            break
        }
        #expect(jobs.contains("hand") && jobs.isDisjoint(with: ["tick", "pause"]))
        return try await store.runs(RunFilter()).filter { $0.job == "tick" && $0.state == .scheduled }
    }
}

/// A file made by `sqlite3`, past everything of ours.
private enum SQLiteFile {
    static func write(_ statements: [String], to path: String) throws {
        _ = try ServerProcess.finish(["sqlite3", "-bail", path, statements.joined(separator: "\n")])
    }
}
