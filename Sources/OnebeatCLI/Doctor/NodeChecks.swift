import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatServer

/// What a node says of itself to whoever asks it: by the store that it works with, and the settings that it was started with.
struct NodeChecks: Sendable {
    let surroundings: Surroundings
    let store: any Store

    func examination() async -> Examination {
        var findings = [ConfigurationChecks.finding(on: surroundings)]
        do {
            findings += try await ofStore()
            findings += try await StoreChecks.onDefinitions(store, surroundings) + StandingChecks.findings(store)
        } catch {
            let words = CommandFailure(error)?.message ?? "\(error)"
            findings.append(.fail("store", words, "is it up, and may this machine reach it?"))
        }
        if let redis = surroundings.settings.redis.value { findings.append(await RedisChecks.finding(on: redis)) }
        if let celery = surroundings.settings.celery.value {
            findings += await CeleryChecks.findings(on: celery, surroundings.file?.jobs ?? [])
        }
        findings += ConfigurationChecks.jobFindings(on: surroundings) + MachineChecks.findings()
        return Examination(surroundings.settings, findings)
    }

    private func ofStore() async throws -> [Finding] {
        switch store {
        case let store as SQLiteStore:
            try await FileChecks(surroundings, path: store.path ?? "").ofNode(store)
        case let store as PostgresStore: try await DatabaseChecks.onServer(store)
        default: []
        }
    }
}
