// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Foundation
import GRDB
import Onebeat

extension SQLiteStore: HistoryStore {
    public func runs(_ filter: RunFilter) async throws(StoreError) -> [Run] {
        try await read { db, _ in
            var conditions = ["1"]
            var arguments: Arguments = []
            func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
                guard let value else { return }
                conditions.append(condition)
                arguments += [value]
            }
            require("job_name = ?", filter.job)
            require("scheduled_at >= ?", filter.from)
            require("scheduled_at < ?", filter.before)
            require("flow_id = ?", filter.flow?.value)
            if filter.isByTime {
                for (sign, run) in [("<", filter.after), (">", filter.newer)] {
                    require("(scheduled_at, id) \(sign) ((SELECT scheduled_at FROM runs WHERE id = ?), ?)", run?.value)
                    if let run { arguments += [run.value] }
                }
            } else {
                require("id < ?", filter.after?.value)
                require("id > ?", filter.newer?.value)
            }
            conditions += Self.conditions(for: filter.states)
            let found = try db.scan(Self.list(conditions, filter), arguments) { Run(&$0) }
            return filter.newer == nil ? found : found.reversed()
        }
    }

    /// What is open, and what did not end well, is little, and found by indexes of its own: in conditions that SQLite sees to
    /// fit them, which it does only for the same list in the same order.
    static func conditions(for states: Set<RunState>) -> [String] {
        func list(_ states: Set<RunState>) -> String {
            let words = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            // A list of one is written as what it is, since SQLite does not see that it fits a partial index.
            return states.count == 1 ? "state = \(words)" : "state IN (\(words))"
        }
        if states.isEmpty { return [] }
        if let open = open(states) { return ["id IN (\(open))"] }
        if states == troubles { return [list(troubles)] }
        if states.isSubset(of: troubles.union(calm)) {
            return [
                list(states.count > 1 && states.isSubset(of: troubles) ? troubles : troubles.union(calm)), list(states),
            ]
        }
        return [list(states)]
    }

    /// The numbers of the runs in these states, where all of them are open ones.
    private static func open(_ states: Set<RunState>) -> String? {
        var parts: [String] = []
        func add(_ index: String, _ condition: String) {
            parts.append("SELECT id FROM runs INDEXED BY \(index) WHERE \(condition)")
        }
        for state in states.sorted(by: { $0.rawValue < $1.rawValue }) {
            switch state {
            case .running: add("runs_of_boot", "state = 'running'")
            case .scheduled:
                add("runs_due", "state = 'scheduled' AND is_held = 0")
                add("runs_held", "state = 'scheduled' AND is_held = 1")
            case .waiting:
                let isOpen = "flow_id IS NOT NULL AND state IN ('waiting', 'scheduled', 'running')"
                add("runs_open_in_flow", "\(isOpen) AND state = 'waiting'")
            // No row is in it: it is what a row is read as.
            case .unknown: break
            case .succeeded, .failed, .timedOut, .cancelled, .skipped, .missed, .lost, .dead: return nil
            }
        }
        return parts.isEmpty ? "NULL" : parts.joined(separator: " UNION ALL ")
    }

    /// Those of `runs_trouble`, and what `runs_by_end` has beside them.
    private static let troubles: Set<RunState> = [.dead, .failed, .lost, .missed, .timedOut]
    private static let calm: Set<RunState> = [.cancelled, .skipped]

    /// Few runs are open at a time: they are found by their own indexes and sorted (`+id`), where the planner would else walk
    /// the whole history by number.
    static func list(_ conditions: [String], _ filter: RunFilter) -> String {
        let direction = filter.newer == nil ? "DESC" : "ASC"
        let isFew = !filter.states.isEmpty && open(filter.states) != nil
        let order =
            filter.isByTime ? "scheduled_at \(direction), id \(direction)" : "\(isFew ? "+" : "")id \(direction)"
        return """
            SELECT \(Run.columns) FROM runs \(filter.isByTime ? "INDEXED BY runs_by_time" : "")
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT \(min(max(filter.limit, 1), 1000))
            """
    }

    public func run(_ id: RunID) async throws(StoreError) -> Run? {
        try await read { db, _ in try Run.fetch(id, in: db) }
    }

    public func waits(in flow: RunID, limit: Int) async throws(StoreError) -> [Wait] {
        try await read { db, _ in
            try db.rows(
                "SELECT parent_id, run_id FROM runs JOIN waits ON run_id = id WHERE flow_id = ? ORDER BY 2, 1 LIMIT ?",
                [flow.value, limit]
            ).map { row in
                var row = Columns(row)
                return Wait(parent: RunID(row[0]), run: RunID(row[1]))
            }
        }
    }

    public func value(of run: RunID) async throws(StoreError) -> RunValue? {
        try await read { db, _ in try Self.value(of: run, in: db) }
    }

    static func value(of run: RunID, in db: Database) throws -> RunValue? {
        try db.rows("SELECT value FROM run_values WHERE run_id = ?", [run.value]).first.flatMap { row in
            var row = Columns(row)
            return RunValue(stored: row[0])
        }
    }

    /// What the elements handed on whose whole a run follows, by their job.
    private static func elementValues(for run: RunID, in db: Database) throws -> [String: RunValue] {
        var input: [String: RunValue] = [:]
        let wholes = try db.rows(
            """
            SELECT DISTINCT w.id, w.job_name FROM waits p JOIN runs w ON w.id = p.parent_id JOIN waits c ON c.run_id = w.id
                JOIN runs e ON e.id = c.parent_id AND e.job_name = w.job_name AND e.element IS NOT NULL
            WHERE p.run_id = ?
            """, [run.value])
        for row in wholes {
            var row = Columns(row)
            let (whole, job) = (RunID(row[0]), row[1] as String)
            input[job] = try elementValues(of: whole, Changes(at: .distantPast), in: db)
        }
        return input
    }

    /// What a run's elements handed on; `nil` for one that stands for none.
    /// - Parameter changes: what is decided and not written.
    static func elementValues(of whole: RunID, _ changes: Changes, in db: Database) throws -> RunValue? {
        var values: [RunValue?] = []
        let rows = try db.rows(
            """
            SELECT e.id, e.job_name, v.value IS NULL,
                CASE WHEN sum(coalesce(length(CAST(v.value AS BLOB)), 0)) OVER (ORDER BY e.element) <= ? THEN v.value END
            FROM waits c JOIN runs w ON w.id = c.run_id
                JOIN runs e ON e.id = c.parent_id AND e.job_name = w.job_name AND e.element IS NOT NULL
                LEFT JOIN run_values v ON v.run_id = e.id
            WHERE c.run_id = ? ORDER BY e.element
            """, [RunValue.mostBytesOfElements, whole.value])
        for row in rows {
            var row = Columns(row)
            let (element, job, isNone, json): (RunID, String, Bool, String?) = (RunID(row[0]), row[1], row[2], row[3])
            guard isNone || json != nil else { throw StoreError.tooMuchOfElements(job) }
            let value = changes.value(of: element) ?? json.flatMap(RunValue.init(stored:))
            guard value != nil || json == nil else { throw StoreError.unreadableValue(of: job) }
            values.append(value)
        }
        return values.isEmpty ? nil : RunValue(elements: values)
    }

    public func input(of run: RunID) async throws(StoreError) -> [String: RunValue] {
        try await read { db, _ in
            var input: [String: RunValue] = [:]
            let rows = try db.rows(
                """
                SELECT job_name, value FROM waits JOIN runs ON id = parent_id JOIN run_values v ON v.run_id = parent_id
                WHERE waits.run_id = ?
                """, [run.value])
            for row in rows {
                var row = Columns(row)
                let job: String = row[0]
                guard let value = RunValue(stored: row[1]) else { throw StoreError.unreadableValue(of: job) }
                input[job] = value
            }
            input.merge(try Self.elementValues(for: run, in: db)) { $1 }
            let data = try db.rows(
                """
                SELECT data FROM emissions e JOIN runs r ON r.request_id = 'event-' || e.id
                WHERE r.id = ? AND r.kind = 'manual' AND data IS NOT NULL
                """, [run.value]
            ).first
            if let data {
                var row = Columns(data)
                guard let value = RunValue(stored: row[0]) else {
                    throw StoreError.unreadableValue(of: Emission.parent)
                }
                input[Emission.parent] = value
            }
            return input
        }
    }

    public func attempts(of run: RunID) async throws(StoreError) -> [Attempt] {
        try await read { db, _ in
            try db.rows("SELECT \(Attempt.columns) FROM attempts WHERE run_id = ? ORDER BY number", [run.value])
                .map(Attempt.init)
        }
    }

    public func statuses(job: String?) async throws(StoreError) -> [JobStatus] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT job_name, status, last_run_at, node_id, run_id, fence, last_success_at, failures_in_a_row
                FROM scheduled_job_status WHERE ? IS NULL OR job_name = ? ORDER BY job_name
                """,
                [job, job]
            ).map { row in
                var row = Columns(row)
                return JobStatus(
                    job: row[0], status: row[1], lastRunAt: row[2], node: row[3],
                    run: (row[4] as Int64?).map(RunID.init), fence: Fence(row[5]), lastSuccessAt: row[6],
                    failuresInARow: row[7])
            }
        }
    }

    public func appendLog(_ pieces: [LogPiece], dropping dropped: [LogPiece.ID]) async throws(StoreError) {
        try await write { db, _ in
            for piece in pieces {
                // The same piece again is a write whose reply was lost.
                try db.change(
                    "INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        piece.id.run.value, piece.id.position.attempt, piece.id.position.sequence,
                        piece.stream.rawValue, piece.at, Data(piece.bytes),
                    ])
            }
            for id in dropped {
                try db.change(
                    "DELETE FROM logs WHERE run_id = ? AND attempt = ? AND sequence = ?",
                    [id.run.value, id.position.attempt, id.position.sequence])
            }
        }
    }

    public func logs(of run: RunID, after position: LogPosition?, limit: Int) async throws(StoreError) -> [LogPiece] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT attempt, sequence, stream, at, bytes FROM logs
                WHERE run_id = ? AND (attempt, sequence) > (?, ?) ORDER BY attempt, sequence LIMIT ?
                """,
                [run.value, position?.attempt ?? -1, position?.sequence ?? -1, limit]
            ).compactMap { row in
                var row = Columns(row)
                let piece = LogPiece(
                    id: .init(run: run, position: LogPosition(attempt: row[0], sequence: row[1])),
                    stream: LogStream(rawValue: row[2]) ?? .note, at: row[3], bytes: row[4])
                // One without a place would be read again for ever.
                return row.flaw == nil ? piece : nil
            }
        }
    }

    public func record(_ event: Event) async throws(StoreError) {
        try await write { db, now in try db.note(event, at: now) }
    }

    public func events(_ filter: EventFilter) async throws(StoreError) -> [EventRecord] {
        try await read { db, _ in
            var arguments: Arguments = []
            for value in [filter.job, filter.kind] { if let value { arguments += [value] } }
            for number in [filter.before, filter.after] { if let number { arguments += [number] } }
            let found = try db.rows(Self.events(filter), arguments).map { row in
                var row = Columns(row)
                let number: Int64 = row[0]
                var event = Event(
                    row[1], job: row[2], run: (row[3] as Int64?).map(RunID.init), actor: row[4], message: row[5],
                    at: row[6])
                event.message = row.flaw ?? event.message
                return EventRecord(number: number, event: event)
            }
            return filter.after == nil ? found : found.reversed()
        }
    }

    /// In the order of their numbers, up where those after one are wanted.
    static func events(_ filter: EventFilter) -> String {
        var conditions = ["1"]
        if filter.job != nil { conditions.append("job_name = ?") }
        if filter.kind != nil { conditions.append("kind = ?") }
        if filter.before != nil { conditions.append("id < ?") }
        if filter.after != nil { conditions.append("id > ?") }
        return """
            SELECT id, kind, job_name, run_id, actor, message, at FROM events WHERE \(conditions.joined(separator: " AND "))
            ORDER BY id \(filter.after == nil ? "DESC" : "ASC") LIMIT \(min(max(filter.limit, 1), 1000))
            """
    }

    public func runCounts() async throws(StoreError) -> [RunState: Int] {
        try await read { db, _ in
            var counts: [RunState: Int] = [:]
            // Unlike `sum`, `total` does not fail where it overflows.
            for row in try db.rows("SELECT state, total(count) FROM runs GROUP BY state") {
                var row = Columns(row)
                if let state = RunState(rawValue: row[0]) { counts[state] = row[1] }
            }
            return counts
        }
    }

    public func prune(before instant: Timestamp, limit: Int) async throws(StoreError) -> Int {
        // Numbers grow with time, so what is old lies among the lowest; looking further would scan what is kept.
        let old = """
            SELECT id FROM (SELECT id, finished_at FROM runs ORDER BY id LIMIT ?) WHERE finished_at < ? LIMIT ?
            """
        let oldEvents = "SELECT id FROM events WHERE at < ? ORDER BY id LIMIT ?"
        let window = limit * 4
        let isNeeded = try await read { db, _ in
            try !db.rows(old, [window, instant, 1]).isEmpty || !db.rows(oldEvents, [instant, 1]).isEmpty
        }
        guard isNeeded else { return 0 }
        return try await write { db, _ in
            var removed = 0
            for row in try db.rows(old, [window, instant, limit]) {
                var row = Columns(row)
                let id: Int64 = row[0]
                try db.change("DELETE FROM logs WHERE run_id = ?", [id])
                try db.change("DELETE FROM attempts WHERE run_id = ?", [id])
                try db.change("DELETE FROM waits WHERE run_id = ?", [id])
                try db.change("DELETE FROM run_values WHERE run_id = ?", [id])
                try db.change("DELETE FROM marks WHERE run_id = ?", [id])
                removed += try db.change("DELETE FROM runs WHERE id = ?", [id])
            }
            if removed > 0 {
                try db.change("INSERT OR REPLACE INTO meta VALUES ('kept_since', ?)", ["\(instant.microseconds)"])
            }
            removed += try db.change("DELETE FROM events WHERE id IN (\(oldEvents))", [instant, limit])
            removed += try db.change(
                "DELETE FROM emissions WHERE id IN (SELECT id FROM emissions WHERE at < ? ORDER BY id LIMIT ?)",
                [instant, limit])
            removed += try db.change("DELETE FROM nodes WHERE gone_at < ?", [instant])
            removed += try db.change("DELETE FROM silences WHERE ends_at < ?", [instant])
            removed += try db.change(
                "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE closed_at < ? ORDER BY id LIMIT ?)",
                [instant, limit])
            return removed
        }
    }
}
