import Glibc
import Testing

/// SIGHUP reads the file again.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ReloadTests {
    @Test func aChangedFileCountsAtOnceAndABadOneChangesNothing() async throws {
        try await Sandbox.with { box in
            func succeeded(_ job: String) async throws -> Int {
                try await Int(
                    box.query("SELECT count(*) FROM runs WHERE job_name = '\(job)' AND state = 'succeeded'")[0][0]) ?? 0
            }
            try box.configure("one: {every: 1s, run: \"true\"}")
            let node = try await box.up()
            #expect(try await eventually(within: .seconds(15)) { try await succeeded("one") > 0 })

            try box.configure("two: {every: 1s, run: \"true\"}")
            node.process.send(SIGHUP)
            #expect(try await eventually(within: .seconds(15)) { try await succeeded("two") > 0 })
            #expect(try await box.query("SELECT name FROM jobs WHERE removed_at IS NULL") == [["one"], ["two"]])
            #expect(node.process.errors.contains("jobs go on, though"), "\(node.process.errors)")

            try box.configure("two: {every: 1s, run: \"true\"}", settings: "complete: true")
            node.process.send(SIGHUP)
            #expect(try await eventually(within: .seconds(15)) { node.process.errors.contains("jobs removed") })
            #expect(try await box.query("SELECT name FROM jobs WHERE removed_at IS NULL") == [["two"]])

            try box.write("jobs: {three: {cron: \"61 * * * *\", run: \"true\"}}")
            node.process.send(SIGHUP)
            #expect(try await eventually(within: .seconds(15)) { node.process.errors.contains("minutes end at 59") })
            let before = try await succeeded("two")
            #expect(try await eventually(within: .seconds(15)) { try await succeeded("two") > before })
            #expect(try await box.query("SELECT name FROM jobs WHERE removed_at IS NULL") == [["two"]])
            try await node.stop()
            try await box.expectNoGapAndNoDouble(in: "two", every: 1)
        }
    }
}
