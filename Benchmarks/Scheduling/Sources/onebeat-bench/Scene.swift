import ArgumentParser
import Foundation
import Logging
import Onebeat
import OnebeatPostgres
import OnebeatRedis
import OnebeatSQLite
import Synchronization

/// Which store is measured.
struct StoreChoice: ParsableArguments {
    @Option(help: "A PostgreSQL database; a new SQLite file otherwise.")
    var store: String?
    @Option(help: "A Redis for locks and dispatch; neither otherwise.")
    var redis: String?
}

/// A store, a node over it, and what its closures saw.
struct Scene: Sendable {
    let store: any Store
    private let redis: RedisClient?
    private let folder: URL?

    init(_ choice: StoreChoice) async throws {
        redis = try choice.redis.map { RedisClient(try RedisAddress($0)) }
        if let url = choice.store {
            folder = nil
            store = try await PostgresStore.open(url)
        } else {
            let folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
                .appendingPathComponent(".build/scenes/\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            self.folder = folder
            store = try SQLiteStore(path: folder.appendingPathComponent("bench.db").path)
        }
    }

    func onebeat(slots: Int, name: String = "bench") -> Scheduler {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        return Scheduler(
            store: store, settings: NodeSettings(name: name, slots: slots), source: "bench",
            locks: redis.map { RedisLocks($0) },
            dispatch: redis.map { RedisDispatch($0) }, logger: logger)
    }

    /// Runs `onebeat` while `watch` goes on, then stops it.
    func run(_ onebeat: Scheduler, while watch: @Sendable () async throws -> Void) async throws {
        let node = Task { try await onebeat.run() }
        try await watch()
        node.cancel()
        _ = await node.result
    }

    func remove() { if let folder { try? FileManager.default.removeItem(at: folder) } }
}

/// How late each start was, in milliseconds, with the time of the start.
final class Starts: Sendable {
    private let starts = Mutex<[(at: Timestamp, late: Double)]>([])

    func note(_ run: RunContext) { note(since: run.scheduledAt) }

    func note(since moment: Timestamp) {
        let now = SystemTime().now()
        starts.withLock { $0.append((now, now.duration(since: moment).inSeconds * 1000)) }
    }

    /// When they were, in order.
    var moments: [Timestamp] { starts.withLock { $0.map(\.at) }.sorted() }

    var count: Int { starts.withLock { $0.count } }

    func lateness(from: Timestamp = .distantPast, to: Timestamp = .distantFuture) -> [Double] {
        starts.withLock { $0.filter { $0.at >= from && $0.at < to }.map(\.late) }.sorted()
    }
}

extension Timestamp {
    /// Seconds since 1970.
    var inSeconds: Double { Double(microseconds) / 1e6 }
}
