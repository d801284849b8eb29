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

    private struct Line: Encodable {
        var name: String
        var role: Role
        var jobs: [String]
        var createdAt: Timestamp
    }

    func run() async throws {
        let clock = try reader.clock()
        let users = try await store.open().users(limit: 1000)
        if format.json {
            return try Output.json(
                users.map {
                    Line(name: $0.name, role: $0.role, jobs: $0.scope.patterns, createdAt: $0.createdAt)
                })
        }
        if users.isEmpty { return Output.note("there is no user; `onebeat users add NAME --role admin` adds one") }
        var table = TextTable("name", "role", "may act on", "since", optional: [3])
        for user in users {
            table.add(
                .init(user.name, .title), .init(user.role.rawValue), .init(user.scope.words(for: user.role)),
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

    func validate() throws {
        if let problem = UserName.problem(name) { throw ValidationError("the name \(problem).") }
    }

    func run() async throws {
        let scope = try rights.scope()
        let hash = noPassword ? "none" : try Password.hash(PasswordPrompt.read(for: name))
        // The first user is there before the first node.
        let store = try await store.surroundings().makeStore()
        let user = WebUser(name: name, role: rights.role, scope: scope, password: hash)
        guard try await store.add(user, by: Person.current) else {
            throw CommandFailure(
                "there is a user \(name) already; `onebeat users remove \(name)` first, or `onebeat users password \(name)`"
            )
        }
        Output.line("\(name) is \(rights.role.rawValue)")
    }
}

struct UserRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a user, and end all sessions of theirs.")
    @Argument(help: "The user's name.")
    var name: String
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try await store.open()
        guard try await store.removeUser(name, by: Person.current) else {
            throw try await CommandFailure.noUser(name, store)
        }
        Output.line("\(name) is removed")
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

    func run() async throws {
        let store = try await store.open()
        guard try await store.user(name) != nil else { throw try await CommandFailure.noUser(name, store) }
        let hash = try Password.hash(PasswordPrompt.read(for: name))
        guard try await store.setPassword(hash, of: name, by: Person.current) else {
            throw try await CommandFailure.noUser(name, store)
        }
        Output.line("\(name) has a new password, and is signed out everywhere")
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
}

extension Role: ExpressibleByArgument {}

extension JobScope {
    func words(for role: Role) -> String {
        role < .operator ? "" : patterns.isEmpty ? "all jobs" : patterns.joined(separator: ", ")
    }
}

extension CommandFailure {
    fileprivate static func noUser(_ name: String, _ store: any Store) async throws -> CommandFailure {
        let near = NearestNames.to(name, among: try await store.users(limit: 1000).map(\.name))
        let hint = near.isEmpty ? "`onebeat users` lists them all" : "did you mean \(near.joined(separator: " or "))?"
        return CommandFailure("there is no user \"\(name)\"; \(hint)")
    }
}
