// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

extension PostgresStore: RunStore {
    public func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run {
        try await move { transaction in
            let wish = Wish(job: job, requestID: requestID, actor: actor)
            let condition = alone ? "true" : "flow_edition = 0"
            if let sight {
                // Its row is held until the run is there.
                try sight.require(try JobSight(transaction.flight([.look(at: job)])[0], of: job), of: job)
                let made = try transaction.flight([
                    wish.insertion(at: transaction.now, where: condition, early: false)
                ])[0]
                if let run = made.first.map(Run.init) {
                    try transaction.commit([], waking: true)
                    return run
                }
            } else {
                // One flight, since somebody waits for the run to start.
                let made = try transaction.commitEarly(
                    wish.insertion(at: transaction.now, where: condition, early: true))
                if let run = made.first.map(Run.init) { return run }
            }
            if !alone, let run = try wish.insertFlow(in: transaction) { return run }
            try transaction.end()
            // It was asked for before, and may not be on disk yet.
            let known = try transaction.commitEarly(wish.known)
            guard let run = known.first.map(Run.init) else { throw StoreError.noJob(job) }
            return run
        }
    }

    public func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        guard wayIsClear.withLock({ $0 }), let clear = ClearClaim(request) else {
            return try await claimDeciding(request, deciding)
        }
        let wantsInput = startedFollowers.withLock { $0 }
        let (first, definitions) = try await move(.claims) {
            (try clear.run(wantsInput: wantsInput, in: $0), $0.definitions)
        }
        startedFollowers.withLock { isSo in isSo = first.runs.isEmpty ? isSo : first.runs.contains(where: \.isFollower)
        }
        wayIsClear.withLock { $0 = !first.hasLeft }
        memory.saw(first.runs.map(\.fence))
        var claims = try await claims(first.runs, definitions).map { claim in
            var claim = claim
            claim.known = first.input[claim.run.id]
            return claim
        }
        if claims.contains(where: { $0.definition.trouble != nil }) {
            wayIsClear.withLock { $0 = false }
            claims = await handBackUnreadable(claims)
            return ClaimResult(claims: claims, refused: [], hasMore: true, nextDue: first.nextDue)
        }
        guard first.hasLeft else {
            return ClaimResult(claims: claims, refused: [], hasMore: false, nextDue: first.nextDue)
        }
        var rest = request
        rest.slots -= claims.count
        do {
            var result = try await claimDeciding(rest, deciding)
            result.claims = claims + result.claims
            return result
        } catch {
            // Those who have a nonce to read back find all of them by it; others must not lose what was started.
            if case .unknownOutcome = error { throw error }
            if claims.isEmpty { throw error }
            return ClaimResult(claims: claims, refused: [], hasMore: true, nextDue: first.nextDue)
        }
    }

    /// The short way starts runs before their definitions are read. What cannot be read goes back unbegun, and from then on
    /// takes the long way. Where that fails, the attempts themselves say what is wrong.
    /// - Returns: the other claims.
    private func handBackUnreadable(_ claims: [Claim]) async -> [Claim] {
        let reports = claims.filter { $0.definition.trouble != nil }.map { AttemptReport($0, .notStarted) }
        let results = try? await settle(reports) { run, outcome, policies, now in
            Settlement.decide(run, outcome, of: policies, at: now, chance: 0)
        }
        return results == nil ? claims : claims.filter { $0.definition.trouble == nil }
    }

    private func claimDeciding(
        _ request: ClaimRequest, _ decide: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        let (result, wasClear) = try await move(.claims) { transaction in
            var claiming = Claiming(request, in: transaction, deciding: decide)
            return (try claiming.run(), claiming.wasClear)
        }
        memory.saw(result.claims.map(\.fence))
        if wasClear, !result.hasMore { wayIsClear.withLock { $0 = true } }
        return result
    }

    /// The claims of runs that were just started. Whoever cannot be told of them must find out what became of them.
    /// - Parameter definitions: those of the database in which they were started.
    private func claims(_ runs: [Run], _ definitions: DefinitionCache) async throws(StoreError) -> [Claim] {
        var known: [JobVersion: JobDefinition] = [:]
        for run in runs { known[run.version] = definitions[run.version] }
        if runs.contains(where: { known[$0.version] == nil }) {
            do {
                known = try await move { transaction in
                    guard transaction.definitions === definitions else {
                        throw PostgresFailure(message: "the database is another one by now")
                    }
                    return try definitions.all(runs.map(\.version), in: transaction)
                }
            } catch {
                throw .unknownOutcome("runs were claimed, and their definitions could not be read: \(error)")
            }
        }
        return runs.compactMap { run in known[run.version].map { Claim(run: run, definition: $0) } }
    }

    public func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim] {
        // Processes begin by this answer. What is read was committed before, and this commit was waited for as that was.
        let runs = try await move { transaction in
            try transaction.commit(ClaimLock.close(nonce, of: node))[2].map(Run.init)
        }
        return try await move { transaction in try transaction.definitions.claims(runs, in: transaction) }
    }

    public func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim] {
        try await move { transaction in
            let rows = try transaction.look([Self.running(of: node, after: run, limit: limit)])[0]
            return try transaction.definitions.claims(rows.map(Run.init), in: transaction)
        }
    }

    public func dueRuns(
        queues: [String], abilities: Abilities, within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun] {
        try await move { transaction in
            let due = DueRuns.look(
                in: queues, for: abilities, at: transaction.now, within: ahead, limit: limit)
            let rows = try transaction.look([due, StandbyRow.look])
            // What is not started needs neither locks nor pointers.
            guard StandbyRow.read(rows[1])?.isOver ?? true else { return [] }
            let runs = rows[0].map(Run.init)
            let found = try transaction.definitions.all(runs.map(\.version), in: transaction)
            return runs.compactMap { run in found[run.version].map { DueRun(run: run, definition: $0) } }
        }
    }

    public func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp? {
        try await move { transaction in
            try transaction.look([DueRuns.next(in: queues, for: abilities)])[0].first?[0]
        }
    }

    public func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        guard !reports.isEmpty else { return [] }
        return try await move { [heldRows] transaction in
            try heldRows.passOver(in: transaction) { isWaiting in
                try Self.settle(reports, room, deciding: deciding, waiting: isWaiting, in: transaction)
            }
        }
    }

    /// - Parameter isWaiting: for rows that others have; without, reports that need those are left for later.
    private static func settle(
        _ reports: [AttemptReport], _ room: OwnRoom?, deciding: (Run, Outcome, JobPolicies, Timestamp) -> Settlement,
        waiting isWaiting: Bool, in transaction: Transaction
    ) throws -> [SettleResult] {
        // What follows them is looked at along with them.
        let parents = reports.map(\.claim.run).filter { $0.flow != nil }.map(\.id)
        let rows = try transaction.flight(
            [
                .lockGuarded(reports.map(\.claim.run.job), waiting: isWaiting),
                .lockRuns(reports.map(\.claim.run.id), waiting: isWaiting),
                Statement(Transaction.clock),
            ] + (parents.isEmpty ? [] : Flows.look(below: parents, beside: parents)))
        let (guarded, held) = HeldRows.parted(rows[0])
        var runs: [RunID: Run] = [:]
        for run in rows[1].map(Run.init) { runs[run.id] = run }
        let now = transaction.time(rows[2])

        var changes = Changes(at: now)
        let results: [SettleResult?] = try reports.map { report in
            let claimed = report.claim.run
            if held.contains(claimed.job) || (runs[claimed.id] == nil && !isWaiting) { return .later }
            guard let run = runs[claimed.id], run.state == .running, run.fence == claimed.fence else { return nil }
            let settlement = deciding(run, report.outcome, report.claim.definition.policies, now)
            let after = try changes.settle(
                run, report.outcome, as: settlement, words: report.words, value: report.value,
                isGuarded: guarded.contains(run.job))
            runs[run.id] = after
            return .settled(after)
        }
        let stale = zip(reports, results).filter { $0.1 == nil }.map(\.0)
        // The rows of this move's own attempts are written before they are read for its stale reports.
        let below = parents.isEmpty ? nil : Flows.Below(rows.dropFirst(3))
        try Flows.follow(&changes, found: below, in: transaction)
        let writes = changes.statements() + changes.statusStatements
        let known = stale.isEmpty ? [] : try transaction.flight(writes + [Self.outcomes(of: stale)])
        let settled = Set((known.last?.map { AttemptKey(row: $0) } ?? []))
        try transaction.commit(stale.isEmpty ? writes : [], waking: changes.wakesSomebody(beyond: room))
        return zip(reports, results).map { report, result in
            if let result { return result }
            guard let run = runs[report.claim.run.id], settled.contains(AttemptKey(report)) else { return .fenced }
            return .settled(run)
        }
    }

    public func cancel(_ id: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run {
        try await move { transaction in
            let rows = try transaction.flight([
                Statement(
                    "SELECT name FROM jobs WHERE name = (SELECT job_name FROM runs WHERE id = $1) FOR NO KEY UPDATE",
                    [.int(id.value)]),
                .lockRuns([id]),
                Statement(Transaction.clock),
            ])
            guard var run = rows[1].first.map(Run.init) else { throw StoreError.notFound("there is no run \(id)") }
            try Reruns.require(sight, run, in: transaction)
            if run.state.isTerminal || run.isCancelRequested {
                try transaction.confirm()
                return run
            }
            let now = transaction.time(rows[2])
            var changes = Changes(at: now)
            changes.events.append(
                Event("run.cancel_requested", job: run.job, run: id, actor: actor, message: run.key))
            var asking: [Statement] = []
            if run.isReported, run.state == .running {
                run = try changes.settle(run, .cancelled, as: .end(.cancelled, .requested))
            } else if run.state == .running || run.isUnderWay {
                run.isCancelRequested = true
                asking = [Statement("UPDATE runs SET is_cancel_requested = true WHERE id = $1", [.int(id.value)])]
            } else {
                let elements = try Flows.elements(of: run, in: transaction)
                let cancelled = try changes.cancel(
                    whole: run, elements: elements, message: "cancelled by \(actor)")
                run = cancelled.run
                if !cancelled.running.isEmpty {
                    asking = [
                        Statement(
                            "UPDATE runs SET is_cancel_requested = true WHERE id = ANY ($1)",
                            [.ints(cancelled.running.map(\.id.value))])
                    ]
                }
            }
            try Flows.follow(&changes, in: transaction)
            try transaction.commit(
                asking + changes.statements() + changes.statusStatements, waking: changes.wakesSomebody)
            return run
        }
    }

    public func cancelRequests(of node: NodeID) async throws(StoreError) -> [RunID] {
        try await move { transaction in
            try transaction.look([
                Statement(
                    """
                    SELECT id FROM runs WHERE state = 'running' AND boot = $1 AND is_cancel_requested ORDER BY id
                    """,
                    [.text(node.boot)])
            ])[0].map { RunID($0[0]) }
        }
    }

    public func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run] {
        try await move { transaction in
            let found = try transaction.look([Overdue.find(limit: limit, at: transaction.now)])[0]
            let ids = found.map { RunID($0[0]) }
            guard !ids.isEmpty else { return [] }
            let jobs = Set(found.map { $0[1] as String }).sorted()
            let rows = try transaction.flight(Overdue.lock(ids, of: jobs) + [Statement(Transaction.clock)])
            let locked = Set(rows[0].map { $0[0] as String })
            let states = Overdue.states(rows[1])
            let now = transaction.time(rows[3])
            let runs = rows[2].map(Run.init).filter { $0.state == .scheduled && $0.attempt == 0 }
            let known = try transaction.definitions.all(runs.map(\.version), in: transaction)
            let unmet = try Needs.unmet(of: runs, known, in: transaction)
            var changes = Changes(at: now)
            let ended = try runs.compactMap { run -> Run? in
                guard let definition = known[run.version], locked.contains(run.job) || !definition.isGuarded else {
                    return nil
                }
                var state = states[run.job]?(run) ?? JobState(isRemoved: true)
                state.unmetNeeds = unmet[run.id] ?? []
                let isGuarded = definition.isGuarded
                switch deciding(run, definition.policies, state, now) {
                case .start, .hold, .replace: return nil
                case .skip(let reason): return try changes.end(run, as: .skipped, reason, isGuarded: isGuarded)
                case .miss(let reason):
                    return try changes.end(
                        run, as: .missed, reason, message: state.unmetWords(for: reason), isGuarded: isGuarded)
                case .cancel(let reason): return try changes.end(run, as: .cancelled, reason, isGuarded: isGuarded)
                }
            }
            try Flows.follow(&changes, in: transaction)
            try transaction.commit(
                changes.statements() + changes.statusStatements, waking: changes.wakesSomebody)
            return ended
        }
    }

    public func unclaimed(for length: Duration, limit: Int) async throws(StoreError) -> [UnclaimedRuns] {
        try await move { transaction in
            try transaction.look([Overdue.unclaimed(for: length, limit: limit, at: transaction.now)])[0].map { row in
                UnclaimedRuns(queue: row[0], need: row[1], job: row[2], count: row[3], since: row[4])
            }
        }
    }

    public func releaseHeld(limit: Int) async throws(StoreError) -> Int {
        try await move { transaction in
            let jobs = try transaction.look([Statement(Self.blocked, [.int(limit)])])[0].map { $0[0] as String }
            guard !jobs.isEmpty else { return 0 }
            // Of those that wait for other jobs the first may wait for longer than one behind it.
            return try transaction.commit([
                .lockGuarded(jobs, waiting: true),
                Statement(
                    """
                    UPDATE runs SET is_held = false FROM unnest($1) AS e (job) CROSS JOIN LATERAL (
                        SELECT h.id FROM runs h WHERE h.job_name = e.job AND h.state = 'scheduled' AND h.is_held
                            AND NOT EXISTS (
                                SELECT 1 FROM runs a
                                WHERE a.job_name = e.job AND a.state = 'running' AND a.kind <> 'backfill')
                        ORDER BY h.due_at, h.id
                        LIMIT CASE WHEN EXISTS (SELECT 1 FROM needs n WHERE n.job_name = e.job) THEN $2 ELSE 1 END) held
                    WHERE runs.id = held.id
                    """,
                    [.texts(jobs), .int(limit)]),
            ])[1].changed
        }
    }
}

