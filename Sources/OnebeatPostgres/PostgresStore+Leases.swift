// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: LeaseStore {
    /// The name of the lead in the table of leases.
    static let leadName = "beat"

    public func join(_ node: NodeRecord, lease: Duration) async throws(StoreError) -> Timestamp {
        let sent = time.uptime
        let shown: Timestamp? = try await move(.urgent) { [schema, memory] transaction in
            try schema.requireKnown(in: transaction)
            // The same boot again is a join whose reply was lost.
            try transaction.expectTables(transaction.flight([Statement(Incarnation.lock)])[0])
            let rows = try transaction.commit([
                Statement(
                    """
                    WITH t AS MATERIALIZED (SELECT \(Transaction.time(of: 8)) AS now),
                    joined AS (
                        INSERT INTO nodes (
                            boot, name, joined_at, lease_until, slots, queues, version, process_id, roles, zones, skew,
                            length, abilities)
                        SELECT $1, $2, now, now + $3 * interval '1 microsecond', $4, $5, $6, $7, $9, $10, $11,
                            $3 * interval '1 microsecond', $12
                        FROM t
                        ON CONFLICT DO NOTHING RETURNING joined_at),
                    noted AS (
                        INSERT INTO events (at, kind, actor, message) SELECT joined_at, 'node.joined', $2, $1 FROM joined
                        WHERE $9 <> '{}')
                    SELECT clock_timestamp() FROM t
                    """,
                    [
                        .text(node.id.boot), .text(node.id.name), .length(lease), .int(node.slots), .texts(node.queues),
                        .text(node.version), .int(node.processID), transaction.now,
                        .texts(NodeRole.sorted(node.roles).map(\.rawValue)), .text(node.zones), .length(node.skew),
                        .abilities(node.abilities),
                    ]),
                // Whatever was restored while no node looked on went on from lower ones.
                Incarnation.raise(above: memory.highestFence),
            ])
            return rows[0].first?[0]
        }
        return seen(shown, sent: sent)
    }

    public func renew(_ node: NodeID, lease: Duration, skew: Duration) async throws(StoreError) -> Timestamp {
        let sent = time.uptime
        let shown: Timestamp? = try await move(.urgent) { [time] transaction in
            // The row is locked first, so that the time below is read after any wait for it.
            let rows = try transaction.commit([
                Statement("SELECT 1 FROM nodes WHERE boot = $1 FOR NO KEY UPDATE", [.text(node.boot)]),
                Statement(
                    """
                    UPDATE nodes SET renewal = renewal + 1, length = greatest(nodes.length, t.length),
                        lease_until = t.now + greatest(nodes.length, t.length), skew = $4,
                        deviation = coalesce($5, (extract(epoch FROM clock_timestamp() - t.now) * 1000000)::bigint)
                    FROM (
                        SELECT \(Transaction.time(of: 3)) AS now, $2 * interval '1 microsecond' AS length OFFSET 0) t
                    WHERE boot = $1 AND gone_at IS NULL RETURNING clock_timestamp()
                    """,
                    [
                        .text(node.boot), .length(lease), transaction.now, .length(skew),
                        .int(time.testDeviation?.wholeMicroseconds),
                    ]),
            ])
            guard !rows[1].isEmpty else { throw StoreError.over(node) }
            return rows[1].first?[0]
        }
        return seen(shown, sent: sent)
    }

    public func leave(_ node: NodeID) async throws(StoreError) {
        let isForgotten = try await move(.urgent) { transaction in
            try transaction.commit([
                Statement(
                    "DELETE FROM nodes WHERE boot = $1 AND gone_at IS NULL AND roles = '{}'", [.text(node.boot)])
            ])[0].changed > 0
        }
        if isForgotten { return }
        try await end(node, noting: Event("node.left", actor: node.name, message: node.boot))
    }

    public func bury(_ node: NodeID) async throws(StoreError) {
        let words = "\(node.boot); its process and all its jobs have ended"
        try await end(node, noting: Event("node.dead", actor: node.name, message: words))
    }

    private func end(_ node: NodeID, noting event: Event) async throws(StoreError) {
        try await move(.urgent) { transaction in
            _ = try transaction.commit([
                Statement(
                    """
                    WITH gone AS (
                        UPDATE nodes SET gone_at = \(Transaction.time(of: 2)) WHERE boot = $1 AND gone_at IS NULL
                        RETURNING gone_at)
                    INSERT INTO events (at, kind, actor, message) SELECT gone_at, $3, $4, $5 FROM gone
                    """,
                    [
                        .text(node.boot), transaction.now, .text(event.kind), .text(event.actor), .text(event.message),
                    ])
            ])
        }
    }

    public func lead(_ node: NodeID, lease: Duration) async throws(StoreError) -> Term? {
        // A look first, so that followers do not lock the leader's row each second.
        let other = try await move(.urgent) { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT \(LeaseSight.columns) FROM leases WHERE name = '\(Self.leadName)' AND holder <> $1
                        AND EXISTS (SELECT 1 FROM nodes WHERE boot = holder AND gone_at IS NULL)
                    """,
                    [.text(node.boot)])
            ])[0].first.map(LeaseSight.init)
        }
        if let other, over([other]).isEmpty { return nil }
        return try await move(.urgent) { transaction in
            let rows = try transaction.commit([
                Statement("SELECT 1 FROM leases WHERE name = '\(Self.leadName)' FOR NO KEY UPDATE"),
                Statement(
                    Self.takeLead,
                    [
                        .text(node.boot), .length(lease), transaction.now, .text(node.name), .text(other?.holder),
                        .int(other?.renewal),
                    ]),
                .lease(of: node),
            ])
            guard !rows[2].isEmpty else { throw StoreError.over(node) }
            return rows[1].first.map { Term($0[0]) }
        }
    }

    public func resign(_ node: NodeID) async throws(StoreError) {
        try await move(.urgent) { transaction in
            _ = try transaction.commit([
                Statement(
                    """
                    UPDATE leases SET holder = '', expires_at = \(Transaction.time(of: 2))
                    WHERE name = '\(Self.leadName)' AND holder = $1
                    """,
                    [.text(node.boot), transaction.now])
            ])
        }
    }

    public func take(_ lock: HeldLock, lease: Duration) async throws(StoreError) -> LeaseAnswer {
        let name = Parameter.text(lock.name.description)
        let token = Parameter.text(lock.token)
        // A look first, so that those who wait for a lock do not lock its row each time.
        let (other, ended) = try await move { transaction in
            let rows = try transaction.look([
                Statement(
                    "SELECT \(LeaseSight.columns) FROM leases WHERE name = $1 AND holder <> $2 AND holder <> ''",
                    [name, token]),
                Statement(Self.longNotRenewed, [name, .int(Self.mostSwept), transaction.now]),
            ])
            return (rows[0].first.map(LeaseSight.init), rows[1].map(LeaseSight.init))
        }
        let abandoned = over(ended)
        if let other, over([other]).isEmpty { return .heldBy(other.holder) }
        return try await move { [memory] transaction in
            let rows = try transaction.commit([
                Statement(Self.lockLease, [name]),
                Statement(
                    Self.takeLock,
                    [name, token, .length(lease), transaction.now, .text(other?.holder), .int(other?.renewal)]),
                Statement(
                    Self.sweep,
                    [
                        .texts(abandoned.map(\.name)), .texts(abandoned.map(\.holder)),
                        .ints(abandoned.map { Optional($0.renewal) }),
                    ]),
            ])
            guard let row = rows[1].first else { throw StoreError.unavailable("the row of \(lock.name) is gone") }
            let fence: Int64? = row[0]
            if let fence { memory.saw([Fence(fence)]) }
            return fence.map { .held(Fence($0)) } ?? .heldBy(row[1])
        }
    }

    public func extend(_ lock: HeldLock, lease: Duration) async throws(StoreError) {
        try await move(.urgent) { transaction in
            let name = Parameter.text(lock.name.description)
            // The row is locked first, so that the time below is read after any wait for it.
            let rows = try transaction.commit([
                Statement("SELECT 1 FROM leases WHERE name = $1 FOR NO KEY UPDATE", [name]),
                Statement(
                    """
                    UPDATE leases SET renewal = renewal + 1, length = greatest(leases.length, t.length),
                        expires_at = t.now + greatest(leases.length, t.length)
                    FROM (
                        SELECT \(Transaction.time(of: 4)) AS now, $3 * interval '1 microsecond' AS length OFFSET 0) t
                    WHERE name = $1 AND holder = $2
                    """,
                    [name, .text(lock.token), .length(lease), transaction.now]),
            ])
            guard rows[1].changed == 1 else { throw StoreError.fenced("the lease of \(lock.name) is over") }
        }
    }

    public func giveUp(_ lock: HeldLock) async throws(StoreError) {
        // The row may go, since fences come from a counter that all locks and runs share.
        try await move(.urgent) { transaction in
            _ = try transaction.commit([
                Statement(
                    "DELETE FROM leases WHERE name = $1 AND holder = $2",
                    [.text(lock.name.description), .text(lock.token)])
            ])
        }
    }

    public func reap(
        limit: Int, deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> ReapResult {
        let (living, hasOrphans) = try await move { transaction in
            let rows = try transaction.look([Statement(Self.living), Statement(Self.orphans, [.int(1)])])
            return (rows[0].map(LeaseSight.init), !rows[1].isEmpty)
        }
        let ended = over(living)
        let nextEnd = leases.nextEnd(of: living.filter { !ended.contains($0) })
        guard hasOrphans || !ended.isEmpty else { return ReapResult(nextEnd: nextEnd) }
        var result = try await move { [heldRows] transaction in
            try heldRows.passOver(in: transaction) { isWaiting in
                try Self.reap(ended, limit: limit, deciding: deciding, waiting: isWaiting, in: transaction)
            }
        }
        result.nextEnd = nextEnd
        return result
    }

    private static func reap(
        _ ended: [LeaseSight], limit: Int, deciding: (Run, Outcome, JobPolicies, Timestamp) -> Settlement,
        waiting isWaiting: Bool, in transaction: Transaction
    ) throws -> ReapResult {
        let found = try transaction.flight([
            Statement(
                Self.bury,
                [transaction.now, .texts(ended.map(\.name)), .ints(ended.map { Optional($0.renewal) })]),
            Statement(Self.orphans, [.int(limit)]),
            Statement(Transaction.clock),
        ])
        let dead = found[0].map { NodeID(name: $0[0], boot: $0[1]) }
        let orphans = found[1].map(Run.init)
        let left = try transaction.flight([
            Statement(Self.countLeft, [.texts(Set(orphans.compactMap(\.boot)).sorted())])
        ])[0].map { ($0[0] as String, $0[1] as Int) }
        let wasAlone = Set(left.filter { $0.1 == 1 }.map(\.0))
        // A run may have been settled while this waited for it: only the locked rows count.
        let rows = try transaction.flight([
            .lockGuarded(orphans.map(\.job), waiting: isWaiting), .lockRuns(orphans.map(\.id), waiting: isWaiting),
            Statement(Transaction.clock),
        ])
        let (guarded, held) = HeldRows.parted(rows[0])
        let fences = Dictionary(orphans.map { ($0.id, $0.fence) }) { first, _ in first }
        let runs = rows[1].map(Run.init).filter {
            $0.state == .running && $0.fence == fences[$0.id] && !held.contains($0.job)
        }
        let now = transaction.time(rows[2])
        let policies = try transaction.definitions.all(runs.map(\.version), in: transaction)

        var changes = Changes(at: now)
        changes.events = dead.map { Event("node.dead", actor: $0.name, message: $0.boot) }
        let settled = try runs.map { run in
            let outcome = wasAlone.contains(run.boot ?? "") ? Outcome.lostAlone : .lost
            let settlement = deciding(run, outcome, policies[run.version]?.policies ?? JobPolicies(), now)
            let after = try changes.settle(run, outcome, as: settlement, isGuarded: guarded.contains(run.job))
            changes.events.append(.lost(run, now: after.state))
            return after
        }
        try Flows.follow(&changes, in: transaction)
        try transaction.commit(changes.statements() + changes.statusStatements, waking: changes.wakesSomebody)
        return ReapResult(dead: dead, runs: settled, hasMore: orphans.count == limit && !settled.isEmpty)
    }

    public func nodes(limit: Int) async throws(StoreError) -> [NodeRecord] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT name, boot, joined_at, lease_until, gone_at IS NOT NULL, slots, queues, version, process_id,
                        EXISTS (SELECT 1 FROM leases l WHERE l.name = '\(Self.leadName)' AND l.holder = boot),
                        roles, zones, skew, renewal, deviation, abilities
                    FROM nodes ORDER BY gone_at IS NOT NULL, joined_at DESC LIMIT $1
                    """,
                    [.int(limit)])
            ])[0].map { row in
                NodeRecord(
                    id: NodeID(name: row[0], boot: row[1]), joinedAt: row[2], leaseUntil: row[3], renewals: row[13],
                    isGone: row[4],
                    roles: Set((row[10] as TextArray).values.compactMap(NodeRole.init)), slots: row[5],
                    queues: (row[6] as TextArray).values, abilities: Abilities(words: (row[15] as TextArray?)?.values),
                    isLeader: row[9], version: row[7], processID: row[8],
                    zones: row[11], skew: .microseconds(row[12] as Int64),
                    deviation: .microseconds(row[14] as Int64))
            }
        }
    }
}

