import Foundation
import Testing

/// Commands that ask a node with a token say what those say that open its store.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ServerOptionTests {
    @Test func readingCommandsSayTheSameOverANode() async throws {
        try await Sandbox.with { box in
            try box.configure(
                """
                extract: {cron: "0 3 * * *", timezone: Asia/Shanghai, run: 'echo "{\\"files\\": [1, 2]}" > $ONEBEAT_OUTPUT; echo hi'}
                load: {after: [extract], each: extract.files, env: {KEY: hidden}, run: "echo loaded; echo bad >&2"}
                report: {after: [load], run: "exit 3", tags: [finance], owner: anna, description: "The report"}
                slow: {run: "echo one; sleep 1; echo two"}
                """)
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let made = try await box.onebeat("tokens", "create", "reader", "--role", "viewer")
            let acting = try await box.onebeat("tokens", "create", "hand", "--role", "operator")
            let port = freePort()
            let node = try box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--listen", "127.0.0.1:\(port)"],
                environment: ["ONEBEAT_WEB_SIGN_IN": "password"])
            #expect(try await eventually(within: .seconds(15)) { node.output.contains("http://") })
            func far(_ arguments: [String], _ token: Sandbox.Finished) async throws -> Sandbox.Finished {
                let environment = [
                    "ONEBEAT_SERVER": "http://127.0.0.1:\(port)",
                    "ONEBEAT_TOKEN": token.output.trimmingCharacters(in: .newlines),
                ]
                return try await box.run([Sandbox.binary] + arguments, environment: environment)
            }
            let waited = try await far(["trigger", "slow", "--wait"], acting)
            #expect(waited.code == 0 && waited.output == "one\ntwo\n", "\(waited)")
            #expect(waited.errors.contains("succeeded after"))
            let refused = try await far(["trigger", "slow", "--wait"], made)
            #expect(refused.code == 1 && refused.errors.contains("viewer"), "\(refused)")
            let followed = try await far(["logs", "-f", "1"], made)
            #expect(followed.code == 0 && followed.output == "one\ntwo\n", "\(followed)")
            #expect(try await box.onebeat("trigger", "extract").code == 0)
            #expect(
                try await eventually(within: .seconds(20)) {
                    try await box.onebeat("runs", "--job", "report").output.contains("failed")
                })

            let flow = "2"
            let questions: [[String]] = [
                ["jobs"], ["jobs", "--failing"], ["jobs", "--tag", "finance"], ["jobs", "--json"], ["job", "load"],
                ["job", "extract", "--json"], ["job", "nobody"], ["runs"],
                ["runs", "--flow", flow, "--state", "failed"],
                ["runs", "--job", "report", "--json"], ["run", flow], ["run", flow, "--json"], ["run", "x"],
                ["logs", flow], ["logs", flow, "--json"], ["logs", flow, "--attempt", "9"], ["nodes"], ["events"],
                ["events", "--job", "report", "--json"], ["explain", "report"],
                ["explain", "extract", "--at", "yesterday 3am"],
                ["explain", "extract", "--json", "--timezone", "Europe/Berlin"], ["status"], ["status", "--json"],
                ["flow", flow], ["flow", flow, "--json"], ["flow", "1"], ["graph"], ["graph", "load"],
                ["graph", "--mermaid"], ["versions", "load"], ["versions", "load", "--json"],
                ["versions", "load", "--diff", "1", "2"], ["next", "extract"],
                ["next", "extract", "--json", "--after", "2026-01-01"],
                ["next", "0 3 * * *", "--after", "2026-01-01"], ["alerts"],
            ]
            for question in questions {
                var near = Sandbox.Finished(code: -1, output: "", errors: "")
                var there = near
                // Lengths of time go on between the two.
                let isSame = try await eventually(within: .seconds(10)) {
                    near = try await box.run([Sandbox.binary] + question)
                    there = try await far(question, made)
                    return near.code == there.code && Self.timeless(near.output) == Self.timeless(there.output)
                        && Self.timeless(near.errors) == Self.timeless(there.errors)
                }
                #expect(isSame, "\(question): \(near) \(there)")
                #expect(!there.output.contains("hidden"))
            }
            #expect(try await far(["graph"], made).output.contains("for each of extract.files"))
            #expect(try await far(["job", "load"], made).output.contains("extract.files"))
            node.send(SIGTERM)
            _ = try await node.end(within: .seconds(15))
        }
    }

    @Test func whoeverDefinesJobsAndSeesToUsersNeedsNoStore() async throws {
        try await Sandbox.with { box in
            try box.configure(
                "a: {cron: '0 3 * * *', run: 'true'}\nb: {run: 'true'}",
                settings: """
                    alerts:
                      - {name: ops, run: 'echo "$ONEBEAT_ALERT_TEXT" >> told'}
                    """)
            #expect(try await box.onebeat("apply", "onebeat.yaml").code == 0)
            let root = try await box.onebeat("tokens", "create", "root", "--role", "admin")
            let port = freePort()
            let server = "http://127.0.0.1:\(port)"
            let node = try box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--listen", "127.0.0.1:\(port)"],
                environment: ["ONEBEAT_WEB_SIGN_IN": "password"])
            #expect(try await eventually(within: .seconds(15)) { node.output.contains("http://") })
            func far(_ arguments: [String], input: String? = nil) async throws -> Sandbox.Finished {
                let token = root.output.trimmingCharacters(in: .newlines)
                return try await box.run(
                    [Sandbox.binary] + arguments, environment: ["ONEBEAT_SERVER": server, "ONEBEAT_TOKEN": token],
                    input: input)
            }
            let jobs = "jobs:\n  a: {cron: '0 4 * * *', run: 'true'}\n  c: {after: a, run: 'true'}\n"
            let alerts = "alerts:\n  - {name: ops, run: 'echo \"$ONEBEAT_ALERT_TEXT\" >> told'}\n"
            let source = try #require(try await box.query("SELECT DISTINCT source FROM jobs").first?.first)
            try box.write("store: sqlite:onebeat.db\nsource: \"\(source)\"\n" + jobs + alerts, to: "new.yaml")
            try box.write("jobs:\n  a: {cron: '61 * * * *', run: 'true'}\n", to: "bad.yaml")
            try box.write("source: other\njobs:\n  a: {run: 'true'}\n", to: "other.yaml")

            /// Says the same where the store is at hand and where it is not.
            func expectSame(_ arguments: [String], _ more: [String] = []) async throws {
                let near = try await box.run([Sandbox.binary] + arguments)
                let there = try await far(arguments + more)
                #expect(near.code == there.code, "\(arguments): \(near) \(there)")
                #expect(Self.timeless(near.output) == Self.timeless(there.output), "\(arguments)")
                #expect(Self.timeless(near.errors) == Self.timeless(there.errors), "\(arguments)")
            }
            for arguments in [
                ["plan", "new.yaml"], ["plan", "new.yaml", "--json"], ["plan", "new.yaml", "--exit-code"],
                ["plan", "new.yaml", "--complete"], ["plan", "bad.yaml"], ["plan", "other.yaml"],
                ["apply", "bad.yaml"],
                ["apply", "none.yaml"], ["users"], ["tokens"], ["tokens", "--json"], ["audit"],
                ["audit", "--json"], ["audit", "--job", "a"], ["alerts", "preview", "ops"],
                ["alerts", "preview", "nobody"],
            ] { try await expectSame(arguments) }
            for arguments in [
                ["validate", "new.yaml"], ["validate", "bad.yaml"], ["validate", "new.yaml", "--json"],
                ["validate", "bad.yaml", "--json"], ["next", "30 2 * * *", "--timezone", "Europe/Berlin"],
            ] { try await expectSame(arguments, ["--server", server]) }
            // Where in the expression it is, only whoever reads it here sees.
            let bad = try await far(["next", "61 * * * *", "--server", server])
            #expect(bad.code == 65 && bad.errors.hasPrefix("onebeat: cron \"61 * * * *\": minute is 61"), "\(bad)")

            let applied = try await far(["apply", "new.yaml", "--complete"])
            #expect(
                applied.code == 0 && applied.output == "+ c\n~ a\n- b\n1 added, 1 changed, 1 removed, 1 unchanged\n",
                "\(applied)")
            #expect(try await box.onebeat("plan", "new.yaml").output.hasPrefix("nothing changes"))
            #expect(try await box.onebeat("events", "--job", "c").output.contains("token:root"))
            try await expectSame(["plan", "onebeat.yaml"])
            let older = try await far(["apply", "onebeat.yaml"])
            #expect(older.code == 65 && older.errors.contains("were replaced before"), "\(older)")

            let added = try await far(
                ["users", "add", "anna", "--role", "operator", "--jobs", "a*"], input: Self.line("correct horse", box))
            #expect(added.code == 0 && added.output == "anna is operator\n", "\(added)")
            #expect(
                try await far(["users", "password", "anna"], input: Self.line("another horse", box)).output
                    == "anna has a new password, and is signed out everywhere\n")
            try await expectSame(["users"])
            let token = try await far(["tokens", "create", "ci", "--role", "viewer", "--expires", "1h"])
            #expect(token.code == 0 && token.output.hasPrefix("onebeat_"), "\(token)")
            #expect(try await far(["tokens", "revoke", "ci"]).output == "ci is revoked\n")
            #expect(try await far(["users", "remove", "anna"]).output == "anna is removed\n")
            #expect(try await far(["users", "remove", "anna"]).code == 1)

            let told = try await far(["alerts", "test", "ops"])
            #expect(told.code == 0 && told.output.hasPrefix("sent by "), "\(told)")
            #expect(box.read("told").contains("this is a test of the channel"))
            let doctor = try await far(["doctor", "--server", server])
            #expect(doctor.output.contains("(leads) up") && doctor.output.contains("WAL"), "\(doctor)")
            node.send(SIGTERM)
            _ = try await node.end(within: .seconds(15))
        }
    }

    private static func line(_ text: String, _ box: Sandbox) throws -> String {
        try box.write("\(text)\n", to: "input")
        return box.path("input")
    }

    /// Without figures, and without the blanks that make room for them.
    private static func timeless(_ text: String) -> String {
        text.replacing(#/[0-9]+(\.[0-9]+)?( ?(ms|s|m|h|d)\b)?/#, with: "N").replacing(#/ +/#, with: " ")
            .replacing(#/(N )+N/#, with: "N")
    }
}
