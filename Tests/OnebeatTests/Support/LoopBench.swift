import Logging
import OnebeatSQLite
import OnebeatTesting

@testable import Onebeat

/// What a loop needs for its turns: a store in memory, time in the test's hands, and attempts that only take notes.
struct LoopBench {
    let time = ManualTime()
    let store: any Store
    let parts: NodeParts
    let attempts = NotedAttempts()
    let lengths = LeaseLengths()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(_ wrap: (any Store, ManualTime) -> any Store = { store, _ in store }) throws {
        store = wrap(try SQLiteStore.inMemory(time: time), time)
        parts = NodeParts(time: time)
    }

    func heartbeat(boots: [String] = ["a1", "a2", "a3"]) -> HeartbeatLoop {
        let counter = Counter()
        return HeartbeatLoop(
            store: store, membership: parts.membership, clock: parts.clock, lengths: lengths,
            node: NodeRecord(
                id: NodeID(name: "a", boot: ""), slots: 2, queues: ["default"], version: "1", processID: 1),
            attempts: attempts, onRenewal: { _, _ in }, onJoin: [], metrics: LeaseMetrics(), logger: logger,
            makeBoot: { boots[counter.increment() - 1] })
    }

    var lead: LeadLoop {
        LeadLoop(
            store: store, membership: parts.membership, clock: parts.clock, lengths: lengths, onElection: [Bell()],
            metrics: LeaseMetrics(), logger: logger)
    }

    var firing: FiringLoop { firing() }

    func firing(_ announcer: Announcer? = nil) -> FiringLoop {
        FiringLoop(
            store: store, membership: parts.membership, schedules: ScheduleCache(), demand: parts.demand,
            announcer: announcer, logger: logger)
    }

    func worker(
        slots: Int = 2, abilities: Abilities = .everything, locks: LockKeeper? = nil, announcer: Announcer? = nil
    ) -> Worker {
        Worker(
            store: store, membership: parts.membership, attempts: attempts, slots: slots, queues: ["default"],
            abilities: abilities, outbox: parts.outbox, openClaim: parts.openClaim, onStart: Bell(),
            demand: parts.demand, locks: locks,
            announcer: announcer, metrics: RunMetrics(), logger: logger)
    }

    func announcer(_ dispatch: any Dispatch) -> Announcer {
        Announcer(dispatch, clock: parts.clock, logger: logger)
    }

    func turn(_ loop: some TurnTaking) async throws -> NextTurn { try await loop.turn(at: parts.clock.now()) }

    func join() async throws { _ = try await turn(heartbeat()) }

    /// Stores jobs that are due each second, and runs of theirs that are due now.
    func due(_ names: String...) async throws {
        try await store.apply(
            names.map { .example($0, .every(.seconds(1)), .with { $0.overlap = .allow }) }, source: "test",
            isComplete: true, by: "test", schedules: ScheduleCache())
        time.advance(by: .seconds(1))
        for name in names {
            _ = try await store.trigger(name, requestID: "now", by: "test")
        }
    }
}

/// Attempts that begin and never end, and what was asked of them.
actor NotedAttempts: AttemptRunning {
    private(set) var started: [Claim] = []
    private(set) var stopped: [StopCause] = []
    private(set) var stoppedRuns: [RunID] = []

    var count: Int { started.count }

    func start(_ claims: [Claim]) { started += claims }

    func unknown(_ claims: [Claim]) -> [Claim] {
        claims.filter { claim in !started.contains { $0.fence == claim.fence } }
    }

    func stop(_ runs: [RunID], because cause: StopCause) {
        stoppedRuns += runs
        stopped.append(cause)
    }

    func stopAll(because cause: StopCause) { stopped.append(cause) }
}
