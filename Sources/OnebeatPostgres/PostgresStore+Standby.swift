// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: StandbyStore {
    public func standby() async throws(StoreError) -> Standby? {
        try await move { transaction in StandbyRow.read(try transaction.look([StandbyRow.look])[0]) }
    }

    public func change(standby wish: Standby.Wish, by actor: String) async throws(StoreError) -> Standby {
        try await move { transaction in
            // One change at a time: a row that is always there stands for one that may not be.
            let rows = try transaction.flight([
                Statement("SELECT 1 FROM meta WHERE key = 'schema' FOR UPDATE"), StandbyRow.look,
                Statement("SELECT 1 FROM attempts LIMIT 1"), Statement(Transaction.clock),
            ])
            let (before, now) = (StandbyRow.read(rows[1]), transaction.time(rows[3]))
            let after: Standby
            do throws(StandbyRefusal) {
                after = try Standby.decide(wish, from: before, hasAttempts: !rows[2].isEmpty, at: now)
            } catch {
                throw StoreError.refused(error.description)
            }
            guard after != before else {
                try transaction.confirm()
                return after
            }
            try transaction.commit([
                Statement(
                    "INSERT INTO meta VALUES ('standby', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [.text(after.text)]),
                .note([after.event(by: actor)], at: now),
            ])
            return after
        }
    }

    public func concede(_ runs: [RunID], because words: String) async throws(StoreError) -> Int {
        guard !runs.isEmpty else { return 0 }
        return try await move { transaction in
            let jobs = try transaction.look([
                Statement(
                    "SELECT DISTINCT job_name FROM runs WHERE id = ANY ($1)", [.ints(runs.map(\.value))])
            ])[0].map { $0[0] as String }
            let rows = try transaction.flight([
                .lockGuarded(jobs, waiting: true), .lockRuns(runs), Statement(Transaction.clock),
            ])
            let (guarded, _) = HeldRows.parted(rows[0])
            var changes = Changes(at: transaction.time(rows[2]))
            for run in rows[1].map(Run.init) where run.state == .scheduled && run.attempt == 0 {
                _ = try changes.end(
                    run, as: .skipped, .observed, message: words, isGuarded: guarded.contains(run.job))
            }
            let count = changes.ended.count
            try Flows.follow(&changes, in: transaction)
            try transaction.commit(changes.statements(), waking: changes.wakesSomebody)
            return count
        }
    }
}

/// The row that says what the store does with what is due.
enum StandbyRow {
    static let look = Statement("SELECT value FROM meta WHERE key = 'standby'")

    /// Whether runs are started as ever, as an expression.
    static let isOver = "NOT EXISTS (SELECT FROM meta WHERE key = 'standby' AND value NOT LIKE 'over %')"

    static func read(_ rows: Rows) -> Standby? { rows.first.map { Standby(stored: $0[0]) } }
}
