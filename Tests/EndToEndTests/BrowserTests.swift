import Foundation
import Testing

/// A person's way through the pages, in a real browser.
@Suite(.serialized, .timeLimit(.minutes(6)))
struct BrowserTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    /// What `scripts/prepare tests` makes.
    private static let python = root.appendingPathComponent(".build/browser/bin/python").path
    private static let script = root.appendingPathComponent("Tests/EndToEndTests/Browser/walk.py").path
    /// Where pictures of all pages are after the test, to be looked at.
    private static let pictures = root.appendingPathComponent(".build/pages").path

    /// The longest name there is, and none of it may push a page apart.
    private static let longName = "long_" + String(repeating: "name-", count: 38) + "tail0"

    @Test func everyPageReadsWellInBothThemesAndOnBothScreens() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                backup_daily: {cron: "0 3 * * *", timezone: Europe/Berlin, run: "sh talk.sh", tags: [shop], owner: anna}
                extract: {cron: "@hourly", run: "true"}
                transform: {after: [extract], run: "true"}
                check: {after: [extract], run: "sleep 0.1"}
                load: {after: [transform, check], run: "exit 3"}
                list: {run: 'echo "{\\"files\\": [\\"a\\", \\"b\\", \\"c\\"]}" > $ONEBEAT_OUTPUT'}
                fetch: {after: [list], each: list.files, run: "true"}
                merge: {after: [fetch], run: "true"}
                heartbeat: {every: 1s, run: "true"}
                flaky: {every: 2s, run: "echo no paper >&2; exit 4"}
                slow: {run: "sleep 170"}
                talker: {run: "sh talker.sh"}
                offsite: {signal: {every: 1d, grace: 2h}}
                mail: {every: 10s, queue: letters, run: "true"}
                "\(Self.longName)": {every: 5s, run: "true", description: "\(String(repeating: "wide", count: 40))"}
                """,
                settings: """
                    alerts:
                      - {name: ops, group: 1s, run: 'true'}
                    """)
            try box.write(
                """
                printf '\\033[31mred\\033[0m <b>bold</b> \\033[1;32mgreen\\033[0m\\n'
                echo a line on its own >&2
                """, to: "talk.sh")
            try box.write(
                """
                echo "<i>not markup</i>"
                for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '\\033[32mline %s\\033[0m\\n' $i; sleep 0.5; done
                """, to: "talker.sh")
            let node = try await box.up()
            for job in ["backup_daily", "extract", "slow", "list"] { _ = try await box.onebeat("trigger", job) }
            _ = try await box.onebeat("pause", "mail")
            _ = try await box.onebeat("signal", "offsite", "start")
            _ = try await box.onebeat("signal", "offsite", "success", "--message", "4 GB")
            let isDone = try await eventually(within: .seconds(20)) {
                let done = "SELECT count(*) FROM runs WHERE job_name IN ('load', 'flaky') AND state = 'failed'"
                let told = "SELECT count(*) FROM incidents WHERE closed_at IS NULL"
                func count(_ sql: String) async throws -> Int {
                    try await box.query(sql).first.flatMap { Int($0[0]) } ?? 0
                }
                let (failures, incidents) = (try await count(done), try await count(told))
                return failures >= 3 && incidents >= 2
            }
            #expect(isDone)
            func run(_ condition: String) async throws -> String {
                try await box.query("SELECT max(id) FROM runs WHERE \(condition)").first?.first ?? ""
            }
            let pages = [
                "overview": "/", "jobs": "/jobs", "job": "/jobs/backup_daily", "job-failing": "/jobs/flaky",
                "job-long": "/jobs/\(Self.longName)", "runs": "/runs",
                "run": "/runs/\(try await run("job_name = 'backup_daily'"))",
                "run-failed": "/runs/\(try await run("job_name = 'flaky' AND state = 'failed'"))",
                "run-running": "/runs/\(try await run("job_name = 'slow'"))",
                "graph": "/graph", "graph-one": "/graph/load",
                "graph-fit": "/graph?zoom=fit",
                "run-list": "/runs/\(try await run("job_name = 'fetch' AND element IS NULL"))",
                "flow-list": "/flows/\(try await run("job_name = 'list'"))",
                "flow": "/flows/\(try await run("job_name = 'load'"))", "calendar": "/calendar",
                "alerts": "/alerts", "backfills": "/backfills",
                "backfills-shown": "/backfills?job=backup_daily&from=2026-01-01&to=2026-01-08",
                "job-elsewhere": "/jobs/offsite", "nodes": "/nodes",
                "events": "/events", "lab": "/lab?expression=30%202%20*%20*%20*&timezone=Europe/Berlin",
                "lab-wrong": "/lab?expression=61%202%20*%20*%20*",
            ]
            let plan: [String: Any] = [
                "base": "http://127.0.0.1:\(node.port)", "pages": pages, "running": pages["run-running"] ?? "",
            ]
            try await walk(plan, in: box)
            try await node.stop()
        }
    }

    @Test func whoeverSignsInIsKnownToOtherNodesUntilTheySignOut() async throws {
        try await Sandbox.with { box in
            try box.configure("good: {run: \"true\"}", settings: "web: {sign_in: password}")
            try box.write("correct horse\n", to: "password")
            let added = try await box.onebeat(
                "users", "add", "ann", "--role", "admin", input: box.path("password"))
            #expect(added.code == 0, "\(added)")
            let (a, b) = (try await box.up("a"), try await box.up("b"))
            try await walk(
                [
                    "base": "http://127.0.0.1:\(a.port)", "other": "http://127.0.0.1:\(b.port)",
                    "password": "correct horse",
                ], in: box)
            try await a.stop()
            try await b.stop()
        }
    }

    /// Lets the script go by a plan, and expects that it finds nothing to say.
    private func walk(_ plan: [String: Any], in box: Sandbox) async throws {
        let plan = plan.merging(["folder": Self.pictures, "chromium": "/usr/bin/chromium"]) { $1 }
        try box.write(
            String(decoding: try JSONSerialization.data(withJSONObject: plan), as: UTF8.self), to: "plan.json")
        let answer = try await box.run([Self.python, Self.script, box.path("plan.json")], within: .seconds(240))
        #expect(answer.code == 0, "\(answer.output)\(answer.errors.suffix(2000))")
    }
}
