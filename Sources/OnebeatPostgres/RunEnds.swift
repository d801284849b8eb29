import Onebeat

/// What follows from the end of runs, beside their own rows: held runs are let go, and the clocks of delays start.
struct RunEnds {
    private var releases: [String: Int] = [:]
    private var delays: Set<JobVersion> = []
    private var refused: [Run] = []
    private(set) var released = 0

    /// One held run of the job may go, after the others that may.
    mutating func release(heldOf job: String) {
        releases[job, default: 0] += 1
        released += 1
    }

    /// The end of the only open run starts the clock of a fixed delay. The job's row is locked.
    mutating func startDelay(after run: Run) {
        guard run.state.isTerminal, run.kind == .scheduled else { return }
        delays.insert(JobVersion(job: run.job, generation: run.version.generation, version: 0))
    }

    /// Ends a run that has not started.
    mutating func end(
        _ run: Run, as state: RunState, _ reason: Reason, message: String? = nil, at now: Timestamp
    ) throws -> Run {
        let run = try run.ended(as: state, reason, message: message, at: now)
        refused.append(run)
        return run
    }

    func statements(at now: Timestamp) -> [Statement] {
        var statements: [Statement] = []
        if !refused.isEmpty {
            statements.append(
                Statement(
                    """
                    UPDATE runs SET state = e.state, reason = e.reason, message = e.message, finished_at = $5,
                        is_held = false
                    FROM unnest($1, $2, $3, $4) AS e (id, state, reason, message) WHERE runs.id = e.id
                    """,
                    [
                        .ints(refused.map(\.id.value)), .texts(refused.map(\.state.rawValue)),
                        .texts(refused.map { $0.reason?.rawValue }), .texts(refused.map(\.message)), .time(now),
                    ]))
        }
        if !releases.isEmpty {
            var release = Statement(Self.release, [.texts(Array(releases.keys)), .ints(Array(releases.values))])
            release.wakesOthers = true
            statements.append(release)
        }
        if !delays.isEmpty {
            statements.append(
                Statement(
                    """
                    UPDATE jobs SET next_at = $3::timestamptz + delay FROM unnest($1, $2) AS e (name, generation)
                    WHERE jobs.name = e.name AND jobs.generation = e.generation AND delay IS NOT NULL
                        AND next_at IS NULL AND removed_at IS NULL AND NOT \(Self.isUnderWay)
                    """,
                    [.texts(delays.map(\.job)), .ints(delays.map(\.generation)), .time(now)]))
        }
        return statements
    }

    /// Whether a due run of a row of `jobs` is open. The newest few are looked at, since no more are open of a delay.
    static let isUnderWay = """
        EXISTS (
            SELECT 1 FROM (
                SELECT state FROM runs
                WHERE job_name = jobs.name AND generation = jobs.generation AND kind = 'scheduled'
                ORDER BY scheduled_at DESC LIMIT 10) newest
            WHERE state IN ('scheduled', 'running'))
        """

    /// Whoever lets a run go tells the others.
    static let release = """
        WITH released AS (
            UPDATE runs SET is_held = false FROM unnest($1, $2) AS e (job, number) CROSS JOIN LATERAL (
                SELECT h.id FROM runs h WHERE h.job_name = e.job AND h.state = 'scheduled' AND h.is_held
                ORDER BY h.due_at, h.id LIMIT e.number) held
            WHERE runs.id = held.id RETURNING 1)
        SELECT 1 FROM released LIMIT 1
        """
}

extension JobDefinition {
    /// Whether claims and ends of its runs need the job's row to themselves.
    var isGuarded: Bool { policies.effectiveLimit < .max || hasDelay }
}