extension PostgresStore {
    /// Runs that are running for a node that is gone.
    /// What is only reported is at no node, and goes on as long as its job only reports.
    static let orphans = """
        SELECT \(Run.columns) FROM runs WHERE state = 'running'
            AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.boot = runs.boot AND n.gone_at IS NULL)
            AND (need <> '\(SignalWatch.kind)' OR NOT EXISTS (
                SELECT 1 FROM jobs j WHERE j.name = runs.job_name AND j.generation = runs.generation
                    AND j.removed_at IS NULL AND j.need = runs.need))
        ORDER BY id LIMIT $1
        """

    /// How many runs nodes that are gone were running. It is counted once, before the first of a node's runs is settled.
    private static let countLeft = """
        WITH counted AS (
            UPDATE nodes SET runs_left = (SELECT count(*) FROM runs WHERE boot = nodes.boot AND state = 'running')
            WHERE boot = ANY ($1) AND runs_left IS NULL RETURNING boot, runs_left)
        SELECT boot, runs_left FROM counted
        UNION ALL SELECT boot, runs_left FROM nodes WHERE boot = ANY ($1) AND runs_left IS NOT NULL
        """

    private static let living = """
        SELECT boot, name, renewal, (extract(epoch FROM length) * 1000000)::bigint FROM nodes WHERE gone_at IS NULL
        """

