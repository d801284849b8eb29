import Onebeat
import Synchronization

// The store for clusters: one PostgreSQL database, shared by any number of nodes. Moves run side by side, so every move
// locks the rows it decides on, and reads what it decides by in statements after that: under READ COMMITTED each
// statement sees what was committed when it began, the changes of whoever held the lock before among it.
//
// Locks are taken in one order, so that no two moves wait for each other:
//   the lead's row, nodes ─▶ jobs, by name ─▶ runs, by number ─▶ status rows, by name
// The row of a lock that a program takes by name is locked alone.
// A claim alone begins with runs, and so it never waits: it passes over due runs, and over jobs, that are locked.
// A job's row is what makes its limit, its held runs and its delay race-free. Jobs without a limit or a delay need no
// such care, and their runs are claimed and settled without that lock (`is_guarded`).

/// A store in a PostgreSQL database.
///
/// Works over a pooler in transaction mode, such as PgBouncer, too: it keeps nothing in a session then.
public final class PostgresStore: Sendable {
    /// How long a move may take before it says that the store is unavailable, the wait for a connection included.
    static let patience = Duration.seconds(5)
    /// The same for leases, which must be tried again before they end.
    static let urgentPatience = Duration.milliseconds(2_500)
    /// The same for changes of many definitions at once.
    static let longPatience = Duration.seconds(30)
    /// How often a move is carried out that loses against others, before it says that the store is unavailable.
    private static let attempts = 3
    /// Transactions at a time, beside those of leases and claims.
    private static let connections = 4

    /// Host, port and database, for messages; never the password.
    public var name: String { address.name }
    let address: ServerAddress
    private let general: Pool
    /// Leases have a connection of their own: no slow move may keep a node from renewing its lease.
    private let urgent: Pool
    /// Claims too, which go by the thread of their connection.
    let claims: Pool
    let claimVisitors: ConnectionThread.Visitors
    let time: ServerTime
    let schema: Schema
    let memory = StoreMemory()
    let heldRows = HeldRows()
    /// The server's clock, as far as it is believed here.
    public let clock = StoreClock()
    /// What was seen through this value of others' leases.
    let leases: LeaseWatch
    /// Whether the last claim met nothing but runs with nothing in their way: the next one tries the short way then.
    let wayIsClear = Mutex(true)
    /// Whether the last claim started runs that follow others: the next one reads what runs are given along with them.
    let startedFollowers = Mutex(false)
    /// Whether a pooler stands between us and the server.
    let isPooled = Mutex(false)
    /// Whether the database was looked at, and has its tables.
    private let isOpen = Atomic(false)

    /// A store that is opened when it is first used, for programs that may be up before their database. Until it can be
    /// reached each call says ``StoreError/unavailable(_:)``; a node waits for it.
    /// - Parameter url: as in ``open(_:mustExist:time:)``.
    /// - Throws: ``StoreError/refused(_:)`` when the address cannot be read.
    public convenience init(_ url: String) throws(StoreError) {
        try self.init(try ServerAddress(url), time: nil, schema: .current)
    }

    /// Opens a store, and makes its tables where there are none.
    /// - Parameters:
    ///   - url: anything libpq takes: `postgres://user@host:port/database`, several hosts, `service=…`. A server that
    ///     takes no writes is refused.
    ///   - mustExist: refuse to make tables, for commands that only look.
    ///   - time: the store's clock, the server's unless a test hands in another.
    /// - Throws: ``StoreError/refused(_:)`` when the database cannot serve as a store, and says why and what would do;
    ///   ``StoreError/unavailable(_:)`` when it cannot be reached.
    public static func open(
        _ url: String, mustExist: Bool = false, time: (any TimeSource)? = nil
    ) async throws(StoreError) -> PostgresStore {
        try await open(url, mustExist: mustExist, time: time, schema: .current)
    }

