import CLibpq
import Dispatch
import Glibc
import Onebeat
import Synchronization

/// A statement and its values.
struct Statement {
    var sql: String
    var parameters: [Parameter] = []

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
    private(set) var isPooled = true
    private let connection: OpaquePointer
    /// The names of statements this connection has prepared, by their text.
    private var prepared: [String: String] = [:]
    private var lastName = 0
    private var hasEnded = false
    private var wasNotified = false

    /// Connects. This blocks for at most libpq's `connect_timeout` for each host, and what a name's lookup takes.
    init(_ address: ServerAddress) throws(PostgresFailure) {
        connection = address.connect()
        guard Int(pq_status(connection)) == pq_connection_ok else {
            let words = PostgresFailure.line(pq_errorMessage(connection), or: "it could not be connected to")
            // libpq's own words for what `target_session_attrs` found.
            let isReadOnly = words.contains("session is read-only") || words.contains("server is in hot standby mode")
            throw PostgresFailure(state: isReadOnly ? "25006" : "", message: words, isLost: true)
        }
        _ = pq_setNoticeProcessor(connection, { _, _ in }, nil)
        _ = pq_setnonblocking(connection, 1)
        _ = pq_enterPipelineMode(connection)
        let deadline = ContinuousClock.now + ServerAddress.patience
        let process: Int? = try flight([Statement("SELECT pg_backend_pid()")], by: deadline)[0].first?[0]
        // A pooler gives out a key of its own for cancel requests, as it cannot know which server connection it will use.
        isPooled = process != Int(pq_backendPID(connection))
        if !isPooled { _ = try flight([SessionSettings.statement(isLocal: false)], by: deadline) }
    }

    deinit { pq_finish(connection) }

    var socket: CInt { pq_socket(connection) }

    /// Whether the server has said something since the last answer that is no notification, which it does before it hangs
    /// up: a connection that idled through a restart of the server is found out before anything is sent over it.
    var isStale: Bool {
        while !hasEnded, isReadable {
            hasEnded = pq_consumeInput(connection) != 1 || !hear()
        }
        return hasEnded
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

    /// Sends statements together and waits for all their answers.
    /// - Parameter second: statements of a second transaction, where the first ends with this flight. They are carried out
    ///   whatever became of the others.
    /// - Throws: the first failure; the statements after it were not carried out.
    func flight(
        _ statements: [Statement], then second: [Statement] = [], by deadline: ContinuousClock.Instant
    ) throws(PostgresFailure) -> [Rows] {
        var parts: [Part] = []
        for unit in second.isEmpty ? [statements] : [statements, second] {
            for statement in unit { try send(statement, noting: &parts) }
            guard pq_pipelineSync(connection) == 1 else { throw lost() }
            parts.append(.end)
        }

        var rows: [Rows] = []
        var failure: PostgresFailure?
        for part in parts {
            if case .end = part {
                guard let end = try next(by: deadline) else { throw lost() }
                pq_clear(end)
                continue
            }
            while let result = try next(by: deadline) {
                let status = pq_resultStatus(result)
                switch Int(status) {
                case pq_command_ok, pq_tuples_ok, pq_empty_query:
                    switch part {
                    case .preparation(let sql, let name):
                        prepared[sql] = name
                        pq_clear(result)
                    case .statement, .end: rows.append(Rows(result))
                    }
                case pq_pipeline_aborted: pq_clear(result)
                default:
                    failure = failure ?? PostgresFailure(result)
                    pq_clear(result)
                    // Its connection is over: no more answers will come.
                    if var failure, failure.isLost {
                        failure.cameFirst = rows.isEmpty && failure.isFarewell && !isPooled
                        throw failure
                    }
                }
            }
        }
        if let failure { throw failure }
        return rows
    }

    private enum Part {
        case preparation(sql: String, name: String)
        case statement
        case end
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
        if name == nil, !isPooled {
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
