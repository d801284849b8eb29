import ArgumentParser
import Onebeat
import OnebeatServer

struct Tokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What programs show to the API instead of signing in: list, create, revoke.",
        subcommands: [TokenList.self, TokenCreate.self, TokenRevoke.self], defaultSubcommand: TokenList.self)
}

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List tokens with role, scope and end; never their secrets.")
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Line: Encodable {
        var name: String
        var role: Role
        var jobs: [String]
        var createdBy: String
        var createdAt: Timestamp
        var expiresAt: Timestamp?
        var isOver: Bool
    }

    func run() async throws {
        let clock = try reader.clock()
        let store = try await store.open()
        let now = try await store.now()
        let tokens = try await store.tokens(limit: 1000)
        func isOver(_ token: WebToken) -> Bool { token.expiresAt.map { $0 <= now } ?? false }
        if format.json {
            return try Output.json(
                tokens.map {
                    Line(
                        name: $0.name, role: $0.role, jobs: $0.scope.patterns, createdBy: $0.createdBy,
                        createdAt: $0.createdAt, expiresAt: $0.expiresAt, isOver: isOver($0))
                })
        }
        if tokens.isEmpty {
            return Output.note("there is no token; `onebeat tokens create NAME --role operator` makes one")
        }
        var table = TextTable("name", "role", "may act on", "until", "made by", "since", optional: [5, 4])
        for token in tokens {
            let end = token.expiresAt.map(clock.readable) ?? "it is revoked"
            table.add(
                .init(token.name, .title), .init(token.role.rawValue), .init(token.scope.words(for: token.role)),
                .init(isOver(token) ? "over" : end, isOver(token) ? .bad : .quiet), .init(token.createdBy),
                .init(clock.readable(token.createdAt), .quiet))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token. It is shown this once: the store keeps a fingerprint only.",
        discussion: "Programs send it as `Authorization: Bearer …`.")
    @Argument(help: "Its name, as events tell it.")
    var name: String
    @OptionGroup var rights: RightsOptions
    @Option(help: "After how long it is over, such as 90d; never when left out.")
    var expires: String?
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions

    private struct Answer: Encodable {
        var name: String
        var token: String
        var expiresAt: Timestamp?
    }

    func validate() throws {
        if let problem = UserName.problem(name) { throw ValidationError("the name \(problem).") }
        if let expires, Duration(text: expires).map({ $0 > .zero }) != true {
            throw ValidationError("--expires is \"\(expires)\"; write a length of time like 12h or 90d.")
        }
    }

    func run() async throws {
        let scope = try rights.scope()
        let clock = try reader.clock()
        let store = try await store.open()
        let now = try await store.now()
        let end = expires.flatMap { Duration(text: $0) }.map { now + $0 }
        let (text, digest) = TokenText.fresh()
        let token = WebToken(name: name, digest: digest, role: rights.role, scope: scope, expiresAt: end)
        guard try await store.add(token, by: Person.current) else {
            throw CommandFailure("there is a token \(name) already; `onebeat tokens revoke \(name)` first")
        }
        if format.json { return try Output.json(Answer(name: name, token: text, expiresAt: end)) }
        Output.line("\(text)")
        Output.note(
            "onebeat: keep it now, it is not shown again; it is over \(end.map { "at \(clock.readable($0))" } ?? "when it is revoked")"
        )
    }
}

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a token out of use, at once.")
    @Argument(help: "The token's name.")
    var name: String
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        guard try await store.revokeToken(name, by: Person.current) else {
            let near = NearestNames.to(name, among: try await store.tokens(limit: 1000).map(\.name))
            let hint =
                near.isEmpty ? "`onebeat tokens` lists them all" : "did you mean \(near.joined(separator: " or "))?"
            throw CommandFailure("there is no token \"\(name)\"; \(hint)")
        }
        Output.line("\(name) is revoked")
    }
}
