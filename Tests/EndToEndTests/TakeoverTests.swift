import Foundation
import Glibc
import Testing

/// What a node leaves behind when it dies or freezes is dead before another node goes on with it.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct TakeoverTests {
    /// Ignores TERM, and so do its children: one in its group, one in a session of its own, one twice removed. Each
    /// writes the attempt's fence and the time ten times a second for as long as it lives.
    private static let stubborn = """
        trap '' TERM INT HUP
        echo "$ONEBEAT_FENCE $(date +%s%N)" >> starts
        if [ "$ONEBEAT_ATTEMPT" -gt 1 ]; then exit 0; fi
        beat='trap "" TERM INT HUP; while :; do echo "$ONEBEAT_FENCE $(date +%s%N) '
        sh -c "$beat"'group" >> beats; sleep 0.1; done' &
        setsid sh -c "$beat"'session" >> beats; sleep 0.1; done' &
        (setsid sh -c "$beat"'orphan" >> beats; sleep 0.1; done' &) &
        while :; do echo "$ONEBEAT_FENCE $(date +%s%N) leader" >> beats; sleep 0.1; done
        """

    private static let job = """
        stubborn: {exec: [sh, stubborn.sh], delivery: at_least_once, grace: 1s}
        """

    @Test func theJobsOfAKilledNodeAreDeadBeforeAnotherTakesOver() async throws {
        try await takeover(by: SIGKILL) { box, _ in
            // Its guardian said so: nobody had to wait for the end of the lease.
            let early = """
                SELECT count(*) FROM attempts a JOIN nodes n ON n.name = 'a'
                WHERE a.number = 2 AND a.started_at < n.lease_until
                """
            let found = try await box.query(early)
            #expect(found == [["1"]])
        }
    }

    @Test func theJobsOfAFrozenNodeAreDeadBeforeAnotherTakesOver() async throws {
        try await takeover(by: SIGSTOP) { box, frozen in
            frozen.process.send(SIGCONT)
            // It finds its lease gone, joins under a new boot, and what it knew of the run counts for nothing.
            #expect(
                try await eventually(within: .seconds(20)) {
                    let lives = try await box.query("SELECT count(*) FROM nodes WHERE name = 'a'")
                    let status = await frozen.get("/readyz")?.status
                    return lives == [["2"]] && status == 200
                })
            #expect(try await box.query("SELECT state, attempt, node FROM runs") == [["succeeded", "2", "b"]])
            try await frozen.stop()
            #expect(try await box.query("SELECT state, attempt, node FROM runs") == [["succeeded", "2", "b"]])
        }
    }

    private func takeover(
        by signal: Int32, then check: (Sandbox, RunningNode) async throws -> Void = { _, _ in }
    ) async throws {
        try await Sandbox.with { box in
            try box.write(Self.stubborn, to: "stubborn.sh")
            try box.configure(Self.job)
            let first = try await box.up("a")
            #expect(try await box.onebeat("trigger", "stubborn").code == 0)
            let kinds = ["group", "leader", "orphan", "session"]
            #expect(
                try await eventually(within: .seconds(20)) {
                    Set(box.lines("beats").compactMap { $0.split(separator: " ").last.map(String.init) }) == Set(kinds)
                })
            let second = try await box.up("b")
            first.process.send(signal)

            #expect(try await eventually(within: .seconds(40)) { box.lines("starts").count == 2 })
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await box.query("SELECT state, crashes, node FROM runs") == [["succeeded", "1", "b"]]
                })
            let starts = box.lines("starts").map { $0.split(separator: " ").compactMap { Int($0) } }
            let lastBeat = box.lines("beats").compactMap { Int($0.split(separator: " ")[1]) }.max()
            #expect(starts[1][0] > starts[0][0], "the fence of the second attempt is not higher: \(starts)")
            #expect(try #require(lastBeat) < starts[1][1], "a child was alive when the run was taken over")
            #expect(box.jobProcesses.isEmpty)
            #expect(
                try await box.query("SELECT outcome FROM attempts ORDER BY number") == [["lost"], ["succeeded"]])
            try await check(box, first)
            try await second.stop()
        }
    }

    /// The way down must not cost runs times processes: 499 of 500 second attempts once began beside a living first process.
    /// Each first attempt holds a lock that only the kernel gives up, at the end of the last process that has it.
    /// `make crowd` has it with 2,000 jobs beside 5,000 processes of others.
    @Test(arguments: [SIGKILL, SIGSTOP])
    func manyJobsThatIgnoreTERMAreDeadBeforeAnyIsTakenOver(_ signal: Int32) async throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["ONEBEAT_CROWD"].flatMap { Int($0) } ?? 500
        let others = environment["ONEBEAT_OTHERS"].flatMap { Int($0) } ?? 0
        try await Sandbox.with { box in
            try box.write(
                """
                exec 9> "locks/$ONEBEAT_JOB"
                flock -n 9 || echo "$ONEBEAT_JOB" >> overlaps
                echo "$ONEBEAT_ATTEMPT" >> "starts"
                [ "$ONEBEAT_ATTEMPT" = 1 ] || exit 0
                trap '' TERM INT HUP
                sleep 300
                sleep 300
                """, to: "stubborn.sh")
            try FileManager.default.createDirectory(atPath: box.path("locks"), withIntermediateDirectories: true)
            let crowd = try box.start([
                "sh", "-c",
                "trap 'kill $(jobs -p); exit' TERM; i=0; while [ $i -lt \(others) ]; do sleep 900 & i=$((i+1)); done;"
                    + " echo there >> crowd; wait",
            ])
            #expect(try await eventually(within: .seconds(60)) { !box.lines("crowd").isEmpty })
            defer { crowd.send(SIGTERM) }
            let moment = ISO8601DateFormatter().string(from: Date() + 4 + Double(count) / 500)
            try box.configure(
                (1...count).map { "j\($0): {at: \(moment), exec: [sh, stubborn.sh], grace: 1s}" }.joined(
                    separator: "\n"))
            let options = ["--slots", "\(count)"]
            let first = try await box.up("a", options: options)
            let patience = Duration.seconds(40 + count / 25)
            #expect(try await eventually(within: patience) { box.lines("starts").count == count })
            let second = try await box.up("b", options: options)
            first.process.send(signal)
            #expect(try await eventually(within: patience) { box.lines("starts").count == 2 * count })
            #expect(box.lines("overlaps").isEmpty, "\(box.lines("overlaps").count) began beside a living first process")
            first.process.send(SIGKILL)
            try await second.stop()
        }
    }

    @Test func whatMustNotStartTwiceIsReportedLost() async throws {
        try await Sandbox.with { box in
            try box.configure("once: {run: \"echo start >> starts; sleep 60\", delivery: at_most_once}")
            let first = try await box.up("a")
            #expect(try await box.onebeat("trigger", "once").code == 0)
            #expect(try await eventually(within: .seconds(10)) { box.lines("starts").count == 1 })
            first.process.send(SIGKILL)
            let second = try await box.up("b")
            #expect(
                try await eventually(within: .seconds(40)) {
                    try await box.query("SELECT state, reason FROM runs") == [["lost", "worker_lost"]]
                })
            try await second.stop()
            #expect(box.lines("starts").count == 1)
        }
    }
}
