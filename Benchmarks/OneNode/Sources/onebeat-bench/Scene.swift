import Foundation
import Logging
import Onebeat
import OnebeatSQLite
import Synchronization

/// A store in a new file, a node over it, and what its closures saw.
struct Scene: Sendable {
    let folder: URL
    let store: SQLiteStore

    init() throws {
        folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
            .appendingPathComponent(".build/scenes/\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try SQLiteStore(path: folder.appendingPathComponent("bench.db").path)
    }

    func onebeat(slots: Int) -> Onebeat {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return Onebeat(store: store, settings: NodeSettings(name: "bench", slots: slots), logger: logger)
    }

    /// Runs `onebeat` while `watch` goes on, then stops it and removes the store.
    func run(_ onebeat: Onebeat, while watch: @Sendable () async throws -> Void) async throws {
        let node = Task { try await onebeat.run() }
        try await watch()
        node.cancel()
        _ = await node.result
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// How late each start was, in milliseconds, with the time of the start.
final class Starts: Sendable {
    private let starts = Mutex<[(at: Timestamp, late: Double)]>([])

    func note(_ run: RunContext) {
        let now = SystemTime().now()
        starts.withLock { $0.append((now, now.duration(since: run.scheduledAt).inSeconds * 1000)) }
    }

    var count: Int { starts.withLock { $0.count } }

    func lateness(from: Timestamp, to: Timestamp) -> [Double] {
        starts.withLock { $0.filter { $0.at >= from && $0.at < to }.map(\.late) }.sorted()
    }
}