    /// Each node is declared dead by one reaper, and only where its newest renewal is the one that was seen for so long.
    private static let bury = """
        UPDATE nodes SET gone_at = t.now
        FROM (SELECT \(Transaction.time(of: 1)) AS now OFFSET 0) t, (
            SELECT n.boot FROM unnest($2, $3) AS e (boot, renewal) JOIN nodes n USING (boot, renewal)
            WHERE n.gone_at IS NULL ORDER BY n.boot FOR NO KEY UPDATE OF n SKIP LOCKED) over
        WHERE nodes.boot = over.boot RETURNING nodes.name, nodes.boot
        """

    /// Takes in what the server's clock showed in answer to what was sent then.
    /// - Returns: the store's time.
    func seen(_ shown: Timestamp?, sent: Duration) -> Timestamp {
        guard let shown else { return time.expected ?? .distantPast }
        time.saw(shown, sent: sent)
        return time.agreed(shown)
    }

    /// Takes in what was seen of leases, and says which of them are over.
    private func over(_ sights: [LeaseSight]) -> [LeaseSight] {
        leases.see(sights)
        return leases.over(sights)
    }

    /// The leader's row is locked by then. A node keeps its term while it renews before anybody takes the lead from it.
    private static let takeLead = """
        WITH t AS MATERIALIZED (SELECT \(Transaction.time(of: 3)) AS now),
        old AS MATERIALIZED (SELECT holder, term, renewal FROM leases WHERE name = '\(leadName)'),
        taken AS (
            UPDATE leases l SET holder = $1, renewal = old.renewal + 1, length = $2 * interval '1 microsecond',
                expires_at = t.now + $2 * interval '1 microsecond',
                term = old.term + CASE WHEN old.holder = $1 THEN 0 ELSE 1 END
            FROM t, old
            WHERE l.name = '\(leadName)' AND (old.holder = $1 OR (old.holder = $5 AND old.renewal = $6)
                    OR NOT EXISTS (SELECT 1 FROM nodes WHERE boot = old.holder AND gone_at IS NULL))
                AND EXISTS (SELECT 1 FROM nodes WHERE boot = $1 AND gone_at IS NULL)
            RETURNING l.term, l.term <> old.term AS is_new, t.now),
        noted AS (
            INSERT INTO events (at, kind, actor, message)
            SELECT now, 'leader.elected', $4, 'term ' || term FROM taken WHERE is_new)
        SELECT term FROM taken
        """

