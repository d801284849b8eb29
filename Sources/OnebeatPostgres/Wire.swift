import CLibpq
import Dispatch
import Onebeat
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A statement and its values.
struct Statement {
    var sql: String
    var parameters: [Parameter] = []
    /// Whether a row of it says that other nodes have something to do, once this is committed.
    var wakesOthers = false

    init(_ sql: String, _ parameters: [Parameter] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}

/// One connection of libpq. It lives on its connection's thread and blocks there, but never past a deadline: it is in
/// libpq's non-blocking mode and waits in poll(2).
///
/// Statements go out in flights: many are sent at once, the server works on them in order, and all answers are awaited
/// together. Without BEGIN a flight is a transaction of its own; after an error the server skips the rest of it.
final class Wire {
    /// Whether a pooler stands between us and the server, so that nothing may be kept in a session.
    private(set) var isPooled = false
    private let connection: OpaquePointer
    /// The names of statements this connection has prepared, by their text.
    private var prepared: [String: String] = [:]
    private var lastName = 0
    private var hasEnded = false
    private var wasNotified = false
    /// Whether the server said, since the last flight began, that a commit no longer waits for its standby. libpq's callback writes it.
    private let doubt = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
    /// What could not be read in an answer, see ``Row``.
    private(set) var flaw: PostgresFailure?

    /// What begins a transaction, and sets what would else be inherited from whoever had the connection before.
    private(set) var opening = [SessionSettings.begin]
    /// The definitions of the database as this connection found it.
    private(set) var definitions = DefinitionCache()
    /// The number of a table of ours, which a restore makes anew; `nil` where there were none.
    private(set) var tables: Int64?
    private var life = ""
    private let memory: StoreMemory

    /// Connects. This blocks for at most libpq's `connect_timeout` for each host, and what a name's lookup takes.
    init(_ address: ServerAddress, _ memory: StoreMemory) throws(PostgresFailure) {
        self.memory = memory
        connection = address.connect()
        doubt.initialize(to: false)
        if let failure = address.failure(of: connection) { throw failure }
        _ = pq_setNoticeReceiver(connection, Self.hearNotice, doubt)
        _ = pq_setnonblocking(connection, 1)
        _ = pq_enterPipelineMode(connection)
        try enter(by: ContinuousClock.now + ServerAddress.patience)
    }

    /// Looks what this is a connection to, and sets what it needs. Once more where this connection has changed that.
    func enter(by deadline: ContinuousClock.Instant) throws(PostgresFailure) {
        var isPlain = false
        let found: Rows
        do {
            found = try flight([Session.look()], by: deadline)[0]
        } catch {
            if error.isLost { throw error }
            isPlain = true
            found = try flight([Session.look(isPlain: true)], by: deadline)[0]
        }
        guard let session = found.first.map(Session.init) else { throw Self.garbled }
        if let flaw { throw flaw }
        // A pooler gives out a key of its own for cancel requests, as it cannot know which server connection it will use.
        isPooled = session.process != Int(pq_backendPID(connection))
        let settings = SessionSettings(schema: try session.schema())
        if isPooled {
            opening = [
                SessionSettings.begin, settings.statement(isLocal: true, server: isPlain ? nil : session.server),
            ]
        } else {
            _ = try flight([settings.statement(isLocal: false)], by: deadline)
        }
        try expectTransactions(by: deadline)
        var incarnation = ""
        if let identity = session.identity {
            incarnation = try Incarnation.find(identity, highest: memory.highestFence, over: self, by: deadline)
        }
        tables = session.tables
        life = "\(incarnation)/\(session.server)"
        definitions = memory.enter(life)
    }

    deinit {
        pq_finish(connection)
        doubt.deallocate()
    }

    /// Warnings are in the language of the server, the names of its functions are not. 'R': PG_DIAG_SOURCE_FUNCTION.
    private static let hearNotice: PQnoticeReceiver = { doubt, notice in
        guard let notice, let function = pq_resultErrorField(notice, 82), let doubt,
            String(cString: function) == "SyncRepWaitForLSN"
        else { return }
        // Ours: the memory that this connection allocated for it.
        doubt.assumingMemoryBound(to: Bool.self).pointee = true
    }

    /// Notes the first thing that could not be read.
    func note(_ flaw: String) {
        self.flaw = self.flaw ?? PostgresFailure(message: "its answer cannot be read: \(flaw)")
    }

    var socket: CInt { pq_socket(connection) }

    /// Whether the server has said something since the last answer that is no notification, which it does before it hangs
    /// up: a connection that idled through a restart of the server is found out before anything is sent over it.
    var isStale: Bool {
        while !hasEnded, isReadable {
            hasEnded = pq_consumeInput(connection) != 1 || !hear()
        }
        return hasEnded || memory.life != life
    }

