import Foundation
import Glibc
import Testing

/// A disk that fills up under a node, and has room again.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FullDiskTests {
    @Test func aNodeOutlivesAFullDiskAndForgetsNothing() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, missed: all, overlap: queue_all, run: \"true\"}")
            // A small disk in a mount namespace of the node's own; an ordinary user gets one with a user namespace.
            let unshare = getuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]
            let mount = """
                mkdir disk && mount -t tmpfs -o size=3m tmpfs disk && cp onebeat.yaml disk && cd disk && exec "$0" "$@"
                """
            let node = try await box.up(inside: unshare + ["sh", "-c", mount])
            let isRoot = getuid() == 0
            /// Runs a program where the node sees its disk.
            func inside(_ arguments: String...) async throws -> Sandbox.Finished {
                let user = isRoot ? [] : ["-U", "--preserve-credentials"]
                let enter = ["nsenter", "-t", "\(node.process.pid)", "-m"] + user
                // The folder is entered by a shell, since `nsenter --wd` does it before it changes the namespace.
                return try await box.run(
                    enter + ["sh", "-c", "cd '\(box.folder)/disk' && exec \"$0\" \"$@\""] + arguments)
            }
            func count(_ condition: String) async throws -> Int {
                let answer = try await inside(
                    "sqlite3", "-cmd", ".timeout 5000", "onebeat.db", "SELECT count(*) FROM runs WHERE \(condition)")
                return Int(answer.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
            }
            #expect(try await eventually(within: .seconds(20)) { try await count("state = 'succeeded'") >= 2 })

            // `dd` ends with an error when the disk is full, which is what it is for here.
            _ = try await inside("dd", "if=/dev/zero", "of=filler", "bs=4k")
            try await Task.sleep(for: .seconds(15))
            #expect(node.process.exitCode == nil, "the node ended: \(node.process.errors.suffix(2000))")
            #expect(await node.get("/healthz")?.status == 200)
            #expect(node.process.errors.contains("full"), "the node does not say what is wrong")
            let figures = await node.get("/metrics")?.body.split(separator: "\n") ?? []
            let failures = figures.filter { $0.hasPrefix("onebeat_turns_failed_total{") && !$0.hasSuffix(" 0") }
            #expect(!failures.isEmpty, "no turn is counted as failed")

            _ = try await inside("rm", "filler")
            let before = try await count("state = 'succeeded'")
            #expect(
                try await eventually(within: .seconds(40)) { try await count("state = 'succeeded'") >= before + 12 })
            #expect(node.process.errors.contains("turns succeed again"))
            let gaps = try await count(
                """
                kind = 'scheduled' AND scheduled_at - 1000000 >
                (SELECT max(earlier.scheduled_at) FROM runs earlier WHERE earlier.scheduled_at < runs.scheduled_at)
                """)
            #expect(gaps == 0)
            let others = try await inside(
                "sqlite3", "onebeat.db",
                "SELECT DISTINCT state, reason, message FROM runs WHERE state NOT IN ('succeeded', 'scheduled', 'running')"
            )
            #expect(others.output == "")
            try await node.stop()
        }
    }
}
