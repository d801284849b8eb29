import Foundation
import Glibc
import OnebeatTesting
import Testing

/// `onebeat once`, as crons on several machines call it.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct OnceTests {
    /// A slot so long that no test sees its end.
    private static let long = ["--slot", "700d"]
    /// Leaves a line in `ran`.
    private static let note = ["sh", "-c", "echo $ONEBEAT_RUN_KEY >> ran"]

    private func call(_ box: Sandbox, _ name: String, _ options: [String], _ command: [String]) throws -> Child {
        try box.start(
            [Sandbox.binary, "once", name] + options + ["--"] + command, environment: ["SANDBOX": box.folder])
    }

    private func finish(
        _ box: Sandbox, _ name: String, _ options: [String], _ command: [String]
    ) async throws -> Sandbox.Finished {
        let child = try call(box, name, options, command)
        let code = try await child.end()
        return Sandbox.Finished(code: try #require(code), output: child.output, errors: child.errors)
    }

    /// Gives `body` a sandbox and a database of its own, and a way to ask it.
    private func withDatabase(
        _ body: (Sandbox, _ url: String, _ ask: (String) throws -> String) async throws -> Void
    ) async throws {
        let server = try await PostgresServer.shared
        let database = try server.makeDatabase()
        try await Sandbox.with { box in
            try await body(box, server.url(database)) { try server.sql($0, in: database) }
        }
        try server.drop(database)
    }

    // MARK: One of many

    @Test func fiveMachinesAtOnceRunItOnceAndALaterOneDoesNotRunItAgain() async throws {
        try await withDatabase { box, url, ask in
            let options = ["--state", url] + Self.long
            let calls = try (1...5).map { _ in try call(box, "report", options, Self.note) }
            for one in calls {
                #expect(try await one.end() == 0, "\(one.errors)")
                #expect(one.errors == "")
            }
            #expect(box.lines("ran").count == 1)
            let later = try await finish(box, "report", options + ["-v"], Self.note)
            #expect(later.code == 0)
            #expect(later.errors.contains("succeeded"), "\(later.errors)")
            #expect(box.lines("ran").count == 1)
            #expect(try ask("SELECT state || ' ' || attempt FROM runs") == "succeeded 1")
            #expect(try ask("SELECT status FROM scheduled_job_status") == "success")
            #expect(try ask("SELECT count(*) FROM nodes") == "0", "calls leave nodes behind")
            let runs = try await box.onebeat("runs", "--job", "report", "--store", url)
            #expect(runs.output.contains("succeeded"))
        }
    }

    @Test func eachSlotRunsOnce() async throws {
        try await withDatabase { box, url, ask in
            let options = ["--state", url, "--slot", "1s"]
            let isDone = try await eventually(within: .seconds(60)) {
                let calls = try (1...3).map { _ in try call(box, "report", options, Self.note) }
                for one in calls {
                    let code = try await one.end()
                    #expect(code == 0, "\(one.errors)")
                }
                return box.lines("ran").count >= 3
            }
            #expect(isDone)
            let ran = box.lines("ran")
            #expect(Set(ran).count == ran.count, "\(ran)")
            #expect(try ask("SELECT count(*) FROM runs WHERE state = 'succeeded'") == "\(ran.count)")
        }
    }

    @Test func severalCronsOfOneMachineMayShareAFile() async throws {
        try await Sandbox.with { box in
            let calls = try (1...5).map { _ in
                try call(box, "report", ["--state", "sqlite:once.db"] + Self.long, Self.note)
            }
            for one in calls { #expect(try await one.end() == 0, "\(one.errors)") }
            #expect(box.lines("ran").count == 1)
        }
    }

    @Test func whatStillRunsKeepsTheNextSlotFromStarting() async throws {
        try await withDatabase { box, url, ask in
            let options = ["--state", url, "--slot", "1s"]
            let waiting = "echo x > begun; until [ -e end ]; do sleep 0.05; done"
            var first = try call(box, "report", options, ["sh", "-c", waiting])
            let hasBegun = try await eventually(within: .seconds(20)) {
                if box.read("begun") == "x\n" { return true }
                // A call within some 20 ms of its slot's end finds it over when it comes to the claim: missed, and nothing runs.
                if first.exitCode != nil { first = try call(box, "report", options, ["sh", "-c", waiting]) }
                return false
            }
            #expect(hasBegun)
            let isKeptOut = try await eventually(within: .seconds(20)) {
                let next = try await finish(box, "report", options + ["-v"], Self.note)
                #expect(next.code == 0)
                return next.errors.contains("an earlier run of the job was still active")
            }
            #expect(isKeptOut)
            #expect(box.lines("ran") == [])
            try box.write("", to: "end")
            #expect(try await first.end() == 0)
        }
    }

    // MARK: As if it were the command itself

    @Test func itsStreamsAndItsExitCodeAreTheCommands() async throws {
        try await Sandbox.with { box in
            try box.write("from cron\n", to: "input")
            let options = ["--state", "sqlite:once.db"] + Self.long
            let child = try box.start(
                [Sandbox.binary, "once", "a"] + options + ["--", "sh", "-c", "cat; echo words >&2; exit 7"],
                input: box.path("input"))
            #expect(try await child.end() == 7)
            #expect(child.output == "from cron\n")
            #expect(child.errors == "words\n")
            #expect(try await finish(box, "b", options, ["sh", "-c", "kill -9 $$"]).code == 137)
            let missing = try await finish(box, "c", options, ["no-such-program"])
            #expect(missing.code == 127)
            #expect(missing.errors.contains("not found in PATH"), "\(missing.errors)")
            #expect(try await box.query("SELECT exit_code FROM runs WHERE job_name = 'a'", store: "once.db") == [["7"]])
        }
    }

    @Test func aSignalIsTheCommandsToHear() async throws {
        try await Sandbox.with { box in
            let options = ["--state", "sqlite:once.db"] + Self.long
            let polite = "trap 'echo heard; exit 9' TERM; echo x > begun; while :; do sleep 0.05; done"
            let child = try call(box, "a", options, ["sh", "-c", polite])
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "x\n" })
            child.send(SIGTERM)
            #expect(try await child.end() == 9)
            #expect(child.output == "heard\n")

            let other = try call(box, "b", options, ["sh", "-c", "echo y > begun; exec sleep 60"])
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "y\n" })
            other.send(SIGINT)
            #expect(try await other.end() == 128 + SIGINT)
        }
    }

    // MARK: What goes wrong

    @Test func aKilledCallLeavesNoProcessAndItsSlotIsNotRunAgain() async throws {
        try await withDatabase { box, url, ask in
            let options = ["--state", url] + Self.long
            let child = try call(box, "report", options, ["sh", "-c", "echo x >> ran; sleep 300 & sleep 300"])
            #expect(try await eventually(within: .seconds(20)) { !box.lines("ran").isEmpty })
            child.send(SIGKILL)
            _ = try await child.end()
            #expect(try await eventually(within: .seconds(20)) { box.jobProcesses.isEmpty })
            #expect(try await eventually(within: .seconds(20)) { try ask("SELECT state FROM runs") == "lost" })
            let later = try await finish(box, "report", options + ["-v"], Self.note)
            #expect(later.code == 0)
            #expect(later.errors.contains("lost"), "\(later.errors)")
            #expect(box.lines("ran") == ["x"])
        }
    }

    @Test func whoCannotRenewItsLeaseEndsTheCommand() async throws {
        let server = try await PostgresServer()
        let url = server.url(try server.makeDatabase())
        try await Sandbox.with { box in
            let options = ["--state", url, "--ttl", "5s"] + Self.long
            let child = try call(box, "report", options, ["sh", "-c", "echo x > begun; sleep 300"])
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "x\n" })
            server.crash()
            #expect(try await child.end() == 75)
            #expect(child.errors.contains("did not renew this machine's lease in time"), "\(child.errors)")
            #expect(box.jobProcesses == [])

            let refused = try await finish(box, "report", ["--state", url, "--slot", "3s"], Self.note)
            #expect(refused.code == 75)
            #expect(refused.errors.contains("the store is unavailable"), "\(refused.errors)")
            #expect(box.lines("ran") == [])
        }
    }

    /// No other call of the slot may come.
    @Test func whileTheSlotLastsAStoreThatRestartsIsWaitedFor() async throws {
        let server = try await PostgresServer()
        let url = server.url(try server.makeDatabase())
        let redis = try RedisServer()
        try await Sandbox.with { box in
            server.crash()
            redis.stop()
            let calls = [
                try call(box, "report", ["--state", url] + Self.long, Self.note),
                try call(box, "other", ["--redis", "redis://127.0.0.1:\(redis.port)"] + Self.long, Self.note),
            ]
            try await Task.sleep(for: .seconds(2))
            for one in calls { #expect(one.exitCode == nil, "\(one.errors)") }
            try redis.start()
            try await server.restart()
            for one in calls { #expect(try await one.end() == 0, "\(one.errors)") }
            #expect(box.lines("ran").count == 2)
        }
    }

    @Test func noCallIsLateForASlotThatBeganBeforeIt() async throws {
        try await Sandbox.with { box in
            #expect(try await finish(box, "report", ["--state", "sqlite:once.db"] + Self.long, Self.note).code == 0)
            let late = try await box.query("SELECT (started_at - due_at) / 1000000 FROM runs", store: "once.db")
            #expect(try #require(late.first?.first.flatMap { Int($0) }) < 20, "\(late)")
        }
    }

    @Test(arguments: [["--slot", "15650000w"], ["--ttl", "15650000w"], ["--slot", "4000d"], ["--ttl", "8d"]])
    func lengthsBeyondAllUseAreRefused(_ options: [String]) async throws {
        try await Sandbox.with { box in
            for place in [["--state", "sqlite:once.db"], ["--redis", "redis://127.0.0.1:1"]] {
                let refused = try await finish(box, "report", place + options, Self.note)
                #expect(refused.code == 78, "\(refused)")
                #expect(refused.errors.contains(options[0]), "\(refused.errors)")
                #expect(box.lines("ran") == [])
            }
        }
    }

    /// Whatever answers in Redis' place neither ends the call badly nor makes it run nothing in silence.
    @Test(arguments: [
        "*2\\r\\n$19\\r\\n9223372036854775807\\r\\n$1\\r\\n0\\r\\n", "*2\\r\\n$3\\r\\ninf\\r\\n$3\\r\\nnan\\r\\n",
        ":1\\r\\n",
        "*2\\r\\n$1\\r\\n1\\r\\n$19\\r\\n9223372036854775807\\r\\n",
    ])
    func aTimeThatCannotBeIsNoTime(_ answer: String) async throws {
        try await Sandbox.with { box in
            try box.write(
                """
                import socketserver, sys
                class Fake(socketserver.BaseRequestHandler):
                    def handle(self):
                        while data := self.request.recv(65536):
                            for line in data.split(b"\\r\\n"):
                                if line in (b"PING", b"SETNAME"): self.request.sendall(b"+PONG\\r\\n")
                                if line == b"TIME": self.request.sendall(b"\(answer)")
                with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Fake) as server:
                    print(server.server_address[1], flush=True)
                    server.serve_forever()
                """, to: "fake.py")
            let fake = try box.start(["python3", box.path("fake.py")])
            #expect(try await eventually(within: .seconds(20)) { fake.output.hasSuffix("\n") })
            let port = fake.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let refused = try await finish(box, "report", ["--redis", "redis://127.0.0.1:\(port)"], Self.note)
            #expect(refused.code == 69, "\(refused)")
            #expect(refused.errors.contains("time"), "\(refused.errors)")
        }
    }

    @Test func withNowhereToAgreeNothingRuns() async throws {
        try await Sandbox.with { box in
            let refused = try await finish(box, "report", [], Self.note)
            #expect(refused.code == 78)
            #expect(refused.errors.contains("--state"), "\(refused.errors)")
            #expect(box.lines("ran") == [])
            #expect(!FileManager.default.fileExists(atPath: box.path("onebeat.db")))
        }
    }

    // MARK: Redis

    @Test func redisAloneLetsOneRunASlot() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            let options = ["--redis", "redis://127.0.0.1:\(redis.port)"]
            let calls = try (1...5).map { _ in try call(box, "report", options + Self.long, Self.note) }
            for one in calls {
                #expect(try await one.end() == 0)
                #expect(one.errors == "")
            }
            #expect(box.lines("ran").count == 1)
            let later = try await finish(box, "report", options + Self.long + ["-v"], Self.note)
            #expect(later.errors.contains("another machine has the slot"), "\(later.errors)")
            #expect(try redis.ask("EXISTS", "lock:job:report") == "0")
            let isDone = try await eventually(within: .seconds(60)) {
                let next = try await finish(box, "report", options + ["--slot", "1s"], Self.note)
                #expect(next.code == 0)
                return box.lines("ran").count >= 3
            }
            #expect(isDone)
            #expect(Set(box.lines("ran")).count == box.lines("ran").count)
        }
    }

    @Test func aLockThatIsTakenAwayEndsTheCommandOverRedisAlone() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            let options = ["--redis", "redis://127.0.0.1:\(redis.port)", "--ttl", "5s"] + Self.long
            let child = try call(box, "report", options, ["sh", "-c", "echo x > begun; sleep 300"])
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "x\n" })
            _ = try redis.ask("SET", "lock:job:report", "somebody else")
            #expect(try await child.end() == 75)
            #expect(child.errors.contains("lock:job:report could not be held"), "\(child.errors)")
            #expect(box.jobProcesses == [])
            #expect(try redis.ask("GET", "lock:job:report") == "somebody else")
        }
    }

    @Test func anotherProgramsLockKeepsTheCommandFromStarting() async throws {
        let redis = try RedisServer()
        try await withDatabase { box, url, ask in
            let options = ["--state", url, "--redis", "redis://127.0.0.1:\(redis.port)", "-v"] + Self.long
            _ = try redis.ask("SET", "lock:job:report", "python")
            let kept = try await finish(box, "report", options, Self.note)
            #expect(kept.code == 0)
            #expect(kept.errors.contains("lock:job:report is held by python"), "\(kept.errors)")
            #expect(try ask("SELECT state || ' ' || reason FROM runs") == "skipped overlap")

            let waiting = "echo x > begun; until [ -e end ]; do sleep 0.05; done"
            let child = try call(box, "other", options, ["sh", "-c", waiting])
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "x\n" })
            #expect(try redis.ask("EXISTS", "lock:job:other") == "1")
            try box.write("", to: "end")
            #expect(try await child.end() == 0)
            #expect(try redis.ask("EXISTS", "lock:job:other") == "0")
        }
    }
}
