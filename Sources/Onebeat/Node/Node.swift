import Logging
import ServiceLifecycle

// Node: the loops, and who puts them together. A loop looks, asks the store for a move, and does what follows from it; it
// takes turns and never sleeps. What is decided stands in the folders above; who is right, the store says.

/// One node: candidate for the lead, and worker. It puts the loops together, and stops them in an order that loses
/// nothing: no new work, then the running attempts within their time to drain, then their settlements, then the lease.
package final class Node: Service {
    private let store: any Store
    private let settings: NodeSettings
    private let parts: NodeParts
    private let logger: Logger
    private let attempts: NodeAttempts
    private let recorder: OutputRecorder
    private let keeper: LockKeeper?
    private let dispatch: (any Dispatch)?
    private let loops: [LoopService]
    /// Where dispatch has pointers to what this node can do.
    private let lanes: [String]

    /// How long a stopping node goes on trying to settle when the store does not answer; the reaper does it after that.
    static let settlingPatience = Duration.seconds(5)
    /// How long beyond their grace a stopping node waits for its processes to be gone.
    static let endingPatience = Duration.seconds(5)
    /// The most that the guardian gives.
    static let longestGrace = Duration.seconds(49 * 86_400)
    /// How long a stopping node tries to give up its locks; they end by themselves after that.
    static let releasingPatience = Duration.seconds(1)

    /// A node over `store`.
    /// - Parameters:
    ///   - executor: does the work of claimed runs.
    ///   - locks: keeps other programs away from jobs that may not overlap; the nodes need none among themselves.
    ///   - dispatch: points workers to due runs; without it each worker asks the store.
    ///   - processID: the number of this process, for people who look for it.
    ///   - onRenewal: told at each renewal which life the lease is for, and until which uptime it can be trusted; a
    ///     guardian ends the jobs by then.
    package init(
        store: any Store, executor: any Executor, settings: NodeSettings, locks: (any Locks)? = nil,
        dispatch: (any Dispatch)? = nil, processID: Int = 0, time: any TimeSource = SystemTime(),
        schedules: ScheduleCache = ScheduleCache(), logger: Logger,
        onRenewal: @escaping @Sendable (NodeID, Duration) -> Void = { _, _ in }
    ) {
        var logger = logger
        logger[metadataKey: "node"] = "\(settings.name)"
        let parts = NodeParts(time: time)
        let output = Bell()
        let recorder = OutputRecorder(
            store: store, clock: parts.clock, limit: settings.output, bell: output)
        let attempts = NodeAttempts(
            runner: AttemptRunner(
                executor: executor, time: time, input: { (run) throws(StoreError) in try await store.input(of: run) },
                shown: { (jobs) throws(StoreError) in try await store.withoutSecretOutput(jobs) },
                stuck: { [logger] attempt in
                    RunMetrics.countStuck()
                    logger.warning(
                        "attempt does not stop",
                        metadata: ["run": "\(attempt.claim.run.key)", "why": "\(attempt.words)"])
                    try? await store.record(attempt.event(by: settings.name))
                }),
            outbox: parts.outbox, recorder: recorder, membership: parts.membership, demand: parts.demand, logger: logger
        )
        let keeper = locks.map { [logger] in
            parts.keeper(of: $0, store: store, settings: settings, chance: .system, logger: logger)
        }
        let loops = parts.loops(
            store: store, attempts: attempts, settings: settings, abilities: executor.abilities,
            processID: processID, schedules: schedules, chance: .system, locks: keeper,
            announcer: dispatch.map { [logger] in Announcer($0, clock: parts.clock, logger: logger) }, logger: logger,
            onRenewal: onRenewal)
        let nearStore = (store as? any WakeSource)?.hintExecutor
        self.loops = (loops + [(recorder, output)]).map {
            LoopService(
                $0.loop, wokenBy: $0.bell, clock: parts.clock, logger: logger, on: $0.loop is Worker ? nearStore : nil)
        }
        lanes = RunPointer.lanes(settings.queues, executor.abilities)
        self.keeper = keeper
        self.dispatch = dispatch
        self.store = store
        self.settings = settings
        self.parts = parts
        self.logger = logger
        self.attempts = attempts
        self.recorder = recorder
    }

    /// Runs the node until a graceful shutdown, or until the Swift task is cancelled.
    /// - Throws: ``SettingsError`` when it cannot live by its settings.
    package func run() async throws {
        _ = try settings.validated()
        // In Swift tasks of their own, since the loops are needed to stop well even when this one is cancelled.
        let work = Task {
            await withTaskGroup(of: Void.self) { group in
                for loop in loops { group.addTask { await loop.run() } }
                // What the store tells of needs no pointer; dispatch tells that there is one.
                if let source = store as? any WakeSource, settings.roles.contains(.worker) {
                    group.addTask { [parts] in await source.hints { parts.demand.hint() } }
                }
                if let dispatch, settings.roles.contains(.worker) {
                    group.addTask { [parts, lanes] in
                        for await _ in dispatch.wakeUps(lanes) {
                            parts.worker.ring()
                            parts.remoteWorker.ring()
                        }
                    }
                }
            }
        }
        try? await gracefulShutdown()
        let isHurried = Task.isCancelled
        await Task { await self.stop(isHurried: isHurried) }.value
        work.cancel()
        await work.value
    }

    /// Whether the node holds a lease it can trust.
    package var isReady: Bool { parts.membership.id != nil && !parts.membership.isLeaving }

    /// Whether the node leads.
    package var isLeader: Bool { parts.membership.term != nil }

    /// Rung when it begins to lead, or leads no more: for one who waits.
    package var elected: Bell { parts.elected }

    /// Has the worker look for a run that is due, after one was added past this node.
    package func runIsDue() { parts.demand.mayBeDue() }

    /// Has the leader look for something to plan at once, after definitions changed.
    package func definitionsChanged() { parts.planning.ring() }

    private func stop(isHurried: Bool) async {
        let running = await attempts.count
        logger.info("stopping", metadata: ["running": "\(running)"])
        parts.membership.beginLeaving()
        await attempts.stopRemote()
        parts.worker.ring()
        parts.remoteWorker.ring()
        let id = parts.membership.claimedID
        if let id { try? await store.resign(id) }
        if !isHurried { await within(settings.drain) { await self.attempts.drained() } }
        await attempts.stopAll(because: .shutdown)
        if let grace = await attempts.grace {
            // What is not gone by then is held up by the system (a disk that hangs), or by a store that takes no output.
            await within(min(grace, Self.longestGrace) + Self.endingPatience) { await self.attempts.drained() }
        } else {
            await attempts.drained()
        }
        await within(Self.settlingPatience) { await self.settled() }
        await recorder.flush()
        if let keeper { await within(Self.releasingPatience) { await keeper.leave() } }
        // Otherwise the lease says when others may go on.
        let isClean = await attempts.count + attempts.remoteCount == 0 && isSettled
        if let id, isClean { try? await store.leave(id) }
        logger.info("stopped")
    }

    private func settled() async {
        while !isSettled, !Task.isCancelled {
            try? await parts.clock.time.sleep(until: parts.clock.time.uptime() + .milliseconds(10))
        }
    }

    /// Whether nothing runs under this node's name in the store, as far as it knows.
    private var isSettled: Bool {
        parts.openClaim.name == nil && parts.remoteClaim.name == nil && parts.outbox.isEmpty
    }

    /// Waits for `work`, but no longer than `length`.
    private func within(_ length: Duration, _ work: @escaping @Sendable () async -> Void) async {
        let end = parts.clock.time.uptime() + length
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { try? await self.parts.clock.time.sleep(until: end) }
            await group.next()
            group.cancelAll()
        }
    }
}
