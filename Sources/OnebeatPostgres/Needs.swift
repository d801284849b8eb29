import Onebeat

/// What runs wait for beside their turn: successes of other jobs.
enum Needs {
    /// The places, from 1 on, of those jobs of which a run that was due within its period has succeeded.
    ///
    /// OFFSET 0 keeps the way it goes: job by job, by the due instants. As one join it would read all runs there are.
    static func look(_ jobs: [String], from: [Timestamp], before: [Timestamp]) -> Statement {
        Statement(
            """
            SELECT w.place::bigint FROM unnest($1, $2, $3) WITH ORDINALITY AS w (needed, from_at, before_at, place)
            WHERE EXISTS (
                SELECT FROM (SELECT DISTINCT generation FROM definitions WHERE job_name = w.needed OFFSET 0) g
                CROSS JOIN LATERAL (
                    SELECT id, state FROM runs WHERE job_name = w.needed AND generation = g.generation
                        AND scheduled_at >= w.from_at AND scheduled_at < w.before_at OFFSET 0) r
                LEFT JOIN LATERAL (SELECT state FROM marks WHERE run_id = r.id OFFSET 0) m ON true
                WHERE coalesce(m.state, r.state) = 'succeeded')
            """, [.texts(jobs), .times(from), .times(before)])
    }

    /// The jobs that each run waits for, in words; of those whose jobs need others, which are few.
    static func unmet(
        of runs: [Run], _ definitions: [JobVersion: JobDefinition], in transaction: Transaction
    ) throws -> [RunID: [String]] {
        var wanted: [(run: RunID, needed: String, words: String, from: Timestamp, before: Timestamp)] = []
        for run in runs {
            guard let definition = definitions[run.version] else { continue }
            for (needed, need) in definition.needs.sorted(by: { $0.key < $1.key }) {
                let period = need.period(at: run.scheduledAt, timezone: definition.schedule.timezone)
                wanted.append((run.id, needed, "\(needed) (\(need.words))", period.from, period.before))
            }
        }
        guard !wanted.isEmpty else { return [:] }
        let met = try transaction.flight([
            look(wanted.map(\.needed), from: wanted.map(\.from), before: wanted.map(\.before))
        ])[0]
        let places = Set(met.map { $0[0] as Int })
        var unmet: [RunID: [String]] = [:]
        for (index, need) in wanted.enumerated() where !places.contains(index + 1) {
            unmet[need.run, default: []].append(need.words)
        }
        return unmet
    }
}
