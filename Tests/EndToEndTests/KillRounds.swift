import Foundation
import Glibc
import Testing

/// Kills a node at any moment, again and again, and holds the history against what the jobs did.
/// `ONEBEAT_ROUNDS` says how often; `make chaos-local` does it longer.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct KillRounds {
    private static let rounds = ProcessInfo.processInfo.environment["ONEBEAT_ROUNDS"].flatMap { Int($0) } ?? 20

    @Test func nothingIsLostAndNothingIsDoubled() async throws {
        try await Sandbox.with { box in
            try box.writeCountedScript(lasting: 0.2)
            try box.configure(
                """
                again: {every: 1s, missed: all, catch_up: 10000, overlap: queue_all, run: sh counted.sh}
                side: {every: 1s, missed: all, catch_up: 10000, overlap: allow, run: sh counted.sh}
                once: {every: 1s, missed: all, catch_up: 10000, overlap: allow, delivery: at_most_once, run: sh counted.sh}
                """)
            for _ in 0..<Self.rounds {
                let node = try box.start([
                    Sandbox.binary, "up", "onebeat.yaml", "--node", "a", "--listen", "127.0.0.1:\(freePort())",
                ])
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...4000)))
                node.send(SIGKILL)
                _ = try await node.end()
            }
            let last = try await box.up()
            // Quiet is when what the killed nodes left has been taken over, and what was due has been started.
            #expect(
                try await eventually(within: .seconds(240)) {
                    try await box.query(
                        """
                        SELECT count(*) FROM runs WHERE state = 'running'
                        AND boot != (SELECT boot FROM nodes ORDER BY joined_at DESC LIMIT 1)
                        OR state = 'scheduled' AND due_at < unixepoch() * 1000000 - 5000000
                        """) == [["0"]]
                })
            try await last.stop()

            for job in ["again", "side", "once"] { try await box.expectNoGapAndNoDouble(in: job, every: 1) }
            try await box.expectTheEffectsOfWhatSucceeded(of: ["again", "side", "once"])
            let fate = try await box.query(
                """
                SELECT job_name, state, count(*) FROM runs WHERE state NOT IN ('succeeded', 'scheduled')
                AND NOT (job_name = 'once' AND state = 'lost') GROUP BY 1, 2
                """)
            // A run that was killed three times is buried, by rule; the jobs here are short, so that is rare.
            #expect(fate.allSatisfy { $0[1] == "dead" && (Int($0[2]) ?? 0) <= 2 }, "\(fate)")
            let onceStarts = box.starts(of: "once")
            #expect(Set(onceStarts).count == onceStarts.count, "an at-most-once run was started twice")
            try await box.expectStartsToBeAttempts()
        }
    }
}

extension Sandbox {
    /// Expects each run that succeeded to have had its effect. One that was killed between its effect and its report
    /// may have had it, too; nothing else may.
    fileprivate func expectTheEffectsOfWhatSucceeded(of jobs: [String]) async throws {
        for job in jobs {
            let effects = Set(effects(of: job))
            let succeeded = try await Set(keys(of: job, in: "succeeded"))
            #expect(succeeded.subtracting(effects) == [], "a run of \(job) succeeded without its effect")
            let unreported = try await keys(of: job, in: "lost") + keys(of: job, in: "dead")
            #expect(effects.subtracting(succeeded).subtracting(unreported) == [], "an effect of \(job) without a run")
        }
    }

    /// Expects each start of a process to be an attempt that the store knows, started once, and the attempts of a run
    /// to start in the order of their fences.
    fileprivate func expectStartsToBeAttempts() async throws {
        let starts = lines("starts")
        #expect(Set(starts).count == starts.count, "an attempt was started twice")
        let attempts = try await query(
            """
            SELECT job_name || '@' || strftime('%Y-%m-%dT%H:%M:%SZ', scheduled_at / 1000000, 'unixepoch')
            || ' ' || attempts.fence FROM attempts JOIN runs ON runs.id = run_id
            """
        ).map { $0[0] }
        #expect(Set(starts).subtracting(attempts) == [], "a process was started that no attempt stands for")
        var newest: [String: Int] = [:]
        for line in starts {
            let words = line.split(separator: " ")
            let key = String(words[0])
            let fence = try #require(Int(words[1]))
            #expect(fence > newest[key, default: 0], "\(key) started under fence \(fence) after \(newest[key] ?? 0)")
            newest[key] = fence
        }
    }
}
