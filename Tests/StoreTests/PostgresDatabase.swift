import OnebeatPostgres
import OnebeatTesting
import Synchronization

/// A database with the store's tables, a copy made for one test.
struct PostgresDatabase {
    let server: PostgresServer
    let name: String

    var url: String { server.url(name) }

    private static let template = Task {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        try await PostgresStore.open(server.url(name)).close()
        // Its copies are stores of their own, and not restored ones.
        try server.sql("UPDATE meta SET value = 'new' WHERE key = 'server'", in: name)
        return name
    }

    private static let turnstile = Turnstile(places: 6)

    static func with(_ body: (PostgresDatabase) async throws -> Void) async throws {
        await turnstile.enter()
        defer { turnstile.leave() }
        let server = try await PostgresServer.shared
        let database = PostgresDatabase(
            server: server, name: try server.makeDatabase(template: try await template.value))
        do {
            try await body(database)
        } catch {
            try server.drop(database.name)
            throw error
        }
        try server.drop(database.name)
    }
}

/// Lets a few in at a time: a test run starts all tests at once, and a server has only so many connections.
private final class Turnstile: Sendable {
    private struct State {
        var places: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(places: places)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                guard state.places == 0 else {
                    state.places -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() as CheckedContinuation<Void, Never>? }
            state.places += 1
            return nil
        }
        next?.resume()
    }
}