    /// Opens a store with other tables, for tests of upgrades.
    package static func open(
        _ url: String, mustExist: Bool = false, time: (any TimeSource)? = nil, schema: Schema
    ) async throws(StoreError) -> PostgresStore {
        let store = try PostgresStore(try ServerAddress(url), time: time, schema: schema)
        do {
            try await store.prepare(mustExist: mustExist)
        } catch {
            store.close()
            throw error
        }
        return store
    }

    private init(_ address: ServerAddress, time: (any TimeSource)?, schema: Schema) throws(StoreError) {
        let thread: ConnectionThread
        do {
            thread = try ConnectionThread()
        } catch {
            throw StoreError(error, of: address.name, wasCommitting: false)
        }
        self.address = address
        self.time = ServerTime(clock: clock, test: time)
        leases = LeaseWatch(time ?? SystemTime())
        self.schema = schema
        general = Pool(address, memory, size: Self.connections)
        urgent = Pool(address, memory, size: 1)
        claims = Pool(address, memory, size: 1, on: thread)
        claimVisitors = ConnectionThread.Visitors(of: thread)
    }

    deinit { close() }

    /// Ends the connections; moves under way end first.
    public func close() {
        general.close()
        urgent.close()
        claims.close()
    }

    private func prepare(mustExist: Bool) async throws(StoreError) {
        do {
            let isPooled = try await carryOut(.general, within: Self.longPatience) { [schema] transaction in
                try schema.prepare(transaction, mustExist: mustExist)
                // Whoever only looks may be able to do no more.
                let missing = mustExist ? [] : try transaction.look([Rights.missing])[0].map { $0[0] as String }
                guard missing.isEmpty else { throw StoreError.refused(Rights.words(missing)) }
                return transaction.isPooled
            }
            self.isPooled.withLock { $0 = isPooled }
            isOpen.store(true, ordering: .releasing)
            _ = try await now()
        } catch StoreError.unavailable(let words) where words.hasSuffix(StoreError.readOnlyAdvice) {
            throw .refused(words)
        }
    }

    /// Carries out one move.
    func move<Value: Sendable>(
        _ lane: Lane = .general, within patience: Duration = patience,
        _ body: @Sendable (Transaction) throws -> Value
    ) async throws(StoreError) -> Value {
        if !isOpen.load(ordering: .acquiring) { try await prepare(mustExist: false) }
        return try await carryOut(lane, within: patience, body)
    }

    private func carryOut<Value: Sendable>(
        _ lane: Lane, within patience: Duration, _ body: @Sendable (Transaction) throws -> Value
    ) async throws(StoreError) -> Value {
        let deadline = ContinuousClock.now + (lane == .urgent ? Self.urgentPatience : patience)
        let pool =
            switch lane {
            case .general: general
            case .urgent: urgent
            case .claims: claims
            }
        var attempt = 1
        while true {
            let connection: Connection
            do {
                connection = try await pool.acquire(by: deadline)
            } catch {
                throw translate(error, wasCommitting: false)
            }
            let end = await connection.run(time: time, by: deadline, body)
            if end.isSpoilt { pool.discard(connection) } else { pool.release(connection) }
            switch end.result {
            case .success(let value): return value
            case .failure(let error):
                guard let failure = error as? PostgresFailure, attempt < Self.attempts else {
                    throw translate(error, wasCommitting: end.wasCommitting)
                }
                // A connection that was lost while it idled says nothing of the server, and nothing had happened yet.
                let wasStale = failure.isLost && end.wasFirstFlight && !end.wasCommitting
                guard failure.isConflict || failure.isOtherServer || wasStale, ContinuousClock.now < deadline else {
                    throw translate(failure, wasCommitting: end.wasCommitting)
                }
                attempt += 1
            }
        }
    }

    /// Which connections a move goes over.
    enum Lane { case general, urgent, claims }

