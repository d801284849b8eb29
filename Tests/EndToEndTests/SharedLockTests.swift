import Foundation
import Glibc
import OnebeatTesting
import Testing

/// Locks in a real Redis, shared with real redis-py.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SharedLockTests {
    private func configure(_ box: Sandbox, _ redis: RedisServer, _ jobs: String, locks: String = "lenient") throws {
        try box.configure(jobs, settings: "redis: redis://127.0.0.1:\(redis.port)\nlocks: \(locks)")
    }

    /// A program for Python; `lock` is redis-py's lock of the job `backup_daily`, for ten minutes.
    private func python(_ redis: RedisServer, _ program: String) throws -> String {
        let start = "import redis; lock = redis.Redis(port=\(redis.port)).lock('lock:job:backup_daily', timeout=600); "
        return try ServerProcess.finish(["/usr/bin/python3", "-c", start + program])
            .trimmingCharacters(in: .newlines)
    }

    private func count(_ box: Sandbox, _ condition: String) async throws -> Int {
        Int(try await box.query("SELECT count(*) FROM runs WHERE \(condition)")[0][0]) ?? -1
    }

    @Test func aPythonProgramThatHoldsTheLockKeepsTheJobFromStarting() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            try configure(box, redis, "backup_daily: {every: 1s, run: echo x >> starts}")
            let token = try python(redis, "lock.acquire(); print(lock.local.token.decode())")
            let node = try await box.up()
            #expect(try await eventually(within: .seconds(20)) { try await count(box, "state = 'skipped'") >= 2 })
            #expect(box.lines("starts").isEmpty)
            let words = "lock:job:backup_daily is held by \(token)"
            #expect(try await count(box, "state = 'skipped' AND message = '\(words)' AND reason = 'overlap'") >= 2)
            let id = try await box.query("SELECT max(id) FROM runs WHERE state = 'skipped'")[0][0]
            #expect(try await box.onebeat("run", id).output.contains(words))

            _ = try python(redis, "lock.local.token = b'\(token)'; lock.release()")
            #expect(try await eventually(within: .seconds(20)) { box.lines("starts").count >= 2 })
            try await node.stop()
        }
    }

    @Test func aRunningJobKeepsAPythonProgramOutUntilItsEnd() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            try configure(box, redis, "backup_daily: {run: \"echo x > begun; until [ -e end ]; do sleep 0.05; done\"}")
            let node = try await box.up("shop-1")
            _ = try await box.onebeat("trigger", "backup_daily")
            #expect(try await eventually(within: .seconds(20)) { box.read("begun") == "x\n" })
            #expect(try python(redis, "print(lock.acquire(blocking=False))") == "False")
            #expect(try redis.ask("GET", "lock:job:backup_daily").hasPrefix("shop-1/"))
            let explanation = try await box.onebeat("explain", "backup_daily").output
            #expect(explanation.contains("Its lock lock:job:backup_daily ends by itself after 10s"), "\(explanation)")
            try box.write("", to: "end")
            #expect(try python(redis, "print(lock.acquire(blocking_timeout=20))") == "True")
            try await node.stop()
        }
    }

    @Test func aRedisThatForgetsStopsAndHangsNeitherDoublesNorLosesARun() async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            try box.writeCountedScript(lasting: 0.2)
            let names = (1...4).map { "job\($0)" }
            try configure(
                box, redis,
                names.map { "\($0): {every: 1s, missed: all, overlap: queue_all, run: sh counted.sh}" }
                    .joined(separator: "\n"))
            let a = try await box.up("a", options: ["--slots", "2"])
            let b = try await box.up("b", options: ["--slots", "2"])
            func more() async throws {
                let now = box.effects().count
                #expect(try await eventually(within: .seconds(30)) { box.effects().count >= now + 12 })
            }
            try await more()
            for _ in 0..<5 {
                try redis.ask("FLUSHALL")
                try await Task.sleep(for: .milliseconds(200))
            }
            redis.signal(SIGSTOP)
            try await more()
            redis.signal(SIGCONT)
            try await more()
            redis.stop()
            try await more()
            try redis.start()
            try await more()
            let kinds = "SELECT DISTINCT kind FROM events WHERE kind LIKE 'locks.%' ORDER BY kind"
            let isTold = try await eventually(within: .seconds(60)) {
                try await box.query(kinds) == [["locks.available"], ["locks.unavailable"]]
            }
            #expect(isTold)
            try await a.stop()
            try await b.stop()

            let starts = box.lines("starts").map { String($0.split(separator: " ")[0]) }
            #expect(Set(starts).count == starts.count, "a run was started twice")
            for name in names { try await box.expectNoGapAndNoDouble(in: name, every: 1) }
            #expect(try await count(box, "state IN ('skipped', 'missed', 'failed', 'lost')") == 0)
            #expect(try redis.ask("KEYS", "lock:*").isEmpty, "a node that left kept a lock")
        }
    }

    /// A replica after a failover, and a server whose memory is full: both answer what only reads.
    @Test(arguments: [["REPLICAOF", "127.0.0.1", "1"], ["CONFIG", "SET", "maxmemory", "1"]])
    func aRedisThatRefusesWritesSkipsAndDelaysNothing(_ fault: [String]) async throws {
        let redis = try RedisServer()
        try await Sandbox.with { box in
            try configure(box, redis, "a: {every: 1s, run: \"true\"}\nb: {every: 2s, run: \"true\"}")
            let node = try await box.up()
            func done(_ number: Int) async throws -> Bool {
                try await eventually(within: .seconds(30)) {
                    try await count(box, "state = 'succeeded'") >= number
                }
            }
            #expect(try await done(3))
            _ = try await box.run(["redis-cli", "-p", "\(redis.port)"] + fault)
            #expect(try await done(3 + 12))
            try await node.stop()
            #expect(try await count(box, "state IN ('skipped', 'missed', 'failed', 'lost')") == 0)
            // A worker that believed the set to be empty would come by every five seconds.
            let late = try await box.query("SELECT max(started_at - due_at) / 1000000 FROM runs")
            #expect(try #require(late.first?.first.flatMap { Int($0) }) < 3, "\(late)")
            let events = try await box.query("SELECT kind, count(*) FROM events WHERE kind LIKE 'lock%' GROUP BY kind")
            #expect(events == [["locks.unavailable", "1"]])
        }
    }

    @Test func aStrictNodeWaitsForRedis() async throws {
        let redis = try RedisServer()
        redis.stop()
        try await Sandbox.with { box in
            try configure(
                box, redis,
                "guarded: {run: \"true\"}\nopen: {run: \"true\", overlap: allow}", locks: "strict")
            let node = try await box.up()
            _ = try await box.onebeat("trigger", "guarded")
            #expect(try await box.onebeat("trigger", "--wait", "open").code == 0)
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.query("SELECT count(*) FROM events WHERE kind = 'locks.unavailable'") == [["1"]]
                })
            #expect(try await count(box, "job_name = 'guarded' AND state = 'scheduled'") == 1)
            try redis.start()
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await count(box, "job_name = 'guarded' AND state = 'succeeded'") == 1
                })
            try await node.stop()
        }
    }

    @Test func theDoctorLooksAtRedisAndNeverShowsItsPassword() async throws {
        let redis = try RedisServer(["--requirepass", "hush"])
        try await Sandbox.with { box in
            try box.configure("a: {run: \"true\"}")
            func doctor(_ access: String) async throws -> Sandbox.Finished {
                try await box.onebeat(
                    "doctor", environment: ["ONEBEAT_REDIS": "redis://\(access)127.0.0.1:\(redis.port)"])
            }
            let good = try await doctor(":hush@")
            #expect(good.output.contains("redis://127.0.0.1:\(redis.port) keeps locks"), "\(good.output)")
            #expect(!good.output.contains("hush"))
            let bad = try await doctor(":wrong-word@")
            #expect(bad.code == 1)
            #expect(bad.output.contains("refuses the password of the default user"), "\(bad.output)")
            #expect(!(bad.output + bad.errors).contains("wrong-word"))
        }
    }
}
