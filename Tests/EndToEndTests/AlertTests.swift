import Glibc
import Testing

/// Whoever is on call, by the real command.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct AlertTests {
    /// Nodes look each half minute: as long again for a machine that is busy.
    private static let aLookAndMore = Duration.seconds(60)

    @Test func aFailureIsSeenToldOnceAndOver() async throws {
        try await Sandbox.with { box in
            let alert = """
                alerts:
                  - {name: ops, group: 1s, run: 'echo "$ONEBEAT_ALERT_TEXT" >> told'}
                """
            try box.configure(
                "bad: {every: 1s, run: \"echo no space left; exit 3\"}\ngood: {every: 1s, run: \"true\"}",
                settings: alert)
            let a = try await box.up("a")
            let b = try await box.up("b")
            #expect(try await eventually(within: Self.aLookAndMore) { !box.lines("told").isEmpty })
            #expect(box.lines("told").first == "Onebeat: bad failed")
            #expect(box.read("told").contains("exit code 3; last line: no space left"))
            #expect((a.process.errors + b.process.errors).contains("exit code 3; last line: no space left"))

            let status = try await box.onebeat("status")
            #expect(status.code == 1)
            #expect(status.output.hasPrefix("1 job needs a look.\n"))
            #expect(status.output.contains("exit code 3; last line: no space left"))
            #expect(await a.get("/")?.body.contains("<h1>1 job needs a look.</h1>") == true)
            #expect(try await box.onebeat("alerts").output.contains("told, run"))

            try box.configure("bad: {every: 1s, run: \"true\"}\ngood: {every: 1s, run: \"true\"}", settings: alert)
            a.process.send(SIGHUP)
            b.process.send(SIGHUP)
            #expect(
                try await eventually(within: Self.aLookAndMore) {
                    box.lines("told").contains("Onebeat: bad well again")
                })
            // Dozens of failures, two nodes that look: one word on it.
            #expect(box.lines("told").filter { $0 == "Onebeat: bad failed" }.count == 1)
            let well = try await box.onebeat("status")
            #expect(well.code == 0)
            #expect(well.output == "All is well.\n")
            try await a.stop()
            try await b.stop()
        }
    }

    @Test func whatRunsElsewhereIsToldOfWhenNoWordComesAndWhenItIsBack() async throws {
        try await Sandbox.with { box in
            try box.configure(
                "away: {signal: {every: 6s, grace: 1s}}\nnext: {after: away, run: \"true\"}",
                settings: """
                    alerts:
                      - {name: ops, jobs: [away], group: 1s, run: 'echo "$ONEBEAT_ALERT_TEXT" >> told'}
                    """)
            let node = try await box.up()
            let begun = try await box.onebeat("signal", "away", "start")
            #expect(begun.code == 0 && begun.output.contains("of away is running"), "\(begun)")
            let server = ["--server", "http://127.0.0.1:\(node.port)"]
            let ended = try await box.run([Sandbox.binary, "signal", "away", "success", "--message", "4 GB"] + server)
            #expect(ended.code == 0 && ended.output.contains("of away is succeeded"), "\(ended)")
            #expect(try await eventually(within: Self.aLookAndMore) { !box.lines("told").isEmpty })
            #expect(box.lines("told").first == "Onebeat: away late")
            #expect(box.read("told").contains("away: word of a success was expected"))
            let status = try await box.onebeat("status")
            #expect(status.code == 1 && status.output.contains("away"), "\(status)")
            #expect(try await box.onebeat("explain", "away").output.contains("it runs elsewhere"))
            #expect(
                try await eventually(within: Self.aLookAndMore) {
                    _ = try await box.onebeat("signal", "away")
                    return box.lines("told").contains("Onebeat: away well again")
                })
            let failed = try await box.onebeat("signal", "away", "--exit-code", "3", "--message", "no space")
            #expect(failed.code == 0 && failed.output.contains("failed"), "\(failed)")
            #expect(try await box.onebeat("jobs").output.contains("failed: no space"))
            let refused = try await box.onebeat("trigger", "away")
            #expect(refused.code == 1 && refused.errors.contains("onebeat signal away success"), "\(refused)")
            #expect(
                try await eventually(within: .seconds(10)) {
                    try await box.onebeat("runs", "--job", "next").output.contains("succeeded")
                })
            #expect(try await box.onebeat("audit").code == 0)
            try await node.stop()
        }
    }

    /// What commands say where no node is, and whose clock they say it on.
    @Test func whatCommandsSayOfAlertsAndSignals() async throws {
        try await Sandbox.with { box in
            try box.configure(
                "away: {signal: {every: 1d, grace: 2h}}\nnight: {signal: {cron: \"0 3 * * *\", grace: 1h}}\na: {run: x}",
                settings: "alerts: [{name: ops, run: \"true\"}]")
            let plan = try await box.onebeat("plan", "onebeat.yaml")
            #expect(plan.output.contains("a success is expected every 1d, 2h late at most"), "\(plan)")
            #expect(plan.output.contains("when there is something to tell"), "\(plan)")
            #expect(!plan.output.contains("never"), "\(plan)")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let test = try await box.onebeat("alerts", "test", "ops")
            #expect(test.code == 1 && test.errors.contains("none lives; start one with `onebeat up`"), "\(test)")
            #expect(try await box.query("SELECT count(*) FROM runs WHERE job_name = 'alerts/ops/run'") == [["0"]])
            for (job, words) in [
                ("away", "a success is expected every 1d"), ("night", "03:00:00 UTC"),
                ("a", "no clock starts it: it starts when somebody asks for it"),
                ("alerts/ops/run", "no clock starts it: it starts when there is something to tell"),
            ] {
                let next = try await box.onebeat("next", job)
                #expect(next.code == 0 && next.output.contains(words), "\(next)")
                #expect(!next.output.contains("by hand only") || job == "a", "\(next)")
            }
            let zone = ["TZ": "Asia/Shanghai"]
            let silence = try await box.onebeat(
                "alerts", "silence", "a", "--for", "2h", "--because", "x", environment: zone)
            #expect(silence.output.contains("+08:00") && !silence.output.contains("UTC"), "\(silence)")
            let token = try await box.onebeat(
                "tokens", "create", "ci", "--role", "viewer", "--expires", "1d", environment: zone)
            #expect(token.errors.contains("+08:00"), "\(token)")
            #expect(
                try await box.onebeat("users", "add", "ann", "--role", "viewer", "--no-password").output.contains("ann")
            )
            for command in ["tokens", "users", "events"] {
                let list = try await box.onebeat(command, environment: zone)
                #expect(list.code == 0 && list.output.contains("+08:00") && !list.output.contains("UTC"), "\(list)")
                let utc = try await box.onebeat(command, "--timezone", "UTC", environment: zone)
                #expect(utc.output.contains(" UTC") && !utc.output.contains("+08:00"), "\(utc)")
            }
        }
    }

    @Test func aFileThatWasCutShortTakesNoJobAway() async throws {
        try await Sandbox.with { box in
            try box.configure("a: {every: 1h, run: \"true\"}", settings: "complete: true")
            let node = try await box.up()
            try box.write("store: sqlite:onebeat.db\ncomplete: true\njobs:\n")
            node.process.send(SIGHUP)
            #expect(
                try await eventually(within: .seconds(10)) {
                    node.process.errors.contains("there is no job below it")
                })
            #expect(try await box.query("SELECT count(*) FROM jobs WHERE removed_at IS NULL") == [["1"]])
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 65)
            #expect(try await box.onebeat("apply", "onebeat.yaml", "--prune-all").output.contains("1 removed"))
            let status = try await box.onebeat("status", "--store", "sqlite:onebeat.db")
            #expect(status.code != 0)
            try await node.stop()
        }
    }
}
