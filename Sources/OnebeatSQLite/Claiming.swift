import GRDB
import Onebeat

/// One claim: goes through the due runs in order, has each decided on, and writes what was decided, all in the
/// transaction it is handed.
struct Claiming {
    /// The most runs one claim decides on, so that a pile of runs to skip does not hold the store for long.
    private static let bound = 1000

    private let request: ClaimRequest
    private let store: SQLiteStore
    private let now: Timestamp
    private let db: Database
    private let decide: (Run, JobPolicies, JobState, Timestamp) -> Admission
    /// By job, since runs of all its versions share its limit; what was read for another generation is read again.
    private var states: [String: (generation: Int, state: JobState)] = [:]
    private var nextFence: Int64 = 0
    private var claims: [Claim] = []
    private var refused: [Run] = []
    private var passedOver: Set<RunID> = []
    /// Whether some of those must be alone.
    private var hasWaiting = false

    init(
        _ request: ClaimRequest, store: SQLiteStore, at now: Timestamp, in db: Database,
        deciding decide: @escaping (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) {
        self.request = request
        self.store = store
        self.now = now
        self.db = db
        self.decide = decide
    }

    mutating func run() throws -> ClaimResult {
        var decided = 0
        while claims.count < request.slots, decided < Self.bound {
            // What is passed over stays due and is found by every further look, so that looks get longer.
            let room = min(max(request.slots - claims.count, passedOver.count), Self.bound - decided)
            let page = try DueRuns.fetch(
                in: request.queues, for: request.abilities, at: now, limit: room + passedOver.count, db
            )
            .filter { !passedOver.contains($0.id) }
            if page.isEmpty { return try result(hasMore: false) }
            let chosen = Solitude.choose(among: page, isIdle: request.isIdle && claims.isEmpty, at: now)
            for run in chosen.runs where claims.count < request.slots {
                try consider(run)
                decided += 1
            }
            if chosen.isAlone { break }
            let waiting = Set(page.map(\.id)).subtracting(chosen.runs.map(\.id))
            passedOver.formUnion(waiting)
            hasWaiting = hasWaiting || !waiting.isEmpty
        }
        return try result(hasMore: true)
    }

    private func result(hasMore: Bool) throws -> ClaimResult {
        ClaimResult(
            claims: claims, refused: refused, hasMore: hasMore,
            nextDue: try DueRuns.next(in: request.queues, for: request.abilities, db),
            passedOver: !passedOver.isEmpty, hasWaiting: hasWaiting)
    }

    private mutating func consider(_ run: Run) throws {
        let definition = try store.definition(run.version, in: db)
        if let locks = request.locks, !locks.covers(run.job, definition.policies) {
            passedOver.insert(run.id)
            return
        }
        let known = states[run.job].flatMap { $0.generation == run.version.generation ? $0.state : nil }
        var state = try known ?? fetchState(of: run.version)
        states[run.job] = (run.version.generation, state)
        state.isUnreadable = definition.trouble != nil
        let hasRoom = state.activeRuns < definition.policies.effectiveLimit
        let message = definition.trouble ?? (hasRoom ? state.lockHolder.map(LockName(job: run.job).words) : nil)
        switch decide(run, definition.policies, state, now) {
        case .start: try start(run, definition)
        case .hold(let waivesDeadline): try hold(run, waivingDeadline: waivesDeadline, message)
        case .replace: try replace(run, message)
        case .skip(let reason): try refuse(run, as: .skipped, reason, message, leavingRoom: hasRoom)
        case .miss(let reason): try refuse(run, as: .missed, reason, message, leavingRoom: hasRoom)
        case .cancel(let reason): try refuse(run, as: .cancelled, reason, leavingRoom: hasRoom)
        }
    }

    private mutating func start(_ run: Run, _ definition: JobDefinition) throws {
        if nextFence == 0 { nextFence = try store.reserveFences(request.slots, at: now, in: db) }
        let run = run.started(by: request.node, fence: Fence(nextFence), at: now)
        nextFence += 1
        try db.change(
            """
            UPDATE runs SET state = 'running', attempt = ?, fence = ?, node = ?, boot = ?, nonce = ?, started_at = ?,
                reason = NULL, message = NULL, exit_code = NULL
            WHERE id = ?
            """,
            [run.attempt, run.fence.value, run.node, run.boot, "\(request.nonce)", now, run.id.value])
        try db.change(
            "INSERT INTO attempts (run_id, number, fence, node, boot, started_at) VALUES (?, ?, ?, ?, ?, ?)",
            [run.id.value, run.attempt, run.fence.value, run.node, run.boot, now])
        try SQLiteStore.noteStatus(of: run, at: now, in: db)
        claims.append(Claim(run: run, definition: definition))
        states[run.job]?.state.activeRuns += 1
        if run.kind == .manual { states[run.job]?.state.activeManualRuns += 1 }
    }

    private mutating func hold(_ run: Run, waivingDeadline: Bool, _ message: String?) throws {
        try db.change(
            """
            UPDATE runs SET is_held = 1, deadline_at = CASE WHEN ? THEN NULL ELSE deadline_at END,
                message = coalesce(?, message)
            WHERE id = ?
            """,
            // A further attempt keeps the words on the one before.
            [waivingDeadline, run.attempt == 0 ? message : nil, run.id.value])
        states[run.job]?.state.heldRuns += 1
    }

    private mutating func replace(_ run: Run, _ message: String?) throws {
        try db.change(
            """
            UPDATE runs SET is_cancel_requested = 1, reason = ?
            WHERE job_name = ? AND state = 'running' AND is_cancel_requested = 0
            """,
            [Reason.replaced.rawValue, run.job])
        // Itself last, so that the end of an older one does not let it go while the active run goes on.
        let older = try db.rows(
            "SELECT \(Run.columns) FROM runs WHERE job_name = ? AND state = 'scheduled' AND is_held = 1", [run.job])
        for row in older { try refuse(Run(row: row), as: .cancelled, .replaced, leavingRoom: false) }
        try hold(run, waivingDeadline: false, message)
    }

    private mutating func refuse(
        _ run: Run, as state: RunState, _ reason: Reason, _ message: String? = nil, leavingRoom hasRoom: Bool
    ) throws {
        refused.append(try SQLiteStore.end(run, as: state, reason, message: message, at: now, in: db))
        // It may have been the one that the end of another had let go; then the next one takes its place.
        if hasRoom { try SQLiteStore.releaseOne(heldOf: run.job, in: db) }
        states[run.job] = nil
    }

    private func fetchState(of version: JobVersion) throws -> JobState {
        let row = try db.rows(
            """
            SELECT is_paused, removed_at IS NOT NULL OR generation <> ?,
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running'),
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running' AND kind = 'manual'),
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'scheduled' AND is_held = 1)
            FROM jobs WHERE name = ?
            """,
            [version.generation, version.job]
        ).first
        guard let row else { return JobState(isRemoved: true) }
        return JobState(
            isRemoved: row[1], isPaused: row[0], activeRuns: row[2], activeManualRuns: row[3], heldRuns: row[4],
            lockHolder: request.locks?.heldElsewhere[version.job])
    }
}
