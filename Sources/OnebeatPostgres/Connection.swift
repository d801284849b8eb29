import Onebeat

/// One connection of the pool. It blocks its thread while it waits for the server.
actor Connection {
    private let thread: ConnectionThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var wire: Wire?
    /// Who is told of what this connection listens to, and of its end.
    private var listener: Listener?

    struct Listener: Sendable {
        var hint: @Sendable () -> Void
        var onEnd: @Sendable () -> Void
    }

    init(on thread: ConnectionThread) { self.thread = thread }

    /// Connects.
    func open(_ address: ServerAddress, _ memory: StoreMemory) throws(PostgresFailure) {
        wire = try Wire(address, memory)
    }

    /// Carries out a move. Whatever `body` did not commit is rolled back.
    func run<Value: Sendable>(
        time: ServerTime, by deadline: ContinuousClock.Instant,
        _ body: @Sendable (Transaction) throws -> Value
    ) -> MoveEnd<Value> {
        guard let wire else { return MoveEnd(.failure(PostgresFailure.lost("the connection is closed"))) }
        // Hints that came meanwhile.
        defer { hear() }
        let transaction = Transaction(wire, time: time, by: deadline)
        if wire.isStale {
            let failure = PostgresFailure.lost("the connection was lost while it was idle")
            return MoveEnd(.failure(failure), of: transaction, isSpoilt: true)
        }
        do {
            let value = try body(transaction)
            try transaction.end()
            if let flaw = wire.flaw { throw flaw }
            return MoveEnd(.success(value))
        } catch {
            var error = error
            if var flaw = wire.flaw {
                flaw.leavesDoubt = transaction.hasCommitted
                error = flaw
            }
            if (error as? PostgresFailure)?.isLost != true {
                do {
                    try transaction.end()
                } catch let second {
                    if wire.flaw == nil { error = second }
                    return MoveEnd(.failure(error), of: transaction, isSpoilt: true)
                }
            }
            return MoveEnd(
                .failure(error), of: transaction,
                isSpoilt: wire.flaw != nil || (error as? PostgresFailure)?.spoilsConnection == true)
        }
    }

    /// Listens for the hints of other nodes, beside the moves that go over this connection. They are handed on right here:
    /// somebody waits for a run to start, and waking another thread for it would take longer than the hint took to come.
    /// - Returns: whether that is possible: a pooler would give the connection to somebody else.
    func listen(_ listener: Listener) throws(PostgresFailure) -> Bool {
        guard let wire else { throw .lost("the connection is closed") }
        guard !wire.isPooled else { return false }
        guard !wire.isStale else { throw .lost("the connection was lost while it was idle") }
        _ = try wire.flight(
            [Statement("LISTEN \(WakeUps.channel)")], by: ContinuousClock.now + ServerAddress.patience)
        self.listener = listener
        thread.watch(wire.socket) { [weak self] in self?.assumeIsolated { $0.hear() } }
        return true
    }

    private func hear() {
        guard let listener, let wire else { return }
        if wire.takeNotifications() { listener.hint() }
        if wire.isStale { stopListening() }
    }

    /// Has the server send no more of them.
    func endListening() {
        guard listener != nil else { return }
        stopListening()
        _ = try? wire?.flight([Statement("UNLISTEN *")], by: ContinuousClock.now + ServerAddress.patience)
    }

    private func stopListening() {
        thread.watch(nil)
        listener?.onEnd()
        listener = nil
    }

    /// Ends the connection. Nothing may be asked of it any more.
    func close() {
        stopListening()
        wire = nil
    }
}

/// How a move ended on its connection.
struct MoveEnd<Value: Sendable>: Sendable {
    var result: Result<Value, any Error>
    /// Whether the commit had been sent.
    var wasCommitting = false
    /// Whether nothing had been answered yet: the connection may have been dead for long.
    var wasFirstFlight = false
    /// Whether the connection is of no use any more.
    var isSpoilt = false

    init(_ result: Result<Value, any Error>) { self.result = result }

    init(_ result: Result<Value, any Error>, of transaction: Transaction, isSpoilt: Bool) {
        self.result = result
        self.isSpoilt = isSpoilt
        wasCommitting = transaction.isCommitting || transaction.hasCommitted
        wasFirstFlight = !transaction.wasAnswered
    }
}

/// A move in progress. Statements go out in flights; the first one begins the transaction, and ``commit(_:waking:)`` ends
/// it together with its last statements. A move of one flight needs no BEGIN: the flight is its transaction.
final class Transaction {
    private(set) var isCommitting = false
    private(set) var hasCommitted = false
    private(set) var wasAnswered = false
    private let wire: Wire
    private let time: ServerTime
    private let deadline: ContinuousClock.Instant
    private var isOpen = false
    /// Whether what is being written makes something due soon that other nodes may do.
    private var wakesOthers = false

    init(_ wire: Wire, time: ServerTime, by deadline: ContinuousClock.Instant) {
        self.wire = wire
        self.time = time
        self.deadline = deadline
    }

    /// Whether a pooler stands between us and the server.
    var isPooled: Bool { wire.isPooled }

    /// The definitions that are known of the database as this connection found it.
    var definitions: DefinitionCache { wire.definitions }

    /// Ends the move unless the tables are those that this connection found: they may have been restored meanwhile.
    func expectTables(_ rows: Rows) throws {
        let tables: Int64? = rows.first?[0]
        if tables != wire.tables { throw PostgresFailure.lost("its tables are not those they were") }
    }

