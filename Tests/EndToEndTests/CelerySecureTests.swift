import Foundation
import OnebeatTesting
import Testing

/// Brokers with TLS and users of their own, and what is said where one cannot be let in.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CelerySecureTests {
    /// The rights that docs/celery.md names, and no more.
    private static let rights = [
        "resetkeys", "resetchannels", "-@all", "~celery*", "~onebeat:celery:*", "&celery-task-meta-*",
        "&/0.celery.pidbox",
        "+evalsha", "+eval", "+time", "+hmget", "+hget", "+hset", "+pexpire", "+lpush", "+lrem", "+publish",
        "+getrange",
        "+subscribe", "+unsubscribe", "+ping", "+select", "+client|setname", "+lpos",
    ]

    @Test func aBrokerWithTLSAndAUserIsUsedAsItsApplicationDoes() async throws {
        try await Sandbox.with { box in
            let redis = try RedisServer(withTLS: true)
            let port = try #require(redis.tlsPort)
            let place = "localhost:\(port)/0?ssl_cert_reqs=required&ssl_ca_certs=\(redis.folder)/cert.pem"
            try redis.ask("ACL", "SETUSER", "app", "on", ">app", "~*", "&*", "+@all")
            func let_in(_ password: String) throws {
                try ServerProcess.finish(
                    ["redis-cli", "-p", "\(redis.port)", "ACL", "SETUSER", "onebeat", "reset", "on", ">\(password)"]
                        + Self.rights)
            }
            try let_in("hush")
            let app = try CeleryApp(in: box, redis: redis, url: "rediss://app:app@\(place)")
            try box.configure(
                """
                sum: {celery: {task: add, args: [2, 3]}}
                late: {celery: {task: nap, args: [60]}, timeout: 2s}
                again: {celery: {task: add, args: [1, 1]}, retry: {limit: 20, backoff: 500ms, max: 500ms}}
                here: {run: "true"}
                """, settings: "celery: {broker: \"rediss://onebeat:${PASSWORD}@\(place)\"}")
            _ = try await app.worker()
            let node = try await box.up(environment: ["PASSWORD": "hush"])
            let answer = try await box.onebeat("trigger", "--wait", "sum", environment: ["PASSWORD": "hush"])
            #expect(answer.code == 0 && answer.output.contains("\n5\n"), "\(answer.output) \(answer.errors)")
            // Its end is told to the workers, too.
            _ = try await box.onebeat("trigger", "--wait", "late", environment: ["PASSWORD": "hush"])
            #expect(try await box.query("SELECT state FROM runs WHERE job_name = 'late'") == [["timed_out"]])
            #expect(app.journal("end").isEmpty)
            try await node.stop()

            let wrong = try await box.up(environment: ["PASSWORD": "wrong"])
            _ = try await box.onebeat("trigger", "--wait", "sum", environment: ["PASSWORD": "x"])
            let words = try await box.query("SELECT message FROM runs WHERE job_name = 'sum' ORDER BY id DESC LIMIT 1")
            #expect(words[0][0].contains("refuses the password of the user \"onebeat\""), "\(words)")
            #expect(!words[0][0].contains("wrong") && !wrong.process.errors.contains("wrong"), "a password is shown")
            _ = try await box.onebeat("trigger", "again", environment: ["PASSWORD": "x"])
            #expect(try await box.onebeat("trigger", "--wait", "here", environment: ["PASSWORD": "x"]).code == 0)
            #expect(await wrong.get("/readyz")?.status == 200, "a node that cannot send goes on")
            // The password is mended where it is kept; nothing is lost of what is tried again.
            try let_in("wrong")
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await box.query("SELECT state FROM runs WHERE job_name = 'again'") == [["succeeded"]]
                })
            try await wrong.stop()
        }
    }

    /// What is wrong with a broker is said as it is, and what comes of it.
    @Test func theDoctorSaysWhatABrokersTroubleMeans() async throws {
        try await Sandbox.with { box in
            let redis = try RedisServer()
            let (listener, closed) = (try RedisServer(), freePort())
            func doctor(_ address: String) async throws -> String {
                try box.configure("sum: {celery: {task: add}}", settings: "celery: {broker: \"\(address)\"}")
                return try await box.onebeat("doctor", "onebeat.yaml").output
            }
            let waits = "tasks wait until it answers"
            let fails = "each run that is to send a task fails at once"
            let wrong = try await doctor("redis://app:wrong@127.0.0.1:\(redis.port)/0")
            #expect(wrong.contains(fails) && !wrong.contains(waits), "\(wrong)")
            let nobody = try await doctor("redis://127.0.0.1:\(closed)/0")
            #expect(nobody.contains(waits) && !nobody.contains(fails), "\(nobody)")
            try redis.ask("ACL", "SETUSER", "app", "on", ">app", "~*", "&*", "+@all", "-sadd")
            let limited = try await doctor("redis://app:app@127.0.0.1:\(redis.port)/0")
            #expect(limited.contains("warn  celery") && limited.contains("the workers cannot be asked"), "\(limited)")
            #expect(!limited.contains(waits) && !limited.contains(fails), "\(limited)")
            listener.signal(SIGSTOP)
            let frozen = try await doctor("redis://127.0.0.1:\(listener.port)/0")
            listener.signal(SIGCONT)
            #expect(frozen.contains(waits) && !frozen.contains("rediss://"), "\(frozen)")
        }
    }

    @Test func whatCannotBeTrustedIsSentNothing() async throws {
        try await Sandbox.with { box in
            let redis = try RedisServer(withTLS: true)
            let port = try #require(redis.tlsPort)
            let listener = freePort()
            for (place, words) in [
                ("rediss://localhost:\(port)/0", "nobody we trust signed its certificate"),
                ("redis://127.0.0.1:\(listener)/0", "cannot connect to Redis"),
                ("rediss://127.0.0.1:\(redis.port)/0", "TLS"),
            ] {
                try box.configure(
                    "sum: {every: 1s, deadline: 1s, overlap: allow, celery: {task: add, args: [2, 3]}}",
                    settings: "celery: {broker: \"\(place)\"}"
                )
                let node = try await box.up()
                var found: [[String]] = []
                let isSaid = try await eventually(within: .seconds(20)) {
                    found = try await box.query(
                        "SELECT message FROM runs WHERE state = 'failed' ORDER BY id DESC LIMIT 1")
                    return found.first?.first?.contains(words) == true
                }
                #expect(isSaid, "\(place): \(found)")
                #expect(await node.get("/readyz")?.status == 200)
                try await node.stop()
            }
            #expect(try redis.ask("DBSIZE") == "0")
        }
    }
}
