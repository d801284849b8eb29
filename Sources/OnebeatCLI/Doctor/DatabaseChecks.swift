import Onebeat
import OnebeatPostgres
import OnebeatServer

/// What the doctor says of a PostgreSQL store.
struct DatabaseChecks {
    let surroundings: Surroundings
    let url: SecretAddress

    func findings() async -> [Finding] {
        do {
            let store = try await PostgresStore.open(url.text, mustExist: true)
            defer { store.close() }
            return try await Self.onServer(store) + StoreChecks.onAny(store, surroundings)
        } catch StoreError.notFound(let words) {
            return [.warn("store", words, "`onebeat up` or `onebeat apply` makes them")]
        } catch {
            let failure = CommandFailure(error)
            let advice = "is the server up, and may this machine and this user reach it? `psql` takes the same address"
            return [.fail("store", failure?.message ?? "\(error)", advice)]
        }
    }

    static func onServer(_ store: PostgresStore) async throws -> [Finding] {
        let health = try await store.health()
        let size = ByteCount.text(health.size)
        let way = health.isPooled ? ", through a pooler" : ""
        let rights = health.missingRights.map { Finding.fail("rights", $0, "`onebeat up` ends with the same words") }
        return [rights].compactMap(\.self) + [
            .ok("store", "\(store.name), \(size), schema \(health.schema), PostgreSQL \(health.version)\(way)"),
            health.isSynchronous
                ? .ok(
                    "durability", "every commit waits for the disk (synchronous_commit = \(health.synchronousCommit))")
                : .fail(
                    "durability",
                    "commits could be lost in a crash (synchronous_commit = \(health.synchronousCommit), fsync ="
                        + " \(health.hasSync ? "on" : "off"))",
                    "let both be on for the store's role and database"),
        ]
    }
}
