import Onebeat

/// Attempts that end in one move, and the statements that write their ends. The runs are locked by then.
struct Settling {
    private let now: Timestamp
    private var settled: [(run: Run, outcome: String)] = []
    private var ends = RunEnds()
    private var status = StatusRows()
    /// When the earliest of those that are due again is due.
    private(set) var nextDue: Timestamp?

    init(at now: Timestamp) { self.now = now }

    /// Brings a running attempt to its settlement.
    /// - Parameter isGuarded: whether the job's row is locked, so that its held runs and its delay are ours.
    /// - Returns: the run after it.
    mutating func settle(
        _ run: Run, _ outcome: Outcome, _ settlement: Settlement, words: String? = nil, isGuarded: Bool
    ) throws -> Run {
        let run = try run.settled(outcome, as: settlement, words: words, at: now)
        if !run.state.isTerminal { nextDue = min(nextDue ?? run.dueAt, run.dueAt) }
        settled.append((run, outcome.word))
        status.note(run, at: now)
        if isGuarded {
            ends.release(heldOf: run.job)
            ends.startDelay(after: run)
        }
        return run
    }

    /// The fence is compared in the statement that writes, though the rows are locked: no run ends without it.
    var statements: [Statement] {
        guard !settled.isEmpty else { return [] }
        let runs = settled.map(\.run)
        let ids = Parameter.ints(runs.map(\.id.value))
        let fences = Parameter.ints(runs.map(\.fence.value))
        let messages = Parameter.texts(runs.map(\.message))
        let codes = Parameter.ints(runs.map { $0.exitCode.map { Int64($0) } })
        return [
            // The state is compared so that no index of running runs is used: where statistics say that there are none,
            // every one of them would be joined with every one that ends.
            Statement(
                """
                UPDATE runs SET state = e.state, reason = e.reason, message = e.message, due_at = e.due_at,
                    finished_at = e.finished_at, exit_code = e.exit_code, crashes = e.crashes, failures = e.failures,
                    nonce = NULL
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    AS e (id, fence, state, reason, message, due_at, finished_at, exit_code, crashes, failures)
                WHERE runs.id = e.id AND runs.fence = e.fence AND runs.state || '' = 'running'
                """,
                [
                    ids, fences, .texts(runs.map(\.state.rawValue)), .texts(runs.map { $0.reason?.rawValue }), messages,
                    .times(runs.map(\.dueAt)), .times(runs.map(\.finishedAt)), codes, .ints(runs.map(\.crashes)),
                    .ints(runs.map(\.failures)),
                ]),
            Statement(
                """
                UPDATE attempts SET finished_at = $6, outcome = e.outcome, message = e.message, exit_code = e.exit_code
                FROM unnest($1, $2, $3, $4, $5, $7) AS e (id, fence, outcome, message, exit_code, number)
                WHERE run_id = e.id AND attempts.number = e.number AND attempts.fence = e.fence
                """,
                [
                    ids, fences, .texts(settled.map(\.outcome)), messages, codes, .time(now),
                    .ints(runs.map(\.attempt)),
                ]),
        ] + ends.statements(at: now) + status.statements
    }

    /// Whether a further attempt is due soon, which others may make.
    var wakesSomebody: Bool { nextDue.map { $0 <= now + WakeUps.horizon } ?? false }
}

extension Statement {
    /// Locks the jobs among these whose row is their runs' guard, and says of which it is locked. This comes before the locks
    /// of runs.
    static func lockGuarded(_ jobs: some Sequence<String>, waiting isWaiting: Bool) -> Statement {
        let names = Parameter.texts(Set(jobs).sorted())
        if isWaiting {
            return Statement(
                "SELECT name, true FROM jobs WHERE name = ANY ($1) AND is_guarded ORDER BY name FOR NO KEY UPDATE",
                [names])
        }
        return Statement(
            """
            WITH locked AS MATERIALIZED (
                SELECT name FROM jobs WHERE name = ANY ($1) AND is_guarded ORDER BY name
                FOR NO KEY UPDATE SKIP LOCKED)
            SELECT name, name IN (SELECT name FROM locked) FROM jobs WHERE name = ANY ($1) AND is_guarded
            """, [names])
    }

    /// Locks and reads runs.
    static func lockRuns(_ ids: [RunID], waiting isWaiting: Bool = true) -> Statement {
        Statement(
            """
            SELECT \(Run.columns) FROM runs WHERE id = ANY ($1) ORDER BY id
            FOR NO KEY UPDATE \(isWaiting ? "" : "SKIP LOCKED")
            """,
            [.ints(ids.map(\.value))])
    }

    /// A row for a node whose lease nobody has declared over.
    static func lease(of node: NodeID) -> Statement {
        Statement("SELECT true FROM nodes WHERE boot = $1 AND gone_at IS NULL", [.text(node.boot)])
    }
}
