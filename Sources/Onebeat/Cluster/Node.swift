import Logging
import ServiceLifecycle

/// One node: candidate for the lead, and worker. It puts the loops together, and stops them in an order that loses
/// nothing: no new work, then the running attempts within their time to drain, then their settlements, then the lease.
public final class Node: Service {
    private let store: any Store
    private let settings: NodeSettings
    private let clock: NodeClock
    private let logger: Logger
    private let membership: Membership
    private let attempts: NodeAttempts
    private let outbox: Outbox
    private let recorder: OutputRecorder
    private let loops: [LoopService]
    private let planning: Bell

    /// How long a stopping node goes on trying to settle when the store does not answer; the reaper does it after that.
    static let settlingPatience = Duration.seconds(5)

    /// A node over `store`.
    /// - Parameters:
    ///   - executor: does the work of claimed runs.
    ///   - processID: the number of this process, for people who look for it.
    ///   - onRenewal: told at each renewal until which uptime the lease can be trusted; a guardian ends the jobs by then.
    public init(
        store: any Store, executor: any Executor, settings: NodeSettings, processID: Int = 0,
        time: any TimeSource = SystemTime(), schedules: ScheduleCache = ScheduleCache(), logger: Logger,
        onRenewal: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        var logger = logger
        logger[metadataKey: "node"] = "\(settings.name)"
        let clock = NodeClock(time)
        let membership = Membership(time)
        let worker = Bell()
        let settling = Bell()
        let output = Bell()
        let planning = Bell()
        let leading = Bell()
        let metrics = RunMetrics()
        let leaseMetrics = LeaseMetrics()
        let outbox = Outbox(ringing: settling)
        let recorder = OutputRecorder(store: store, clock: clock, bell: output)
        let attempts = NodeAttempts(
            runner: AttemptRunner(executor: executor, time: time), outbox: outbox, recorder: recorder,
            membership: membership, worker: worker)
        let settle: @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement = {
            Settlement.decide($0, $1, of: $2, at: $3, chance: .random(in: 0...1))
        }
        let record = NodeRecord(
            id: NodeID(name: settings.name, boot: ""), slots: settings.slots, queues: settings.queues,
            version: settings.version, processID: processID)

        func service(_ loop: any TurnTaking, _ bell: Bell = Bell()) -> LoopService {
            LoopService(loop, wokenBy: bell, clock: clock, logger: logger)
        }
        loops = [
            service(
                HeartbeatLoop(
                    store: store, membership: membership, clock: clock, lengths: settings.leases, node: record,
                    attempts: attempts, onRenewal: onRenewal, onJoin: [leading, worker], metrics: leaseMetrics,
                    logger: logger,
                    makeBoot: { randomWord() })),
            service(
                LeadLoop(
                    store: store, membership: membership, clock: clock, lengths: settings.leases, onElection: planning,
                    metrics: leaseMetrics, logger: logger),
                leading),
            service(
                FiringLoop(
                    store: store, membership: membership, schedules: schedules, worker: worker, logger: logger),
                planning),
            service(
                Worker(
                    store: store, membership: membership, attempts: attempts, slots: settings.slots,
                    queues: settings.queues, metrics: metrics, makeNonce: { randomWord() }),
                worker),
            service(CancelLoop(store: store, membership: membership, attempts: attempts)),
            service(
                SettlingLoop(
                    store: store, outbox: outbox, settle: settle, worker: worker, metrics: metrics, logger: logger),
                settling),
            service(recorder, output),
            service(Reaper(store: store, settle: settle, worker: worker, metrics: metrics, logger: logger)),
            service(PruneLoop(store: store, membership: membership, keep: settings.keep)),
        ]
        self.store = store
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.membership = membership
        self.attempts = attempts
        self.outbox = outbox
        self.recorder = recorder
        self.planning = planning
    }

    /// Runs the node until a graceful shutdown, or until the Swift task is cancelled.
    public func run() async throws {
        // In Swift tasks of their own, since the loops are needed to stop well even when this one is cancelled.
        let work = Task {
            await withTaskGroup(of: Void.self) { group in
                for loop in loops { group.addTask { await loop.run() } }
            }
        }
        try? await gracefulShutdown()
        let isHurried = Task.isCancelled
        await Task { await self.stop(isHurried: isHurried) }.value
        work.cancel()
        await work.value
    }

    /// Whether the node holds a lease it can trust.
    public var isReady: Bool { membership.id != nil && !membership.isLeaving }

    /// Whether the node leads.
    public var isLeader: Bool { membership.term != nil }

    /// Has the leader look for something to plan at once, after definitions changed.
    public func definitionsChanged() { planning.ring() }

    private func stop(isHurried: Bool) async {
        let running = await attempts.count
        logger.info("stopping", metadata: ["running": "\(running)"])
        membership.beginLeaving()
        let id = membership.claimedID
        if let id { try? await store.resign(id) }
        if !isHurried { await within(settings.drain) { await self.attempts.drained() } }
        await attempts.stopAll(because: .shutdown)
        await attempts.drained()
        await within(Self.settlingPatience) { await self.settled() }
        await recorder.flush()
        if let id, outbox.isEmpty { try? await store.leave(id) }
        logger.info("stopped")
    }

    private func settled() async {
        while !outbox.isEmpty, !Task.isCancelled {
            try? await clock.time.sleep(until: clock.time.uptime() + .milliseconds(10))
        }
    }

    /// Waits for `work`, but no longer than `length`.
    private func within(_ length: Duration, _ work: @escaping @Sendable () async -> Void) async {
        let end = clock.time.uptime() + length
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { try? await self.clock.time.sleep(until: end) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Sixteen characters drawn by chance: enough for a boot or a nonce.
private func randomWord() -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
