import Foundation
import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatTesting
import Testing

/// Two versions of Onebeat with different tables, on one store.
@Suite(.timeLimit(.minutes(2)))
struct UpgradeTests {
    private static let change = "ALTER TABLE jobs ADD COLUMN colour text"

    @Test func noTwoVersionsUseOneFileAtATime() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("onebeat.db").path
        try await check { time, isNewer in
            let tables = OnebeatSQLite.Schema.current
            return try SQLiteStore(path: path, time: time, schema: isNewer ? tables.followed(by: Self.change) : tables)
        }
    }

    @Test func noTwoVersionsUseOneDatabaseAtATime() async throws {
        try await PostgresDatabase.with { database in
            try await check { time, isNewer in
                let tables = OnebeatPostgres.Schema.current
                return try await PostgresStore.open(
                    database.url, time: time, schema: isNewer ? tables.followed(by: Self.change) : tables)
            }
        }
    }

    private func check(_ open: (ManualTime, _ isNewer: Bool) async throws -> any Store) async throws {
        let time = ManualTime()
        let old = try await open(time, false)
        let nodes = ["a", "b"].map { NodeID(name: $0, boot: "\($0)1") }
        for node in nodes { _ = try await old.join(.of(node), lease: .seconds(10)) }
        await expectUnavailable("in use by a, b;") { _ = try await open(time, true) }
        _ = try await old.renew(nodes[0], lease: .seconds(10))

        // One leaves, and the other one's lease runs out: it may be frozen, and wake up later.
        try await old.leave(nodes[0])
        await expectUnavailable("in use by b;") { _ = try await open(time, true) }
        time.advance(by: .seconds(10))
        let new = try await open(time, true)
        await #expect(throws: StoreError.self) { try await old.renew(nodes[1], lease: .seconds(10)) }
        await expectRefused("upgrade this node") { _ = try await old.join(.of(nodes[1]), lease: .seconds(10)) }
        await expectRefused("upgrade this node") { _ = try await open(time, false) }
        _ = try await new.join(.of(NodeID(name: "a", boot: "a2")), lease: .seconds(10))
        _ = try await open(time, true)
    }

    @Test func aNodeThatJoinsWhileTablesAreChangedIsRefused() async throws {
        try await PostgresDatabase.with { database in
            let old = try await PostgresStore.open(database.url)
            defer { old.close() }
            let tables = OnebeatPostgres.Schema.current.followed(by: "SELECT pg_sleep(0.5);\n\(Self.change)")
            async let changing = PostgresStore.open(database.url, schema: tables)
            let isChanging = """
                SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database.name)' AND wait_event = 'PgSleep'
                """
            while try database.server.sql(isChanging) == "0" { await Task.yield() }
            await expectRefused("upgrade this node") {
                _ = try await old.join(.of(NodeID(name: "a", boot: "a1")), lease: .seconds(10))
            }
            try await changing.close()
        }
    }

    private func expectUnavailable(_ words: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .unavailable(let why) = error, why.contains(words) else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func expectRefused(_ words: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .refused(let why) = error, why.contains(words) else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}

extension NodeRecord {
    fileprivate static func of(_ id: NodeID) -> NodeRecord {
        NodeRecord(id: id, slots: 1, queues: [], version: "1", processID: 1)
    }
}
