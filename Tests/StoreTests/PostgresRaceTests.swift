import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Synchronization
import Testing

/// Nodes that really work at the same time, over stores of their own on one database.
@Suite(.timeLimit(.minutes(3)))
struct PostgresRaceTests {
    /// What all workers together did, and what is left to do.
    private struct Tally {
        var left = jobs * runsOfAJob
        var running: [String: Int] = [:]
        var mostRunning: [String: Int] = [:]
        var claimed: [RunID: Int] = [:]
        var newestFence: [String: Fence] = [:]
        var fencesFellBack = 0
    }

    private final class Board: Sendable {
        let tally = Mutex(Tally())
    }

    private static let jobs = 12
    private static let runsOfAJob = 40

    @Test func noRunIsClaimedTwiceNoLimitIsPassedAndNothingIsStranded() async throws {
        try await PostgresDatabase.with { database in
            let stores = try await [PostgresStore.open(database.url), PostgresStore.open(database.url)]
            defer { stores.forEach { $0.close() } }
            try await plan(over: stores[0])
            let board = Board()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    let store = stores[worker % 2]
                    group.addTask { try await work(worker, over: store, board) }
                }
                try await group.waitForAll()
            }
            let result = board.tally.withLock { $0 }
            #expect(result.claimed.count == Self.jobs * Self.runsOfAJob)
            #expect(result.claimed.values.allSatisfy { $0 == 1 })
            #expect(result.fencesFellBack == 0)
            for number in 0..<Self.jobs where limit(of: number) < .max {
                #expect(result.mostRunning[name(number), default: 0] <= limit(of: number))
            }
            let states = try await stores[1].runCounts()
            #expect(states == [.succeeded: Self.jobs * Self.runsOfAJob])
        }
    }

    private func work(_ worker: Int, over store: PostgresStore, _ board: Board) async throws {
        let node = NodeID(name: "n\(worker)", boot: "b\(worker)")
        _ = try await store.join(
            NodeRecord(id: node, slots: 10, queues: ["default"], version: "1", processID: 1), lease: .seconds(120))
        while board.tally.withLock({ $0.left > 0 }) {
            let claims = try await store.claim(
                ClaimRequest(node: node, queues: ["default"], slots: 7, nonce: ClaimNonce(1)),
                deciding: Admission.decide
            ).claims
            board.tally.withLock { tally in
                for claim in claims {
                    let job = claim.run.job
                    tally.claimed[claim.run.id, default: 0] += 1
                    tally.running[job, default: 0] += 1
                    tally.mostRunning[job] = max(tally.mostRunning[job] ?? 0, tally.running[job] ?? 0)
                }
            }
            guard !claims.isEmpty else {
                await Task.yield()
                continue
            }
            board.tally.withLock { tally in
                for claim in claims {
                    let job = claim.run.job
                    // With one run at a time each fence is higher than all before it.
                    if claim.definition.policies.effectiveLimit == 1 {
                        if claim.fence <= tally.newestFence[job] ?? Fence(0) { tally.fencesFellBack += 1 }
                        tally.newestFence[job] = claim.fence
                    }
                    tally.running[job, default: 0] -= 1
                }
            }
            let results = try await store.settle(claims.map { AttemptReport($0, .succeeded) }) {
                Settlement.decide($0, $1, of: $2, at: $3, chance: 0)
            }
            #expect(results.allSatisfy { if case .settled = $0 { true } else { false } })
            board.tally.withLock { $0.left -= claims.count }
        }
    }

    private func plan(over store: PostgresStore) async throws {
        let definitions = (0..<Self.jobs).map { number in
            var policies = JobPolicies()
            policies.overlap = limit(of: number) == .max ? .allow : .queueAll
            if limit(of: number) < .max { policies.limit = limit(of: number) }
            return JobDefinition(
                name: name(number), schedule: .every(.seconds(60)), work: .handler, policies: policies)
        }
        _ = try await store.apply(
            ApplyRequest(definitions, source: "race", by: "race"), unless: { _, _ in false }
        ) { job, _, now in
            let fires = (0..<Self.runsOfAJob).map { number in
                let instant = now - .seconds(number)
                return PlannedFire(scheduledAt: instant, dueAt: instant)
            }
            return FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now, nextAt: nil,
                fires: fires)
        }
    }

    private func name(_ number: Int) -> String { "job\(number)" }

    /// One at a time, a few, or as many as there are.
    private func limit(of number: Int) -> Int { [1, 3, .max][number % 3] }
}
