// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: HistoryStore {
    public func runs(_ filter: RunFilter) async throws(StoreError) -> [Run] {
        let found = try await move { transaction in try transaction.look([Self.list(filter)])[0].map(Run.init) }
        return filter.newer == nil ? found : found.reversed()
    }

    static func list(_ filter: RunFilter) -> Statement {
        var conditions = ["true"]
        var parameters: [Parameter] = []
        func require(_ condition: (String) -> String, _ value: Parameter?) {
            guard let value else { return }
            parameters.append(value)
            conditions.append(condition("$\(parameters.count)"))
        }
        require({ "job_name = \($0)" }, filter.job.map { .text($0) })
        require({ "scheduled_at >= \($0)" }, filter.from.map { .time($0) })
        require({ "scheduled_at < \($0)" }, filter.before.map { .time($0) })
        require({ "flow_id = \($0)" }, filter.flow.map { .int($0.value) })
        for (sign, run) in [("<", filter.after), (">", filter.newer)] {
            let isByTime = filter.isByTime
            require(
                { place in
                    isByTime
                        ? "(scheduled_at, id) \(sign) ((SELECT scheduled_at FROM runs WHERE id = \(place)), \(place))"
                        : "id \(sign) \(place)"
                }, run.map { .int($0.value) })
        }
        conditions += Self.conditions(for: filter.states)
        // Few runs are open at a time: they are found by their own indexes and sorted, where the planner might else walk the
        // whole history by number.
        let isFew = !filter.states.isEmpty && open(filter.states) != nil
        let direction = filter.newer == nil ? "DESC" : "ASC"
        let order =
            filter.isByTime ? "scheduled_at \(direction), id \(direction)" : "id\(isFew ? " + 0" : "") \(direction)"
        parameters.append(.int(min(max(filter.limit, 1), 1000)))
        return Statement(
            """
            SELECT \(Run.columns) FROM runs WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(order) LIMIT $\(parameters.count)
            """,
            parameters)
    }

    /// Written out, since a partial index is used only for states that are known when the plan is made.
    private static func conditions(for states: Set<RunState>) -> [String] {
        if states.isEmpty { return [] }
        if let open = open(states) { return ["id IN (\(open))"] }
        return ["state IN (\(states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))"]
    }

    /// The numbers of the runs in these states, where all of them are open ones: in parts, each of which has an index.
    private static func open(_ states: Set<RunState>) -> String? {
        var parts: [String] = []
        for state in states.sorted(by: { $0.rawValue < $1.rawValue }) {
            switch state {
            case .running: parts.append("state = 'running'")
            case .scheduled: parts += ["state = 'scheduled' AND NOT is_held", "state = 'scheduled' AND is_held"]
            // As the index of what is open in a flow has it; nothing else waits.
            case .waiting: parts.append("state = 'waiting' AND flow_id IS NOT NULL")
            // No row is in it: it is what a row is read as.
            case .unknown: break
            case .succeeded, .failed, .timedOut, .cancelled, .skipped, .missed, .lost, .dead: return nil
            }
        }
        return parts.isEmpty
            ? "SELECT 0::bigint WHERE false"
            : parts.map { "SELECT id FROM runs WHERE \($0)" }.joined(separator: " UNION ALL ")
    }

    public func run(_ id: RunID) async throws(StoreError) -> Run? {
        try await move { transaction in
            try transaction.look([
                Statement("SELECT \(Run.columns) FROM runs WHERE id = $1", [.int(id.value)])
            ])[0].first.map(Run.init)
        }
    }

    public func waits(in flow: RunID, limit: Int) async throws(StoreError) -> [Wait] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT parent_id, run_id FROM runs JOIN waits ON run_id = id WHERE flow_id = $1
                    ORDER BY run_id, parent_id LIMIT $2
                    """, [.int(flow.value), .int(limit)])
            ])[0].map { Wait(parent: RunID($0[0]), run: RunID($0[1])) }
        }
    }

    public func value(of run: RunID) async throws(StoreError) -> RunValue? {
        try await move { transaction in
            try transaction.look([Statement("SELECT value FROM run_values WHERE run_id = $1", [.int(run.value)])])[0]
                .first.flatMap { RunValue(stored: $0[0]) }
        }
    }

    public func input(of run: RunID) async throws(StoreError) -> [String: RunValue] {
        try await move { transaction in
            let rows = try transaction.look([
                Statement(
                    """
                    SELECT job_name, value FROM waits w JOIN runs ON id = w.parent_id
                        JOIN run_values v ON v.run_id = w.parent_id
                    WHERE w.run_id = $1
                    """, [.int(run.value)]),
                // What stands for the elements of a list was never attempted itself; of others no elements are looked for.
                Statement(
                    """
                    SELECT p.id, p.job_name FROM waits w JOIN runs p ON p.id = w.parent_id
                    WHERE w.run_id = $1 AND p.attempt = 0
                    """, [.int(run.value)]),
                Statement(
                    """
                    SELECT data FROM emissions e JOIN runs r ON r.request_id = 'event-' || e.id
                    WHERE r.id = $1 AND r.kind = 'manual' AND data IS NOT NULL
                    """, [.int(run.value)]),
            ])
            let values = try rows[0].map { row -> (String, RunValue) in
                guard let value = RunValue(stored: row[1]) else { throw StoreError.unreadableValue(of: row[0]) }
                return (row[0], value)
            }
            var input = Dictionary(values) { $1 }
            let wholes = rows[1].map { (run: RunID($0[0]), job: $0[1] as String) }
            let lists = try Flows.elementValues(of: wholes.map(\.run), in: transaction)
            for whole in wholes { if let list = lists[whole.run] { input[whole.job] = try list.get() } }
            let data = rows[2].first
            if let data {
                guard let value = RunValue(stored: data[0]) else {
                    throw StoreError.unreadableValue(of: Emission.parent)
                }
                input[Emission.parent] = value
            }
            return input
        }
    }

    public func attempts(of run: RunID) async throws(StoreError) -> [Attempt] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    "SELECT \(Attempt.columns) FROM attempts WHERE run_id = $1 ORDER BY number", [.int(run.value)])
            ])[0].map(Attempt.init)
        }
    }

    public func statuses(job: String?) async throws(StoreError) -> [JobStatus] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT job_name, status, last_run_at, node_id, run_id, fence, last_success_at, failures_in_a_row
                    FROM scheduled_job_status WHERE $1 IS NULL OR job_name = $1 ORDER BY job_name
                    """,
                    [.text(job)])
            ])[0].map { row in
                JobStatus(
                    job: row[0], status: row[1], lastRunAt: row[2], node: row[3],
                    run: (row[4] as Int64?).map(RunID.init), fence: Fence(row[5]), lastSuccessAt: row[6],
                    failuresInARow: row[7])
            }
        }
    }

    public func appendLog(_ pieces: [LogPiece], dropping dropped: [LogPiece.ID]) async throws(StoreError) {
        try await move { transaction in
            var statements: [Statement] = []
            if !pieces.isEmpty {
                // The same piece again is a write whose reply was lost.
                var newest: [LogPiece.ID: LogPiece] = [:]
                for piece in pieces { newest[piece.id] = piece }
                let pieces = newest.values.sorted { $0.id.position < $1.id.position }
                statements.append(
                    Statement(
                        """
                        INSERT INTO logs (run_id, attempt, sequence, stream, at, bytes)
                        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
                        ON CONFLICT (run_id, attempt, sequence) DO UPDATE SET stream = excluded.stream,
                            at = excluded.at, bytes = excluded.bytes
                        """,
                        [
                            .ints(pieces.map(\.id.run.value)), .ints(pieces.map(\.id.position.attempt)),
                            .ints(pieces.map(\.id.position.sequence)), .texts(pieces.map(\.stream.rawValue)),
                            .times(pieces.map(\.at)), .blobs(pieces.map(\.bytes)),
                        ]))
            }
            if !dropped.isEmpty {
                statements.append(
                    Statement(
                        """
                        DELETE FROM logs USING unnest($1, $2, $3) AS d (run, try, place)
                        WHERE run_id = d.run AND attempt = d.try AND sequence = d.place
                        """,
                        [
                            .ints(dropped.map(\.run.value)), .ints(dropped.map(\.position.attempt)),
                            .ints(dropped.map(\.position.sequence)),
                        ]))
            }
            if !statements.isEmpty { try transaction.commit(statements) }
        }
    }

    public func logs(of run: RunID, after position: LogPosition?, limit: Int) async throws(StoreError) -> [LogPiece] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT attempt, sequence, stream, at, bytes FROM logs
                    WHERE run_id = $1 AND (attempt, sequence) > ($2, $3) ORDER BY attempt, sequence LIMIT $4
                    """,
                    [
                        .int(run.value), .int(position?.attempt ?? -1), .int(position?.sequence ?? -1), .int(limit),
                    ])
            ])[0].map { row in
                LogPiece(
                    id: .init(run: run, position: LogPosition(attempt: row[0], sequence: row[1])),
                    stream: LogStream(rawValue: row[2]) ?? .note, at: row[3], bytes: row[4])
            }
        }
    }

    public func record(_ event: Event) async throws(StoreError) {
        try await move { transaction in
            _ = try transaction.commit([
                Statement(
                    """
                    INSERT INTO events (at, kind, job_name, run_id, actor, message)
                    VALUES (\(Transaction.time(of: 1)), $2, $3, $4, $5, $6)
                    """,
                    [
                        transaction.now, .text(event.kind), .text(event.job), .int(event.run?.value),
                        .text(event.actor), .text(event.message),
                    ])
            ])
        }
    }

    public func events(_ filter: EventFilter) async throws(StoreError) -> [EventRecord] {
        try await move { transaction in
            let found = try transaction.look([Self.events(filter)])[0].map { row in
                EventRecord(
                    number: row[0],
                    event: Event(
                        row[1], job: row[2], run: (row[3] as Int64?).map(RunID.init), actor: row[4], message: row[5],
                        at: row[6]))
            }
            return filter.after == nil ? found : found.reversed()
        }
    }

    /// In the order of their numbers, up where those after one are wanted.
    static func events(_ filter: EventFilter) -> Statement {
        var parameters: [Parameter] = [.int(min(max(filter.limit, 1), 1000))]
        var conditions: [String] = []
        func require(_ condition: String, _ parameter: Parameter?) {
            guard let parameter else { return }
            parameters.append(parameter)
            conditions.append("\(condition) $\(parameters.count)")
        }
        require("job_name =", filter.job.map { .text($0) })
        require("kind =", filter.kind.map { .text($0) })
        require("id <", filter.before.map { .int($0) })
        require("id >", filter.after.map { .int($0) })
        return Statement(
            """
            SELECT id, kind, job_name, run_id, actor, message, at FROM events
            \(conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))")
            ORDER BY id \(filter.after == nil ? "DESC" : "ASC") LIMIT $1
            """, parameters)
    }

    public func runCounts() async throws(StoreError) -> [RunState: Int] {
        try await move { transaction in
            var counts: [RunState: Int] = [:]
            let rows = try transaction.look([
                Statement("SELECT state, sum(count)::bigint FROM runs GROUP BY state")
            ])[0]
            for (word, count): (String, Int) in rows.map({ ($0[0], $0[1]) }) {
                if let state = RunState(rawValue: word) { counts[state] = count }
            }
            return counts
        }
    }

    public func prune(before instant: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await move { transaction in
            // Numbers grow with time, so what is old lies among the lowest; looking further would scan what is kept.
            let removed = try transaction.commit([
                Statement(
                    """
                    WITH old AS MATERIALIZED (
                        SELECT id FROM (SELECT id, finished_at FROM runs ORDER BY id LIMIT $1) lowest
                        WHERE finished_at < $3 ORDER BY id LIMIT $2),
                    output AS (DELETE FROM logs USING old WHERE run_id = id),
                    tries AS (DELETE FROM attempts USING old WHERE run_id = id),
                    waited AS (DELETE FROM waits USING old WHERE run_id = id),
                    handed AS (DELETE FROM run_values USING old WHERE run_id = id),
                    said AS (DELETE FROM marks USING old WHERE run_id = id),
                    noted AS (
                        INSERT INTO meta SELECT 'kept_since', $4 FROM old LIMIT 1
                        ON CONFLICT (key) DO UPDATE SET value = excluded.value)
                    DELETE FROM runs USING old WHERE runs.id = old.id
                    """,
                    [.int(limit * 4), .int(limit), .time(instant), .text("\(instant.microseconds)")]),
                Statement(
                    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY id LIMIT $2)",
                    [.time(instant), .int(limit)]),
                Statement(
                    "DELETE FROM emissions WHERE id IN (SELECT id FROM emissions WHERE at < $1 ORDER BY id LIMIT $2)",
                    [.time(instant), .int(limit)]),
                Statement("DELETE FROM nodes WHERE gone_at < $1", [.time(instant)]),
                Statement("DELETE FROM silences WHERE ends_at < $1", [.time(instant)]),
                Statement(
                    "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE closed_at < $1 ORDER BY id LIMIT $2)",
                    [.time(instant), .int(limit)]),
            ])
            return removed.reduce(0) { $0 + $1.changed }
        }
    }
}
