import Foundation
import Glibc
import OnebeatTesting
import Testing

/// Tasks for real workers of Celery.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CeleryTests {
    private func state(_ box: Sandbox, _ job: String) async throws -> [String] {
        try await box.query("SELECT state, attempt FROM runs WHERE job_name = '\(job)' ORDER BY id DESC LIMIT 1")
            .first ?? []
    }

    private func logs(_ box: Sandbox, _ job: String) async throws -> String {
        let id = try await box.query("SELECT max(id) FROM runs WHERE job_name = '\(job)'")[0][0]
        return try await box.onebeat("logs", id).output
    }

    @Test func aRunEndsAsItsTaskDoes() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                sum: {celery: {task: add, args: [2, 3], kwargs: {scale: 10}}}
                broken: {celery: {task: boom}}
                unknown: {celery: {task: no.such.task}}
                twice: {celery: {task: flaky}}
                again: {celery: {task: boom}, retry: {limit: 1, backoff: 100ms}}
                pickle: {celery: {task: pickled}}
                html: {celery: {task: mangled, args: [text]}}
                list: {celery: {task: mangled, args: [list]}}
                urgent: {celery: {task: add, args: [1, 1], queue: mail, priority: 5, countdown: 300ms, expires: 1m, time_limit: 9s}}
                """)
            _ = try await app.worker(queues: "celery,mail", processes: 4)
            let node = try await box.up()
            func end(_ job: String) async throws -> String {
                let answer = try await box.onebeat("trigger", "--wait", job)
                #expect(answer.code == (try await state(box, job).first == "succeeded" ? 0 : 1))
                return try await logs(box, job)
            }
            #expect(try await end("sum").contains("\n50\n"))
            #expect(try await state(box, "sum") == ["succeeded", "1"])
            #expect(try await end("broken").contains("raise ValueError(\"no paper\")"))
            let words = try await box.query("SELECT message FROM runs WHERE job_name = 'broken'")
            #expect(words == [["ValueError: no paper"]])
            _ = try await end("unknown")
            #expect(
                try await box.query("SELECT message FROM runs WHERE job_name = 'unknown'") == [
                    ["the worker does not know the task \"no.such.task\" (NotRegistered)"]
                ])
            #expect(try await end("twice").contains("its worker tries it again: RuntimeError: jam"))
            #expect(try await state(box, "twice") == ["succeeded", "1"])
            _ = try await end("again")
            #expect(try await state(box, "again") == ["failed", "2"])
            #expect(
                Set(app.journal("boom").suffix(2).map { $0.split(separator: " ")[1] }).count == 2, "each try has an id")
            _ = try await end("pickle")
            let pickled = try await box.query("SELECT message FROM runs WHERE job_name = 'pickle'")[0][0]
            #expect(pickled.contains("its result is pickled"), "\(pickled)")
            _ = try await end("html")
            #expect(
                try await box.query("SELECT message FROM runs WHERE job_name = 'html'")[0][0].contains(
                    "its result is not what Celery writes: <html>"))
            _ = try await end("list")
            #expect(
                try await box.query("SELECT message FROM runs WHERE job_name = 'list'")[0][0].contains(
                    "its result cannot be read: WRONGTYPE"))
            #expect(try await end("urgent").contains("\n2\n"))
            try await node.stop()
        }
    }

    @Test func aTaskIsEndedWithItsRun() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                cancelled: {celery: {task: nap, args: [60]}}
                late: {celery: {task: nap, args: [60]}, timeout: 2s}
                queued: {celery: {task: nap, args: [60], queue: nobody}}
                """)
            _ = try await app.worker()
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "cancelled")
            #expect(try await eventually(within: .seconds(15)) { app.journal("begin").count == 1 })
            let pid = try #require(app.journal("begin")[0].split(separator: " ").last.flatMap { pid_t($0) })
            let id = try await box.query("SELECT max(id) FROM runs")[0][0]
            _ = try await box.onebeat("cancel", id)
            #expect(
                try await eventually(within: .seconds(15)) { try await state(box, "cancelled") == ["cancelled", "1"] })
            #expect(try await eventually(within: .seconds(5)) { kill(pid, 0) != 0 })

            #expect(try await box.onebeat("trigger", "--wait", "late").code == 1)
            #expect(try await state(box, "late") == ["timed_out", "1"])
            #expect(app.journal("begin").count == 2)

            _ = try await box.onebeat("trigger", "queued")
            #expect(try await eventually(within: .seconds(5)) { try app.redis.ask("LLEN", "nobody") == "1" })
            _ = try await box.onebeat("cancel", try await box.query("SELECT max(id) FROM runs")[0][0])
            #expect(
                try await eventually(within: .seconds(15)) { try await state(box, "queued") == ["cancelled", "1"] })
            #expect(try app.redis.ask("LLEN", "nobody") == "0")
            try await node.stop()
            #expect(app.journal("end").isEmpty)
        }
    }

    @Test func aWorkerThatVanishesEndsItsRunAtItsTimeOut() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("gone: {celery: {task: nap, args: [60]}, timeout: 4s}")
            let worker = try await app.worker()
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "gone")
            #expect(try await eventually(within: .seconds(15)) { app.journal("begin").count == 1 })
            worker.killGroup()
            #expect(try await eventually(within: .seconds(15)) { try await state(box, "gone") == ["timed_out", "1"] })
            #expect(try await logs(box, "gone").contains("no worker listens that could end it"))
            try await node.stop()
        }
    }

    /// One is killed, the next told to stop; the task is executed once, and its end is seen by the third.
    @Test func anotherNodeWatchesOnAndSendsNothing() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("long: {celery: {task: nap, args: [18]}}")
            _ = try await app.worker()
            let first = try await box.up("a")
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(15)) { app.journal("begin").count == 1 })
            let second = try await box.up("b")
            first.process.send(SIGKILL)
            #expect(try await eventually(within: .seconds(30)) { try await state(box, "long") == ["running", "2"] })
            let third = try await box.up("c")
            let start = ContinuousClock.now
            try await second.stop()
            #expect(ContinuousClock.now - start < .seconds(5), "whoever watches need not wait for the end")
            #expect(try await eventually(within: .seconds(30)) { try await state(box, "long") == ["succeeded", "3"] })
            #expect(app.journal("begin").count == 1 && app.journal("end").count == 1)
            #expect(try await box.query("SELECT crashes FROM runs") == [["0"]])
            try await third.stop()
        }
    }

    /// Whoever was to end it froze, and was killed; who adopts it ends it.
    @Test func aNodeThatDiesBeforeItRevokesIsStoodInFor() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("long: {celery: {task: nap, args: [120]}}")
            _ = try await app.worker()
            let first = try await box.up("a")
            _ = try await box.onebeat("trigger", "long")
            #expect(try await eventually(within: .seconds(15)) { app.journal("begin").count == 1 })
            let pid = try #require(app.journal("begin")[0].split(separator: " ").last.flatMap { pid_t($0) })
            let second = try await box.up("b")
            try await freeze(first, box)
            #expect(try await box.onebeat("cancel", try await box.query("SELECT max(id) FROM runs")[0][0]).code == 0)
            first.process.send(SIGKILL)
            #expect(try await eventually(within: .seconds(30)) { try await state(box, "long") == ["cancelled", "2"] })
            #expect(try await eventually(within: .seconds(5)) { kill(pid, 0) != 0 }, "its worker goes on with it")
            #expect(try await logs(box, "long").contains("workers were told to end it"))
            #expect(app.journal("begin").count == 1 && app.journal("end").isEmpty)
            try await second.stop()
        }
    }

    /// At a moment when it has no lock on the file, which would hold up everybody.
    private func freeze(_ node: RunningNode, _ box: Sandbox) async throws {
        let isFrozen = try await eventually(within: .seconds(10)) {
            node.process.send(SIGSTOP)
            let look = ["sqlite3", "-cmd", ".timeout 300", box.path("onebeat.db"), "BEGIN IMMEDIATE; ROLLBACK"]
            if try await box.run(look).code == 0 { return true }
            node.process.send(SIGCONT)
            return false
        }
        #expect(isFrozen)
    }

    /// A task's result is its run's value, for a process and for another task.
    @Test func whatATaskReturnsIsGivenToThoseThatFollow() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                first: {celery: {task: add, args: [2, 3]}}
                file: {after: [first], run: "cat $ONEBEAT_INPUT > given"}
                second: {after: [first], celery: {task: add, args: ["{{ first }}"], kwargs: {"y": 10}}}
                last: {after: [second], run: "cat $ONEBEAT_INPUT > sum"}
                words: {after: [file, first], celery: {task: add, args: ["{{ first.no }}", 1]}}
                """)
            _ = try await app.worker()
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "first")
            #expect(try await eventually(within: .seconds(30)) { try await state(box, "last").first == "succeeded" })
            #expect(box.read("given") == #"{"first": 5}"#)
            #expect(box.read("sum") == #"{"second": 15}"#)
            #expect(try await eventually(within: .seconds(15)) { try await state(box, "words").first == "failed" })
            let why = try await box.query("SELECT message FROM runs WHERE job_name = 'words'")[0][0]
            #expect(why == #"celery.args: {{ first.no }}: there is no "no" in it"#)
            try await node.stop()
        }
    }

    /// What another program made of a message, no worker understands; no node minds.
    @Test func aMessageThatWasMangledEndsItsRunInWords() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                odd: {celery: {task: add, args: [1, 1]}, timeout: 6s}
                even: {celery: {task: add, args: [1, 1]}}
                """)
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "odd")
            #expect(try await eventually(within: .seconds(15)) { try app.redis.ask("LLEN", "celery") == "1" })
            let message = try app.redis.ask("RPOP", "celery")
            let body = try #require(message.firstMatch(of: /"body": ?"([^"]*)"/)?.1)
            try app.redis.ask("LPUSH", "celery", message.replacing(body, with: "eyJhIjog"))
            _ = try await app.worker()
            #expect(try await eventually(within: .seconds(15)) { try await state(box, "odd").first == "timed_out" })
            #expect(
                try await box.query("SELECT message FROM runs WHERE job_name = 'odd'")[0][0].contains(
                    "stopped after 6s, its time-out"))
            #expect(try await box.onebeat("trigger", "--wait", "even").code == 0)
            try await node.stop()
        }
    }

    @Test func aTaskTakesNoSlot() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure(
                """
                here: {run: "touch begun; sleep 60"}
                nap: {celery: {task: nap, args: [60]}, overlap: allow}
                sum: {celery: {task: add, args: [1, 2]}}
                """)
            _ = try await app.worker()
            let node = try await box.up(options: ["--slots", "1"])
            _ = try await box.onebeat("trigger", "here")
            #expect(
                try await eventually(within: .seconds(15)) { FileManager.default.fileExists(atPath: box.path("begun")) }
            )
            _ = try await box.onebeat("trigger", "nap")
            #expect(try await box.onebeat("trigger", "--wait", "sum").code == 0)
            #expect(try await state(box, "nap") == ["running", "1"])
            #expect(try await state(box, "here") == ["running", "1"])
            node.process.send(SIGTERM)
            node.process.send(SIGTERM)
            _ = try await node.process.end()
        }
    }

    /// Redis is away, and comes back; it is flushed: what was due meanwhile is sent once, and no node stops.
    @Test func aRedisThatIsAwayDoublesNothing() async throws {
        try await Sandbox.with { box in
            let app = try CeleryApp(in: box)
            try app.configure("beat: {every: 1s, overlap: allow, celery: {task: beat}}")
            _ = try await app.worker()
            let a = try await box.up("a")
            let b = try await box.up("b")
            func more(_ number: Int) async throws {
                let now = app.box.lines("journal").count
                #expect(try await eventually(within: .seconds(40)) { app.box.lines("journal").count >= now + number })
            }
            try await more(3)
            app.redis.stop()
            try await Task.sleep(for: .seconds(20))
            try app.redis.start()
            try await more(20)
            try app.redis.ask("FLUSHALL")
            try await more(3)
            let keys = app.box.lines("journal").map { String($0.split(separator: " ")[0]) }
            #expect(Set(keys).count == keys.count, "a task was executed twice")
            try await box.expectNoGapAndNoDouble(in: "beat", every: 1)
            #expect(
                try await box.query("SELECT count(*) FROM runs WHERE state IN ('failed', 'missed', 'dead')") == [["0"]])
            try await a.stop()
            try await b.stop()
        }
    }
}