extension PostgresStore {
    static func running(of node: NodeID, after run: RunID?, limit: Int) -> Statement {
        Statement(
            "SELECT \(Run.columns) FROM runs WHERE state = 'running' AND boot = $1 AND id > $2 ORDER BY id LIMIT $3",
            [.text(node.boot), .int(run?.value ?? 0), .int(limit)])
    }

    /// Jobs with a held run and nothing in its way.
    static let blocked = """
        SELECT DISTINCT job_name FROM runs h WHERE state = 'scheduled' AND is_held
            AND NOT EXISTS (
                SELECT 1 FROM runs a
                WHERE a.job_name = h.job_name AND a.state = 'running' AND a.kind <> 'backfill')
        LIMIT $1
        """

    private static func outcomes(of reports: [AttemptReport]) -> Statement {
        Statement(
            """
            SELECT run_id, attempts.number, attempts.fence, outcome FROM unnest($1, $2) AS e (run, number)
            JOIN attempts ON run_id = e.run AND attempts.number = e.number WHERE outcome IS NOT NULL
            """,
            [.ints(reports.map(\.claim.run.id.value)), .ints(reports.map(\.claim.attempt))])
    }
}

/// An attempt that ended so.
private struct AttemptKey: Hashable {
    var run: Int64
    var number: Int
    var fence: Int64
    var outcome: String

    init(row: Row) {
        run = row[0]
        number = row[1]
        fence = row[2]
        outcome = row[3]
    }

    init(_ report: AttemptReport) {
        run = report.claim.run.id.value
        number = report.claim.attempt
        fence = report.claim.fence.value
        outcome = report.outcome.word
    }
}
