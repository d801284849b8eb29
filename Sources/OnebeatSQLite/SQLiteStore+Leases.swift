// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Foundation
import GRDB
import Onebeat

extension SQLiteStore: LeaseStore {
    /// The name of the lead in the table of leases.
    static let leadName = "beat"

    public func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp {
        try await write { db, now in
            try self.requireKnownTables(in: db)
            try Self.raiseFences(at: now, in: db)
            // The same boot again is a join whose reply was lost.
            let isNew = try db.change(
                """
                INSERT INTO nodes (
                    boot, name, joined_at, lease_until, roles, slots, queues, version, process_id, zones, skew, length,
                    abilities)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    node.id.boot, node.id.name, now, now + lease,
                    try Self.list(NodeRole.sorted(node.roles).map(\.rawValue)), node.slots, try Self.list(node.queues),
                    node.version, node.processID, node.zones, node.skew.wholeMicroseconds, lease.wholeMicroseconds,
                    try node.abilities.words.map(Self.list),
                ])
            if isNew > 0, !node.roles.isEmpty {
                try db.note(Event("node.joined", actor: node.id.name, message: node.id.boot), at: now)
            }
            return now
        }
    }

    public func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        try await write { db, now in
            let renewed = try db.change(
                """
                UPDATE nodes SET renewal = renewal + 1, length = max(length, ?), lease_until = ? + max(length, ?), skew = ?,
                    deviation = ?
                WHERE boot = ? AND gone_at IS NULL
                """,
                [
                    lease.wholeMicroseconds, now, lease.wholeMicroseconds, skew.wholeMicroseconds,
                    self.time.now().duration(since: now).wholeMicroseconds, node.boot,
                ])
            guard renewed == 1 else { throw StoreError.over(node) }
            return now
        }
    }

    public func leave(_ node: NodeID) async throws(StoreError) {
        let isForgotten = try await write { db, _ in
            try db.change("DELETE FROM nodes WHERE boot = ? AND gone_at IS NULL AND roles = '[]'", [node.boot]) > 0
        }
        if isForgotten { return }
        try await end(node, noting: Event("node.left", actor: node.name, message: node.boot))
    }

    public func bury(_ node: NodeID) async throws(StoreError) {
        let words = "\(node.boot); its process and all its jobs have ended"
        try await end(node, noting: Event("node.dead", actor: node.name, message: words))
    }

    private func end(_ node: NodeID, noting event: Event) async throws(StoreError) {
        try await write { db, now in
            let ended = try db.change(
                "UPDATE nodes SET gone_at = ? WHERE boot = ? AND gone_at IS NULL", [now, node.boot])
            if ended > 0 { try db.note(event, at: now) }
        }
    }

    public func lead(_ node: NodeID, lease: Duration) async throws(StoreError) -> Term? {
        // A look first, so that followers do not take the write lock each second.
        let other = try await read { db, _ in
            try Self.lease(of: Self.leadName, in: db).flatMap { lead in
                try lead.isFree(for: node.boot) || !Self.isAlive(lead.holder, in: db) ? nil : lead.sight
            }
        }
        if let other, !isOver(other) { return nil }
        return try await write { db, now in
            try Self.requireLease(node, in: db)
            let current = try Self.lease(of: Self.leadName, in: db)
            let isMine = current?.holder == node.boot
            if let current, !current.isFree(for: node.boot), try Self.isAlive(current.holder, in: db) {
                guard current.sight == other else { return nil }
            }
            let term = (current?.term ?? 0) + (isMine ? 0 : 1)
            try Self.grant(Self.leadName, to: node.boot, after: current, term: term, lease: lease, at: now, in: db)
            if !isMine { try db.note(Event("leader.elected", actor: node.name, message: "term \(term)"), at: now) }
            return Term(term)
        }
    }

    public func resign(_ node: NodeID) async throws(StoreError) {
        try await write { db, now in
            _ = try db.change(
                "UPDATE leases SET holder = '', expires_at = ? WHERE name = ? AND holder = ?",
                [now, Self.leadName, node.boot])
        }
    }

    public func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        let name = lock.name.description
        // A look first, so that those who wait for a lock do not take the write lock each time.
        let (other, ended) = try await read { db, now in
            (
                try Self.lease(of: name, in: db).flatMap { $0.isFree(for: lock.token) ? nil : $0.sight },
                try db.rows(Self.longNotRenewed, [now, Self.mostSwept]).map { HeldRow($0).sight }
            )
        }
        let abandoned = over(ended)
        if let other, !isOver(other) { return .heldBy(other.holder) }
        let answer: LeaseAnswer = try await write { db, now in
            let current = try Self.lease(of: name, in: db)
            if let current, !current.isFree(for: lock.token), current.sight != other { return .heldBy(current.holder) }
            for sight in abandoned where sight.name != name { try Self.remove(sight, in: db) }
            let isMine = current?.holder == lock.token
            let fence = try isMine ? current?.term ?? 0 : self.reserveFences(1, at: now, in: db)
            try Self.grant(name, to: lock.token, after: current, term: fence, lease: lease, at: now, in: db)
            return .held(Fence(fence))
        }
        if case .held(let fence) = answer { saw(fence) }
        return answer
    }

    public func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        try await write { db, now in
            guard let current = try Self.lease(of: lock.name.description, in: db), current.holder == lock.token else {
                throw StoreError.fenced("the lease of \(lock.name) is over")
            }
            try Self.grant(
                current.name, to: lock.token, after: current, term: current.term, lease: lease, at: now, in: db)
        }
    }

    public func giveUp(_ lock: HeldLock) async throws(StoreError) {
        // The row may go, since fences come from a counter that all locks and runs share.
        try await write { db, _ in
            _ = try db.change(
                "DELETE FROM leases WHERE name = ? AND holder = ?", [lock.name.description, lock.token])
        }
    }

    public func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        let (living, hasOrphans) = try await read { db, _ in
            (
                try db.rows("SELECT boot, name, \(Self.renewal), length FROM nodes WHERE gone_at IS NULL").map { row in
                    var row = Columns(row)
                    return LeaseSight(row[0], holder: row[1], renewal: row[2], length: Self.length(row[3]))
                },
                try !db.rows(Self.orphans, [1]).isEmpty
            )
        }
        let ended = over(living)
        let nextEnd = leases.nextEnd(of: living.filter { !ended.contains($0) })
        guard hasOrphans || !ended.isEmpty else { return ReapResult(nextEnd: nextEnd) }
        return try await write { db, now in
            let dead = try ended.filter { sight in
                try db.change(
                    "UPDATE nodes SET gone_at = ? WHERE boot = ? AND \(Self.renewal) = ? AND gone_at IS NULL",
                    [now, sight.name, sight.renewal]) > 0
            }.map { NodeID(name: $0.holder, boot: $0.name) }
            var changes = Changes(at: now)
            changes.events = dead.map { Event("node.dead", actor: $0.name, message: $0.boot) }

            let orphans = try db.rows(Self.orphans, [limit]).map(Run.init)
            for run in orphans where run.state == .unknown { try Self.setAside(run, at: now, in: db) }
            let runs = orphans.filter { $0.state == .running }
            let alone = try Self.soleRuns(among: runs, in: db)
            let settled = try runs.map { run in
                let outcome = alone.contains(run.id) ? Outcome.lostAlone : .lost
                let policies = try self.definition(run.version, in: db).policies
                let settlement = deciding(run, outcome, policies, now)
                let after = try changes.settle(run, outcome, as: settlement)
                changes.events.append(.lost(run, now: after.state))
                return after
            }
            try self.write(changes, in: db)
            return ReapResult(dead: dead, runs: settled, hasMore: orphans.count == limit, nextEnd: nextEnd)
        }
    }

    public func nodes(limit: Int) async throws(StoreError) -> [NodeRecord] {
        try await read { db, _ in
            let leader = try Self.lease(of: Self.leadName, in: db)?.holder
            return try db.rows(
                """
                SELECT name, boot, joined_at, lease_until, gone_at IS NOT NULL, slots, queues, version, process_id, roles,
                    zones, skew, renewal, deviation, abilities
                FROM nodes ORDER BY gone_at IS NOT NULL, joined_at DESC LIMIT ?
                """,
                [limit]
            ).map { row in
                var row = Columns(row)
                let boot: String = row[1]
                return NodeRecord(
                    id: NodeID(name: row[0], boot: boot), joinedAt: row[2], leaseUntil: row[3], renewals: row[12],
                    isGone: row[4],
                    roles: Set(Self.values(of: row[9]).compactMap(NodeRole.init)), slots: row[5],
                    queues: Self.values(of: row[6]),
                    abilities: Abilities(words: (row[14] as String?).map(Self.values)), isLeader: leader == boot,
                    version: row[7], processID: row[8], zones: row[10], skew: .microseconds(row[11] as Int64),
                    deviation: .microseconds(row[13] as Int64))
            }
        }
    }
}

extension SQLiteStore {
    /// Runs that are running for a node that is gone; what is only reported is at no node, and goes on as long as its job
    /// only reports. The index is named, since the planner would else walk the whole
    /// history by number to save sorting a handful.
    static let orphans = """
        SELECT \(Run.columns) FROM runs INDEXED BY runs_of_boot WHERE state = 'running'
            AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.boot = runs.boot AND n.gone_at IS NULL)
            AND (need <> '\(SignalWatch.kind)' OR NOT EXISTS (
                SELECT 1 FROM jobs j JOIN definitions d
                    ON d.job_name = j.name AND d.generation = j.generation AND d.version = j.version
                WHERE j.name = runs.job_name AND j.generation = runs.generation AND j.removed_at IS NULL
                    AND CASE WHEN json_valid(d.definition) THEN json_extract(d.definition, '$.work.kind') END
                        = '\(SignalWatch.kind)'))
        ORDER BY id LIMIT ?
        """

    /// Those that were all that their node was running. It is counted once, before the first of a node's runs is settled.
    private static func soleRuns(among orphans: [Run], in db: Database) throws -> Set<RunID> {
        var left: [String: Int] = [:]
        for boot in Set(orphans.compactMap(\.boot)) {
            try db.change(
                """
                UPDATE nodes SET runs_left = (SELECT count(*) FROM runs WHERE boot = nodes.boot AND state = 'running')
                WHERE boot = ? AND runs_left IS NULL
                """, [boot])
            left[boot] = try Int.fetchOne(
                db.cachedStatement(sql: "SELECT runs_left FROM nodes WHERE boot = ?"), arguments: [boot])
        }
        return Set(orphans.filter { left[$0.boot ?? ""] == 1 }.map(\.id))
    }

    /// Words in one column, as a JSON list.
    static func list(_ values: [String]) throws -> String {
        String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
    }

    /// None of a text that is no list.
    private static func values(of list: String) -> [String] {
        (try? JSONDecoder().decode([String].self, from: Data(list.utf8))) ?? []
    }

    /// A node's renewals, of which any value is some number: whatever stands there, the node can be taken over.
    private static let renewal = "min(max(coalesce(CAST(renewal AS INTEGER), 0), -1), 1 << 60)"

    /// How long a lease lasts; a minute where that is no length that a lease can have.
    fileprivate static func length(_ microseconds: Int64) -> Duration {
        (1...3_600_000_000).contains(microseconds) ? .microseconds(microseconds) : .seconds(60)
    }

    /// How many locks of others, whose holders never gave them up, go with each one that is taken.
    private static let mostSwept = 10
    /// Those whose end has passed by the clock: where to look, and no more.
    private static let longNotRenewed = """
        SELECT \(HeldRow.columns) FROM leases WHERE name LIKE 'lock:%' AND expires_at <= ? LIMIT ?
        """

    /// Takes in what was seen of leases, and says which of them are over.
    private func over(_ sights: [LeaseSight]) -> [LeaseSight] {
        leases.see(sights)
        return leases.over(sights)
    }

    private func isOver(_ sight: LeaseSight) -> Bool { !over([sight]).isEmpty }

    private static func lease(of name: String, in db: Database) throws -> HeldRow? {
        try db.rows("SELECT \(HeldRow.columns) FROM leases WHERE name = ?", [name]).first.map(HeldRow.init)
    }

    private static func isAlive(_ boot: String, in db: Database) throws -> Bool {
        try !db.rows("SELECT 1 FROM nodes WHERE boot = ? AND gone_at IS NULL", [boot]).isEmpty
    }

    private static func remove(_ sight: LeaseSight, in db: Database) throws {
        try db.change(
            "DELETE FROM leases WHERE name = ? AND holder = ? AND renewal = ?",
            [sight.name, sight.holder, sight.renewal])
    }

    /// Gives a lease to `holder`, or renews it where it is his. No number of a renewal comes twice.
    private static func grant(
        _ name: String, to holder: String, after current: HeldRow?, term: Int64, lease: Duration, at now: Timestamp,
        in db: Database
    ) throws {
        let length = current?.holder == holder ? max(current?.length ?? lease, lease) : lease
        try db.change(
            """
            INSERT INTO leases (name, holder, term, expires_at, renewal, length) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, term = excluded.term,
                expires_at = excluded.expires_at, renewal = excluded.renewal, length = excluded.length
            """,
            [name, holder, term, now + length, (current?.renewal ?? term) + 1, length.wholeMicroseconds])
    }
}

/// A row of the table of leases: the lead, or a lock.
private struct HeldRow {
    static let columns = "name, holder, term, renewal, length"

    let name: String
    /// Empty for nobody.
    let holder: String
    let term: Int64
    let renewal: Int64
    let length: Duration

    /// What cannot be read counts from 0 again.
    init(_ row: Row) {
        var row = Columns(row)
        name = row[0]
        holder = row[1]
        term = row[2]
        renewal = row[3]
        length = SQLiteStore.length(row[4])
    }

    var sight: LeaseSight { LeaseSight(name, holder: holder, renewal: renewal, length: length) }

    /// Whether nobody holds it, or who asks does.
    func isFree(for asker: String) -> Bool { holder.isEmpty || holder == asker }
}