    private func translate(_ error: any Error, wasCommitting: Bool) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as IllegalMove: .refused("\(error)")
        case let failure as PostgresFailure: StoreError(failure, of: name, wasCommitting: wasCommitting)
        default: .unavailable("PostgreSQL at \(name): \(error)")
        }
    }
}

/// Where the store's time comes from: the server's clock as far as it is confirmed, or in tests a clock of theirs.
struct ServerTime: Sendable {
    let clock: StoreClock
    let test: (any TimeSource)?

    /// How far a test's clock is off.
    var testDeviation: Duration? { test.map { _ in clock.deviation ?? .zero } }

    var uptime: Duration { test?.uptime() ?? SystemTime().uptime() }

    /// What the store's time is by what was confirmed of it.
    var expected: Timestamp? { test.map { clock.read($0.now(), at: $0.uptime()) } ?? clock.expected(at: uptime) }

    /// The store's time, of what the server's clock showed a moment ago.
    func agreed(_ shown: Timestamp) -> Timestamp { test == nil ? clock.agreed(shown, at: uptime) : expected ?? shown }

    /// Takes in what the server's clock showed in answer to what was sent at this uptime.
    func saw(_ shown: Timestamp, sent: Duration) {
        if test == nil { clock.saw(shown, sent: sent, received: uptime) }
    }
}

/// Definitions by their version, read once: a version never changes.
final class DefinitionCache: Sendable {
    private let known = Mutex<[JobVersion: JobDefinition]>([:])

    subscript(version: JobVersion) -> JobDefinition? { known.withLock { $0[version] } }

    /// Those whose definition cannot be read here.
    var unreadable: [JobVersion] { troubled.withLock { Array($0) } }
    private let troubled = Mutex<Set<JobVersion>>([])

    func keep(_ definition: JobDefinition, of version: JobVersion) {
        known.withLock { known in
            // Old versions are asked for rarely; starting over bounds what a long life with many edits would gather.
            if known.count > 100_000 { known.removeAll() }
            known[version] = definition
        }
        if definition.trouble != nil { troubled.withLock { _ = $0.insert(version) } }
    }

    /// The definitions of these versions, by version.
    func all(_ versions: some Sequence<JobVersion>, in transaction: Transaction) throws -> [JobVersion: JobDefinition] {
        let wanted = Set(versions)
        let unknown = wanted.filter { self[$0] == nil }
        if !unknown.isEmpty { read(try transaction.flight([Self.statement(unknown)])[0]) }
        var found: [JobVersion: JobDefinition] = [:]
        for version in wanted {
            found[version] = self[version] ?? .missing(version)
        }
        return found
    }

    /// The claims of runs that are running.
    func claims(_ runs: [Run], in transaction: Transaction) throws -> [Claim] {
        let found = try all(runs.map(\.version), in: transaction)
        return runs.compactMap { run in found[run.version].map { Claim(run: run, definition: $0) } }
    }

    /// Takes in what ``statement(_:)`` brought.
    func read(_ rows: Rows) {
        for (version, definition) in rows.map({ row in
            (JobVersion(job: row[0], generation: row[1], version: row[2]), DefinitionText.decode(row[3], of: row[0]))
        }) { keep(definition, of: version) }
    }

    static func statement(_ versions: some Collection<JobVersion>) -> Statement {
        Statement(
            """
            SELECT d.job_name, d.generation, d.version, d.definition
            FROM unnest($1, $2, $3) AS v (job_name, generation, version) JOIN definitions d USING (job_name, generation, version)
            """,
            [
                .texts(versions.map(\.job)), .ints(versions.map(\.generation)), .ints(versions.map(\.version)),
            ])
    }
}

extension JobDefinition {
    /// What stands for a definition that is not in the store: that is its job's trouble.
    static func missing(_ version: JobVersion) -> JobDefinition {
        JobDefinition(unreadable: version.job, since: "the store has no version \(version.version) of it")
    }
}
