import GRDB
import Onebeat

/// One claim: reads the due runs page by page, has each page decided on, and writes what was decided, all in the
/// transaction it is handed.
struct Claiming {
    private let request: ClaimRequest
    private let store: SQLiteStore
    private let now: Timestamp
    private let db: Database
    private let standby: Standby?
    private var move: ClaimMove

    init(
        _ request: ClaimRequest, store: SQLiteStore, at now: Timestamp, in db: Database,
        deciding decide: @escaping (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) throws {
        self.request = request
        self.store = store
        self.now = now
        self.db = db
        standby = try SQLiteStore.standby(in: db)
        move = ClaimMove(request, deciding: decide)
    }

    mutating func run() throws -> ClaimResult {
        var hasMore = true
        while move.hasRoom {
            let page = try page(limit: move.pageLimit)
            guard page.runs.contains(where: { !move.passedOver.contains($0.id) }) else {
                hasMore = false
                break
            }
            try move.consider(page)
            try store.write(move.changes.takeAllButStatus(), claim: request.nonce, in: db)
        }
        try store.write(move.changes, in: db)
        return ClaimResult(
            claims: move.claims, refused: move.refused, hasMore: hasMore,
            nextDue: try DueRuns.next(in: request.queues, for: request.abilities, db),
            passedOver: !move.passedOver.isEmpty, hasWaiting: move.hasWaiting)
    }

    private func page(limit: Int) throws -> ClaimMove.Page {
        let found = try DueRuns.fetch(in: request.queues, for: request.abilities, at: now, limit: limit, db)
        for run in found where run.state != .scheduled { try SQLiteStore.setAside(run, at: now, in: db) }
        let runs = found.filter { $0.state == .scheduled }
        if runs.isEmpty, !found.isEmpty { return try page(limit: limit) }
        var page = ClaimMove.Page(runs: runs, jobs: [:], fences: [], definitions: [:], now: now)
        page.standby = standby
        for version in Set(runs.map(\.version)) {
            let definition = try store.definition(version, in: db)
            page.definitions[version] = definition
            var job = try page.jobs[version.job] ?? claimedJob(version.job)
            if job?.held.isEmpty == true, definition.policies.overlap == .cancel {
                job?.held = try held(of: version.job)
            }
            page.jobs[version.job] = job
        }
        for run in runs {
            guard let definition = page.definitions[run.version], !definition.lookedAt.isEmpty else { continue }
            page.unmetNeeds[run.id] = try SQLiteStore.unmetNeeds(of: run, definition, in: db)
            guard definition.policies.overlapScope == .flow else { continue }
            page.openFlows[run.id] = try SQLiteStore.openFlow(before: run, in: db)
        }
        let wanted = min(request.slots - move.claims.count, runs.count)
        if wanted > 0 {
            let first = try store.reserveFences(wanted, at: now, in: db)
            page.fences = ArraySlice(first..<(first + Int64(wanted)))
        }
        return page
    }

    private func held(of job: String) throws -> [Run] {
        try db.rows(
            """
            SELECT \(Run.columns) FROM runs WHERE job_name = ? AND state = 'scheduled' AND is_held = 1
            ORDER BY due_at, id
            """, [job]
        ).map(Run.init).filter { $0.state == .scheduled }
    }

    private func claimedJob(_ name: String) throws -> ClaimedJob? {
        try db.rows(
            """
            SELECT generation, removed_at IS NOT NULL, is_paused,
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running' AND kind <> 'backfill'),
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'running' AND kind = 'manual'),
                (SELECT count(*) FROM runs WHERE job_name = name AND state = 'scheduled' AND is_held = 1)
            FROM jobs WHERE name = ?
            """,
            [name]
        ).first.map { row in
            var row = Columns(row)
            return ClaimedJob(
                generation: row[0], isRemoved: row[1], isPaused: row[2], active: row[3], activeManual: row[4],
                heldCount: row[5])
        }
    }
}
