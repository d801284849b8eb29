import GRDB
import Onebeat

extension Timestamp: DatabaseValueConvertible {
    /// Microseconds since 1970.
    public var databaseValue: DatabaseValue { microseconds.databaseValue }

    /// Reads microseconds since 1970.
    public static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        Int64.fromDatabaseValue(value).map(Timestamp.init(microseconds:))
    }
}

extension JobRecord {
    static let columns = """
        j.name, j.generation, j.version, j.source, j.is_paused, j.watermark, j.next_at, j.created_at, d.definition,
        j.flow_edition
        """
    static let tables = """
        jobs j JOIN definitions d ON d.job_name = j.name AND d.generation = j.generation AND d.version = j.version
        """

    /// Whoever acts on it asks for a flaw; who only looks sees it as the job's trouble.
    init(_ row: inout Columns) {
        self.init(
            definition: DefinitionText.decode(row[8], of: row[0]), generation: row[1], version: row[2], source: row[3],
            isPaused: row[4], watermark: row[5], nextAt: row[6], createdAt: row[7], flowEdition: row[9])
        if let flaw = row.flaw { definition.trouble = "\(flaw); apply the job's file again" }
    }
}

extension Run {
    static let columns = """
        id, job_name, generation, version, kind, scheduled_at, request_id, due_at, deadline_at, state, reason, message,
        queue, priority, attempt, fence, node, boot, crashes, failures, is_cancel_requested, started_at, finished_at,
        exit_code, range_end, count, need, flow_id, element
        """

    /// Of a row that cannot be read, nothing follows: it is in a state that is not known.
    init(row: Row) {
        var row = Columns(row)
        self.init(&row)
    }

    init(_ row: inout Columns) {
        self.init(
            id: RunID(row[0]), version: JobVersion(job: row[1], generation: row[2], version: row[3]),
            kind: RunKind(stored: row[4]), scheduledAt: row[5], requestID: row[6], dueAt: row[7],
            deadlineAt: row[8], state: RunState(stored: row[9]), queue: row[12], priority: row[13])
        reason = (row[10] as String?).map(Reason.init(stored:))
        message = row[11]
        attempt = row[14]
        fence = Fence(row[15])
        node = row[16]
        boot = row[17]
        crashes = row[18]
        failures = row[19]
        isCancelRequested = row[20]
        startedAt = row[21]
        finishedAt = row[22]
        exitCode = row[23]
        rangeEnd = row[24]
        count = row[25]
        need = row[26]
        flow = (row[27] as Int64?).map(RunID.init)
        element = row[28]
        if let flaw = row.flaw { (state, message) = (.unknown, flaw) }
    }

    static func fetch(_ id: RunID, in db: Database) throws -> Run? {
        let statement = try db.cachedStatement(sql: "SELECT \(columns) FROM runs WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.value]).map(Run.init)
    }
}

extension Attempt {
    static let columns = """
        run_id, number, fence, node, boot, started_at, finished_at, outcome, message, exit_code
        """

    init(row: Row) {
        var row = Columns(row)
        self.init(&row)
    }

    init(_ row: inout Columns) {
        self.init(
            run: RunID(row[0]), number: row[1], fence: Fence(row[2]), node: row[3], boot: row[4], startedAt: row[5])
        finishedAt = row[6]
        outcome = row[7]
        message = row[8]
        exitCode = row[9]
        message = row.flaw ?? message
    }
}

extension Database {
    /// Runs a statement whose text is used again and again; SQLite parses it once a connection.
    /// - Returns: how many rows it changed.
    @discardableResult
    func change(_ sql: String, _ arguments: Arguments = []) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: .whole(arguments))
        return changesCount
    }

    /// Rows of a statement whose text is used again and again.
    func rows(_ sql: String, _ arguments: Arguments = []) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: .whole(arguments))
    }

    /// Reads rows one by one, without copies of them: for what reads much.
    func scan<Value>(
        _ sql: String, _ arguments: Arguments = [], _ read: (inout Columns) throws -> Value
    ) throws -> [Value] {
        try scan(cachedStatement(sql: sql), arguments, read)
    }

    /// The same of a statement that the caller has.
    func scan<Value>(
        _ statement: GRDB.Statement, _ arguments: Arguments = [], _ read: (inout Columns) throws -> Value
    ) throws -> [Value] {
        let cursor = try Row.fetchCursor(statement, arguments: .whole(arguments))
        var found: [Value] = []
        while try cursor.next() != nil {
            var columns = Columns(of: statement)
            found.append(try read(&columns))
        }
        return found
    }

    /// Writes an event in the transaction of what it tells of.
    func note(_ event: Event, at now: Timestamp) throws {
        try change(
            "INSERT INTO events (at, kind, job_name, run_id, actor, message) VALUES (?, ?, ?, ?, ?, ?)",
            [now, event.kind, event.job, event.run?.value, event.actor, event.message])
    }
}

/// What goes into a statement's question marks.
typealias Arguments = [(any DatabaseValueConvertible)?]

extension StatementArguments {
    /// SQLite takes a NUL for a text's end, and so one text for another: it is replaced, as PostgreSQL's store does.
    static func whole(_ arguments: Arguments) -> StatementArguments {
        // Without a cast, which would cost more than all the rest, for each argument of each statement.
        StatementArguments(
            arguments.map { argument -> DatabaseValue in
                let value = argument?.databaseValue ?? .null
                guard case .string(let text) = value.storage, text.utf8.contains(0) else { return value }
                return text.replacing("\0", with: "\u{FFFD}").databaseValue
            })
    }
}
