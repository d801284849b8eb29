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
    @OptionGroup var server: ServerOptions

    private func read() async throws -> [TokenResource] {
        if let node = try server.node(beside: store) { return try await node.readAll("/tokens") }
        let store = try await store.open()
        let now = try await store.now()
        return try await store.tokens(limit: 1000).map { TokenResource($0, at: now) }
    }

    func run() async throws {
        let clock = try reader.clock()
        let tokens = try await read()
        if format.json { return try Output.json(tokens) }
        if tokens.isEmpty {
            return Output.note("there is no token; `onebeat tokens create NAME --role operator` makes one")
        }
        var table = TextTable("name", "role", "may act on", "until", "made by", "since", optional: [5, 4])
        for token in tokens {
            let end = token.expiresAt.map(clock.readable) ?? "it is revoked"
            table.add(
                .init(token.name, .title), .init(token.role.rawValue), .init(token.role.words(for: token.jobs)),
                .init(token.isOver ? "over" : end, token.isOver ? .bad : .quiet), .init(token.createdBy),
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
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let problem = UserName.problem(name) { throw ValidationError("the name \(problem).") }
        if let expires, Duration(text: expires).map({ $0 > .zero }) != true {
            throw ValidationError("--expires is \"\(expires)\"; write a length of time like 12h or 90d.")
        }
    }

    func run() async throws {
        let clock = try reader.clock()
        let token = try await create()
        if format.json { return try Output.json(token) }
        Output.line("\(token.token)")
        Output.note("onebeat: \(MomentText.text(token.advice, on: clock))")
    }

    private func create() async throws -> CreatedToken {
        let scope = try rights.scope()
        let length = expires.flatMap { Duration(text: $0) }
        if let node = try server.node(beside: store) {
            var fields = rights.fields(name, scope)
            if let length { fields["seconds"] = .int(max(length.components.seconds, 1)) }
            return try await node.does("/tokens", fields)
        }
        return try await Acts(store.open(), by: Person.current).createToken(name, rights.role, scope, lasting: length)
    }
}

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a token out of use, at once.")
    @Argument(help: "The token's name.")
    var name: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act(RemoteNode.path("tokens", name), method: "DELETE", beside: store) { return }
        let store = try await store.open()
        guard let said = try await Acts(store, by: Person.current).revokeToken(name) else {
            let near = NearestNames.to(name, among: try await store.tokens(limit: 1000).map(\.name))
            let hint =
                near.isEmpty ? "`onebeat tokens` lists them all" : "did you mean \(near.joined(separator: " or "))?"
            throw CommandFailure("there is no token \"\(name)\"; \(hint)")
        }
        Output.line("\(said)")
    }
}
