import GRDB
import Onebeat
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// The default store: one SQLite file, opened by any number of processes of one machine. Every move is one transaction
// begun with BEGIN IMMEDIATE, so that two writers queue up instead of failing half way; every commit is synced
// (`synchronous = FULL`), since a claim that a power cut takes back would start a job twice.

/// A store in a SQLite file.
///
/// Opened in WAL mode; beside the file lie its `-wal` and `-shm`. Several processes of one machine may share it; a
/// network file system is refused, since its locks and its shared memory cannot be trusted.
public final class SQLiteStore: Sendable {
    /// How long a move waits for other writers before it says the store is unavailable.
    static let patience = Duration.seconds(5)

    /// The file's path; `nil` for a store in memory.
    public let path: String?
    let writer: any DatabaseWriter
    let time: any TimeSource
    private let schema: Schema
    /// What was read, and given out, in this life of the file.
    private let memory = Mutex(Memory())
    private let checkpointing: Checkpointing?
    /// The store's clock, as far as it is believed here.
    public let clock = StoreClock()
    /// What was seen through this value of others' leases.
    let leases: LeaseWatch

    /// Opens or creates a store.
    /// - Parameters:
    ///   - path: the file; its folder must exist.
    ///   - mustExist: refuse to create it, for commands that only look.
    ///   - time: the store's clock, the machine's unless a test hands in another.
    /// - Throws: ``StoreError/refused(_:)`` when the file cannot serve as a store, and says why and what would do.
    public convenience init(
        path: String, mustExist: Bool = false, time: any TimeSource = SystemTime()
    ) throws(StoreError) {
        try self.init(path: path, mustExist: mustExist, time: time, schema: .current)
    }

    /// Opens a store with other tables, for tests of upgrades.
    package convenience init(
        path: String, mustExist: Bool = false, time: any TimeSource = SystemTime(), schema: Schema
    ) throws(StoreError) {
        try StoreFile.check(path, mustExist: mustExist)
        if !mustExist { try StoreFile.create(path) }
        let pool: DatabasePool
        do {
            pool = try Self.open(path)
        } catch {
            throw StoreError.refused("\(path) cannot be opened as a store: \(StoreError(error))")
        }
        try self.init(pool, path: path, time: time, schema: schema, checkpointing: Checkpointing(path: path))
    }

    /// Turning a new file's journal to WAL fails at once, without a wait for the lock, while another process does so, too.
    private static func open(_ path: String) throws -> DatabasePool {
        let end = ContinuousClock.now + patience
        while true {
            do {
                let pool = try DatabasePool(path: path, configuration: configuration())
                try pool.writeWithoutTransaction { db in
                    // Only now: GRDB sets NORMAL by itself when it opens a WAL database.
                    try db.execute(sql: "PRAGMA synchronous = FULL")
                    try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Checkpointing.emergency)")
                }
                return pool
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end {
                usleep(2_000)
            }
        }
    }

    /// A store that lives as long as this value, for tests and simulations.
    public static func inMemory(time: any TimeSource = SystemTime()) throws(StoreError) -> SQLiteStore {
        try inMemory(time: time, schema: .current)
    }

    /// A store in memory with other tables, for tests of a store that does wrong.
    package static func inMemory(time: any TimeSource, schema: Schema) throws(StoreError) -> SQLiteStore {
        do {
            let queue = try DatabaseQueue(configuration: configuration())
            return try SQLiteStore(queue, path: nil, time: time, schema: schema)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(error)
        }
    }

    private init(
        _ writer: any DatabaseWriter, path: String?, time: any TimeSource, schema: Schema,
        checkpointing: Checkpointing? = nil
    ) throws(StoreError) {
        self.writer = writer
        self.path = path
        self.time = time
        leases = LeaseWatch(time)
        self.schema = schema
        self.checkpointing = checkpointing
        try schema.migrate(writer, path: name, at: time.now())
    }

    private struct Memory {
        /// Drawn anew at each change of definitions: where it is not what it was, another process made a change, or the
        /// file was restored and may give out the same versions for other definitions.
        var edition: String?
        var definitions: [JobVersion: JobDefinition] = [:]
        var highestFence: Int64 = 0
    }

    private var name: String { path ?? "the store in memory" }

    /// The machine's wall clock, which all processes that share the file share too, as far as it is confirmed.
    func storeTime() -> Timestamp { clock.read(time.now(), at: time.uptime()) }

