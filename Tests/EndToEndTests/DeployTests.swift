import Testing

/// Two versions of one file in a rolling deploy.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct DeployTests {
    private let old = "report: {every: 1h, run: echo old}\ngone: {every: 1h, run: \"true\"}"
    private let new = "report: {every: 1h, run: echo new}\nadded: {every: 1h, run: \"true\"}"

    @Test(arguments: [("", ""), ("revision: 7", "revision: 8")])
    func anOldNodeThatStartsAgainLeavesTheNewerFilesJobs(_ before: String, _ after: String) async throws {
        try await Sandbox.with { box in
            func stored() async throws -> [[String]] {
                try await box.query(
                    """
                    SELECT name, definition LIKE '%echo new%' FROM jobs JOIN definitions USING (generation, version)
                    WHERE job_name = name AND jobs.removed_at IS NULL ORDER BY name
                    """)
            }
            func write(_ jobs: String, _ revision: String) throws {
                try box.configure(jobs, settings: "source: shop\ncomplete: true\n\(revision)")
            }
            try write(old, before)
            let first = try await box.up("a")
            try write(new, after)
            let second = try await box.up("b")
            #expect(second.process.errors.contains("jobs removed"), "\(second.process.errors)")
            #expect(try await stored() == [["added", "0"], ["report", "1"]])

            try await first.stop()
            try write(old, before)
            let again = try await box.up("a")
            #expect(again.process.errors.contains("older definitions"), "\(again.process.errors)")
            #expect(again.process.output.contains("older than what is in force"), "\(again.process.output)")
            #expect(try await stored() == [["added", "0"], ["report", "1"]])
            #expect(try await box.query("SELECT actor FROM events WHERE kind = 'source.outdated'") == [["a"]])
            #expect(try await box.onebeat("doctor").output.contains("go back to this one with `onebeat apply --force`"))
            #expect(try await box.onebeat("plan").code == 65)

            let refused = try await box.onebeat("apply")
            #expect(refused.code == 65 && refused.errors.contains("--force"), "\(refused)")
            let forced = try await box.onebeat("apply", "--force")
            #expect(forced.code == 0, "\(forced)")
            #expect(try await stored() == [["gone", "0"], ["report", "0"]])
            try write(new, after)
            #expect(try await box.onebeat("apply").code == 65, "what was given up stays behind")
            try await again.stop()
            try await second.stop()
        }
    }
}
