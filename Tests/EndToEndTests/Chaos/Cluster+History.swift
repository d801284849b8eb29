import Foundation
import Glibc
import Onebeat
import OnebeatTesting

/// Reads a chaos run's history: from the tables by `psql`, and from the file of the jobs.
extension Cluster {
    private static func time(_ column: String) -> String { "(extract(epoch FROM \(column)) * 1000000)::bigint" }

    private static func moment(_ text: String) -> Timestamp? {
        Int64(text).map { Timestamp(microseconds: $0) }
    }

    /// Nodes should be gone by now, since the tables are read one after the other.
    func history(of jobs: ChaosJobs, sink: String) throws -> ChaosHistory {
        var history = ChaosHistory()
        let time = Self.time
        let entries = Dictionary(jobs.entries.map { ($0.name, $0) }) { $1 }
        history.jobs = try query(
            "SELECT name, \(time("created_at")), \(time("watermark")), \(time("next_at")) FROM jobs"
        ).compactMap { row in
            guard let entry = entries[row[0]], let createdAt = Self.moment(row[1]), let mark = Self.moment(row[2])
            else { return nil }
            var job = ChaosJob(
                entry.name, every: Int64(entry.period), isAlone: entry.isAlone, skips: entry.skips,
                isAtMostOnce: entry.isAtMostOnce, createdAt: createdAt, watermark: mark, nextAt: Self.moment(row[3]))
            job.needs = entry.needs.map { ($0.job, .seconds($0.within)) }
            return job
        }
        history.runs = try query(
            """
            SELECT id, job_name, \(time("scheduled_at")), state, \(time("due_at")), \(time("range_end")), count, reason,
                attempt, fence, crashes, \(time("finished_at")) FROM runs
            """
        ).compactMap { row in
            guard let id = Int64(row[0]), entries[row[1]] != nil, let at = Self.moment(row[2]),
                let state = RunState(rawValue: row[3])
            else { return nil }
            var run = ChaosRun(id, row[1], at: at, state)
            run.dueAt = Self.moment(row[4]) ?? at
            run.rangeEnd = Self.moment(row[5])
            run.count = Int(row[6]) ?? 0
            run.reason = Reason(rawValue: row[7])
            run.attempt = Int(row[8]) ?? -1
            run.fence = Int64(row[9]) ?? -1
            run.crashes = Int(row[10]) ?? -1
            run.finishedAt = Self.moment(row[11])
            return run
        }
        let known = Set(history.runs.map(\.id))
        history.attempts = try query(
            """
            SELECT run_id, number, fence, boot, \(time("started_at")), \(time("finished_at")), outcome,
                outcome = 'lost' AND EXISTS (
                    SELECT 1 FROM events e WHERE e.kind = 'run.lost' AND e.run_id = attempts.run_id
                        AND e.message LIKE 'attempt ' || number || ' of %')
            FROM attempts
            """
        ).compactMap { row in
            guard let run = Int64(row[0]), known.contains(run), let number = Int(row[1]), let fence = Int64(row[2]),
                let startedAt = Self.moment(row[4])
            else { return nil }
            var attempt = ChaosAttempt(
                run: run, number: number, fence: fence, boot: row[3], startedAt: startedAt,
                finishedAt: Self.moment(row[5]), outcome: row[6].isEmpty ? nil : row[6])
            attempt.wasTakenOver = row[7] == "t"
            return attempt
        }
        history.lives = try query(
            """
            SELECT boot, name, \(time("lease_until")), \(time("gone_at")), EXISTS (
                SELECT 1 FROM events e WHERE e.kind = 'node.left' AND e.message = boot
                    OR e.kind = 'node.dead' AND e.message = boot || '; its process and all its jobs have ended')
            FROM nodes
            """
        ).compactMap { row in
            Self.moment(row[2]).map {
                ChaosLife(row[0], node: row[1], leaseUntil: $0, goneAt: Self.moment(row[3]), isBuried: row[4] == "t")
            }
        }
        let zero = Timestamp(Date()) - .nanoseconds(monotonicNanoseconds())
        history.lines = box.lines(sink).compactMap { SinkLine($0, zero: zero) }
        return history
    }
}

/// Nanoseconds of the clock that the jobs of a chaos run write down.
private func monotonicNanoseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
