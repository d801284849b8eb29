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
            // The same boot again is a join whose reply was lost.
            let isNew = try db.change(
                """
                INSERT INTO nodes (
                    boot, name, joined_at, lease_until, roles, slots, queues, version, process_id, zones, skew)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    node.id.boot, node.id.name, now, now + lease,
                    try Self.list(NodeRole.sorted(node.roles).map(\.rawValue)), node.slots, try Self.list(node.queues),
                    node.version, node.processID, node.zones, node.skew.wholeMicroseconds,
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
                UPDATE nodes SET lease_until = max(lease_until, ?), skew = ?
                WHERE boot = ? AND gone_at IS NULL AND lease_until > ?
                """,
                [now + lease, skew.wholeMicroseconds, node.boot, now])
            guard renewed == 1 else { throw StoreError.fenced("the lease of node \(node) is over") }
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
        // A look first, so that followers do not take the write lock each second; who led last will most likely go on.
        if lastLeader.withLock({ $0 }) != node.boot {
            let isTaken = try await read { db, now in
                try Self.lease(of: Self.leadName, in: db).map { $0.holder != node.boot && $0.expiresAt > now } ?? false
            }
            if isTaken { return nil }
        }
        let term: Term? = try await write { db, now in
            try Self.requireLease(node, at: now, in: db)
            let current = try Self.lease(of: Self.leadName, in: db)
            if let current, current.expiresAt > now, current.holder != node.boot { return nil }
            let continues = current.map { $0.holder == node.boot && $0.expiresAt > now } ?? false
            let term = (current?.term ?? 0) + (continues ? 0 : 1)
            try Self.grant(Self.leadName, to: node.boot, term: term, until: now + lease, in: db)
            if !continues { try db.note(Event("leader.elected", actor: node.name, message: "term \(term)"), at: now) }
            return Term(term)
        }
        lastLeader.withLock { $0 = term == nil ? nil : node.boot }
        return term
    }

    public func resign(_ node: NodeID) async throws(StoreError) {
        try await write { db, now in
            _ = try db.change(
                "UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ?", [now, Self.leadName, node.boot])
        }
    }

    public func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        let name = lock.name.description
        // A look first, so that those who wait for a lock do not take the write lock each time.
        let other = try await read { db, now in
            try Self.lease(of: name, in: db).flatMap { $0.holder != lock.token && $0.expiresAt > now ? $0.holder : nil }
        }
        if let other { return .heldBy(other) }
        return try await write { db, now in
            guard let current = try Self.lease(of: name, in: db), current.expiresAt > now else {
                try db.change(Self.sweep, [now, Self.mostSwept])
                let fence = try Claiming.reserveFences(1, in: db)
                try Self.grant(name, to: lock.token, term: fence, until: now + lease, in: db)
                return .held(Fence(fence))
            }
            guard current.holder == lock.token else { return .heldBy(current.holder) }
            try Self.grant(
                name, to: lock.token, term: current.term, until: max(current.expiresAt, now + lease), in: db)
            return .held(Fence(current.term))
        }
    }

    public func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        try await write { db, now in
            let extended = try db.change(
                "UPDATE leases SET expires_at = max(expires_at, ?) WHERE name = ? AND holder = ? AND expires_at > ?",
                [now + lease, lock.name.description, lock.token, now])
            guard extended == 1 else { throw StoreError.fenced("the lease of \(lock.name) is over") }
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
        let isNeeded = try await read { db, now in
            try !db.rows("SELECT 1 FROM nodes WHERE gone_at IS NULL AND lease_until <= ? LIMIT 1", [now]).isEmpty
                || !db.rows(Self.orphans, [1]).isEmpty
        }
        guard isNeeded else { return ReapResult() }
        return try await write { db, now in
            let dead = try db.rows(
                "UPDATE nodes SET gone_at = ? WHERE gone_at IS NULL AND lease_until <= ? RETURNING name, boot",
                [now, now]
            ).map { NodeID(name: $0[0], boot: $0[1]) }
            for node in dead { try db.note(Event("node.dead", actor: node.name, message: node.boot), at: now) }

            let runs = try db.rows(Self.orphans, [limit]).map(Run.init)
            let settled = try runs.map { run in
                let policies = try self.definition(run.version, in: db).policies
                let settlement = deciding(run, .lost, policies, now)
                let after = try Self.settle(run, .lost, settlement, at: now, in: db)
                try db.note(
                    Event(
                        "run.lost", job: run.job, run: run.id, actor: run.node ?? "",
                        message: "attempt \(run.attempt) of \(run.key); now \(after.state.rawValue)"), at: now)
                return after
            }
            return ReapResult(dead: dead, runs: settled, hasMore: runs.count == limit)
        }
    }

    public func nodes(limit: Int) async throws(StoreError) -> [NodeRecord] {
        try await read { db, now in
            let leader = try Self.lease(of: Self.leadName, in: db).flatMap { $0.expiresAt > now ? $0.holder : nil }
            return try db.rows(
                """
                SELECT name, boot, joined_at, lease_until, gone_at IS NOT NULL, slots, queues, version, process_id, roles,
                    zones, skew
                FROM nodes ORDER BY gone_at IS NOT NULL, joined_at DESC LIMIT ?
                """,
                [limit]
            ).map { row in
                NodeRecord(
                    id: NodeID(name: row[0], boot: row[1]), joinedAt: row[2], leaseUntil: row[3], isGone: row[4],
                    roles: Set(try Self.values(of: row[9]).compactMap(NodeRole.init)), slots: row[5],
                    queues: try Self.values(of: row[6]), isLeader: leader == row[1], version: row[7],
                    processID: row[8], zones: row[10], skew: .microseconds(row[11] as Int64))
            }
        }
    }
}

extension SQLiteStore {
    /// Runs that are running for a node that is gone. The index is named, since the planner would else walk the whole
    /// history by number to save sorting a handful.
    static let orphans = """
        SELECT \(Run.columns) FROM runs INDEXED BY runs_of_boot WHERE state = 'running'
            AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.boot = runs.boot AND n.gone_at IS NULL)
        ORDER BY id LIMIT ?
        """

    /// Words in one column, as a JSON list.
    private static func list(_ values: [String]) throws -> String {
        String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
    }

    private static func values(of list: String) throws -> [String] {
        try JSONDecoder().decode([String].self, from: Data(list.utf8))
    }

    /// How many ended locks of others, whose holders never gave them up, go with each one that is taken.
    private static let mostSwept = 10
    private static let sweep = """
        DELETE FROM leases WHERE name IN (
            SELECT name FROM leases WHERE name LIKE 'lock:%' AND expires_at <= ? LIMIT ?)
        """

    private static func lease(
        of name: String, in db: Database
    ) throws -> (holder: String, term: Int64, expiresAt: Timestamp)? {
        try db.rows("SELECT holder, term, expires_at FROM leases WHERE name = ?", [name]).first
            .map { ($0[0], $0[1], $0[2]) }
    }

    private static func grant(
        _ name: String, to holder: String, term: Int64, until end: Timestamp, in db: Database
    ) throws {
        try db.change(
            """
            INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
                term = excluded.term, expires_at = excluded.expires_at
            """,
            [name, holder, term, end])
    }
}
