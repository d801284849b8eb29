import Foundation
import Glibc
import OnebeatTesting
import Testing

/// From a real `celery beat` to Onebeat: observed, compared, taken over.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CeleryMoveTests {
    private struct Comparison: Decodable {
        struct Line: Decodable {
            struct Difference: Decodable { var job: String? }
            var args: String
            var jobs: [String]
            var same: Int
            var shifted: [Difference]
            var missing: [Difference]
            var extra: [Difference]
        }
        var same: Bool
        var heard: Int
        var tasks: [Line]
    }

    private struct Switch: Decodable {
        var taken_over: Bool
        var conceded: Int
        var still_sent: [String]
    }

    private func read<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    private func observed(_ box: Sandbox, _ job: String) async throws -> Int {
        let answer = try await box.query(
            "SELECT count(*) FROM runs WHERE job_name = '\(job)' AND state = 'skipped' AND reason = 'observed'")
        return Int(answer[0][0]) ?? 0
    }

    @Test func whatABeatSendsIsHeldAgainstWhatWouldHaveBeenSent() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(
                in: box,
                settings: """
                    beat_schedule={"tick": {"task": "tick", "schedule": 1.0},
                        "sum": {"task": "add", "schedule": 1.0, "args": (1, 2), "kwargs": {"scale": 2}}}
                    """)
            let jobs = """
                tick: {every: 1s, celery: {task: tick}}
                sum: {every: 1s, celery: {task: add, args: [1, 2], kwargs: {scale: 2}}}
                here: {every: 1s, run: touch ran}
                asked: {celery: {task: add, args: [7, 7]}}
                """
            try app.configure(jobs)
            let node = try await box.up(options: ["--observe"])
            let early = try await box.onebeat("compare", "--celery", "--for", "1s")
            #expect(early.code == 1, "a beat that sends nothing is no match: \(early.output)")
            let silent = try await box.onebeat("compare", "onebeat.yaml", "--celery", "--for", "4s")
            #expect(
                silent.code == 1 && silent.output.contains("not one message of a beat was heard at redis://"),
                "\(silent.output) \(silent.errors)")
            #expect(!silent.output.contains("the beat did not send"), "\(silent.output)")
            _ = try app.beat()
            #expect(try await eventually(within: .seconds(30)) { try app.redis.ask("LLEN", "celery") != "0" })
            let same = try await box.onebeat("compare", "--celery", "--for", "6s", "--json")
            #expect(same.code == 0, "\(same.output) \(same.errors)")
            let lines = try read(same.output) as Comparison
            #expect(lines.same && lines.heard >= 8)
            let counts = lines.tasks.filter { !$0.jobs.contains("asked") }.map(\.same)
            #expect(counts.count == 2 && counts.allSatisfy { (4...8).contains($0) }, "\(counts)")

            // One that only we would send, and one that only the beat sends.
            try app.configure(jobs + "\nextra: {every: 1s, celery: {task: add, args: [5, 5]}}")
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            #expect(try await box.onebeat("pause", "sum").code == 0)
            #expect(try await eventually(within: .seconds(10)) { try await observed(box, "extra") > 0 })
            let other = try await box.onebeat("compare", "--celery", "--for", "5s", "--json")
            #expect(other.code == 1)
            let differences = try read(other.output) as Comparison
            #expect(!differences.same)
            for line in differences.tasks {
                switch line.args {
                case "[5, 5]": #expect(line.extra.count >= 2 && line.jobs == ["extra"], "\(line)")
                case "[1, 2]": #expect(line.missing.count >= 3 && line.jobs.isEmpty, "\(line)")
                default: #expect(line.missing.isEmpty && line.extra.isEmpty, "\(line)")
                }
            }
            // Asked for by hand it sends nothing either.
            #expect(try await box.onebeat("trigger", "--wait", "asked").code == 3)
            #expect(try await box.onebeat("status").output.contains("This store only observes"))
            try await node.stop()
            #expect(try await observed(box, "tick") > 10)
            #expect(try await box.query("SELECT count(*) FROM attempts") == [["0"]])
            #expect(!FileManager.default.fileExists(atPath: box.path("ran")))
            #expect(try app.redis.ask("KEYS", "onebeat*") == "", "it left something in the broker")
            let runs = try await box.onebeat("runs", "--job", "tick", "--state", "skipped", "--limit", "3")
            #expect(runs.output.contains("would have sent tick"), "\(runs.output)")
        }
    }

    /// A beat of each second, two nodes that observe, and the switch: each second is done once, by the one or the other.
    @Test func theWorkIsTakenOverWithoutAGapAndWithoutADouble() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(
                in: box, settings: "beat_schedule={\"tick\": {\"task\": \"tick\", \"schedule\": 1.0}}")
            try app.configure("tick: {every: 1s, overlap: allow, celery: {task: tick}}")
            _ = try await app.worker()
            let a = try await box.up("a", options: ["--observe"])
            let b = try await box.up("b", options: ["--observe"])
            let beat = try app.beat()
            #expect(try await eventually(within: .seconds(30)) { box.lines("ticks").count >= 3 })
            let stop = """
                sleep 1; kill -TERM \(beat.pid); while grep -q '^State:.[^Z]' /proc/\(beat.pid)/status; do sleep 0.02; done
                """
            let answer = try await box.onebeat(
                "take-over", "--celery", "--stop", stop, "--watch", "3s", "--json")
            #expect(answer.code == 0, "\(answer.output) \(answer.errors)")
            let end = try read(answer.output) as Switch
            #expect(end.taken_over && end.still_sent.isEmpty && end.conceded >= 1, "\(end)")
            #expect(try await beat.end() != nil)
            #expect(
                try await eventually(within: .seconds(15)) { box.lines("ticks").count { $0.hasPrefix("tick@") } >= 4 })
            // Started once more as it was before, it stops nobody's jobs.
            let c = try await box.up("c", options: ["--observe"])
            #expect(c.process.errors.contains("--observe has no effect any more"))
            for node in [a, b, c] { try await node.stop() }

            try await box.expectNoGapAndNoDouble(in: "tick", every: 1)
            let states = try await box.query(
                "SELECT state FROM runs WHERE job_name = 'tick' AND state != 'scheduled' ORDER BY scheduled_at")
            let firstOfOurs = try #require(states.firstIndex(of: ["succeeded"]))
            #expect(states[..<firstOfOurs].allSatisfy { $0 == ["skipped"] })
            #expect(states[firstOfOurs...].allSatisfy { $0 == ["succeeded"] })

            let ticks = box.lines("ticks").map { $0.split(separator: " ").map(String.init) }
            #expect(Set(ticks.map { $0[1] }).count == ticks.count, "a task was executed twice")
            let ours = ticks.map { $0[0] }.filter { $0.hasPrefix("tick@") }
            #expect(ours.sorted() == (try await box.keys(of: "tick", in: "succeeded")).sorted())
            // A second more or less would be a gap or a double at the switch.
            let times = ticks.compactMap { Double($0[2]) }.sorted()
            let span = try #require(times.last) - (try #require(times.first))
            #expect(abs(Double(times.count - 1) - span) < 0.8, "\(times.count) in \(span) s")
        }
    }

    @Test func aBeatThatIsNotStoppedIsSaid() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(
                in: box, settings: "beat_schedule={\"tick\": {\"task\": \"tick\", \"schedule\": 1.0}}")
            try app.configure("tick: {every: 1s, overlap: allow, celery: {task: tick}}")
            #expect(
                try await box.onebeat("take-over", "--celery", "--stop", "true").code == 66, "there is no store yet")
            let node = try await box.up(options: ["--observe"])
            _ = try app.beat()
            #expect(try await eventually(within: .seconds(30)) { try app.redis.ask("LLEN", "celery") != "0" })
            let failed = try await box.onebeat("take-over", "--celery", "--stop", "exit 7")
            #expect(failed.code == 1 && failed.errors.contains("--stop ended with 7"), "\(failed.errors)")
            #expect(failed.errors.contains("nothing was taken over"))
            let unattended = try await box.onebeat("take-over", "--celery")
            #expect(unattended.code == 1 && unattended.errors.contains("nobody is here"), "\(unattended.errors)")
            let before = try await observed(box, "tick")
            #expect(try await eventually(within: .seconds(10)) { try await observed(box, "tick") >= before + 2 })
            #expect(try await box.query("SELECT count(*) FROM attempts") == [["0"]])
            let early = try await box.onebeat("take-over", "--celery", "--stop", "true", "--watch", "3s")
            #expect(early.code == 1 && early.output.contains("a beat still sends"), "\(early.output) \(early.errors)")
            try await node.stop()
        }
    }

    /// One that is at work somewhere else would go on unheard, and its work would be done twice.
    @Test func aBeatThatIsNotHeardIsNotTakenFor() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(
                in: box, settings: "beat_schedule={\"tick\": {\"task\": \"tick\", \"schedule\": 1.0}}")
            let jobs = "tick: {every: 1s, overlap: allow, celery: {task: tick}}"
            try box.configure(jobs, settings: "celery: {broker: \"redis://127.0.0.1:\(app.redis.port)/5\"}")
            let node = try await box.up(options: ["--observe"])
            let beat = try app.beat()
            #expect(try await eventually(within: .seconds(30)) { try app.redis.ask("LLEN", "celery") != "0" })
            let answer = try await box.onebeat("take-over", "onebeat.yaml", "--celery", "--stop", "touch stopped")
            #expect(answer.code == 1, "\(answer.output) \(answer.errors)")
            #expect(
                answer.errors.contains("not one message of a beat was heard at redis://127.0.0.1:\(app.redis.port)/5"))
            #expect(
                answer.errors.contains("tick was due meanwhile") && answer.errors.contains("nothing was taken over"))
            #expect(!FileManager.default.fileExists(atPath: box.path("stopped")), "the beat was stopped")
            let before = try await observed(box, "tick")
            #expect(try await eventually(within: .seconds(10)) { try await observed(box, "tick") >= before + 2 })
            // Where one is heard though none should be, that is said as well.
            try await node.stop()
            try app.configure(jobs)
            let other = try await box.up(options: ["--observe"])
            let heard = try await box.onebeat("take-over", "--celery", "--no-beat")
            #expect(heard.code == 1 && heard.errors.contains("a beat runs: "), "\(heard.output) \(heard.errors)")
            beat.send(SIGTERM)
            _ = try await beat.end()
            let none = try await box.onebeat("take-over", "--celery", "--no-beat", "--watch", "1s")
            #expect(none.code == 0, "\(none.output) \(none.errors)")
            try await other.stop()
        }
    }

    /// Whenever its session ends, the store observes on.
    @Test(arguments: ["before the beat is stopped", "while the beat is stopped"])
    func aTakeOverWhoseSessionEndsLeavesAllAsItWas(_ moment: String) async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("tick: {every: 1s, overlap: allow, celery: {task: tick}}")
            let node = try await box.up(options: ["--observe"])
            #expect(try await eventually(within: .seconds(30)) { try await observed(box, "tick") >= 1 })
            let session = try box.start([Sandbox.binary, "take-over", "--celery", "--no-beat", "--stop", "sleep 60"])
            func standby() async throws -> String {
                try await box.query("SELECT value FROM meta WHERE key = 'standby'").first?.first ?? ""
            }
            #expect(try await eventually(within: .seconds(20)) { try await standby().hasPrefix("handing over ") })
            if moment != "before the beat is stopped" {
                #expect(try await eventually(within: .seconds(20)) { session.errors.contains("stopping the beat") })
            }
            session.send(SIGHUP)
            #expect(try await session.end() == 1, "\(session.errors)")
            #expect(session.errors.contains("interrupted") && session.errors.contains("the store observes on"))
            #expect(try await !standby().hasPrefix("handing over "))
            let before = try await observed(box, "tick")
            #expect(try await eventually(within: .seconds(10)) { try await observed(box, "tick") >= before + 2 })
            #expect(try await box.query("SELECT count(*) FROM attempts") == [["0"]])
            try await node.stop()
        }
    }

    /// Nobody knows what was sent after that: what waited is not sent again, and is named.
    @Test func aTakeOverThatIsKilledIsToldToTheNextOne() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("tick: {every: 1s, overlap: allow, celery: {task: tick}}")
            let node = try await box.up(options: ["--observe"])
            #expect(try await eventually(within: .seconds(30)) { try await observed(box, "tick") >= 1 })
            let killed = try box.start([Sandbox.binary, "take-over", "--celery", "--no-beat", "--stop", "sleep 60"])
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.query(
                        """
                        SELECT count(*) > 2 FROM runs WHERE state = 'scheduled'
                            AND due_at < unixepoch() * 1000000
                            AND (SELECT value FROM meta WHERE key = 'standby') LIKE 'handing over %'
                        """) == [["1"]]
                })
            killed.send(SIGKILL)
            _ = try await killed.end()
            let doctor = try await box.onebeat("doctor", "onebeat.yaml")
            #expect(doctor.output.contains("its work has been handed over since"), "\(doctor)")
            let again = try await box.onebeat("take-over", "--celery", "--no-beat", "--watch", "1s")
            #expect(again.code == 0, "\(again.output) \(again.errors)")
            #expect(again.errors.contains("an earlier take-over let wait"), "\(again.errors)")
            #expect(again.errors.contains("recorded as done by the beat: tick ("), "\(again.errors)")
            #expect(try await eventually(within: .seconds(15)) { try app.redis.ask("LLEN", "celery") != "0" })
            try await node.stop()
            try await box.expectNoGapAndNoDouble(in: "tick", every: 1)
        }
    }
}
