// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: AlertStore {
    public func open(_ incidents: [Incident]) async throws(StoreError) -> [Incident] {
        guard !incidents.isEmpty else { return [] }
        return try await write { db, now in
            try incidents.compactMap { incident in
                let inserted = try db.change(
                    """
                    INSERT INTO incidents
                        (rule, kind, job_name, since, run_id, summary, opened_at, closed_at, is_news, held_by)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    [
                        incident.rule, incident.kind, incident.job, incident.since, incident.run?.value,
                        incident.summary, now, incident.isNews ? now : nil, incident.isNews, incident.heldBy,
                    ])
                guard inserted == 1 else { return nil }
                var kept = incident
                kept.id = db.lastInsertedRowID
                kept.openedAt = now
                kept.closedAt = incident.isNews ? now : nil
                return kept
            }
        }
    }

    public func close(_ incidents: [Int64]) async throws(StoreError) {
        guard !incidents.isEmpty else { return }
        try await write { db, now in
            for id in incidents {
                try db.change("UPDATE incidents SET closed_at = ? WHERE id = ? AND closed_at IS NULL", [now, id])
            }
        }
    }

    public func release(_ incidents: [Incident]) async throws(StoreError) {
        guard !incidents.isEmpty else { return }
        try await write { db, now in
            for incident in incidents {
                try db.change(
                    """
                    UPDATE incidents SET released_at = ?, summary = ?, run_id = ?
                    WHERE id = ? AND held_by IS NOT NULL AND released_at IS NULL AND closed_at IS NULL
                    """, [now, incident.summary, incident.run?.value, incident.id])
            }
        }
    }

    public func incidents(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Incident] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT \(Incident.columns) FROM incidents WHERE id < ? \(openOnly ? "AND closed_at IS NULL" : "")
                ORDER BY id DESC LIMIT ?
                """, [before ?? .max, limit]
            ).compactMap(Incident.init)
        }
    }

    public func incidents(of batch: Int64) async throws(StoreError) -> [Incident] {
        try await read { db, _ in
            try db.rows(
                "SELECT \(Incident.columns) FROM incidents WHERE batch = ? ORDER BY id LIMIT 1000", [batch]
            ).compactMap(Incident.init)
        }
    }

    public func gather(_ rule: String, olderThan age: Duration) async throws(StoreError) {
        let waits = "rule = ? AND batch IS NULL AND (held_by IS NULL OR released_at IS NOT NULL)"
        let ready = """
            SELECT min(id) FROM incidents WHERE \(waits) GROUP BY rule HAVING min(coalesce(released_at, opened_at)) <= ?
            """
        let isNeeded = try await read { db, now in try !db.rows(ready, [rule, now - age]).isEmpty }
        guard isNeeded else { return }
        try await write { db, now in
            guard
                let batch = try db.rows(ready, [rule, now - age]).first.flatMap({ row in
                    var row = Columns(row)
                    let first: Int64 = row[0]
                    return row.flaw == nil ? first : nil
                })
            else { return }
            try db.change("UPDATE incidents SET batch = ? WHERE \(waits)", [batch, rule])
        }
    }

    public func unsent(limit: Int) async throws(StoreError) -> [(rule: String, batch: Int64)] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT DISTINCT rule, batch FROM incidents WHERE batch IS NOT NULL AND sent_at IS NULL
                ORDER BY batch LIMIT ?
                """, [limit]
            ).compactMap { row in
                var row = Columns(row)
                let message: (rule: String, batch: Int64) = (row[0], row[1])
                return row.flaw == nil ? message : nil
            }
        }
    }

    public func sent(_ batch: Int64) async throws(StoreError) {
        _ = try await write { db, now in
            try db.change("UPDATE incidents SET sent_at = ? WHERE batch = ? AND sent_at IS NULL", [now, batch])
        }
    }

    public func acknowledge(_ incident: Int64, by actor: String) async throws(StoreError) {
        try await write { db, now in
            let changed = try db.change(
                "UPDATE incidents SET acknowledged_by = coalesce(acknowledged_by, ?) WHERE id = ?", [actor, incident])
            guard changed == 1 else { throw StoreError.notFound("there is no incident \(incident)") }
            try db.change(
                """
                UPDATE incidents SET acknowledged_by = ? WHERE acknowledged_by IS NULL AND closed_at IS NULL AND EXISTS (
                    SELECT 1 FROM incidents s WHERE s.id = ? AND s.job_name = incidents.job_name
                        AND s.kind = incidents.kind
                        AND (s.closed_at IS NULL OR s.is_news AND s.opened_at >= incidents.opened_at))
                """, [actor, incident])
            try db.note(
                Event("alert.acknowledged", actor: actor, message: "incident \(incident)"), at: now)
        }
    }

    public func silence(
        _ pattern: String, for length: Duration, because reason: String, by actor: String
    ) async throws(StoreError) -> Silence {
        try await write { db, now in
            let until = now + length
            try db.change(
                "INSERT INTO silences (pattern, began_at, ends_at, reason, actor) VALUES (?, ?, ?, ?, ?)",
                [pattern, now, until, reason, actor])
            let silence = Silence(
                id: db.lastInsertedRowID, pattern: pattern, from: now, until: until, reason: reason, actor: actor)
            try db.note(silence.event, at: now)
            return silence
        }
    }

    public func silences(
        endingFrom moment: Timestamp, before: Int64?, limit: Int
    ) async throws(StoreError) -> [Silence] {
        try await read { db, _ in
            try db.rows(
                "SELECT \(Silence.columns) FROM silences WHERE ends_at >= ? AND id < ? ORDER BY id DESC LIMIT ?",
                [moment, before ?? .max, limit]
            ).compactMap(Silence.init)
        }
    }

    public func endSilence(_ id: Int64, by actor: String) async throws(StoreError) {
        try await write { db, now in
            let ended = try db.change("UPDATE silences SET ends_at = ? WHERE id = ? AND ends_at > ?", [now, id, now])
            if ended == 1 { return try db.note(Silence.ended(id, by: actor), at: now) }
            guard try !db.rows("SELECT id FROM silences WHERE id = ?", [id]).isEmpty else {
                throw StoreError.notFound("there is no silence \(id)")
            }
        }
    }
}

extension Silence {
    static let columns = "id, pattern, began_at, ends_at, reason, actor"

    /// - Returns: `nil` for a row that cannot be read: nothing is silent for it.
    init?(row: Row) {
        var row = Columns(row)
        self.init(id: row[0], pattern: row[1], from: row[2], until: row[3], reason: row[4], actor: row[5])
        if row.flaw != nil { return nil }
    }
}

extension Incident {
    static let columns = """
        id, rule, kind, job_name, since, run_id, summary, opened_at, closed_at, batch, acknowledged_by, is_news, held_by,
        released_at
        """

    /// - Returns: `nil` for a row that cannot be read.
    init?(row: Row) {
        var row = Columns(row)
        self.init(
            id: row[0], rule: row[1], kind: row[2], job: row[3], since: row[4], run: (row[5] as Int64?).map(RunID.init),
            summary: row[6], openedAt: row[7], closedAt: row[8], batch: row[9], acknowledgedBy: row[10],
            isNews: row[11], heldBy: row[12], releasedAt: row[13])
        if row.flaw != nil { return nil }
    }
}
