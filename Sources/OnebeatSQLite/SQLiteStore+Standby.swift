// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import GRDB
import Onebeat

extension SQLiteStore: StandbyStore {
    public func standby() async throws(StoreError) -> Standby? {
        try await read { db, _ in try Self.standby(in: db) }
    }

    public func change(standby wish: Standby.Wish, by actor: String) async throws(StoreError) -> Standby {
        try await write { db, now in
            let before = try Self.standby(in: db)
            let hasAttempts = try !db.rows("SELECT 1 FROM attempts LIMIT 1").isEmpty
            let after: Standby
            do throws(StandbyRefusal) {
                after = try Standby.decide(wish, from: before, hasAttempts: hasAttempts, at: now)
            } catch {
                throw StoreError.refused(error.description)
            }
            guard after != before else { return after }
            try db.change("INSERT OR REPLACE INTO meta VALUES ('standby', ?)", [after.text])
            try db.note(after.event(by: actor), at: now)
            return after
        }
    }

    public func concede(_ runs: [RunID], because words: String) async throws(StoreError) -> Int {
        try await write { db, now in
            var changes = Changes(at: now)
            for id in runs {
                guard let run = try Run.fetch(id, in: db), run.state == .scheduled, run.attempt == 0 else { continue }
                _ = try changes.end(run, as: .skipped, .observed, message: words)
            }
            let count = changes.ended.count
            try self.write(changes, in: db)
            return count
        }
    }

    /// What the store does with what is due; claims ask in their own transaction.
    static func standby(in db: Database) throws -> Standby? {
        try String.fetchOne(db.cachedStatement(sql: "SELECT value FROM meta WHERE key = 'standby'"))
            .map(Standby.init(stored:))
    }
}
