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

    /// Without figures, and without the blanks that make room for them.
    private static func timeless(_ text: String) -> String {
        text.replacing(#/[0-9]+(\.[0-9]+)?( ?(ms|s|m|h|d)\b)?/#, with: "N").replacing(#/ +/#, with: " ")
            .replacing(#/(N )+N/#, with: "N")
    }
}