    /// Refuses a node that joins where the tables are newer than it knows.
    func requireKnownTables(in db: Database) throws { try schema.requireKnown(in: db, path: name) }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "onebeat"
        configuration.maximumReaderCount = 2
        // SQLite's own waiting grows to 100 ms a step and lets others pass for ever; short steps keep the longest wait short.
        configuration.busyMode = .callback { attempts in
            let step = UInt32(clamping: min(100 + attempts * 50, 500))
            guard attempts < Int(clamping: patience.wholeMicroseconds) / 500 else { return false }
            usleep(step)
            return true
        }
        return configuration
    }

    /// One transaction. `body` is handed the store's time as of when it holds the lock.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database, Timestamp) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            let value = try await writer.write { [self] db in
                try notice(db)
                return try body(db, storeTime())
            }
            checkpointing?.committed()
            return value
        } catch {
            throw StoreError(error)
        }
    }

    /// One consistent look. In memory nobody else writes meanwhile, so that there it needs no transaction.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database, Timestamp) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            let look: @Sendable (Database) throws -> Value = { [self] db in
                try notice(db)
                return try body(db, storeTime())
            }
            return try await path == nil ? writer.unsafeRead(look) : writer.read(look)
        } catch {
            throw StoreError(error)
        }
    }

    /// The definition that a run follows. Where there is none, that is its job's trouble.
    func definition(_ version: JobVersion, in db: Database) throws -> JobDefinition {
        try storedDefinition(version, in: db)
            ?? JobDefinition(unreadable: version.job, since: "the store has no version \(version.version) of it")
    }

    /// The definition of a version, read once: a version never changes.
    func storedDefinition(_ version: JobVersion, in db: Database) throws -> JobDefinition? {
        if let known = memory.withLock({ $0.definitions[version] }) { return known }
        let statement = try db.cachedStatement(
            sql: "SELECT definition FROM definitions WHERE job_name = ? AND generation = ? AND version = ?")
        let arguments = StatementArguments.whole([version.job, version.generation, version.version])
        guard let text = try String.fetchOne(statement, arguments: arguments) else { return nil }
        let definition = DefinitionText.decode(text, of: version.job)
        memory.withLock { memory in
            // Old versions are asked for rarely; starting over bounds what a long life with many edits would gather.
            if memory.definitions.count > 100_000 { memory.definitions.removeAll() }
            memory.definitions[version] = definition
        }
        return definition
    }

    /// Forgets the definitions where the file's are not those that were read. In memory nobody else changes them.
    private func notice(_ db: Database) throws {
        guard path != nil else { return }
        let edition = try String.fetchOne(db.cachedStatement(sql: "SELECT value FROM meta WHERE key = 'edition'"))
        memory.withLock { memory in
            guard memory.edition != edition else { return }
            memory.edition = edition
            memory.definitions = [:]
        }
    }

    /// Fences come from a counter in the store and are drawn in one statement for all that may start; those left over
    /// are never used. A counter that went back is the mark of a file that was restored.
    /// - Returns: the first of them.
    func reserveFences(_ count: Int, at now: Timestamp, in db: Database) throws -> Int64 {
        let highest = memory.withLock { $0.highestFence }
        let draw = try db.cachedStatement(
            sql: "UPDATE counters SET value = value + ? WHERE name = 'fence' RETURNING value")
        let last = try Int64.fetchOne(draw, arguments: [count]) ?? 0
        guard last < 1 << 62 else {
            throw StoreError.refused(
                "the counter of fences stands at \(last), beyond all that a store can have given out")
        }
        if last - Int64(count) >= highest { return last - Int64(count) + 1 }
        try db.change("UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'incarnation'")
        let words = "restored: its fences went back from \(highest) to \(last)"
        try db.note(Event("store.restored", actor: "store", message: words), at: now)
        try Self.raiseFences(above: highest, at: now, in: db)
        return try (Int64.fetchOne(draw, arguments: [count]) ?? 0) - Int64(count) + 1
    }

    /// Raises the counter of fences to the clock, of which it stays ahead, since no store draws a million in a second: so a
    /// file that was restored while no node looked on goes on above what was given out before.
    static func raiseFences(above highest: Int64 = 0, at now: Timestamp, in db: Database) throws {
        try db.change(
            "UPDATE counters SET value = max(value, ?, ?) WHERE name = 'fence'", [now.microseconds, highest])
    }

    /// Remembers what was given out, once it is committed.
    func saw(_ fence: Fence?) {
        guard let fence else { return }
        memory.withLock { $0.highestFence = max($0.highestFence, fence.value) }
    }
}

extension StoreError {
    /// What an error from below means to the engine.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as IllegalMove: self = .refused("\(error)")
        case let error as DatabaseError:
            let words = "SQLite: \(error.message ?? "error \(error.resultCode)")"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                self = .refused(words)
            case .SQLITE_FULL: self = .unavailable("\(words); free some space, it goes on by itself")
            default: self = .unavailable(words)
            }
        case is CancellationError: self = .unavailable("the request was cancelled")
        default: self = .unavailable("\(error)")
        }
    }
}
