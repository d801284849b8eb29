import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PostgresStoreTests {
    @Test(arguments: StoreLaw.all)
    func itHolds(_ law: StoreLaw) async throws {
        try await PostgresDatabase.with { database in
            let time = ManualTime()
            let store = try await PostgresStore.open(database.url, time: time)
            defer { store.close() }
            try await law.check(store, time: time)
        }
    }

    private static let pooler = Task { try await PgBouncer(to: PostgresServer.shared) }

    @Test(arguments: StoreLaw.all)
    func throughAPoolerItHolds(_ law: StoreLaw) async throws {
        try await PostgresDatabase.with { database in
            let time = ManualTime()
            let store = try await PostgresStore.open(try await Self.pooler.value.url(database.name), time: time)
            defer { store.close() }
            try await law.check(store, time: time)
        }
    }
}
