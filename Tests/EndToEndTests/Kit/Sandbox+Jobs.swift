import Foundation
import Testing

extension Sandbox {
    /// Writes a configuration with these jobs; their processes carry the sandbox's mark.
    func configure(_ jobs: String, settings: String = "", defaults: String = "") throws {
        let entries = jobs.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        try write(
            """
            store: sqlite:onebeat.db
            \(settings)
            defaults:
              env: {SANDBOX: "\(folder)"}
            \(defaults.isEmpty ? "" : "  \(defaults)")
            jobs:
            \(entries.joined(separator: "\n"))

            """)
    }

    /// A script, for `sh counted.sh`, that has one effect for each run however often the run is tried: a folder named
    /// after the run's key, made in one step. `starts` has a line for each attempt.
    func writeCountedScript(lasting seconds: Double) throws {
        try write(
            """
            echo "$ONEBEAT_RUN_KEY $ONEBEAT_FENCE" >> starts
            sleep \(seconds)
            mkdir -p "effects/$ONEBEAT_RUN_KEY"
            """, to: "counted.sh")
    }

    /// The keys of a job's runs, or of all, that had their effect.
    func effects(of job: String = "") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path("effects"))) ?? []
        return names.filter { job.isEmpty || $0.hasPrefix("\(job)@") }.sorted()
    }

    /// The keys of a job's attempts, in the order in which they started.
    func starts(of job: String) -> [String] {
        lines("starts").map { String($0.split(separator: " ")[0]) }.filter { $0.hasPrefix("\(job)@") }
    }

    /// The due instants of a job that have a row, in seconds since 1970; a row that stands for several counts as all
    /// of them.
    func instants(of job: String, every period: Int) async throws -> [Int] {
        try await query(
            """
            SELECT scheduled_at / 1000000, coalesce(range_end, scheduled_at) / 1000000, count FROM runs
            WHERE job_name = '\(job)' AND kind = 'scheduled' ORDER BY scheduled_at
            """
        ).flatMap { row in
            let instants = Array(stride(from: Int(row[0])!, through: Int(row[1])!, by: period))
            #expect(instants.count == Int(row[2]), "a row of \(job) counts wrong: \(row)")
            return instants
        }
    }

    /// Expects a row for every due instant between the first and the last, and none twice.
    func expectNoGapAndNoDouble(in job: String, every period: Int) async throws {
        let instants = try await instants(of: job, every: period)
        let first = try #require(instants.first), last = try #require(instants.last)
        #expect(first % period == 0)
        #expect(instants == Array(stride(from: first, through: last, by: period)))
    }

    /// The keys of a job's runs in a state.
    func keys(of job: String, in state: String) async throws -> [String] {
        try await query(
            """
            SELECT job_name || '@' || strftime('%Y-%m-%dT%H:%M:%SZ', scheduled_at / 1000000, 'unixepoch') FROM runs
            WHERE job_name = '\(job)' AND kind = 'scheduled' AND state = '\(state)' ORDER BY scheduled_at
            """
        ).map { $0[0] }
    }
}
