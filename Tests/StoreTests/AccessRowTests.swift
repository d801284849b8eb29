import Foundation
import GRDB
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

/// Rows of users, sessions and tokens in which anything stands: one that cannot be read opens nothing, and is that row's
/// trouble alone.
@Suite(.timeLimit(.minutes(2)))
struct AccessRowTests {
    private static let tables = [
        ("web_users", "name = 'bad'"), ("web_sessions", "digest = 'of bad'"), ("web_tokens", "name = 'bad'"),
        ("sign_in_failures", "key = 'user bad'"),
    ]
    private static let values = ["NULL", "'garbage'", "''", "9223372036854775807", "-1", "x'00ff'", "'admin'"]

    @Test(arguments: tables.map(\.0))
    func aSpoiltRowOpensNothing(_ table: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("access-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (whole, path) = (folder.appendingPathComponent("whole.db").path, folder.appendingPathComponent("s.db").path)
        let time = ManualTime()
        try await Self.write(whole, time)
        let condition = try #require(Self.tables.first { $0.0 == table }?.1)
        let file = try DatabaseQueue(path: whole)
        let columns = try await file.read { try $0.columns(in: table).map(\.name) }
        try file.close()
        for column in columns {
            for value in Self.values where !(column == "role" && value == "'admin'") {
                for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                try FileManager.default.copyItem(atPath: whole, toPath: path)
                let file = try DatabaseQueue(path: path)
                let isSpoiled = try await file.write { db in
                    (try? db.execute(sql: "UPDATE \(table) SET \(column) = \(value) WHERE \(condition)")) != nil
                }
                try file.close()
                if isSpoiled { try await check(SQLiteStore(path: path, time: time), "\(table).\(column) = \(value)") }
            }
        }
    }

    private func check(_ store: SQLiteStore, _ what: String) async throws {
        for digest in ["of bad", "", "garbage", "admin"] {
            let user = try await store.session(digest, idle: .seconds(900))
            #expect(user == nil || user?.role == .viewer || user?.name == "good", "\(what): \(digest)")
            let token = try await store.token(digest)
            #expect(token == nil || token?.role == .viewer, "\(what): \(digest)")
        }
        #expect(try await store.user("good")?.role == .admin, "\(what)")
        #expect(try await store.session("of good", idle: .seconds(900))?.name == "good", "\(what)")
        #expect(try await store.users(limit: 9).contains { $0.name == "good" }, "\(what)")
        _ = try await store.tokens(limit: 9)
        _ = try await store.signInFailures(of: ["user bad", "user good"])
        try await store.countSignInFailure(of: ["user bad", "user good"])
        _ = try await store.setPassword("new", of: "bad", by: "test")
        _ = try await store.removeUser("bad", by: "test")
        _ = try await store.revokeToken("bad", by: "test")
    }

    /// A file without the constraints that keep NULLs out.
    private static func write(_ path: String, _ time: ManualTime) async throws {
        let store = try SQLiteStore(path: path, time: time)
        for (name, role) in [("bad", Role.viewer), ("good", Role.admin)] {
            _ = try await store.add(WebUser(name: name, role: role, password: "none"), by: "test")
            _ = try await store.beginSession("of \(name)", of: name, lasting: .seconds(9000))
            _ = try await store.add(
                WebToken(name: name, digest: name == "bad" ? "of bad" : "other", role: role), by: "test")
            try await store.countSignInFailure(of: ["user \(name)"])
        }
        let file = try DatabaseQueue(path: path)
        try await file.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql:
                    "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table' AND sql LIKE '%web_%'"
            )
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try file.close()
    }
}
