import ArgumentParser
import Onebeat
import OnebeatServer

struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may sign in on the pages: list, add, remove, set a password.",
        discussion: "Users are kept in the store, so that every node knows them. Each change is an event.",
        subcommands: [UserList.self, UserAdd.self, UserRemove.self, UserPassword.self],
        defaultSubcommand: UserList.self)
}

struct UserList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List users with role and scope.")
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    private func read() async throws -> [UserResource] {
        if let node = try server.node(beside: store) { return try await node.readAll("/users") }
        return try await store.open().users(limit: 1000).map(UserResource.init)
    }

    func run() async throws {
        let clock = try reader.clock()
        let users = try await read()
        if format.json { return try Output.json(users) }
        if users.isEmpty { return Output.note("there is no user; `onebeat users add NAME --role admin` adds one") }
        var table = TextTable("name", "role", "may act on", "since", optional: [3])
        for user in users {
            table.add(
                .init(user.name, .title), .init(user.role.rawValue), .init(user.role.words(for: user.jobs)),
                .init(clock.readable(user.createdAt), .quiet))
        }
        for line in table.lines(for: .output) { Output.line(line) }
    }
}

struct UserAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user.",
        discussion: "The password is asked for, or is the first line of standard input; it is never an argument.")
    @Argument(help: "The name to sign in by.")
    var name: String
    @OptionGroup var rights: RightsOptions
    @Flag(help: "No password: the user comes by a proxy (web.proxy) only.")
    var noPassword = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let problem = UserName.problem(name) { throw ValidationError("the name \(problem).") }
    }

    func run() async throws {
        let scope = try rights.scope()
        if let node = try server.node(beside: store) {
            var fields = rights.fields(name, scope)
            if !noPassword { fields["password"] = .string(try PasswordPrompt.read(for: name, sentTo: node)) }
            let deed: RemoteNode.Deed = try await node.does("/users", fields)
            return Output.line("\(deed.words)")
        }
        let hash: String? = noPassword ? nil : try Password.hash(PasswordPrompt.read(for: name))
        // The first user is there before the first node.
        let acts = Acts(try await store.surroundings().makeStore(), by: Person.current)
        Output.line("\(try await acts.addUser(name, rights.role, scope, hash: hash))")
    }
}

struct UserRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a user, and end all sessions of theirs.")
    @Argument(help: "The user's name.")
    var name: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if try await server.act(RemoteNode.path("users", name), method: "DELETE", beside: store) { return }
        let store = try await store.open()
        guard let said = try await Acts(store, by: Person.current).removeUser(name) else {
            throw try await CommandFailure.noUser(name, store)
        }
        Output.line("\(said)")
        if try await !store.users(limit: 1000).contains(where: { $0.role == .admin }) {
            Output.note("onebeat: there is no admin left")
        }
    }
}

struct UserPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Give a user another password, and end all sessions of theirs.",
        discussion: """
            Whoever was slowed down after failed tries may try at once again. The password is asked for, or is the first \
            line of standard input; it is never an argument.
            """)
    @Argument(help: "The user's name.")
    var name: String
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        if let node = try server.node(beside: store) {
            let password = try PasswordPrompt.read(for: name, sentTo: node)
            let deed: RemoteNode.Deed = try await node.does(
                RemoteNode.path("users", name, "password"), ["password": .string(password)])
            return Output.line("\(deed.words)")
        }
        let store = try await store.open()
        guard try await store.user(name) != nil else { throw try await CommandFailure.noUser(name, store) }
        let hash = try Password.hash(PasswordPrompt.read(for: name))
        guard let said = try await Acts(store, by: Person.current).setPassword(hash, of: name) else {
            throw try await CommandFailure.noUser(name, store)
        }
        Output.line("\(said)")
    }
}

/// What a user or a token may do.
struct RightsOptions: ParsableArguments {
    @Option(help: "viewer reads, operator also acts on jobs and runs, admin may do everything.")
    var role: Role
    @Option(
        parsing: .upToNextOption,
        help: "Patterns of the jobs that may be acted on, such as shop-*; all when left out.")
    var jobs: [String] = []

    func scope() throws -> JobScope {
        do {
            return try JobScope(jobs)
        } catch {
            throw CommandFailure("--jobs: \(error)", .badData)
        }
    }

    /// The same as a node takes it.
    func fields(_ name: String, _ scope: JobScope) -> [String: JSONValue] {
        [
            "name": .string(name), "role": .string(role.rawValue),
            "jobs": .array(scope.patterns.map { .string($0) }),
        ]
    }
}

extension Role: ExpressibleByArgument {}

extension Role {
    /// What somebody of that role may act on.
    func words(for patterns: [String]) -> String {
        self < .operator ? "" : patterns.isEmpty ? "all jobs" : patterns.joined(separator: ", ")
    }
}

extension CommandFailure {
    fileprivate static func noUser(_ name: String, _ store: any Store) async throws -> CommandFailure {
        let near = NearestNames.to(name, among: try await store.users(limit: 1000).map(\.name))
        let hint = near.isEmpty ? "`onebeat users` lists them all" : "did you mean \(near.joined(separator: " or "))?"
        return CommandFailure("there is no user \"\(name)\"; \(hint)")
    }
}
