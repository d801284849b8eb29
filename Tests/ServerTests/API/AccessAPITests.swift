import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct AccessAPITests {
    private static let json = ["Content-Type": "application/json"]

    @Test func usersAreAddedListedAndRemoved() async throws {
        try await WebFixture.serving { web in
            let made = try await web.post(
                "/api/v1/users",
                #"{"name": "anna", "role": "operator", "jobs": ["shop-*"], "password": "correct horse"}"#,
                Self.json)
            #expect(made.status == 201 && made.body.contains("anna is operator"), "\(made)")
            #expect(try await web.post("/api/v1/users", #"{"name": "ben", "role": "admin"}"#, Self.json).status == 201)
            let again = try await web.post("/api/v1/users", #"{"name": "anna", "role": "admin"}"#, Self.json)
            #expect(again.status == 409 && again.body.contains("there is a user anna already"))
            let anna = try #require(try await web.store.user("anna"))
            #expect(anna.role == .operator && anna.scope.patterns == ["shop-*"])
            #expect(Password.fits("correct horse", anna.password))
            #expect(try await web.store.user("ben")?.password == "none")

            let first = try await web.get("/api/v1/users?limit=1")
            #expect(try first.object()["next"] as? String == "anna")
            #expect(!first.body.contains("scrypt"))
            let second = try await web.get("/api/v1/users?limit=1&after=anna").object()
            #expect((second["items"] as? [[String: Any]])?.first?["name"] as? String == "ben" && second["next"] == nil)

            _ = try await web.store.beginSession("d", of: "anna", lasting: .seconds(900))
            let changed = try await web.post(
                "/api/v1/users/anna/password", #"{"password": "another horse"}"#, Self.json)
            #expect(changed.status == 200 && changed.body.contains("signed out everywhere"))
            #expect(try await web.store.session("d", idle: .seconds(900)) == nil)
            #expect(Password.fits("another horse", try await web.store.user("anna")?.password ?? ""))

            #expect(try await web.get("/api/v1/users/anna", method: "DELETE").status == 200)
            #expect(try await web.get("/api/v1/users/anna", method: "DELETE").status == 404)
            // Nobody could let anybody in any more.
            let last = try await web.get("/api/v1/users/ben", method: "DELETE")
            #expect(last.status == 409 && last.body.contains("last admin"), "\(last)")
            let kinds = try await web.store.events(job: nil, limit: 9).filter {
                $0.kind.hasPrefix("user.") && $0.kind != "user.signed_in"
            }
            #expect(kinds.map(\.kind) == ["user.removed", "user.password_set", "user.added", "user.added"])
            #expect(kinds.allSatisfy { $0.actor == "web@127.0.0.1:0" && !$0.message.contains("horse") })
        }
    }

    @Test func aTokenIsShownOnceAndWorksUntilItIsRevoked() async throws {
        try await WebFixture.serving(access: WebAccess(signIn: .password)) { web in
            let (text, digest) = TokenText.fresh()
            _ = try await web.store.add(WebToken(name: "root", digest: digest, role: .admin), by: "test")
            let root = Self.json.merging(["Authorization": "Bearer \(text)"]) { $1 }
            let made = try await web.post(
                "/api/v1/tokens", #"{"name": "ci", "role": "operator", "jobs": ["back*"], "seconds": 3600}"#, root)
            let token = try #require(try made.object()["token"] as? String)
            #expect(made.status == 201 && made.headers["cache-control"] == "no-store")
            #expect(try made.object()["expires_at"] as? String == "\(web.time.now() + .seconds(3600))")
            let ci = ["Authorization": "Bearer \(token)"]
            #expect(try await web.post("/api/v1/jobs/backup/trigger", "", ci).status == 201)
            // Whoever has less makes nothing of it.
            #expect(
                try await web.post("/api/v1/tokens", #"{"name": "x", "role": "admin"}"#, root.merging(ci) { $1 }).status
                    == 403)
            let list = try await web.get("/api/v1/tokens", headers: root)
            #expect(list.body.contains("\"ci\"") && !list.body.contains(token))
            #expect(!list.body.contains(Fingerprint.sha256(token)))
            #expect(try await web.get("/api/v1/tokens/ci", method: "DELETE", headers: root).status == 200)
            #expect(try await web.get("/api/v1/status", headers: ci).status == 401)
            #expect(try await web.store.events(job: nil, limit: 9).contains { $0.actor == "token:root" })
        }
    }

    @Test(arguments: [
        ("/users", #"{"name": "a b", "role": "viewer"}"#, 422, "is no name"),
        ("/users", #"{"name": "anna", "role": "king"}"#, 400, "viewer, operator, admin"),
        ("/users", #"{"name": "anna"}"#, 400, "role are missing"),
        ("/users", #"{"name": "anna", "role": "viewer", "password": "short"}"#, 422, "5 characters"),
        ("/users", #"{"name": "anna", "role": "viewer", "jobs": "shop"}"#, 400, "no list of texts"),
        ("/users", #"{"name": "anna", "role": "viewer", "jobs": ["a", 1]}"#, 400, "no list of texts"),
        ("/users", #"{"name": "anna", "role": "viewer", "jobs": [""]}"#, 422, "jobs:"),
        ("/users", #"{"name": "anna", "role": "viewer", "hash": "x"}"#, 400, "unknown"),
        ("/users/nobody/password", #"{"password": "long enough"}"#, 404, "no user"),
        ("/users/nobody/password", "{}", 400, "password is missing"),
        ("/tokens", #"{"name": "t", "role": "viewer", "seconds": 0}"#, 400, "1 to"),
        ("/tokens", #"{"name": "t", "role": "viewer", "seconds": 1e9}"#, 400, "seconds"),
        ("/tokens", #"{"name": "", "role": "viewer"}"#, 422, "bytes"),
    ])
    func whatWillNotDoIsRefusedInWords(path: String, body: String, status: Int, words: String) async throws {
        try await WebFixture.serving { web in
            let answer = try await web.post("/api/v1" + path, body, Self.json)
            #expect(answer.status == status && answer.body.contains(words), "\(answer)")
            #expect(try await web.store.users(limit: 9).isEmpty)
            #expect(try await web.store.tokens(limit: 9).isEmpty)
        }
    }

    /// Whoever makes others gives them what they have.
    @Test func whoMayActOnSomeJobsSeesToNobody() async throws {
        try await WebFixture.serving(access: WebAccess(signIn: .password)) { web in
            let (text, digest) = TokenText.fresh()
            _ = try await web.store.add(
                WebToken(name: "shop", digest: digest, role: .admin, scope: try JobScope(["shop-*"])), by: "test")
            let headers = Self.json.merging(["Authorization": "Bearer \(text)"]) { $1 }
            for (method, path, body) in [
                ("GET", "/users", ""), ("GET", "/tokens", ""), ("POST", "/users", #"{"name": "x", "role": "admin"}"#),
                ("POST", "/tokens", #"{"name": "x", "role": "admin"}"#), ("DELETE", "/tokens/shop", ""),
                ("DELETE", "/users/x", ""), ("POST", "/users/x/password", #"{"password": "long enough"}"#),
            ] {
                let answer = try await web.get("/api/v1" + path, method: method, headers: headers, body: body)
                #expect(
                    answer.status == 403 && answer.body.contains("must be allowed all jobs"),
                    "\(method) \(path) \(answer)")
            }
            #expect(try await web.store.tokens(limit: 9).map(\.name) == ["shop"])
        }
    }
}
