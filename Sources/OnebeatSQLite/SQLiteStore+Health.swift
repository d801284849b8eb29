import Foundation
import GRDB
import Onebeat

/// What a person who doubts a store wants to know of its file.
package struct StoreHealth: Sendable, Equatable {
    /// The journal's mode; `wal` is what a store needs.
    package var journalMode: String
    /// Whether each commit waits for the disk.
    package var isSynchronous: Bool
    /// What SQLite's quick check of the file says; `ok` is what it should. `nil` where it was not made.
    package var check: String?
    /// The newest migration.
    package var schema: String
    /// The file's size, in bytes.
    package var size: Int
    /// The type of the file system that holds it.
    package var fileSystem: String?
}

extension SQLiteStore {
    /// Looks the file over.
    /// - Parameter readsThrough: whether the quick check is made. It reads all of the file, and nothing is written through this
    ///   value for as long as that takes.
    package func health(readsThrough: Bool = true) async throws(StoreError) -> StoreHealth {
        do {
            let path = path ?? ""
            return try await writer.writeWithoutTransaction { db in
                let folder = URL(fileURLWithPath: path).deletingLastPathComponent().resolvingSymlinksInPath().path
                let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                return StoreHealth(
                    journalMode: try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "unknown",
                    isSynchronous: try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0 >= 2,
                    check: readsThrough ? try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "unknown" : nil,
                    schema: try String.fetchOne(
                        db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid DESC LIMIT 1") ?? "none",
                    size: size ?? 0, fileSystem: StoreFile.fileSystem(of: folder, in: mounts))
            }
        } catch {
            throw StoreError(error)
        }
    }
}
