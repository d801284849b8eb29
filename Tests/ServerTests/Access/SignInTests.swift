import Foundation
import Onebeat
import Testing

@testable import OnebeatServer

@Suite(.timeLimit(.minutes(1))) struct SignInTests {
    private static let access = WebAccess(signIn: .password)
    private static let html = ["Accept": "text/html"]

    private static func add(_ name: String, _ role: Role, _ patterns: [String] = [], _ web: WebFixture) async throws {
        let hash = try Password.hash("correct horse of \(name)", cost: .little)
        let user = WebUser(name: name, role: role, scope: try JobScope(patterns), password: hash)
        _ = try await web.store.add(user, by: "test")
    }

    /// - Returns: the cookie of a session.
    private static func signIn(_ name: String, _ web: WebFixture) async throws -> String {
        let answer = try await send(name, "correct horse of \(name)", web)
        #expect(answer.status == 303)
        return String((answer.headers["set-cookie"] ?? "").prefix { $0 != ";" })
    }

    private static func send(
        _ name: String, _ password: String, _ web: WebFixture, then: String = "/jobs"
    ) async throws -> WebFixture.Answer {
        let page = try await FormPage(web, "/sign-in")
        return try await page.send(
            "/sign-in",
            "&name=\(Address.encoded(name))&password=\(Address.encoded(password))&then=\(Address.encoded(then))")
    }

    @Test func whoSignsInGetsThePageThatWasAskedFor() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .operator, [], web)
            let first = try await web.get("/runs?state=failed", headers: Self.html)
            #expect(first.status == 303)
            #expect(first.headers["location"] == "/sign-in?then=%2Fruns%3Fstate%3Dfailed")
            let form = try await web.get("/sign-in?then=%2Fruns%3Fstate%3Dfailed").body
            #expect(form.contains("name=\"then\" value=\"/runs?state=failed\""))
            let answer = try await Self.send("ann", "correct horse of ann", web, then: "/runs?state=failed")
            #expect(answer.status == 303 && answer.headers["location"] == "/runs?state=failed")
            let cookie = answer.headers["set-cookie"] ?? ""
            #expect(cookie.hasPrefix("onebeat=") && cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=604800"))
            let session = String(cookie.prefix { $0 != ";" })
            #expect(try await web.get("/runs?state=failed", headers: ["Cookie": session]).status == 200)
            #expect(try await web.get("/api/v1/jobs", headers: ["Cookie": session]).status == 200)
            #expect(try await web.get("/sign-in", headers: ["Cookie": session]).body.contains("<dd>operator</dd>"))
        }
    }

    @Test func whatASignedInPersonDoesBearsTheName() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .operator, [], web)
            let session = try await Self.signIn("ann", web)
            let page = try await FormPage(web, "/jobs/backup", session: session)
            #expect(try await page.send("/jobs/backup/pause").status == 303)
            #expect(try await web.store.events(job: "backup", limit: 1).first?.actor == "ann")
            // With the same cookie and no word of where it comes from, or from elsewhere, nothing.
            for headers in [["Cookie": session], ["Cookie": session, "Origin": "https://evil.example"]] {
                let answer = try await web.post("/api/v1/jobs/backup/resume", "", headers)
                #expect(answer.status == 403)
            }
            let own = try await web.post("/api/v1/jobs/backup/resume", "", ["Cookie": session, "Origin": web.base])
            #expect(own.status == 200)
        }
    }

    @Test func buttonsAreThereForThoseWhoMay() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("eve", .viewer, [], web)
            try await Self.add("ann", .operator, ["team/*"], web)
            let (eve, ann) = (try await Self.signIn("eve", web), try await Self.signIn("ann", web))
            for (path, cookie, isThere) in [
                ("/jobs/backup", eve, false), ("/runs/1", eve, false), ("/jobs/backup", ann, false),
                ("/jobs/team%2Fping", ann, true),
            ] {
                let page = try await web.get(path, headers: ["Cookie": cookie])
                #expect(page.status == 200 && page.body.contains("method=\"post\"") == isThere)
            }
            let page = try await FormPage(web, "/jobs/team%2Fping", session: ann)
            let answer = try await page.send("/jobs/backup/pause")
            #expect(answer.status == 403 && answer.body.contains("their jobs are team/*"))
            #expect(try await web.store.job("backup")?.isPaused == false)
        }
    }

    /// An id that somebody planted before is no session afterwards, and what was one before is over.
    @Test func signingInMakesASessionOfItsOwn() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .operator, [], web)
            let planted = "onebeat=\(Secret.fresh())"
            let form = try await FormPage(web, "/sign-in")
            let fields = "&name=ann&password=correct+horse+of+ann"
            let first = try await FormPage(web, cookie: "\(form.cookie); \(planted)", proof: form.proof)
                .send("/sign-in", fields)
            let session = String((first.headers["set-cookie"] ?? "").prefix { $0 != ";" })
            #expect(session.hasPrefix("onebeat=") && session != planted)
            #expect(try await web.get("/jobs", headers: ["Cookie": planted]).status == 401)
            let again = try await FormPage(web, "/sign-in")
            let second = try await FormPage(web, cookie: "\(again.cookie); \(session)", proof: again.proof)
                .send("/sign-in", fields)
            // Whoever has signed in already has a form bound to the session, and not to the cookie of before.
            #expect(second.status == 403)
            #expect(try await web.get("/jobs", headers: ["Cookie": session]).status == 200)
        }
    }

    @Test func signingOutEndsTheSessionForEverybodyWhoHasIt() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .viewer, [], web)
            let session = try await Self.signIn("ann", web)
            let page = try await FormPage(web, "/sign-in", session: session)
            let answer = try await page.send("/sign-out")
            #expect(answer.status == 303 && answer.headers["set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await web.get("/jobs", headers: ["Cookie": session]).status == 401)
        }
    }

    @Test func aSessionEndsByItselfWithoutUseWithItsUserAndWithANewPassword() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            for name in ["ann", "bob", "cat", "dan"] { try await Self.add(name, .viewer, [], web) }
            var sessions: [String: String] = [:]
            for name in ["ann", "bob", "cat", "dan"] { sessions[name] = try await Self.signIn(name, web) }
            func status(_ name: String) async throws -> Int {
                try await web.get("/jobs", headers: ["Cookie": sessions[name] ?? ""]).status
            }
            _ = try await web.store.removeUser("ann", by: "root")
            _ = try await web.store.setPassword("none", of: "bob", by: "root")
            #expect(try await status("ann") == 401)
            #expect(try await status("bob") == 401)
            web.time.advance(by: .seconds(11 * 3600))
            #expect(try await status("cat") == 200)
            web.time.advance(by: .seconds(2 * 3600))
            #expect(try await status("cat") == 200)
            #expect(try await status("dan") == 401)
            for _ in 0..<20 {
                web.time.advance(by: .seconds(8 * 3600))
                _ = try await status("cat")
            }
            #expect(try await status("cat") == 401)
        }
    }

    @Test func aWrongNameAndAWrongPasswordAreToldInTheSameWords() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            let answers = [
                try await Self.send("ann", "wrong horse of ann", web), try await Self.send("nobody", "x", web),
                try await Self.send("ann", "", web), try await Self.send("ann' OR '1'='1", "x", web),
                try await Self.send("ann\u{0}", "correct horse of ann", web),
                try await Self.send("ann", String(repeating: "x", count: 5000), web),
                try await Self.send("ann", "none", web), try await Self.send("ANN", "correct horse of ann", web),
            ]
            for answer in answers {
                #expect(answer.status == 403 && answer.body.contains("the name or the password is wrong"))
                #expect(answer.headers["set-cookie"]?.contains("onebeat=") != true)
            }
        }
    }

    @Test func whoGuessesIsSlowedDownAndNobodyElse() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            try await Self.add("bob", .admin, [], web)
            for _ in 0..<5 { #expect(try await Self.send("ann", "wrong", web).status == 403) }
            let answer = try await Self.send("ann", "correct horse of ann", web)
            #expect(answer.status == 429 && answer.headers["retry-after"] == "1")
            // Somebody who does not exist is slowed down in the same way.
            for _ in 0..<5 { #expect(try await Self.send("nobody", "wrong", web).status == 403) }
            #expect(try await Self.send("nobody", "wrong", web).status == 429)
            _ = try await Self.signIn("bob", web)
            web.time.advance(by: .seconds(1))
            _ = try await Self.signIn("ann", web)
            let events = try await web.store.events(job: nil, limit: 20).filter { $0.kind == "user.throttled" }
            #expect(events.count == 2)
        }
    }

    @Test func aFormWithoutItsProofSignsNobodyIn() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            let page = try await FormPage(web, cookie: "", proof: "x").send(
                "/sign-in", "&name=ann&password=correct+horse+of+ann")
            #expect(page.status == 403)
            let form = try await FormPage(web, "/sign-in")
            let elsewhere = try await web.post(
                "/sign-in", "proof=\(form.proof)&name=ann&password=correct+horse+of+ann",
                [
                    "Cookie": form.cookie, "Content-Type": "application/x-www-form-urlencoded",
                    "Origin": "https://evil.example",
                ])
            #expect(elsewhere.status == 403)
        }
    }

    @Test(arguments: [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "", "jobs", "/a\r\nSet-Cookie: x=y",
        "/sign-out",
        "javascript:alert(1)", "/\u{202e}x", "/a b",
    ])
    func nobodyIsLedElsewhere(place: String) async throws {
        #expect(SignInPages.place(place) == "/")
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            let answer = try await Self.send("ann", "correct horse of ann", web, then: place)
            #expect(answer.status == 303 && answer.headers["location"] == "/")
        }
    }

    @Test func overTLSTheCookieIsThisHostsAlone() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            let session = try await Self.signIn("ann", web)
            let secret = session.dropFirst("onebeat=".count)
            for (cookie, scheme, status) in [
                ("__Host-onebeat=\(secret)", "https", 200), ("__Host-onebeat=\(secret)", "http", 401),
                ("onebeat=\(secret)", "https", 401), ("onebeat=\(secret)", "http", 200),
            ] {
                let answer = try await web.get("/jobs", headers: ["Cookie": cookie, "X-Forwarded-Proto": scheme])
                #expect(answer.status == status)
            }
        }
    }

    @Test func probesAskNobodysNameAndAssetsNeither() async throws {
        try await WebFixture.serving(
            address: ListenAddress(host: "0.0.0.0", port: 0), access: Self.access
        ) { web in
            for path in ["/healthz", "/readyz", "/assets/style.css"] {
                let answer = try await web.get(path, headers: ["Authorization": "Bearer nonsense"])
                #expect(answer.status == 200)
            }
            #expect(try await web.get("/metrics").status == 401)
            #expect(try await web.get("/nothing").status == 401)
            #expect(try await web.get("/api/v1/jobs").headers["www-authenticate"]?.hasPrefix("Bearer") == true)
        }
    }

    /// Whatever was set up, an address that others reach is not open.
    @Test func whereOthersReachAndNothingIsSetUpNobodyComesIn() async throws {
        try await WebFixture.serving(address: ListenAddress(host: "0.0.0.0", port: 0)) { web in
            for path in ["/", "/api/v1/jobs", "/metrics"] {
                let answer = try await web.get(path)
                #expect(answer.status == 401)
            }
            let answer = try await web.post("/api/v1/jobs/backup/trigger")
            #expect(answer.status == 401)
        }
    }

    @Test func aProxyIsBelievedWhereItAsksFromOnly() async throws {
        let here = try #require(AddressRange("127.0.0.0/8"))
        let there = try #require(AddressRange("10.0.0.7"))
        for (range, header, status) in [
            (here, ["X-User": "ann"], 200), (there, ["X-User": "ann"], 401), (here, [:], 401),
            (here, ["X-User": "mallory"], 403), (here, ["X-User": ""], 401),
        ] {
            let access = WebAccess(proxy: ProxyTrust(from: [range], userHeader: "X-User"))
            try await WebFixture.serving(access: access) { web in
                try await Self.add("ann", .operator, [], web)
                let answer = try await web.get("/api/v1/jobs", headers: header)
                #expect(answer.status == status)
                if status == 200 {
                    let page = try await web.get("/jobs/backup", headers: header).body
                    #expect(page.contains("method=\"post\""))
                }
            }
        }
    }

    @Test func theStoreKnowsNoSecret() async throws {
        try await WebFixture.serving(access: Self.access) { web in
            try await Self.add("ann", .admin, [], web)
            let secret = try await String(Self.signIn("ann", web).dropFirst("onebeat=".count))
            #expect(try await web.store.session(secret, idle: .seconds(9)) == nil)
            #expect(try await web.store.session(Fingerprint.sha256(secret), idle: .seconds(9))?.name == "ann")
            #expect(try await web.store.user("ann")?.password.contains("horse") == false)
        }
    }
}
