import Onebeat

/// What runs wait for beside their turn: successes of other jobs.
enum Needs {
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
            Statement(
                """
                SELECT w.place::bigint FROM unnest($1, $2, $3) WITH ORDINALITY AS w (needed, from_at, before_at, place)
                WHERE EXISTS (
                    SELECT FROM runs r LEFT JOIN marks m ON m.run_id = r.id
                    WHERE r.job_name = w.needed AND r.generation IN (
                            SELECT generation FROM definitions WHERE job_name = w.needed)
                        AND r.scheduled_at >= w.from_at AND r.scheduled_at < w.before_at
                        AND coalesce(m.state, r.state) = 'succeeded')
                """, [.texts(wanted.map(\.needed)), .times(wanted.map(\.from)), .times(wanted.map(\.before))])
        ])[0]
        let places = Set(met.map { $0[0] as Int })
        var unmet: [RunID: [String]] = [:]
        for (index, need) in wanted.enumerated() where !places.contains(index + 1) {
            unmet[need.run, default: []].append(need.words)
        }
        return unmet
    }
}
