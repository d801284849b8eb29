import Onebeat

/// One claim: goes through the due runs in order, has each decided on, and writes what was decided, all in the
/// transaction it is handed. Two flights do for most: begin, find due runs, lock their jobs and read their states; write
/// and commit. What the first statement found is told to those after it by settings of the transaction.
struct Claiming {
    /// The most runs one claim decides on, so that a pile of runs to skip does not hold the store for long.
    private static let bound = 1000

    private let request: ClaimRequest
    private let transaction: Transaction
    private let definitions: DefinitionCache
    private let decide: (Run, JobPolicies, JobState, Timestamp) -> Admission
    private var now = Timestamp.distantPast
    private var jobs: [String: ClaimedJob] = [:]
    private var fences: ArraySlice<Int64> = []
    private var claims: [Claim] = []
    private var refused: [Run] = []
    /// Runs whose lock was not asked for.
    private var passedOver: Set<RunID> = []
    /// Whether some of those must be alone.
    private var hasWaiting = false
    /// Runs that were left since another move has their job.
    private var left = 0
    private var writes = ClaimWrites()
    /// Whether nothing stood in the way of any run.
    private(set) var wasClear = true

    init(
        _ request: ClaimRequest, in transaction: Transaction,
        deciding decide: @escaping (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) {
        self.request = request
        self.transaction = transaction
        definitions = transaction.definitions
        self.decide = decide
    }

    mutating func run() throws -> ClaimResult {
        var wanted = limit(after: 0)
        let first = [ClaimLock.take(for: request.node), ClaimLock.look(request.nonce, of: request.node)]
        var page = try find(limit: wanted, after: first) { [request] rows in try ClaimLock.check(rows[1], of: request) }
        var (found, decided) = (page.count, 0)
        var isAlone = false
        while !page.isEmpty {
            let chosen = Solitude.choose(among: page, isIdle: request.isIdle && claims.isEmpty, at: now)
            for run in chosen.runs where claims.count < request.slots {
                try consider(run)
                decided += 1
            }
            isAlone = chosen.isAlone
            let waiting = Set(page.map(\.id)).subtracting(chosen.runs.map(\.id))
            wasClear = wasClear && !isAlone && waiting.isEmpty
            if isAlone { break }
            passedOver.formUnion(waiting)
            hasWaiting = hasWaiting || !waiting.isEmpty
            // What was left would only be found again; what was let go is worth another look.
            let mayGoOn = left == 0 && (found == wanted || writes.ends.released > 0)
            guard mayGoOn, claims.count < request.slots, decided < Self.bound else { break }
            wanted = limit(after: decided)
            let seen = try find(limit: wanted, after: writes.takeStatements(request, at: now))
            found = seen.count
            page = seen.filter { !passedOver.contains($0.id) }
        }
        guard decided > 0 else {
            let next: Timestamp? = try transaction.flight([DueRuns.next(in: request.queues, for: request.abilities)])[0]
                .first?[0]
            return ClaimResult(
                claims: [], refused: [], hasMore: false, nextDue: next, passedOver: !passedOver.isEmpty,
                hasWaiting: hasWaiting)
        }
        let rows = try transaction.commit(
            writes.takeStatements(request, at: now) + writes.status.statements + [
                DueRuns.next(in: request.queues, for: request.abilities)
            ])
        let hasMore = isAlone || left > 0 || claims.count >= request.slots || decided >= Self.bound
        return ClaimResult(
            claims: claims, refused: refused, hasMore: hasMore, nextDue: rows.last?.first?[0],
            passedOver: !passedOver.isEmpty, hasWaiting: hasWaiting)
    }

    /// What is passed over stays due and is found by every further look, so that looks get longer.
    private func limit(after decided: Int) -> Int {
        min(max(request.slots - claims.count, passedOver.count), Self.bound - decided) + passedOver.count
    }

    /// Finds and locks due runs, locks their jobs, and reads their states after that.
    /// - Parameters:
    ///   - first: statements that go before.
    ///   - check: looks at what those brought before anything else is looked at.
    private mutating func find(
        limit: Int, after first: [Statement], checking check: ([Rows]) throws -> Void = { _ in }
    ) throws -> [Run] {
        let rows = try transaction.flight(
            first + [
                DueRuns.fetch(
                    in: request.queues, for: request.abilities, at: transaction.now, limit: limit),
                Statement(Self.lock), Statement(Self.states), Statement(Self.fences), Statement(Transaction.clock),
            ])
        try check(rows)
        let found = rows.dropFirst(first.count).map(\.self)
        let page = found[0].map(Run.init)
        guard !page.isEmpty else { return [] }
        let locked = Set(found[1].map { $0[0] as String })
        jobs = [:]
        for job in found[2].map(ClaimedJob.init) {
            jobs[job.name] = job
            jobs[job.name]?.isLocked = locked.contains(job.name)
        }
        fences = found[3].map { $0[0] as Int64 }.sorted()[...]
        now = transaction.time(found[4])
        try lookCloser(at: Set(page.map(\.version)))
        return page
    }

    /// Reads what few claims need: definitions that are not known yet, and the held runs that a due one may replace.
    private mutating func lookCloser(at versions: Set<JobVersion>) throws {
        let unknown = versions.filter { definitions[$0] == nil }
        if !unknown.isEmpty { definitions.read(try transaction.flight([DefinitionCache.statement(unknown)])[0]) }
        let replacing = Set(versions.filter { definitions[$0]?.policies.overlap == .cancel }.map(\.job))
        guard !replacing.isEmpty else { return }
        let held = try transaction.flight([Statement(Self.held, [.texts(replacing.sorted())])])[0]
        for run in held.map(Run.init) { jobs[run.job]?.held.append(run) }
    }

    private mutating func consider(_ run: Run) throws {
        guard let definition = definitions[run.version] else {
            throw StoreError.notFound("job \"\(run.job)\" has no version \(run.version.version)")
        }
        if let locks = request.locks, !locks.covers(run.job, definition.policies) {
            passedOver.insert(run.id)
            wasClear = false
            return
        }
        let job = jobs[run.job]
        if definition.isGuarded, job?.isLocked == false {
            left += 1
            wasClear = false
            return
        }
        var state = job?.state(for: run) ?? JobState(isRemoved: true)
        state.lockHolder = request.locks?.heldElsewhere[run.job]
        state.isUnreadable = definition.trouble != nil
        wasClear = wasClear && Admission.isClear(run, for: state, at: now)
        let hasRoom = state.activeRuns < definition.policies.effectiveLimit
        let message = definition.trouble ?? (hasRoom ? state.lockHolder.map(LockName(job: run.job).words) : nil)
        switch decide(run, definition.policies, state, now) {
        case .start: try start(run, definition)
        case .hold(let waivesDeadline): hold(run, waivingDeadline: waivesDeadline, message)
        case .replace: try replace(run, definition, message)
        case .skip(let reason): try refuse(run, as: .skipped, reason, message, definition, leavingRoom: hasRoom)
        case .miss(let reason): try refuse(run, as: .missed, reason, message, definition, leavingRoom: hasRoom)
        case .cancel(let reason): try refuse(run, as: .cancelled, reason, nil, definition, leavingRoom: hasRoom)
        }
    }

    private mutating func start(_ run: Run, _ definition: JobDefinition) throws {
        guard let fence = fences.popFirst() else { throw PostgresFailure(message: "a claim drew too few fences") }
        let run = run.started(by: request.node, fence: Fence(fence), at: now)
        writes.starts.append(run)
        writes.status.note(run, at: now)
        claims.append(Claim(run: run, definition: definition))
        jobs[run.job]?.active += 1
        if run.kind == .manual { jobs[run.job]?.activeManual += 1 }
    }

    private mutating func hold(_ run: Run, waivingDeadline: Bool, _ message: String?) {
        // A further attempt keeps the words on the one before.
        writes.holds.append((run.id, waivingDeadline, run.attempt == 0 ? message : nil))
        jobs[run.job]?.heldCount += 1
        jobs[run.job]?.held.append(run)
    }

    private mutating func replace(_ run: Run, _ definition: JobDefinition, _ message: String?) throws {
        writes.replaced.insert(run.job)
        for older in jobs[run.job]?.held ?? [] {
            try refuse(older, as: .cancelled, .replaced, nil, definition, leavingRoom: false)
        }
        jobs[run.job]?.held = []
        jobs[run.job]?.heldCount = 0
        // Itself last, so that the end of an older one does not let it go while the active run goes on.
        hold(run, waivingDeadline: false, message)
    }

    private mutating func refuse(
        _ run: Run, as state: RunState, _ reason: Reason, _ message: String?, _ definition: JobDefinition,
        leavingRoom hasRoom: Bool
    ) throws {
        let ended = try writes.ends.end(run, as: state, reason, message: message, at: now)
        refused.append(ended)
        guard definition.isGuarded else { return }
        writes.ends.startDelay(after: ended)
        // It may have been the one that the end of another had let go; then the next one takes its place.
        guard hasRoom else { return }
        writes.ends.release(heldOf: run.job)
        if let job = jobs[run.job], job.heldCount > 0 {
            jobs[run.job]?.heldCount -= 1
            if !job.held.isEmpty { jobs[run.job]?.held.removeFirst() }
        }
    }

    private static let lock = """
        SELECT name FROM jobs WHERE name = ANY (\(DueRuns.foundJobs)) AND is_guarded
        ORDER BY name FOR NO KEY UPDATE SKIP LOCKED
        """
    static let states = """
        SELECT name, generation, removed_at IS NOT NULL, is_paused,
            CASE WHEN is_guarded
                THEN (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running') ELSE 0 END,
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

/// A job as a claim finds it, and as the claim's own decisions change it. Runs of all its versions share its limit.
private struct ClaimedJob {
    var name: String
    var generation: Int
    var isRemoved: Bool
    var isPaused: Bool
    var active: Int
    var activeManual: Int
    var heldCount: Int
    /// The held runs, the longest due first; read only for a job whose overlap policy replaces them.
    var held: [Run] = []
    var isLocked = false

    init(row: Row) {
        name = row[0]
        generation = row[1]
        isRemoved = row[2]
        isPaused = row[3]
        active = row[4]
        activeManual = row[5]
        heldCount = row[6]
    }

    func state(for run: Run) -> JobState {
        JobState(
            isRemoved: isRemoved || generation != run.version.generation, isPaused: isPaused, activeRuns: active,
            activeManualRuns: activeManual, heldRuns: heldCount)
    }
}

/// What a claim has decided and not yet written.
private struct ClaimWrites {
    var starts: [Run] = []
    var holds: [(run: RunID, waivesDeadline: Bool, message: String?)] = []
    var replaced: Set<String> = []
    var ends = RunEnds()
    var status = StatusRows()

    /// All but the status rows, which come last of all, since claims that share no lock meet there.
    mutating func takeStatements(_ request: ClaimRequest, at now: Timestamp) -> [Statement] {
        defer {
            starts = []
            holds = []
            replaced = []
            ends = RunEnds()
        }
        return starting(request, at: now) + holding() + ends.statements(at: now)
    }

    private func starting(_ request: ClaimRequest, at now: Timestamp) -> [Statement] {
        guard !starts.isEmpty else { return [] }
        let ids = Parameter.ints(starts.map(\.id.value))
        let fences = Parameter.ints(starts.map(\.fence.value))
        let node: [Parameter] = [.text(request.node.name), .text(request.node.boot), .time(now)]
        return [
            Statement(
                """
                UPDATE runs SET state = 'running', attempt = attempt + 1, fence = s.fence, node = $3, boot = $4,
                    started_at = $5, nonce = $6, reason = NULL, message = NULL, exit_code = NULL
                FROM unnest($1, $2) AS s (id, fence) WHERE runs.id = s.id
                """,
                [ids, fences] + node + [.text("\(request.nonce)")]),
            Statement(
                """
                INSERT INTO attempts (run_id, number, fence, node, boot, started_at)
                SELECT id, number, fence, $3, $4, $5 FROM unnest($1, $2, $6) AS s (id, fence, number)
                """,
                [ids, fences] + node + [.ints(starts.map(\.attempt))]),
        ]
    }

    private func holding() -> [Statement] {
        var statements: [Statement] = []
        if !replaced.isEmpty {
            statements.append(
                Statement(
                    """
                    UPDATE runs SET is_cancel_requested = true, reason = $2
                    WHERE job_name = ANY ($1) AND state = 'running' AND NOT is_cancel_requested
                    """,
                    [.texts(replaced.sorted()), .text(Reason.replaced.rawValue)]))
        }
        if !holds.isEmpty {
            statements.append(
                Statement(
                    """
                    UPDATE runs SET is_held = true, deadline_at = CASE WHEN h.waives THEN NULL ELSE deadline_at END,
                        message = coalesce(h.message, runs.message)
                    FROM unnest($1, $2, $3) AS h (id, waives, message) WHERE runs.id = h.id
                    """,
                    [
                        .ints(holds.map(\.run.value)), .bools(holds.map(\.waivesDeadline)),
                        .texts(holds.map(\.message)),
                    ]))
        }
        return statements
    }
}
