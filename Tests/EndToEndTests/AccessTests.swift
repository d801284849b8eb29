import Foundation
import Testing

/// Who may come in, as people and programs meet it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct AccessTests {
    /// A file with what is written to standard input.
    private static func file(_ text: String, _ box: Sandbox) throws -> String {
        try box.write(text, to: "input-\(text.utf8.count)")
        return box.path("input-\(text.utf8.count)")
    }

    @Test func whereOthersReachANodeStartsOnlyWhenPeopleHaveToSignIn() async throws {
        try await Sandbox.with { box in
            try box.configure("good: {run: \"true\"}")
            let password = try Self.file("correct horse\n", box)
            let open = try await box.onebeat("up", "onebeat.yaml", "--listen", "0.0.0.0:0")
            #expect(
                open.code == 78 && open.errors.contains("nobody has to sign in there; write web: {sign_in: password}"))
            let asked = ["ONEBEAT_WEB_SIGN_IN": "password"]
            let nobody = try await box.onebeat("up", "onebeat.yaml", "--listen", "0.0.0.0:0", environment: asked)
            #expect(nobody.code == 78 && nobody.errors.contains("onebeat users add NAME --role admin"), "\(nobody)")
            let added = try await box.onebeat("users", "add", "ann", "--role", "admin", input: password)
            #expect(added.code == 0, "\(added)")
            let node = try box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--listen", "0.0.0.0:0"], environment: asked)
            #expect(try await eventually(within: .seconds(15)) { node.output.contains("http://") })
            node.send(SIGTERM)
            #expect(try await node.end(within: .seconds(15)) == 0)
        }
    }

    @Test func aNodeSpeaksTLSByItsFilesAndTheCommandKnowsWhomToTrust() async throws {
        try await Sandbox.with { box in
            let files = "web: {tls: {certificate: cert.pem, key: key.pem}}"
            try box.configure("good: {run: \"true\"}", settings: files)
            let missing = try await box.onebeat("up", "onebeat.yaml", "--listen", "127.0.0.1:0")
            #expect(missing.code == 78 && missing.errors.contains("cert.pem is not there"), "\(missing)")
            let made = try await box.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout",
                box.path("key.pem"), "-out", box.path("cert.pem"), "-subj", "/CN=test", "-days", "2", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
            #expect(made.code == 0, "\(made)")
            let port = freePort()
            let node = try box.start([Sandbox.binary, "up", "onebeat.yaml", "--listen", "127.0.0.1:\(port)"])
            #expect(try await eventually(within: .seconds(15)) { node.output.contains("https://127.0.0.1:\(port)/") })
            let server = ["pause", "good", "--server", "https://localhost:\(port)"]
            let stranger = try await box.run([Sandbox.binary] + server)
            #expect(stranger.code == 75 && stranger.errors.contains("--ca"), "\(stranger)")
            // What would not be there another time either is no 75.
            for (file, code, words) in [
                ("gone.pem", Int32(66), "there is no file gone.pem"), ("onebeat.yaml", 78, "cannot be read"),
            ] {
                let wrong = try await box.run([Sandbox.binary] + server + ["--ca", file])
                #expect(wrong.code == code && wrong.errors.contains(words), "\(wrong)")
            }
            let known = try await box.run([Sandbox.binary] + server + ["--ca", "cert.pem"])
            #expect(known.code == 0 && known.output.contains("good is paused"), "\(known)")
            node.send(SIGTERM)
            #expect(try await node.end(within: .seconds(15)) == 0)
        }
    }

    @Test func usersAndTokensComeAndGo() async throws {
        try await Sandbox.with { box in
            try box.configure("shop-a: {run: \"true\"}\nother: {run: \"true\"}")
            let password = try Self.file("correct horse\n", box)
            for (arguments, input, words) in [
                (["ann", "--role", "admin"], "short\n", "5 characters"), (["ann", "--role", "admin"], "", "is empty"),
                (["a b", "--role", "admin"], "correct horse\n", "is no name"),
                (["ann", "--role", "root"], "correct horse\n", "root"),
                (["ann", "--role", "viewer", "--jobs", ""], "correct horse\n", "0 bytes"),
            ] {
                let wrong = try await box.run(
                    [Sandbox.binary, "users", "add"] + arguments, input: Self.file(input, box))
                #expect(wrong.code >= 64 && wrong.errors.contains(words), "\(wrong)")
            }
            #expect(try await box.onebeat("users", "add", "ann", "--role", "admin", input: password).code == 0)
            let twice = try await box.onebeat("users", "add", "ann", "--role", "viewer", input: password)
            #expect(twice.code == 1 && twice.errors.contains("there is a user ann already"), "\(twice)")
            #expect(try await box.onebeat("users").output.contains("all jobs"))
            #expect(try await box.query("SELECT substr(password, 1, 14) FROM web_users") == [["$scrypt$ln=15,"]])

            let made = try await box.onebeat("tokens", "create", "ci", "--role", "operator", "--jobs", "shop-*")
            let token = made.output.trimmingCharacters(in: .newlines)
            #expect(token.hasPrefix("onebeat_") && made.code == 0, "\(made)")
            let files = try await box.run(["grep", "-c", token, box.path("onebeat.db"), box.path("onebeat.db-wal")])
            #expect(!files.output.contains(":1"), "the store holds the token itself")

            let port = freePort()
            let node = try box.start(
                [Sandbox.binary, "up", "onebeat.yaml", "--listen", "127.0.0.1:\(port)"],
                environment: ["ONEBEAT_WEB_SIGN_IN": "password"])
            #expect(try await eventually(within: .seconds(15)) { node.output.contains("http://") })
            func status(_ path: String, _ more: [String]) async throws -> String {
                let arguments = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"] + more
                return try await box.run(arguments + ["http://127.0.0.1:\(port)\(path)"]).output
            }
            let bearer = ["-H", "Authorization: Bearer \(token)"]
            #expect(try await status("/api/v1/jobs", []) == "401")
            #expect(try await status("/api/v1/jobs", bearer) == "200")
            #expect(try await status("/api/v1/jobs/shop-a/trigger", ["-X", "POST"] + bearer) == "201")
            #expect(try await status("/api/v1/jobs/other/trigger", ["-X", "POST"] + bearer) == "403")
            #expect(try await status("/healthz", []) == "200")
            let server = ["ONEBEAT_SERVER": "http://127.0.0.1:\(port)", "ONEBEAT_TOKEN": token]
            for (arguments, code, words) in [
                (["trigger", "shop-a", "--request-id", "far"], Int32(0), "is due, and starts"),
                (["pause", "shop-a"], 0, "shop-a is paused"), (["pause", "shop-a"], 0, "is paused already"),
                (["resume", "other"], 1, "token:ci may not act on job \"other\""),
                (
                    ["alerts", "silence", "shop-*", "--for", "2h", "--because", "new disks"], 0,
                    "nobody is told of shop-*"
                ),
                (["alerts", "silence", "*", "--for", "2h", "--because", "x"], 1, "may not act on job \"*\""),
                (["alerts", "silences"], 0, "new disks"), (["alerts", "unsilence", "1"], 0, "silence 1 is over"),
                (["alerts"], 0, "nothing was told yet"), (["alerts", "ack", "9"], 1, "there is no incident 9"),
                (["backfill", "shop-a", "--from", "yesterday"], 1, "is run by hand"),
                (["backfills"], 0, "there are no backfills"), (["backfills", "pause", "9"], 1, "no backfill 9"),
                (["retry", "x"], 65, "is not a run"),
                (["cancel", "99"], 1, "there is no run 99"),
                (["resume", "shop-a"], 0, "is resumed"), (["trigger", "shop-a", "--wait"], 0, "succeeded"),
                (["jobs"], 0, "shop-a"), (["job", "shopa"], 1, "there is no job \"shopa\"; did you mean shop-a?"),
                (["run", "99"], 1, "there is no run 99: it was never planned"), (["logs", "1", "-f"], 0, "nothing"),
                (["mark", "1", "failed", "--because", "wrong file"], 0, "counts as failed"),
                (["mark", "1", "well", "--because", "x"], 65, "succeeded or failed"),
                (["emit", "nothing-starts"], 1, "may not act on job"),
                (["emit", "x", "--data", "{"], 65, "is not JSON"),
                (["runs", "--server", "http://127.0.0.1:1"], 75, "connection refused"),
                (["jobs", "--store", "sqlite:x", "--server", "http://127.0.0.1:1"], 65, "name two places"),
                (["pause", "shop-a", "--server", "ftp://x"], 65, "is not an address"),
                (["pause", "shop-a", "--server", "http://shop.example"], 65, "can be read on the way"),
                (
                    ["pause", "shop-a", "--server", "http://127.0.0.1:1"], 75,
                    "no connection to 127.0.0.1:1: connection refused"
                ),
            ] {
                let said = try await box.run([Sandbox.binary] + arguments, environment: server)
                #expect(said.code == code && (said.output + said.errors).contains(words), "\(arguments): \(said)")
            }
            let silent = try await box.onebeat("pause", "shop-a", "--server", "http://127.0.0.1:\(port)")
            #expect(silent.code == 1 && silent.errors.contains("ONEBEAT_TOKEN is empty"), "\(silent)")
            let unread = try await box.onebeat("runs", "--server", "http://127.0.0.1:\(port)")
            #expect(unread.code == 1 && unread.errors.contains("ONEBEAT_TOKEN is empty"), "\(unread)")
            #expect(try await box.onebeat("tokens", "revoke", "ci").code == 0)
            #expect(try await status("/api/v1/jobs", bearer) == "401")
            let events = try await box.onebeat("events").output
            #expect(events.contains("token:ci") && events.contains("token.revoked") && events.contains("user.added"))
            #expect(try await box.onebeat("users", "remove", "anna").errors.contains("did you mean ann?"))
            let last = try await box.onebeat("users", "remove", "ann")
            #expect(last.code == 0 && last.errors.contains("no admin left"))
            node.send(SIGTERM)
            _ = try await node.end(within: .seconds(15))
        }
    }
}
