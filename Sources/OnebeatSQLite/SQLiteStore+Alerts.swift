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
                    INSERT INTO incidents (rule, kind, job_name, since, run_id, summary, opened_at, closed_at, is_news)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    [
                        incident.rule, incident.kind, incident.job, incident.since, incident.run?.value,
                        incident.summary, now, incident.isNews ? now : nil, incident.isNews,
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

    public func incidents(openOnly: Bool, limit: Int) async throws(StoreError) -> [Incident] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT \(Incident.columns) FROM incidents \(openOnly ? "WHERE closed_at IS NULL" : "")
                ORDER BY id DESC LIMIT ?
                """, [limit]
            ).map(Incident.init)
        }
    }

    public func incidents(of batch: Int64) async throws(StoreError) -> [Incident] {
        try await read { db, _ in
            try db.rows(
                "SELECT \(Incident.columns) FROM incidents WHERE batch = ? ORDER BY id LIMIT 1000", [batch]
            ).map(Incident.init)
        }
    }

    public func gather(_ rule: String, olderThan age: Duration) async throws(StoreError) {
        let first = "SELECT min(id) FROM incidents WHERE rule = ? AND batch IS NULL"
        let ready = "\(first) GROUP BY rule HAVING min(opened_at) <= ?"
        let isNeeded = try await read { db, now in try !db.rows(ready, [rule, now - age]).isEmpty }
        guard isNeeded else { return }
        try await write { db, now in
            guard let batch = try db.rows(ready, [rule, now - age]).first.map({ $0[0] as Int64 }) else { return }
            try db.change("UPDATE incidents SET batch = ? WHERE rule = ? AND batch IS NULL", [batch, rule])
        }
    }

    public func unsent(limit: Int) async throws(StoreError) -> [(rule: String, batch: Int64)] {
        try await read { db, _ in
            try db.rows(
                """
                SELECT DISTINCT rule, batch FROM incidents WHERE batch IS NOT NULL AND sent_at IS NULL
                ORDER BY batch LIMIT ?
                """, [limit]
            ).map { ($0[0], $0[1]) }
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
            try db.note(
                Event("alert.acknowledged", actor: actor, message: "incident \(incident)"), at: now)
        }
    }
}

extension Incident {
    static let columns = """
        id, rule, kind, job_name, since, run_id, summary, opened_at, closed_at, batch, acknowledged_by, is_news
        """

    init(row: Row) {
        self.init(
            id: row[0], rule: row[1], kind: row[2], job: row[3], since: row[4], run: (row[5] as Int64?).map(RunID.init),
            summary: row[6], openedAt: row[7], closedAt: row[8], batch: row[9], acknowledgedBy: row[10],
            isNews: row[11])
    }
}