    /// Looks anew what this is a connection to, since it made the tables.
    func enterAnew() throws { try wire.enter(by: deadline) }

    /// The store's time for a statement, as it is expected here; NULL before the server's clock was read.
    var now: Parameter { .time(time.expected) }

    /// The store's time in a statement that was handed ``now``: the server's clock, read in its place among the others,
    /// where it agrees with what is expected, and else what is expected.
    static func time(of parameter: Int) -> String { agreed("clock_timestamp()", with: parameter) }

    /// The same as of the arrival of the statement: what an index can be searched by.
    static func stableTime(of parameter: Int) -> String { agreed("statement_timestamp()", with: parameter) }

    private static func agreed(_ clock: String, with parameter: Int) -> String {
        let bound = "interval '\(StoreClock.bound.wholeMicroseconds) microseconds'"
        return """
            CASE WHEN \(clock) NOT BETWEEN $\(parameter) - \(bound) AND $\(parameter) + \(bound) THEN $\(parameter)
            ELSE \(clock) END
            """
    }

    /// Reads the server's clock: placed after the statements that lock, it is the time at which they held their rows.
    static let clock = "SELECT clock_timestamp()"

    /// The store's time, of what ``clock`` brought.
    func time(_ rows: Rows?) -> Timestamp {
        let shown: Timestamp? = rows?.first?[0]
        return time.agreed(shown ?? .distantPast)
    }

    /// Looks without a transaction: each statement sees what was committed when it began.
    func look(_ statements: [Statement]) throws -> [Rows] {
        isOpen ? try send(statements) : try send([wire.unit(statements)])[0]
    }

    /// Sends statements within the transaction, which stays open.
    func flight(_ statements: [Statement]) throws -> [Rows] {
        guard !isOpen else { return try send(statements) }
        isOpen = true
        return try Array(send(wire.opening + statements).dropFirst(wire.opening.count))
    }

    /// Sends the last statements and commits, and tells other nodes where one of the statements, or the caller, says that
    /// there is something for them. They are told after it: a hint that fails fails nothing. What the caller knows to be for
    /// them is told along with the commit, so that it reaches them while the answer is under way.
    @discardableResult
    func commit(_ statements: [Statement], waking isWaking: Bool = false) throws -> [Rows] {
        let hint = isWaking ? [wire.unit([WakeUps.statement], isHint: true)] : []
        let rows = try keepingDoubt {
            guard isOpen else { return try send([wire.unit(statements)] + hint)[0] }
            let rows = try send([.init(statements + [Statement("COMMIT")])] + hint)[0]
            isOpen = false
            try Self.expectCommit(rows.last)
            return rows.dropLast()
        }
        if wakesOthers, !isWaking { wire.hint() }
        return rows
    }

    /// Sends a move of one statement whose changes others may see before they are on disk, where it says ``early``, and
    /// waits until they are, and what it saw too. Others are told that there may be something for them.
    ///
    /// Only for what nobody can act on without a commit of his own: the log is written in order, so that his waits for
    /// this one too. It saves those who wait for the change the time that the disk takes.
    func commitEarly(_ statement: Statement) throws -> Rows {
        try keepingDoubt {
            try send([
                wire.unit([statement]), wire.unit([WakeUps.statement], isHint: true), wire.unit([Self.barrier]),
            ])[0][0]
        }
    }

    /// Waits until everything that was seen so far is as safe as a commit of one's own: what is visible may still wait
    /// for its disk, or for a standby that has it, and may be gone when that one takes over.
    func confirm() throws { try commit([Self.barrier]) }

    /// What a statement selects for ``commitEarly(_:)``.
    static let early = "set_config('synchronous_commit', 'off', true)"
    /// A commit with nothing in it waits for nothing, so that this one has an empty message in it.
    private static let barrier = Statement("SELECT pg_logical_emit_message(true, 'onebeat', '')")

    /// Rolls back what is still open.
    func end() throws {
        guard isOpen else { return }
        isOpen = false
        _ = try send([Statement("ROLLBACK")])
    }

    /// From here on a lost answer leaves open what happened.
    private func keepingDoubt<Value>(_ body: () throws -> Value) throws -> Value {
        isCommitting = true
        do {
            let value = try body()
            isCommitting = false
            hasCommitted = true
            return value
        } catch let failure as PostgresFailure where failure.cameFirst {
            isCommitting = false
            throw failure
        }
    }

    private static func expectCommit(_ rows: Rows?) throws {
        guard rows?.command == "COMMIT" else {
            throw PostgresFailure(state: "40000", message: "the server rolled the transaction back")
        }
    }

    private func send(_ statements: [Statement]) throws -> [Rows] { try send([.init(statements)])[0] }

    /// - Returns: what the statements of each brought that are the caller's.
    private func send(_ units: [Wire.Unit]) throws -> [[Rows]] {
        // Nothing is decided on, and nothing written, by what could not be read.
        if let flaw = wire.flaw { throw flaw }
        let rows = try wire.flight(units, by: deadline)
        wasAnswered = true
        return try zip(units, rows).map { unit, rows in
            for (statement, brought) in zip(unit.statements, rows) where statement.wakesOthers && !brought.isEmpty {
                wakesOthers = true
            }
            guard unit.first > 0, !unit.isHint else { return rows }
            try Self.expectCommit(rows.last)
            return rows.dropFirst(unit.first).dropLast()
        }
    }
}
