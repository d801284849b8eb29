// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: AlertStore {
    public func open(_ incidents: [Incident]) async throws(StoreError) -> [Incident] {
        guard !incidents.isEmpty else { return [] }
        return try await move { transaction in
            let time = Transaction.time(of: 1)
            return try transaction.commit([
                Statement(
                    """
                    INSERT INTO incidents
                        (rule, kind, job_name, since, run_id, summary, opened_at, closed_at, is_news, held_by)
                    SELECT rule, kind, job_name, since, run_id, summary, \(time), CASE WHEN is_news THEN \(time) END,
                        is_news, held_by
                    FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)
                        AS i (rule, kind, job_name, since, run_id, summary, is_news, held_by)
                    ORDER BY rule, kind, job_name, since
                    ON CONFLICT DO NOTHING RETURNING \(Incident.columns)
                    """,
                    [
                        transaction.now, .texts(incidents.map(\.rule)), .texts(incidents.map(\.kind)),
                        .texts(incidents.map(\.job)), .times(incidents.map(\.since)),
                        .ints(incidents.map { $0.run?.value }), .texts(incidents.map(\.summary)),
                        .bools(incidents.map(\.isNews)), .texts(incidents.map(\.heldBy)),
                    ])
            ])[0].map(Incident.init)
        }
    }

    public func close(_ incidents: [Int64]) async throws(StoreError) {
        guard !incidents.isEmpty else { return }
        try await move { transaction in
            _ = try transaction.commit([
                Statement(
                    """
                    UPDATE incidents SET closed_at = \(Transaction.time(of: 1))
                    WHERE id = ANY ($2) AND closed_at IS NULL
                    """, [transaction.now, .ints(incidents.map { $0 as Int64? })])
            ])
        }
    }

    public func release(_ incidents: [Incident]) async throws(StoreError) {
        guard !incidents.isEmpty else { return }
        try await move { transaction in
            _ = try transaction.commit([
                Statement(
                    """
                    UPDATE incidents i SET released_at = \(Transaction.time(of: 1)), summary = n.summary, run_id = n.run_id
                    FROM unnest($2, $3, $4) AS n (id, summary, run_id)
                    WHERE i.id = n.id AND i.held_by IS NOT NULL AND i.released_at IS NULL AND i.closed_at IS NULL
                    """,
                    [
                        transaction.now, .ints(incidents.map { $0.id as Int64? }), .texts(incidents.map(\.summary)),
                        .ints(incidents.map { $0.run?.value }),
                    ])
            ])
        }
    }

    public func incidents(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Incident] {
        try await listed(
            Statement(
                """
                SELECT \(Incident.columns) FROM incidents WHERE id < $1 \(openOnly ? "AND closed_at IS NULL" : "")
                ORDER BY id DESC LIMIT $2
                """, [.int(before ?? .max), .int(limit)]))
    }

    public func incidents(of batch: Int64) async throws(StoreError) -> [Incident] {
        try await listed(
            Statement(
                "SELECT \(Incident.columns) FROM incidents WHERE batch = $1 ORDER BY id LIMIT 1000", [.int(batch)]))
    }

    private func listed(_ statement: Statement) async throws(StoreError) -> [Incident] {
        try await move { transaction in try transaction.look([statement])[0].map(Incident.init) }
    }

    /// Of two that gather at one time the second waits for the first's rows, and finds them in a message.
    public func gather(_ rule: String, olderThan age: Duration) async throws(StoreError) {
        try await move { transaction in
            let moment = "\(Transaction.time(of: 2)) - $3 * interval '1 microsecond'"
            let waits = "rule = $1 AND batch IS NULL AND (held_by IS NULL OR released_at IS NOT NULL)"
            let first = """
                SELECT min(id) AS id FROM incidents WHERE \(waits)
                GROUP BY rule HAVING min(coalesce(released_at, opened_at)) <= \(moment)
                """
            let parameters: [Parameter] = [.text(rule), transaction.now, .length(age)]
            guard try transaction.look([Statement(first, parameters)])[0].count > 0 else { return }
            _ = try transaction.commit([
                Statement(
                    """
                    UPDATE incidents SET batch = f.id FROM (\(first)) f
                    WHERE \(waits)
                    """, parameters)
            ])
        }
    }

    public func unsent(limit: Int) async throws(StoreError) -> [(rule: String, batch: Int64)] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT DISTINCT rule, batch FROM incidents WHERE batch IS NOT NULL AND sent_at IS NULL
                    ORDER BY batch LIMIT $1
                    """, [.int(limit)])
            ])[0].map { ($0[0], $0[1]) }
        }
    }

    public func sent(_ batch: Int64) async throws(StoreError) {
        try await move { transaction in
            _ = try transaction.commit([
                Statement(
                    "UPDATE incidents SET sent_at = \(Transaction.time(of: 1)) WHERE batch = $2 AND sent_at IS NULL",
                    [transaction.now, .int(batch)])
            ])
        }
    }

    public func acknowledge(_ incident: Int64, by actor: String) async throws(StoreError) {
        try await move { transaction in
            let changed = try transaction.commit([
                Statement(
                    "UPDATE incidents SET acknowledged_by = coalesce(acknowledged_by, $1) WHERE id = $2",
                    [.text(actor), .int(incident)]),
                Statement(
                    """
                    UPDATE incidents i SET acknowledged_by = $1 FROM incidents s
                    WHERE s.id = $2 AND s.job_name = i.job_name AND s.kind = i.kind AND i.acknowledged_by IS NULL
                        AND i.closed_at IS NULL AND i.id <> s.id
                        AND (s.closed_at IS NULL OR s.is_news AND s.opened_at >= i.opened_at)
                    """, [.text(actor), .int(incident)]),
            ])[0].changed
            guard changed == 1 else { throw StoreError.notFound("there is no incident \(incident)") }
        }
        try await record(Event("alert.acknowledged", actor: actor, message: "incident \(incident)"))
    }

    public func silence(
        _ pattern: String, for length: Duration, because reason: String, by actor: String
    ) async throws(StoreError) -> Silence {
        let silence = try await move { transaction in
            let time = Transaction.time(of: 1)
            return try transaction.commit([
                Statement(
                    """
                    INSERT INTO silences (pattern, began_at, ends_at, reason, actor)
                    VALUES ($2, \(time), \(time) + $3 * interval '1 microsecond', $4, $5) RETURNING \(Silence.columns)
                    """, [transaction.now, .text(pattern), .length(length), .text(reason), .text(actor)])
            ])[0].map(Silence.init)[0]
        }
        try await record(silence.event)
        return silence
    }

    public func silences(
        endingFrom moment: Timestamp, before: Int64?, limit: Int
    ) async throws(StoreError) -> [Silence] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    "SELECT \(Silence.columns) FROM silences WHERE ends_at >= $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                    [.time(moment), .int(before ?? .max), .int(limit)])
            ])[0].map(Silence.init)
        }
    }

    public func endSilence(_ id: Int64, by actor: String) async throws(StoreError) {
        let hasEnded = try await move { transaction in
            let time = Transaction.time(of: 1)
            let found = try transaction.commit([
                Statement(
                    "UPDATE silences SET ends_at = \(time) WHERE id = $2 AND ends_at > \(time)",
                    [transaction.now, .int(id)]),
                Statement("SELECT id FROM silences WHERE id = $1", [.int(id)]),
            ])
            guard found[1].count == 1 else { throw StoreError.notFound("there is no silence \(id)") }
            return found[0].changed == 1
        }
        if hasEnded { try await record(Silence.ended(id, by: actor)) }
    }
}

extension Silence {
    static let columns = "id, pattern, began_at, ends_at, reason, actor"

    init(row: Row) {
        self.init(id: row[0], pattern: row[1], from: row[2], until: row[3], reason: row[4], actor: row[5])
    }
}

extension Incident {
    static let columns = """
        id, rule, kind, job_name, since, run_id, summary, opened_at, closed_at, batch, acknowledged_by, is_news, held_by,
        released_at
        """

    init(row: Row) {
        self.init(
            id: row[0], rule: row[1], kind: row[2], job: row[3], since: row[4], run: (row[5] as Int64?).map(RunID.init),
            summary: row[6], openedAt: row[7], closedAt: row[8], batch: row[9], acknowledgedBy: row[10],
            isNews: row[11], heldBy: row[12], releasedAt: row[13])
    }
}
