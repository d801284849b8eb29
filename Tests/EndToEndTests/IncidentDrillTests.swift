import Foundation
import Glibc
import OnebeatTesting
import Testing

/// Five nodes, and a bad night: each incident is told once, nothing twice, and nothing is left untold.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct IncidentDrillTests {
    /// What the sink was sent: one line a message.
    private struct Told {
        var subjects: [(job: String, kind: String)] = []
        var messages: [[(job: String, kind: String)]] = []

        func count(_ job: String, _ kind: String) -> Int { subjects.count { $0.job == job && $0.kind == kind } }
    }

    private static func told(_ box: Sandbox) -> Told {
        var told = Told()
        for line in box.lines("sink.json") {
            guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let incidents = object["incidents"] as? [[String: Any]]
            else { continue }
            let subjects = incidents.map { ($0["job"] as? String ?? "?", $0["kind"] as? String ?? "?") }
            told.subjects += subjects
            told.messages.append(subjects)
        }
        return told
    }

    @Test func eachIncidentOfABadNightIsToldOnce() async throws {
        try await Cluster.with { cluster in
            let box = cluster.box
            let sink = try await Sink.serving(in: box)
            defer { sink.process.send(SIGKILL) }
            let soon = Date(timeIntervalSinceNow: 15).ISO8601Format()
            let many = (1...50).map {
                "many\($0): {at: \(soon), run: sleep 100, queue: doomed, delivery: at_most_once}"
            }
            let jobs =
                many + [
                    "broken: {run: \"echo no space; exit 3\"}", "good: {every: 2s, run: \"true\"}",
                    "special: {every: 1h, run: \"true\", queue: special}",
                ]
            // A message that names all of them, so that each is seen by the sink: in groups of twenty at most.
            let alerts = """
                alerts:
                  - {name: ops, on: [failed, lost, dead, queue_unserved, leaderless, store, recovered], group: 3s, webhook: "http://127.0.0.1:\(sink.port)/"}
                """
            try box.configure(jobs.joined(separator: "\n"), settings: alerts)
            var nodes: [String: RunningNode] = [:]
            for name in ["a", "b", "c"] { nodes[name] = try await cluster.up(name) }
            nodes["d"] = try await cluster.up(
                "d", options: ["--role", "worker", "--role", "web", "--queue", "doomed", "--slots", "60"])
            nodes["e"] = try await cluster.up(
                "e", options: ["--role", "worker", "--role", "web", "--queue", "special"])

            // A node dies with fifty runs that must not be started again, and the only one of a queue; the receiver is out of
            // order meanwhile.
            try box.write("500", to: "answer")
            #expect(try await eventually(within: .seconds(40)) { try cluster.count("state = 'running'") >= 50 })
            nodes.removeValue(forKey: "d")?.process.send(SIGKILL)
            nodes.removeValue(forKey: "e")?.process.send(SIGKILL)
            #expect(try await eventually(within: .seconds(30)) { try cluster.count("state = 'lost'") == 50 })
            #expect(try await eventually(within: .seconds(30)) { !box.lines("refused").isEmpty })

            // The leader dies while that message is under way, and a job fails.
            let leader = try #require(try cluster.leader())
            nodes.removeValue(forKey: leader)?.process.send(SIGKILL)
            #expect(
                try await eventually(within: .seconds(30)) { try cluster.leader().map { $0 != leader } ?? false })
            try box.write("200", to: "answer")
            #expect(try await cluster.onebeat("trigger", "broken").code == 0)
            #expect(try await eventually(within: .seconds(40)) { Self.told(box).messages.contains { $0.count == 20 } })

            // The store goes away for longer than a moment, and comes back.
            cluster.postgres.crash()
            try await Task.sleep(for: .seconds(22))
            try await cluster.postgres.restart()
            let isAllTold = try await eventually(within: .seconds(90)) {
                let told = Self.told(box)
                return told.count("(store)", "store") == 1 && told.count("broken", "failed") == 1
                    && told.count("special", "queue_unserved") == 1
            }
            #expect(isAllTold, "\(Self.told(box).subjects)")

            // Whoever looks, and however often: nothing is told again.
            try await Task.sleep(for: .seconds(6))
            let told = Self.told(box)
            let keys = told.subjects.map { "\($0.job) \($0.kind)" }
            #expect(Set(keys).count == keys.count, "told twice: \(keys.sorted())")
            let kept = try cluster.query(
                "SELECT job_name, kind, count(*) FROM incidents GROUP BY 1, 2 HAVING count(*) > 1")
            #expect(kept == [], "kept twice")
            // Each of the fifty is in the message, by name or among those it counts.
            let lost = try cluster.query(
                "SELECT count(DISTINCT job_name), count(DISTINCT batch) FROM incidents WHERE kind = 'lost'")
            #expect(lost.first?.first == "50")
            #expect(try cluster.query("SELECT job_name, kind, opened_at FROM incidents WHERE sent_at IS NULL") == [])
            let unsent = try cluster.query(
                "SELECT id, state FROM runs WHERE job_name LIKE 'alerts/%' AND state <> 'succeeded'")
            #expect(unsent == [])
            // Good jobs were never told of.
            #expect(!keys.contains { $0.hasPrefix("good ") })
            for node in nodes.values { try await node.stop() }
        }
    }
}

/// A receiver of messages in Python: it keeps what it takes, in `sink.json`, and answers as the file `answer` says.
private struct Sink {
    let process: Child
    let port: Int

    static func serving(in box: Sandbox) async throws -> Sink {
        try box.write(
            """
            import http.server, json
            class Sink(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                    try: code = int(open("answer").read())
                    except Exception: code = 200
                    with open("sink.json" if code == 200 else "refused", "a") as file: file.write(body + "\\n")
                    self.send_response(code); self.end_headers()
                def log_message(self, *a): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
            open("port.new", "w").write(str(server.server_port))
            import os; os.rename("port.new", "port")
            server.serve_forever()
            """, to: "sink.py")
        let process = try box.start(["/usr/bin/python3", "sink.py"])
        #expect(try await eventually(within: .seconds(20)) { !box.read("port").isEmpty })
        return Sink(process: process, port: Int(box.read("port")) ?? 0)
    }
}
