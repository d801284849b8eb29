import HTTPTypes
import Hummingbird
import Onebeat

/// Users and tokens below `/api/v1`: for admins of all jobs, since whoever makes others gives them what they have.
struct AccessAPI: Sendable {
    typealias Context = WebContext

    let store: any Store
    let desk: PasswordDesk

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("users") { request, context in
            try await list(request, context) { name, limit in
                try await store.users(after: name, limit: limit).map { ($0.name, UserResource($0)) }
            }
        }
        group.post("users") { request, context in try await addUser(request, context) }
        group.post("users/:name/password") { request, context in try await setPassword(request, context) }
        group.delete("users/:name") { request, context in
            try await remove("user", request, context) { try await $0.removeUser($1, keepingAdmin: true) }
        }
        group.get("tokens") { request, context in
            let now = try await store.now()
            return try await list(request, context) { name, limit in
                try await store.tokens(after: name, limit: limit).map { ($0.name, TokenResource($0, at: now)) }
            }
        }
        group.post("tokens") { request, context in try await createToken(request, context) }
        group.delete("tokens/:name") { request, context in
            try await remove("token", request, context) { try await $0.revokeToken($1) }
        }
    }

    private struct Items<Item: Encodable>: Encodable {
        var items: [Item]
        var next: String?
    }

    private struct Said: Encodable { var words: String }

    private static func requireAll(_ context: Context) throws {
        try context.requireAllJobs("sees to users and tokens")
    }

    private func list<Item: Encodable>(
        _ request: Request, _ context: Context, _ read: (String?, Int) async throws -> [(name: String, item: Item)]
    ) async throws -> Response {
        try Self.requireAll(context)
        let query = try QueryReader(request, known: ["after", "limit"])
        let limit = try query.number("limit", in: 1...1000) ?? 100
        let found = try await read(query.text("after"), limit + 1)
        let shown = found.prefix(limit)
        return try JSON.tagged(Items(items: shown.map(\.item), next: found.count > limit ? shown.last?.name : nil))
    }

    /// What somebody is called and may do, of a body that says so.
    private static func rights(_ body: BodyReader) throws -> (name: String, role: Role, scope: JobScope) {
        guard let name = try body.text("name"), let word = try body.text("role") else {
            throw Problem(.badRequest, "name and role are missing; send both")
        }
        guard let role = Role(rawValue: word) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.badRequest, "role is \"\(word)\"; \(known) will do")
        }
        if let problem = UserName.problem(name) { throw Problem(.unprocessableContent, "the name \(problem)") }
        do {
            return (name, role, try JobScope(try body.texts("jobs")))
        } catch let error as ScopeError {
            throw Problem(.unprocessableContent, "jobs: \(error)")
        }
    }

    private func hash(_ password: String) async throws -> String {
        if let problem = Password.problem(password) { throw Problem(.unprocessableContent, problem) }
        guard let hash = try await desk.hash(password) else {
            throw Problem(
                .serviceUnavailable, "too many passwords are looked at at this moment; try again",
                headers: [.retryAfter: "1"])
        }
        return hash
    }

    private func addUser(_ request: Request, _ context: Context) async throws -> Response {
        try Self.requireAll(context)
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["name", "role", "jobs", "password"])
        let (name, role, scope) = try Self.rights(body)
        let password = try body.text("password")
        // What is taken costs no hash.
        let isTaken = try await store.user(name) != nil
        let hash: String? = if let password, !isTaken { try await hash(password) } else { nil }
        let words = try await context.acts(store).addUser(name, role, scope, hash: hash)
        return try JSON.response(Said(words: words), status: .created)
    }

    private func setPassword(_ request: Request, _ context: Context) async throws -> Response {
        try Self.requireAll(context)
        let name = try context.jobName()
        _ = try QueryReader(request, known: [])
        guard let password = try await BodyReader(json: request, known: ["password"]).text("password") else {
            throw Problem(.badRequest, "password is missing; send the new one")
        }
        if let problem = Password.problem(password) { throw Problem(.unprocessableContent, problem) }
        guard try await store.user(name) != nil else { throw Self.missing("user", name) }
        let said = try await context.acts(store).setPassword(hash(password), of: name)
        guard let said else { throw Self.missing("user", name) }
        return try JSON.response(Said(words: said))
    }

    private func createToken(_ request: Request, _ context: Context) async throws -> Response {
        try Self.requireAll(context)
        _ = try QueryReader(request, known: [])
        let body = try await BodyReader(json: request, known: ["name", "role", "jobs", "seconds"])
        let (name, role, scope) = try Self.rights(body)
        let seconds = try body.number("seconds")
        if let seconds, !(1...Self.longest).contains(seconds) {
            throw Problem(
                .badRequest, "seconds is \(seconds); 1 to \(Self.longest) will do, or none for one without an end")
        }
        let token = try await context.acts(store).createToken(
            name, role, scope, lasting: seconds.map { .seconds($0) })
        return try JSON.response(token, status: .created)
    }

    /// Ten years.
    private static let longest = 315_360_000

    private func remove(
        _ kind: String, _ request: Request, _ context: Context, _ act: (Acts, String) async throws -> String?
    ) async throws -> Response {
        try Self.requireAll(context)
        let name = try context.jobName()
        _ = try QueryReader(request, known: [])
        guard let said = try await act(context.acts(store), name) else { throw Self.missing(kind, name) }
        return try JSON.response(Said(words: said))
    }

    private static func missing(_ kind: String, _ name: String) -> Problem {
        Problem(.notFound, "there is no \(kind) \"\(name)\"; /api/v1/\(kind)s lists them all")
    }
}
