import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Synchronization
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

    /// Runs with nothing in their way take a way of their own, which must make the same of them.
    @Test(arguments: StoreLaw.all)
    func whereEverythingIsDecidedOnItHolds(_ law: StoreLaw) async throws {
        try await PostgresDatabase.with { database in
            let time = ManualTime()
            let store = try await PostgresStore.open(database.url, time: time)
            defer { store.close() }
            try await law.check(DecidingOnEverything(base: store), time: time)
        }
    }

    @Test func aNodeIsToldOfWhatAnotherOneMadeDue() async throws {
        try await PostgresDatabase.with { database in
            let mine = try await PostgresStore.open(database.url)
            let other = try await PostgresStore.open(database.url)
            defer { [mine, other].forEach { $0.close() } }
            _ = try await other.prepareOneRun()
            #expect(other.reachesNodes)
            let hints = Bell()
            let listening = Task { await mine.hints { hints.ring() } }
            defer { listening.cancel() }
            // The first hint says that it listens.
            await hints.wait()
            _ = try await other.trigger("report", requestID: "r", by: "ann")
            await hints.wait()
        }
    }

    /// A store with a due run that hears of hints, after the first one, which says that it listens.
    private func withHints(
        _ body: (PostgresDatabase, PostgresStore, NodeID, Bell) async throws -> Void
    ) async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            defer { store.close() }
            let node = try await store.prepareOneRun()
            let hints = Bell()
            let listening = Task { await store.hints { hints.ring() } }
            defer { listening.cancel() }
            await hints.wait()
            try await body(database, store, node, hints)
        }
    }

    /// Hints and claims share a connection: what comes along with the answers of a claim is a hint as well.
    @Test func aHintThatComesWithTheAnswersOfAClaimIsHeard() async throws {
        try await withHints { database, store, node, hints in
            let request = ClaimRequest.example(of: node, nonce: 1, by: .deciding)
            let result = try await store.claim(request) { _, _, _, _ in
                // On the connection's thread, between the flights of the claim: the server tells of it after the last one.
                _ = try? database.server.sql("NOTIFY onebeat", in: database.name)
                return .start
            }
            #expect(result.claims.count == 1)
            await hints.wait()
        }
    }

    @Test func hintsComeAgainAfterTheConnectionWasLost() async throws {
        try await withHints { database, store, node, hints in
            try database.server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
            // The one after the new connection, and one over it.
            await hints.wait()
            try database.server.sql("NOTIFY onebeat", in: database.name)
            await hints.wait()
            #expect(try await store.claimOne(node, nonce: 1).claims.count == 1)
        }
    }

    @Test func aConnectionGoesOnWhenNobodyNeedsItsHints() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            defer { store.close() }
            let node = try await store.prepareOneRun()
            let hints = Bell()
            let count = Mutex(0)
            let listening = Task {
                await store.hints {
                    count.withLock { $0 += 1 }
                    hints.ring()
                }
            }
            await hints.wait()
            listening.cancel()
            await listening.value
            let heard = count.withLock { $0 }
            try database.server.sql("NOTIFY onebeat", in: database.name)
            #expect(try await store.claimOne(node, nonce: 1).claims.count == 1)
            #expect(count.withLock { $0 } == heard)
        }
    }

    @Test func whoeverNeedsNoMoreHintsWaitsForNone() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            defer { store.close() }
            let hints = Bell()
            let begin = ContinuousClock.now
            let listening = Task { await store.hints { hints.ring() } }
            await hints.wait()
            listening.cancel()
            await listening.value
            #expect(ContinuousClock.now - begin < .seconds(4))
        }
    }

    @Test func whoeverNeedsNoMoreHintsDoesNotWaitForAServerThatIsSilent() async throws {
        try await PostgresDatabase.with { database in
            let proxy = try Proxy(to: "\(database.server.folder)/.s.PGSQL.5432")
            let url = "postgres://onebeat@127.0.0.1:\(proxy.port)/\(database.name)?gssencmode=disable&sslmode=disable"
            let store = try await PostgresStore.open(url)
            defer { store.close() }
            proxy.isSilent = true
            defer { proxy.isSilent = false }
            let begin = ContinuousClock.now
            let listening = Task { await store.hints { Issue.record("a hint came through the silence") } }
            // Time enough to begin.
            for _ in 0..<1000 { await Task.yield() }
            listening.cancel()
            await listening.value
            // A move would wait for five seconds.
            #expect(ContinuousClock.now - begin < .seconds(4))
        }
    }

    @Test func behindAPoolerThereAreNoHints() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(try await Self.pooler.value.url(database.name))
            defer { store.close() }
            await store.hints { Issue.record("a hint came over a connection that is not ours") }
            #expect(!store.reachesNodes)
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

/// Asks for the lock of every job that has a due run, and gets it.
private struct DecidingOnEverything: StoreWrapper {
    let base: any Store

    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult {
        var request = request
        if request.locks == nil {
            request.locks = LockView()
            request.locks?.asked = Set(
                try await base.dueRuns(queues: request.queues, within: .zero, limit: 1000).map(\.run.job))
        }
        return try await base.claim(request, deciding: deciding)
    }
}