    /// Sees to it that a lock has a row, and locks it: one that is there is locked though nothing of it changes.
    private static let lockLease = """
        INSERT INTO leases VALUES ($1, '', 0, '1970-01-01 00:00:00+00')
        ON CONFLICT (name) DO UPDATE SET term = leases.term WHERE false
        """

    /// The lock's row is locked by then, so that its fences are drawn in the order of its holders. Answers the fence, if
    /// the lock is taken, and who held it before. No number of a renewal comes twice, though the row may have gone.
    private static let takeLock = """
        WITH t AS MATERIALIZED (SELECT \(Transaction.time(of: 4)) AS now),
        old AS MATERIALIZED (SELECT holder, term, renewal, length FROM leases WHERE name = $1),
        fenced AS MATERIALIZED (
            SELECT CASE WHEN holder = $2 THEN term ELSE nextval('fences') END AS term,
                greatest($3 * interval '1 microsecond', CASE WHEN holder = $2 THEN length END) AS length
            FROM old WHERE holder = $2 OR holder = '' OR (holder = $5 AND renewal = $6)),
        taken AS (
            UPDATE leases l SET holder = $2, term = fenced.term, length = fenced.length,
                expires_at = t.now + fenced.length,
                renewal = CASE WHEN old.holder = '' THEN fenced.term ELSE old.renewal END + 1
            FROM t, old, fenced WHERE l.name = $1
            RETURNING l.term)
        SELECT (SELECT term FROM taken), holder FROM old
        """

    /// How many locks of others, whose holders never gave them up, go with each one that is taken.
    private static let mostSwept = 10
    /// Those whose end has passed by the clock: where to look, and no more.
    private static let longNotRenewed = """
        SELECT \(LeaseSight.columns) FROM leases
        WHERE name LIKE 'lock:%' AND name <> $1 AND expires_at <= \(Transaction.time(of: 3)) LIMIT $2
        """
    private static let sweep = """
        DELETE FROM leases WHERE name IN (
            SELECT name FROM leases JOIN unnest($1, $2, $3) AS e (name, holder, renewal) USING (name, holder, renewal)
            FOR UPDATE OF leases SKIP LOCKED)
        """
}

extension LeaseSight {
    /// Of the lead, or a lock.
    fileprivate static let columns = "name, holder, renewal, (extract(epoch FROM length) * 1000000)::bigint"

    fileprivate init(row: Row) {
        self.init(row[0], holder: row[1], renewal: row[2], length: .microseconds(row[3] as Int64))
    }
}

extension StoreError {
    static func noJob(_ name: String) -> StoreError { .notFound("there is no job \"\(name)\"") }
}
