import Onebeat

/// One claim: reads and locks due runs page by page, has each page decided on, and writes what was decided, all in the
/// transaction it is handed. Two flights do for most: begin, find due runs, lock their jobs and read their states; write
/// and commit. What the first statement found is told to those after it by settings of the transaction.
struct Claiming {
    private let request: ClaimRequest
    private let transaction: Transaction
    private let definitions: DefinitionCache
    private var move: ClaimMove

    init(
        _ request: ClaimRequest, in transaction: Transaction,
        deciding decide: @escaping (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) {
        self.request = request
        self.transaction = transaction
        definitions = transaction.definitions
        move = ClaimMove(request, deciding: decide)
    }

    /// Whether nothing stood in the way of any run.
    var wasClear: Bool { move.wasClear }

    mutating func run() throws -> ClaimResult {
        var wanted = move.pageLimit
        let first = [ClaimLock.take(for: request.node), ClaimLock.look(request.nonce, of: request.node)]
        var page = try find(limit: wanted, after: first) { [request] rows in try ClaimLock.check(rows[1], of: request) }
        while page.runs.contains(where: { !move.passedOver.contains($0.id) }) {
            try move.consider(page)
            try Flows.follow(&move.changes, in: transaction)
            // What was left would only be found again; what was let go is worth another look.
            let hasLetGo = move.hasReleased || !move.changes.letGo.isEmpty
            guard move.hasRoom, move.left == 0, page.runs.count == wanted || hasLetGo else { break }
            wanted = move.pageLimit
            page = try find(limit: wanted, after: move.changes.takeAllButStatus().statements(claim: request.nonce))
        }
        let next = DueRuns.next(in: request.queues, for: request.abilities)
        let last =
            move.decided == 0
            ? try transaction.flight([next])
            : try transaction.commit(
                move.changes.statements(claim: request.nonce) + move.changes.statusStatements + [next])
        return ClaimResult(
            claims: move.claims, refused: move.refused, hasMore: !move.hasRoom || move.left > 0,
            nextDue: last.last?.first?[0], passedOver: !move.passedOver.isEmpty, hasWaiting: move.hasWaiting)
    }

    /// Finds and locks due runs, locks their jobs, and reads their states after that.
    /// - Parameters:
    ///   - first: statements that go before.
    ///   - check: looks at what those brought before anything else is looked at.
    private func find(
        limit: Int, after first: [Statement], checking check: ([Rows]) throws -> Void = { _ in }
    ) throws -> ClaimMove.Page {
        let rows = try transaction.flight(
            first + [
                DueRuns.fetch(
                    in: request.queues, for: request.abilities, at: transaction.now, limit: limit),
                Statement(Self.lock), Statement(Self.states), Statement(Self.fences), Statement(Transaction.clock),
                StandbyRow.look,
            ])
        try check(rows)
        let found = rows.dropFirst(first.count).map(\.self)
        let runs = found[0].map(Run.init)
        guard !runs.isEmpty else {
            return ClaimMove.Page(runs: [], jobs: [:], fences: [], definitions: [:], now: move.changes.now)
        }
        let locked = Set(found[1].map { $0[0] as String })
        var jobs: [String: ClaimedJob] = [:]
        for (name, job) in found[2].map({ ($0[0] as String, ClaimedJob(row: $0)) }) {
            jobs[name] = job
            jobs[name]?.isLocked = locked.contains(name)
        }
        let known = try definitions.all(runs.map(\.version), in: transaction)
        for run in try held(of: known) { jobs[run.job]?.held.append(run) }
        var page = ClaimMove.Page(
            runs: runs, jobs: jobs, fences: found[3].map { $0[0] as Int64 }.sorted()[...], definitions: known,
            now: transaction.time(found[4]))
        page.standby = StandbyRow.read(found[5])
        page.unmetNeeds = try Needs.unmet(of: runs, known, in: transaction)
        page.openFlows = try Flows.open(before: runs, known, in: transaction)
        return page
    }

    /// What few claims need: the held runs that a due one may replace.
    private func held(of definitions: [JobVersion: JobDefinition]) throws -> [Run] {
        let replacing = Set(definitions.filter { $0.value.policies.overlap == .cancel }.map(\.key.job))
        guard !replacing.isEmpty else { return [] }
        return try transaction.flight([Statement(Self.held, [.texts(replacing.sorted())])])[0].map(Run.init)
    }

    private static let lock = """
        SELECT name FROM jobs WHERE name = ANY (\(DueRuns.foundJobs)) AND is_guarded
        ORDER BY name FOR NO KEY UPDATE SKIP LOCKED
        """
    static let states = """
        SELECT name, generation, removed_at IS NOT NULL, is_paused,
            CASE WHEN is_guarded
                THEN (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running' AND kind <> 'backfill')
                ELSE 0 END,
            CASE WHEN is_guarded THEN (
                SELECT count(*) FROM runs WHERE job_name = name AND state = 'running' AND kind = 'manual') ELSE 0 END,
            CASE WHEN is_guarded THEN (
                SELECT count(*) FROM runs WHERE job_name = name AND state = 'scheduled' AND is_held) ELSE 0 END
        FROM jobs WHERE name = ANY (\(DueRuns.foundJobs))
        """
    private static let fences = "SELECT nextval('fences') FROM generate_series(1, \(DueRuns.foundCount))"
    static let held = """
        SELECT \(Run.columns) FROM runs WHERE job_name = ANY ($1) AND state = 'scheduled' AND is_held
        ORDER BY due_at, id
        """
}

extension ClaimedJob {
    fileprivate init(row: Row) {
        self.init(
            generation: row[1], isRemoved: row[2], isPaused: row[3], active: row[4], activeManual: row[5],
            heldCount: row[6])
    }
}
