import Foundation
import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Synchronization
import Testing

/// Two runs that a third one follows end at one moment, over stores of their own: it is let go, once.
@Suite(.timeLimit(.minutes(10)))
struct FlowRaceTests {
    /// `ONEBEAT_PAIRS=10000` for a long look.
    private static let pairs = ProcessInfo.processInfo.environment["ONEBEAT_PAIRS"].flatMap { Int($0) } ?? 300
    /// Pairs that end at one time.
    private static let wave = 100

    @Test func ofPairsThatEndTogetherEachLetsItsFollowerGoOnce() async throws {
        try await PostgresDatabase.with { database in
            let stores = try await [PostgresStore.open(database.url), PostgresStore.open(database.url)]
            defer { stores.forEach { $0.close() } }
            try await define(in: stores[0])
            let node = try await join(stores[0])
            var wanted = 0
            while wanted < Self.pairs {
                for number in wanted..<min(wanted + Self.wave, Self.pairs) {
                    try await stores[0].trigger("root", requestID: "\(number)", by: "race")
                }
                wanted = min(wanted + Self.wave, Self.pairs)
                try await settle(try await claims(of: stores[0], node), over: stores[0])
                let parents = Dictionary(grouping: try await claims(of: stores[0], node), by: \.run.job)
                // Each pair is of one flow, and its halves end in transactions of their own.
                let (left, right) = (sorted(parents["left"]), sorted(parents["right"]))
                #expect(left.map(\.run.flow) == right.map(\.run.flow) && !left.isEmpty)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (store, half) in zip(stores, [left, right]) {
                        group.addTask { for claim in half { try await settle([claim], over: store) } }
                    }
                    try await group.waitForAll()
                }
                // A child that was let go twice would be claimed, and refused, twice.
                let children = try await claims(of: stores[1], node)
                #expect(children.count == left.count)
                #expect(Set(children.map(\.run.flow)) == Set(left.map(\.run.flow)))
                try await settle(children, over: stores[1])
            }
            let counts = try await stores[0].runCounts()
            #expect(counts == [.succeeded: 4 * Self.pairs])
            var faults: [AuditFault] = []
            _ = try await Auditor(stores[0]).audit { faults.append($0) }
            #expect(faults == [])
        }
    }

    @Test func aMarkSeesTheEndOfAnotherParentThatIsJustBeingWritten() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            defer { store.close() }
            try await define(in: store)
            let node = try await join(store)
            try await store.trigger("root", requestID: "one", by: "race")
            try await settle(try await claims(of: store, node), over: store)
            let parents = Dictionary(grouping: try await claims(of: store, node), by: \.run.job)
            let left = try #require(parents["left"]?.first), right = try #require(parents["right"]?.first)
            // The child is skipped by that.
            try await settle([left], as: .failed(Failure("no")), over: store)
            func count(_ what: String) throws -> Int {
                Int(try database.server.sql("SELECT count(*) FROM \(what)", in: database.name)) ?? 0
            }
            func psql(_ statements: String...) throws -> ServerProcess {
                try ServerProcess(["psql", "-X", "-d", database.url] + statements.flatMap { ["-c", $0] })
            }
            // Somebody who ends the right one, and commits when the gate opens.
            let gate = try psql("SELECT pg_advisory_lock(7)", "SELECT pg_sleep(60)")
            defer { gate.stop() }
            let sleeping = "pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = '\(database.name)'"
            while try count(sleeping) == 0 { await Task.yield() }
            let ending = try psql(
                """
                BEGIN; UPDATE runs SET state = 'succeeded', finished_at = clock_timestamp() WHERE id = \(right.run.id);
                SELECT pg_advisory_xact_lock(7); COMMIT
                """)
            defer { ending.stop() }
            let waiting = "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '\(database.name)'"
            while try count(waiting) == 0 { await Task.yield() }
            let marked = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await store.mark(left.run.id, as: .succeeded, because: "it was", by: "race")
                    marked.isUp.withLock { $0 = true }
                }
                while try !marked.isUp.withLock({ $0 }) && count(waiting) < 2 { await Task.yield() }
                _ = try database.server.sql(
                    "SELECT pg_terminate_backend(pid) FROM \(sleeping)", in: database.name)
                try await group.waitForAll()
            }
            while try count("runs WHERE id = \(right.run.id) AND state = 'succeeded'") == 0 { await Task.yield() }
            #expect(try await claims(of: store, node).map(\.run.job) == ["child"])
        }
    }

    /// A diamond that is run by hand.
    private func define(in store: PostgresStore) async throws {
        var policies = JobPolicies()
        policies.overlap = .allow
        let jobs = [
            JobDefinition(name: "root", schedule: .manual, work: .handler, policies: policies),
            JobDefinition(name: "left", schedule: .after("root"), work: .handler, policies: policies),
            JobDefinition(name: "right", schedule: .after("root"), work: .handler, policies: policies),
            JobDefinition(name: "child", schedule: .after("left", "right"), work: .handler, policies: policies),
        ]
        try await store.apply(jobs, source: "race", isComplete: false, by: "race", schedules: ScheduleCache())
    }

    private func join(_ store: PostgresStore) async throws -> NodeID {
        let node = NodeID(name: "n", boot: "b")
        _ = try await store.join(
            NodeRecord(id: node, slots: 500, queues: ["default"], version: "1", processID: 1), lease: .seconds(600))
        return node
    }

    private func sorted(_ claims: [Claim]?) -> [Claim] { (claims ?? []).sorted { $0.run.id < $1.run.id } }

    private func claims(of store: PostgresStore, _ node: NodeID) async throws -> [Claim] {
        var found: [Claim] = []
        while true {
            let claims = try await store.claim(
                ClaimRequest(node: node, queues: ["default"], slots: 500, nonce: ClaimNonce(1)),
                deciding: Admission.decide
            ).claims
            if claims.isEmpty { return found }
            found += claims
        }
    }

    private func settle(_ claims: [Claim], as outcome: Outcome = .succeeded, over store: PostgresStore) async throws {
        let results = try await store.settle(claims.map { AttemptReport($0, outcome) }) {
            Settlement.decide($0, $1, of: $2, at: $3, chance: 0)
        }
        #expect(results.allSatisfy { if case .settled = $0 { true } else { false } })
    }
}

private final class Flag: Sendable {
    let isUp = Mutex(false)
}
