import Foundation
import Testing

/// Clocks that step under real nodes, for as long as a time server may take to set them right.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ClockStepTests {
    private static let tenYears: Int64 = 315_360_000

    /// On one machine all clocks step at once: the node's, the store's, and that of commands.
    @Test func tenYearsForTwentySecondsLeaveNoTraceOnSQLite() async throws {
        try await Sandbox.with { box in
            let library = try WrongClock.build(in: box.folder)
            let dial = try WrongClock.Dial(box.path("dial"))
            let clock = ["LD_PRELOAD": library, "WRONG_BY_FILE": dial.path]
            try box.writeCountedScript(lasting: 0.1)
            try box.configure(
                """
                tick: {every: 1s, missed: all, run: sh counted.sh}
                once: {run: "sleep 15 && touch done", delivery: at_most_once}
                edited: {cron: "*/1 * * * * *", run: "true"}
                """)
            let node = try await box.up(environment: clock)
            #expect(try await box.run([Sandbox.binary, "trigger", "once"], environment: clock).code == 0)
            #expect(try await eventually(within: .seconds(20)) { box.effects().count >= 3 })

            try dial.turn(to: Self.tenYears)
            let end = ContinuousClock.now + .seconds(20)
            let before = box.effects().count
            let trigger = try await box.run(
                [Sandbox.binary, "trigger", "tick", "--request-id", "mine"], environment: clock)
            #expect(trigger.code == 0, "\(trigger.errors)")
            // Its slot is one of this day.
            let call = try await box.run(
                [Sandbox.binary, "once", "call", "--state", "sqlite:onebeat.db", "--", "true"], environment: clock)
            #expect(call.code == 0, "\(call.errors)")
            // The very file again, with another word in it.
            try box.write(box.read("onebeat.yaml").replacingOccurrences(of: "run: \"true\"", with: "run: \"exit 0\""))
            let edit = try await box.run([Sandbox.binary, "apply", "onebeat.yaml"], environment: clock)
            #expect(edit.code == 0, "\(edit.errors)")
            #expect(try await eventually(within: .seconds(15)) { box.effects().count >= before + 8 })
            try await Task.sleep(until: end, clock: .continuous)
            try dial.turn(to: 0)
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await box.query("SELECT state FROM runs WHERE job_name = 'once'") == [["succeeded"]]
                })
            let after = box.effects().count
            #expect(try await eventually(within: .seconds(10)) { box.effects().count >= after + 3 })
            try await node.stop()

            try await box.expectNoGapAndNoDouble(in: "tick", every: 1)
            try await box.expectNoGapAndNoDouble(in: "edited", every: 1)
            let starts = box.starts(of: "tick")
            #expect(Set(starts).count == starts.count, "a run was started twice")
            let manual = try await box.query("SELECT state FROM runs WHERE request_id = 'mine'")
            #expect(manual.count == 1 && manual != [["scheduled"]], "\(manual)")
            let late = "strftime('%s', 'now', '+1 day') * 1000000"
            let traces = try await box.query(
                """
                SELECT (SELECT count(*) FROM runs WHERE max(scheduled_at, due_at, coalesce(finished_at, 0)) > \(late)),
                    (SELECT count(*) FROM jobs WHERE watermark > \(late)),
                    (SELECT count(*) FROM attempts WHERE outcome = 'lost'),
                    (SELECT count(*) FROM runs WHERE state = 'missed'), (SELECT count(*) FROM runs) < 250
                """)
            #expect(traces == [["0", "0", "0", "0", "1"]])
            let told = try await box.query("SELECT count(*) > 0 FROM events WHERE kind = 'clock.held'")
            #expect(told == [["1"]])
        }
    }

    @Test(arguments: [20, -20])
    func twentySecondsOfTheDatabaseEndNoNodeAndDoubleNothing(_ step: Int64) async throws {
        try await Cluster.with(wrongClock: true) { cluster in
            let box = cluster.box
            try box.writeCountedScript(lasting: 0.1)
            try box.configure(
                """
                tick: {every: 1s, missed: all, run: sh counted.sh}
                stubborn: {run: "trap '' TERM; sleep 12; touch done", delivery: at_most_once}
                """)
            let nodes = [try await cluster.up("a"), try await cluster.up("b")]
            #expect(try await cluster.onebeat("trigger", "stubborn").code == 0)
            #expect(try await eventually(within: .seconds(20)) { box.effects().count >= 3 })
            try #require(cluster.storeClock).turn(to: step)
            let end = ContinuousClock.now + .seconds(16)
            let before = box.effects().count
            #expect(try await eventually(within: .seconds(14)) { box.effects().count >= before + 8 })
            #expect(try await cluster.onebeat("trigger", "tick", "--request-id", "mine").code == 0)
            #expect(
                try await eventually(within: .seconds(10)) {
                    try cluster.count("request_id = 'mine' AND state <> 'scheduled'") == 1
                })
            try await Task.sleep(until: end, clock: .continuous)
            try #require(cluster.storeClock).turn(to: 0)
            let after = box.effects().count
            #expect(try await eventually(within: .seconds(10)) { box.effects().count >= after + 3 })
            for node in nodes { try await node.stop() }

            try cluster.expectNoGapAndNoDouble(in: "tick", every: 1)
            let starts = box.starts(of: "tick")
            #expect(Set(starts).count == starts.count, "a run was started twice")
            #expect(try cluster.count("job_name = 'tick' AND state NOT IN ('succeeded', 'scheduled')") == 0)
            #expect(try cluster.count("job_name = 'stubborn' AND state = 'succeeded'") == 1)
            #expect(try cluster.query("SELECT count(*) FROM events WHERE kind IN ('node.dead', 'run.lost')") == [["0"]])
            #expect(try cluster.query("SELECT count(*) FROM nodes") == [["2"]], "a node lost its lease")
        }
    }
}
