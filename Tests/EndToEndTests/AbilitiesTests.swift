import Glibc
import Testing

/// A program with closures and nodes of the command on one store: each does what it can, and leaves the rest.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct AbilitiesTests {
    @Test func aProgramAndTheCommandDoNotClaimEachOthersWork() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                store: sqlite:shop.db
                jobs:
                  tick: {every: 1s, run: "true", overlap: allow}
                """)
            let node = try await box.up("a")
            let program = try box.start([Sandbox.built("LibraryExample")])
            func rows(_ sql: String) async throws -> [[String]] { try await box.query(sql, store: "shop.db") }
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await rows(
                        "SELECT count(*) >= 2 FROM runs WHERE job_name = 'sync_stock' AND state = 'succeeded'")
                        == [["1"]]
                })
            program.send(SIGINT)
            #expect(try await program.end() == 0, "\(program.errors)")
            let done = "FROM runs WHERE state NOT IN ('scheduled', 'running')"
            #expect(
                try await rows("SELECT DISTINCT job_name, node, state, attempt \(done) ORDER BY job_name") == [
                    ["sync_stock", "shop-1", "succeeded", "1"], ["tick", "a", "succeeded", "1"],
                ])
            // Its closures are nobody's now, and it is said.
            #expect(try await box.onebeat("trigger", "invoices").output.contains("no living node has the closure"))
            let doctor = try await box.onebeat("doctor", "onebeat.yaml").output
            #expect(doctor.contains("nothing waits") || doctor.contains("nobody starts them"), "\(doctor)")
            #expect(try await box.onebeat("jobs").errors.contains("no living node has the closure of job"))
            try await node.stop()
        }
    }

    /// What ended well is done, whatever the clock said meanwhile: it is not done a second time.
    @Test func aProcessThatEndsWellAfterItsTimeOutIsNotTriedAgain() async throws {
        try await Sandbox.with { box in
            try box.write("trap '' TERM; echo start >> starts; sleep 1.5; exit 0", to: "slow.sh")
            try box.configure("slow: {exec: [sh, slow.sh], timeout: 1s, grace: 5s, retry: {limit: 2, backoff: 1s}}")
            let node = try await box.up()
            #expect(try await box.onebeat("trigger", "slow", "--wait").code == 0)
            #expect(try await box.query("SELECT state, attempt FROM runs") == [["succeeded", "1"]])
            #expect(box.lines("starts").count == 1)
            try await node.stop()
        }
    }
}
