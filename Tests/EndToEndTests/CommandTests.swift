import Foundation
import Glibc
import Testing

/// The commands beside a running node.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CommandTests {
    @Test func triggerWaitsAndTellsTheOutcome() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                good: {run: "echo well done"}
                bad: {run: "echo oh no >&2; exit 3"}
                """)
            let node = try await box.up()
            let good = try await box.onebeat("trigger", "good", "--wait")
            #expect(good.code == 0 && good.output.contains("well done"), "\(good)")
            let bad = try await box.onebeat("trigger", "bad", "--wait")
            #expect(bad.code == 1, "\(bad)")
            #expect((bad.output + bad.errors).contains("oh no"), "\(bad)")
            let twice = try await box.onebeat("trigger", "good", "--request-id", "r1")
            let again = try await box.onebeat("trigger", "good", "--request-id", "r1")
            #expect(twice.code == 0 && again.code == 0)
            #expect(try await box.query("SELECT count(*) FROM runs WHERE job_name = 'good'") == [["2"]])
            let unknown = try await box.onebeat("trigger", "goood")
            #expect(unknown.code == 1 && unknown.errors.contains("good"), "\(unknown)")
            try await node.stop()
        }
    }

    @Test func jobsThatAClockHasTakenTooFarAreTold() async throws {
        try await Sandbox.with { box in
            try box.configure("good: {every: 1h, run: \"true\"}\nahead: {every: 1h, run: \"true\"}")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let change =
                "UPDATE jobs SET watermark = watermark + 315360000000000, next_at = next_at + 315360000000000 WHERE name = 'ahead'"
            #expect(try await box.run(["sqlite3", box.path("onebeat.db"), change]).code == 0)
            let jobs = try await box.onebeat("jobs")
            #expect(
                jobs.errors.contains("job ahead is planned through 20") && !jobs.errors.contains("job good"), "\(jobs)")
        }
    }

    @Test func whatIsSaidOfAnActorIsNotWhatVariablesSay() async throws {
        try await Sandbox.with { box in
            try box.configure("good: {run: \"true\"}")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let forged = ["SUDO_USER": "forged\u{1B}[2J", "USER": "forged", "LOGNAME": "forged"]
            #expect(try await box.onebeat("trigger", "good", environment: forged).code == 0)
            let events = try await box.onebeat("events", "--job", "good")
            #expect(events.output.contains("run.triggered") && !events.output.contains("forged"), "\(events)")
            let wrong = try await box.onebeat("trigger", "good", "--request-id", "a\u{1B}]52;c;x\u{7}")
            #expect(wrong.code == 64 && !wrong.errors.contains("\u{1B}"), "\(wrong)")
        }
    }

    /// Everything that prints what somebody else has written.
    @Test func noCommandSendsATerminalWhatAJobOrAServerSays() async throws {
        try await Sandbox.with { box in
            let evil = "\u{1B}]52;c;aGk=\u{7}\u{1B}[2J\u{9B}2J\u{202E}"
            try box.write(
                "jobs:\n  evil: {description: plain, http: {url: \"http://127.0.0.1:1/\"}}\n")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            #expect(try await box.onebeat("trigger", "evil").code == 0)
            // As an older version, or another program, may have left it.
            let write = try await box.run([
                "sqlite3", box.path("onebeat.db"),
                "UPDATE runs SET state = 'failed', message = '\(evil)', node = '\(evil)', finished_at = 1;"
                    + "UPDATE events SET actor = '\(evil)', message = '\(evil)', kind = '\(evil)';"
                    + "UPDATE definitions SET definition = replace(definition, 'plain', '\(evil.replacing("\u{1B}", with: "\\u001b").replacing("\u{7}", with: "\\u0007"))')",
            ])
            #expect(write.code == 0, "\(write)")
            for arguments in [
                ["runs"], ["run", "1"], ["explain", "evil"], ["job", "evil"], ["jobs"], ["events"], ["nodes"],
                ["logs", "1"], ["doctor"], ["plan", "onebeat.yaml"], ["retry", "1"], ["cancel", "1"], ["job", evil],
                ["trigger", evil], ["next", evil], ["explain", "evil", "--at", evil], [evil], ["runs", "--\(evil)"],
            ] {
                let said = try await box.run([Sandbox.binary] + arguments)
                let bad = (said.output + said.errors).unicodeScalars.filter {
                    "\u{1B}\u{7}\u{9B}\u{202E}".unicodeScalars.contains($0)
                }
                #expect(bad.isEmpty, "\(arguments.first ?? ""): \(said)")
            }
        }
    }

    @Test func logsFollowARunToItsEnd() async throws {
        try await Sandbox.with { box in
            try box.configure("talk: {run: \"for i in 1 2 3; do echo line $i; sleep 0.5; done\"}")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "talk")
            let follower = try box.start([Sandbox.binary, "logs", "1", "-f"])
            #expect(try await eventually(within: .seconds(10)) { follower.output.contains("line 1") })
            #expect(!follower.output.contains("line 3"), "the output came all at once")
            #expect(try await follower.end(within: .seconds(15)) == 0)
            #expect(follower.output == "line 1\nline 2\nline 3\n")
            try await node.stop()
        }
    }

    @Test func aPausedJobIsSkippedWithItsReasonUntilItIsResumed() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1s, run: \"true\"}")
            let node = try await box.up()
            func count(_ condition: String) async throws -> Int {
                try await Int(box.query("SELECT count(*) FROM runs WHERE \(condition)")[0][0]) ?? 0
            }
            #expect(try await eventually(within: .seconds(15)) { try await count("state = 'succeeded'") > 0 })
            #expect(try await box.onebeat("pause", "tick").code == 0)
            #expect(
                try await eventually(within: .seconds(15)) {
                    try await count("state = 'skipped' AND reason = 'paused'") >= 2
                })
            let succeeded = try await count("state = 'succeeded'")
            #expect(try await box.onebeat("resume", "tick").code == 0)
            #expect(try await eventually(within: .seconds(15)) { try await count("state = 'succeeded'") > succeeded })
            try await node.stop()
            try await box.expectNoGapAndNoDouble(in: "tick", every: 1)
        }
    }

    @Test func aCancelledRunIsDeadWithAllItStarted() async throws {
        try await Sandbox.with { box in
            try box.configure("long: {run: \"sleep 300 & setsid sleep 300 & sleep 300\", grace: 1s}")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(10)) { box.jobProcesses.count >= 4 })
            #expect(try await box.onebeat("cancel", "1").code == 0)
            #expect(
                try await eventually(within: .seconds(15)) {
                    try await box.query("SELECT state FROM runs") == [["cancelled"]]
                })
            #expect(box.jobProcesses.isEmpty)
            try await node.stop()
        }
    }

    @Test func aTimeoutEndsAnAttemptAndARetryMakesANewRun() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                hangs: {run: "sleep 300", timeout: 1s, grace: 1s}
                """)
            let node = try await box.up()
            let first = try await box.onebeat("trigger", "hangs", "--wait")
            #expect(first.code == 1, "\(first)")
            #expect(try await box.query("SELECT state FROM runs") == [["timed_out"]])
            #expect(try await box.onebeat("retry", "1").code == 0)
            #expect(
                try await eventually(within: .seconds(15)) {
                    try await box.query("SELECT state FROM runs ORDER BY id") == [["timed_out"], ["timed_out"]]
                })
            try await node.stop()
        }
    }

    @Test func nextAnswersABatchLineByLine() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                {"cron":"0 3 * * *","timezone":"Asia/Shanghai","after":"2026-11-22T12:00:00Z","count":2}
                {"cron":"61 * * * *","timezone":"UTC","after":"2026-11-22T12:00:00Z","count":1}
                not json
                {"cron":"0 0 30 2 *","timezone":"UTC","after":"2026-11-22T12:00:00Z","count":1}
                {"cron":"30 2 * * *","timezone":"Europe/Berlin","after":"2027-03-27T12:00:00Z","count":1}

                """, to: "batch")
            let answer = try await box.onebeat("next", "--batch", input: box.path("batch"))
            #expect(answer.code == 0, "\(answer)")
            let lines = answer.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 5, "\(answer)")
            #expect(lines[0] == #"{"next":["2026-11-23T03:00:00+08:00","2026-11-24T03:00:00+08:00"]}"#)
            #expect(lines[1].hasPrefix(#"{"error":"#) && lines[1].contains("minutes end at 59"))
            #expect(lines[2].hasPrefix(#"{"error":"#))
            #expect(lines[3] == #"{"next":[]}"#)
            #expect(lines[4] == #"{"next":["2027-03-28T03:00:00+02:00"]}"#)
        }
    }

    @Test func anImportedCrontabIsAValidConfiguration() async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                SHELL=/bin/bash
                MAILTO=ops@example.com
                # Dumps the shop.
                0 3 * * * /usr/local/bin/dump-shop --full > /dev/null
                */5 9-17 * * mon-fri  date +\\%H >> /tmp/times
                @daily echo 'it''s: "quoted" # yes'
                @reboot /usr/local/bin/at-start

                """, to: "crontab")
            let answer = try await box.onebeat("import", "crontab", "crontab")
            #expect(answer.code == 0, "\(answer)")
            #expect(answer.output.contains("dump-shop") || answer.output.contains("dump_shop"))
            #expect((answer.output + answer.errors).contains("@reboot"))
            try box.write(answer.output)
            let check = try await box.onebeat("validate", "onebeat.yaml")
            #expect(check.code == 0, "\(check.errors)\n\(answer.output)")
        }
    }

    @Test func exitCodesTellWhatWasWrong() async throws {
        try await Sandbox.with { box in
            #expect(try await box.onebeat("version").code == 0)
            #expect(try await box.onebeat("no-such-command").code == 64)
            let missing = try await box.onebeat("jobs", "--store", "sqlite:nowhere.db")
            #expect(missing.code == 66 && missing.errors.contains("nowhere.db"), "\(missing)")
            #expect(!FileManager.default.fileExists(atPath: box.path("nowhere.db")), "a question made a store")
            try box.write("jobs: {a: {cron: \"61 * * * *\", run: \"true\"}, b: {evry: 3s, run: \"true\"}}")
            let bad = try await box.onebeat("validate", "onebeat.yaml")
            #expect(bad.code == 65, "\(bad)")
            #expect(bad.errors.contains("minutes end at 59") && bad.errors.contains("every"), "\(bad)")
            #expect(try await box.onebeat("validate", "absent.yaml").code == 66)
        }
    }

    /// Whoever looks at three in the morning looks into the store, and not at what somebody just writes.
    @Test func aFileWithMistakesKeepsNobodyFromAStoreThatIsNamed() async throws {
        try await Sandbox.with { box in
            try box.configure("a: {every: 1h, run: \"true\"}")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            try box.write("jobs: {a: {evry: 3s, run: \"true\"}}")
            #expect(try await box.onebeat("jobs").code == 65)
            #expect(try await box.onebeat("jobs", "--store", "sqlite:onebeat.db").code == 0)
            let named = try await box.onebeat("trigger", "a", environment: ["ONEBEAT_STORE": "sqlite:onebeat.db"])
            #expect(named.code == 0, "\(named)")
        }
    }

    /// What `up` refuses of settings, and not of jobs.
    @Test(arguments: [
        ("redis: rediss://cache?ssl_cert_reqs=none", "none for ssl_cert_reqs"),
        ("celery: {broker: \"rediss://cache/0?ssl_cert_reqs=none\"}", "none for ssl_cert_reqs"),
        ("celery: {broker: redis://cache, results: \"rediss://cache/0?ssl_cert_reqs=none\"}", "none for ssl_cert_reqs"),
        ("celery: {broker: amqp://cache}", "has the scheme \"amqp\""), ("celery: {queue: mail}", "no broker is named"),
        ("locks: strict", "there is no Redis to keep locks"), ("store: mysql://db", "mysql"),
    ])
    func validateRefusesWhatUpRefuses(_ settings: String, _ words: String) async throws {
        try await Sandbox.with { box in
            let work = settings.hasPrefix("celery") ? "celery: {task: t}" : "run: \"true\""
            try box.write("\(settings)\njobs: {a: {every: 1h, \(work)}}")
            let answer = try await box.onebeat("validate", "onebeat.yaml")
            #expect(answer.code == 65 && answer.errors.contains(words), "\(answer)")
            let json = try await box.onebeat("validate", "onebeat.yaml", "--json")
            #expect(json.code == 65 && json.output.contains("\"valid\" : false"), "\(json)")
            let up = try await box.onebeat("up", "onebeat.yaml")
            let said = answer.errors.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(up.code == 78 && up.errors.contains(said), "\(up) is not \(said)")
        }
    }

    @Test func doctorSaysWhatIsWellAndWhatIsNot() async throws {
        try await Sandbox.with { box in
            try box.configure("tick: {every: 1h, run: \"true\"}")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let well = try await box.onebeat("doctor")
            #expect(well.code == 0, "\(well)")
            #expect(well.output.contains("onebeat.db"))
            try box.write("jobs: {a: {cron: \"bad\", run: \"true\"}}")
            let ill = try await box.onebeat("doctor")
            #expect(ill.code == 1, "\(ill)")
        }
    }
}
