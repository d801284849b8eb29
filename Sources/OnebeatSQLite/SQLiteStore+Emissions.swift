// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: EmissionStore {
    public func emit(_ emission: Emission) async throws(StoreError) -> [Run] {
        try await write { db, now in
            let isNew = try db.change(
                """
                INSERT INTO emissions (name, request_id, data, actor, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """, [emission.name, emission.id, emission.data?.json, emission.actor, now])
            let number = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT id FROM emissions WHERE name = ? AND request_id = ?"),
                arguments: .whole([emission.name, emission.id]))
            guard let number else { throw StoreError.unavailable("the event was not stored") }
            let request = Emission.request(number)
            if isNew == 1 {
                let jobs = try self.records(
                    "j.removed_at IS NULL AND j.on_event = ? ORDER BY j.name", [emission.name], in: db)
                for job in jobs {
                    guard let run = try self.addByHand(job, request, at: now, in: db), job.isPaused else { continue }
                    var changes = Changes(at: now)
                    _ = try changes.end(run, as: .skipped, .paused)
                    try self.write(changes, in: db)
                }
                try db.note(emission.event(starting: jobs.count), at: now)
            }
            return try db.rows(
                """
                SELECT \(Run.columns) FROM runs WHERE kind = 'manual' AND request_id = ?
                    AND (flow_id IS NULL OR flow_id = id) AND job_name IN (
                        SELECT name FROM jobs WHERE on_event = ?) ORDER BY id
                """, [request, emission.name]
            ).map(Run.init)
        }
    }

    /// Adds a run by hand, and with that of a root its flow.
    /// - Returns: `nil` where there was one.
    func addByHand(_ job: JobRecord, _ request: String, at now: Timestamp, in db: Database) throws -> Run? {
        let definition = job.definition
        try db.change(
            """
            INSERT INTO runs (job_name, generation, version, kind, scheduled_at, request_id, due_at, state, queue,
                priority, need)
            VALUES (?, ?, ?, 'manual', ?, ?, ?, 'scheduled', ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                job.name, job.generation, job.version, now, request, now, definition.policies.queue,
                definition.policies.priority, definition.need,
            ])
        guard let run = try Run.fetch(RunID(db.lastInsertedRowID), in: db), run.requestID == request else {
            return nil
        }
        if job.flowEdition > 0 {
            try Self.insert(Follower.all(of: job.name, among: followers(of: job.name, in: db)), after: run, in: db)
        }
        return try Run.fetch(run.id, in: db)
    }
}
