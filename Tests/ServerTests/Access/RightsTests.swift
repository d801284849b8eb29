import Onebeat
import Testing

@testable import OnebeatServer

/// Every route by everybody.
@Suite(.timeLimit(.minutes(2))) struct RightsTests {
    enum Caller: String, CaseIterable {
        case nobody, viewer, `operator`, elsewhere, admin, expired, revoked, unknown, forged
    }

    @Test(arguments: Route.all)
    func everyRouteLetsOnWhomTheTableNames(route: Route) async throws {
        try await WebFixture.serving(access: WebAccess(signIn: .password)) { web in
            let tokens = try await Self.tokens(web)
            for caller in Caller.allCases {
                // A run of its own, so that a deed of one caller does not stand in the way of the next.
                let run = try await web.store.trigger("backup", requestID: caller.rawValue, by: "test").id
                if route.path.hasSuffix("/retry") || route.path.hasSuffix("/mark") {
                    _ = try await web.store.cancel(run, by: "test")
                }
                let id = try await Self.number(for: route, web) ?? run.value
                let path =
                    route.path.replacing("{name}", with: "backup").replacing("{id}", with: "\(id)")
                    .replacing("{code}", with: "en") + (route.path.hasSuffix("/preview") ? "?alert=backup" : "")
                var headers = tokens[caller].map { ["Authorization": "Bearer \($0)"] } ?? [:]
                let isFile = route.path.hasPrefix("/api/v1/configuration/")
                headers["Content-Type"] = isFile ? "application/yaml" : "application/json"
                let before = try await Self.traces(web)
                let answer = try await web.get(
                    path, method: route.method.rawValue, headers: headers,
                    body: Self.body(of: route),
                    readsBody: route.path != "/api/v1/stream")
                let what = "\(caller) \(route.method) \(path): \(answer.status)"
                switch Self.verdict(caller, route) {
                case .in where route.method == .post && !route.path.hasPrefix("/api/"):
                    // Past the gate; the form itself is missing.
                    #expect([403, 415].contains(answer.status) && !answer.body.contains("and this needs"), "\(what)")
                case .in: #expect(![401, 403, 405, 413, 415, 500].contains(answer.status), "\(what)")
                case .out(let status):
                    #expect(answer.status == status, "\(what)")
                    let after = try await Self.traces(web)
                    #expect(after == before, "\(what)")
                }
            }
        }
    }

    /// Of what the route is about, where that is no run.
    private static func number(for route: Route, _ web: WebFixture) async throws -> Int64? {
        if route.path.contains("/alerts/{id}") {
            let incident = Incident(
                rule: "alerts/ops/slack", kind: .failed, job: "backup", since: web.time.now(), summary: "x")
            web.time.advance(by: .seconds(1))
            return try await web.store.open([incident]).first?.id
        }
        if route.path.contains("/backfills/{id}") {
            // Of one that has not ended, each at a time of its own.
            web.time.advance(by: .seconds(60))
            let end = web.time.now()
            return try await web.store.add(Backfill(of: "backup", from: end - .seconds(30), to: end, by: "test")).id
        }
        guard route.path.contains("/silences/{id}") else { return nil }
        return try await web.store.silence("backup", for: .seconds(9), because: "x", by: "test").id
    }

    private static func body(of route: Route) -> String {
        if route.path.hasSuffix("/api/v1/silences"), route.method == .post {
            return #"{"pattern": "backup", "seconds": 60, "because": "x"}"#
        }

        if route.path.hasPrefix("/api/v1/configuration/") { return "source: x\njobs: {extra: {run: 'true'}}" }
        if route.path.hasSuffix("/password") { return #"{"password": "long enough"}"# }
        if route.method == .post, route.path.hasSuffix("/users") || route.path.hasSuffix("/tokens") {
            return #"{"name": "new", "role": "viewer"}"#
        }
        if route.path.hasSuffix("/alerts/test") { return #"{"alert": "backup"}"# }
        if route.path.hasSuffix("/mark") { return #"{"state": "failed", "because": "x"}"# }
        if route.path.hasSuffix("/api/v1/backfills"), route.method == .post {
            return #"{"job": "backup", "from": "2026-11-20T00:00:00Z", "dry_run": true}"#
        }
        return route.method == .post && route.path.hasSuffix("/events") ? #"{"name": "backup"}"# : ""
    }

    private enum Verdict { case `in`, out(Int) }

    private static func verdict(_ caller: Caller, _ route: Route) -> Verdict {
        guard case .role(let need) = route.need else {
            // A proof that is none is told where anybody's name matters.
            let isAsked = route.path.hasPrefix("/sign-")
            return isAsked && [.expired, .revoked, .unknown, .forged].contains(caller) ? .out(401) : .in
        }
        switch caller {
        case .nobody, .expired, .revoked, .unknown, .forged: return .out(401)
        case .viewer: return need > .viewer ? .out(403) : .in
        case .operator: return need > .operator ? .out(403) : .in
        case .elsewhere:
            // Reads all, and acts on the jobs of the scope only. Forms are refused for what they lack first.
            return need == .viewer || route.isQuestion ? .in : route.path.hasPrefix("/api/") ? .out(403) : .out(415)
        case .admin: return .in
        }
    }

    private static func tokens(_ web: WebFixture) async throws -> [Caller: String] {
        var tokens: [Caller: String] = [:]
        func make(_ caller: Caller, _ role: Role, _ patterns: [String] = [], expires: Timestamp? = nil) async throws {
            let (text, digest) = TokenText.fresh()
            tokens[caller] = text
            _ = try await web.store.add(
                WebToken(
                    name: caller.rawValue, digest: digest, role: role, scope: try JobScope(patterns),
                    expiresAt: expires), by: "test")
        }
        try await make(.viewer, .viewer)
        try await make(.operator, .operator, ["back*"])
        try await make(.elsewhere, .operator, ["team/*", "backup-*"])
        try await make(.admin, .admin)
        try await make(.expired, .admin, expires: web.time.now())
        try await make(.revoked, .admin)
        _ = try await web.store.revokeToken("revoked", by: "test")
        tokens[.unknown] = TokenText.fresh().text
        tokens[.forged] = "onebeat_" + String(repeating: "' OR 1=1--", count: 5)
        return tokens
    }

    private static func traces(_ web: WebFixture) async throws -> [String] {
        let events = try await web.store.events(job: nil, limit: 1000).map { "\($0.kind) \($0.actor)" }
        return try await events + web.store.runs(RunFilter()).map { "\($0.id) \($0.state)" }
    }
}