    private func expectTransactions(by deadline: ContinuousClock.Instant) throws(PostgresFailure) {
        do {
            // Apart, since a pooler looks at whether a transaction is open where a flight ends.
            _ = try flight(opening.isEmpty ? [SessionSettings.begin] : opening, by: deadline)
            _ = try flight([Statement("COMMIT")], by: deadline)
        } catch {
            // PgBouncer's words.
            guard error.message.contains("transaction blocks not allowed") else { throw error }
            throw .refusal("\(error.message); the pooler must be in transaction mode or session mode")
        }
    }

    /// Whether notifications have come of what this connection listens to; asking forgets them.
    func takeNotifications() -> Bool {
        _ = isStale
        // Some come along with the answers of a flight.
        _ = hear()
        defer { wasNotified = false }
        return wasNotified
    }

    private func hear() -> Bool {
        var hasCome = false
        while let notification = pq_notifies(connection) {
            pq_freemem(notification)
            hasCome = true
        }
        wasNotified = wasNotified || hasCome
        return hasCome
    }

    private var isReadable: Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) != 0
    }

    /// What goes out as one transaction, where it does not begin or end one by its own words.
    struct Unit {
        var statements: [Statement]
        /// The place of the first that is not there to begin it.
        var first = 0
        /// Whether it only tells others of something: nothing is lost with it, so nothing may fail for it.
        var isHint = false

        init(_ statements: [Statement], first: Int = 0, isHint: Bool = false) {
            self.statements = statements
            self.first = first
            self.isHint = isHint
        }
    }

    /// Carries statements out as one transaction.
    func transaction(_ statements: [Statement], by deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [Rows]
    {
        let unit = unit(statements)
        return try Array(flight([unit], by: deadline)[0][unit.first...].prefix(statements.count))
    }

    /// Statements as a transaction of their own. Behind a pooler it is begun, to have its settings.
    func unit(_ statements: [Statement], isHint: Bool = false) -> Unit {
        guard isPooled else { return Unit(statements, isHint: isHint) }
        return Unit(opening + statements + [Statement("COMMIT")], first: opening.count, isHint: isHint)
    }

    /// Sends statements together and waits for all their answers.
    /// - Throws: the first failure; the statements after it were not carried out.
    func flight(_ statements: [Statement], by deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [Rows] {
        try flight([Unit(statements)], by: deadline)[0]
    }

    /// Sends transactions together and waits for all their answers. Each is carried out whatever became of the others.
    /// - Returns: what the statements of each brought.
    /// - Throws: the first failure of one that is no hint.
    func flight(_ units: [Unit], by deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [[Rows]] {
        var parts: [[Part]] = []
        for unit in units {
            var sent: [Part] = []
            for statement in unit.statements { try send(statement, noting: &sent) }
            guard pq_pipelineSync(connection) == 1 else { throw lost() }
            parts.append(sent)
        }

        doubt.pointee = false
        var rows: [[Rows]] = []
        var failure: PostgresFailure?
        for (index, unit) in units.enumerated() {
            do {
                let (brought, problem) = try answers(to: parts[index], by: deadline)
                rows.append(brought)
                guard var problem, !unit.isHint else { continue }
                // What went before is done.
                problem.leavesDoubt = index > 0
                failure = failure ?? problem
            } catch {
                // No more answers will come.
                hasEnded = true
                if failure == nil, units[index...].allSatisfy(\.isHint) { break }
                var failure = failure ?? error
                failure.isLost = true
                failure.cameFirst = rows.isEmpty && failure.cameFirst && failure.isFarewell && !isPooled
                throw failure
            }
        }
        if let failure { throw failure }
        // A commit that stopped waiting for its standby is done here, and may not be there.
        if doubt.pointee { throw .unconfirmed }
        return rows + units[rows.count...].map { _ in [] }
    }

    /// Tells other nodes that there is something for them. Nobody depends on it, nor waits for long.
    func hint() {
        _ = try? flight([Unit([WakeUps.statement], isHint: true)], by: ContinuousClock.now + Self.patienceOfHints)
    }

    private static let patienceOfHints = Duration.seconds(1)

    /// The answers to one transaction, up to its end: what its statements brought, and the first of their failures.
    /// - Throws: the end of the connection.
    private func answers(
        to parts: [Part], by deadline: ContinuousClock.Instant
    ) throws(PostgresFailure) -> ([Rows], PostgresFailure?) {
        var rows: [Rows] = []
        var failure: PostgresFailure?
        for part in parts {
            var isAnswered = false
            while let result = try next(by: deadline) {
                isAnswered = true
                switch Int(pq_resultStatus(result)) {
                case pq_command_ok, pq_tuples_ok, pq_empty_query:
                    switch part {
                    case .preparation(let sql, let name):
                        prepared[sql] = name
                        pq_clear(result)
                    case .statement: rows.append(Rows(result, of: self))
                    }
                case pq_pipeline_aborted: pq_clear(result)
                default:
                    defer { pq_clear(result) }
                    var problem = PostgresFailure(result)
                    problem.cameFirst = rows.isEmpty && failure == nil
                    if problem.isLost { throw failure ?? problem }
                    failure = failure ?? problem
                }
            }
            guard isAnswered else { throw Self.garbled }
        }
        let last = try end(by: deadline)
        failure = failure ?? last
        if failure == nil, rows.count != parts.count(where: { if case .statement = $0 { true } else { false } }) {
            throw Self.garbled
        }
        return (rows, failure)
    }

    /// The answer to the end of a transaction. Where it had no COMMIT of its own, this is the commit, and may fail: a
    /// constraint or a trigger that waited for it says no, or the server does not come through it.
    private func end(by deadline: ContinuousClock.Instant) throws(PostgresFailure) -> PostgresFailure? {
        var failure: PostgresFailure?
        // libpq parts a failure of the end from the end by `nil`.
        for _ in 0..<Self.mostAnswersToAnEnd {
            guard let result = try next(by: deadline) else { continue }
            defer { pq_clear(result) }
            if Int(pq_resultStatus(result)) == pq_pipeline_sync { return failure }
            let problem = PostgresFailure(result)
            if problem.isLost { throw problem }
            failure = failure ?? problem
        }
        throw Self.garbled
    }

    private static let mostAnswersToAnEnd = 8
    private static let garbled = PostgresFailure.lost("its answers are not those to what it was asked")

    private enum Part {
        case preparation(sql: String, name: String)
        case statement
    }

    private func send(_ statement: Statement, noting parts: inout [Part]) throws(PostgresFailure) {
        var bytes: [UInt8] = []
        let count = statement.parameters.count
        var places: [Int?] = []
        var lengths: [CInt] = []
        for parameter in statement.parameters {
            let start = bytes.count
            let isThere = parameter.encode(to: &bytes)
            places.append(isThere ? start : nil)
            lengths.append(CInt(bytes.count - start))
        }
        // An empty value is not NULL, and needs an address for that.
        bytes.append(0)
        let formats = [CInt](repeating: 1, count: count)
        let types = statement.parameters.map(\.type)

        var name = prepared[statement.sql]
        if name == nil, !isPooled, !life.isEmpty {
            lastName += 1
            let new = "s\(lastName)"
            guard pq_sendPrepare(connection, new, statement.sql, CInt(count), types) == 1 else { throw lost() }
            parts.append(.preparation(sql: statement.sql, name: new))
            name = new
        }
        let isSent = bytes.withUnsafeBytes { bytes in
            // Ours: bytes that were written a few lines above.
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = places.map { place in place.flatMap { base?.advanced(by: $0) } }
            guard let name else {
                return pq_sendQueryParams(
                    connection, statement.sql, CInt(count), types, values, lengths, formats, 1)
            }
            return pq_sendQueryPrepared(connection, name, CInt(count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw lost() }
        parts.append(.statement)
    }

    /// The next answer, or `nil` where the answers of one statement end.
    private func next(by deadline: ContinuousClock.Instant) throws(PostgresFailure) -> OpaquePointer? {
        var isUnsent = pq_flush(connection) == 1
        while pq_isBusy(connection) == 1 {
            try wait(alsoToSend: isUnsent, by: deadline)
            guard pq_consumeInput(connection) == 1 else { throw lost() }
            isUnsent = pq_flush(connection) == 1
        }
        return pq_getResult(connection)
    }

    private func wait(alsoToSend: Bool, by deadline: ContinuousClock.Instant) throws(PostgresFailure) {
        let rest = ContinuousClock.now.duration(to: deadline)
        var descriptor = pollfd(
            fd: pq_socket(connection), events: Int16(POLLIN | (alsoToSend ? POLLOUT : 0)), revents: 0)
        let count = poll(&descriptor, 1, CInt(clamping: max(Int(saturating: rest.inSeconds * 1000), 0) + 1))
        if count == 0, ContinuousClock.now >= deadline {
            cancel()
            throw .lost("it did not answer in time")
        }
    }

    /// Requests to cancel that are under way.
    private static let cancels = Mutex(0)
    /// Where the server cannot be reached, each of them holds a thread for minutes.
    private static let mostCancels = 4

    /// Asks the server to stop what this connection is waiting for. That takes a connection of its own and may hang as
    /// well, so nobody waits for it; the server's own time-outs end the statement where it does not arrive.
    private func cancel() {
        let isOne = Self.cancels.withLock { count in
            guard count < Self.mostCancels else { return false }
            count += 1
            return true
        }
        guard isOne else { return }
        guard let request = pq_getCancel(connection) else { return Self.cancels.withLock { $0 -= 1 } }
        // A PGcancel is a copy of an address and a key that is used on one thread: here first, and there from now on.
        nonisolated(unsafe) let handed = request
        DispatchQueue.global().async {
            // libpq writes its words even when nobody wants them, and crashes where there is no room for them.
            var words = [CChar](repeating: 0, count: 256)
            _ = pq_cancel(handed, &words, CInt(words.count))
            pq_freeCancel(handed)
            Self.cancels.withLock { $0 -= 1 }
        }
    }

    private func lost() -> PostgresFailure {
        .lost(PostgresFailure.line(pq_errorMessage(connection), or: "the connection was lost"))
    }
}
