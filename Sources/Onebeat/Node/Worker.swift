import Logging
import Synchronization

/// Claims due runs for the node's free slots and starts them. What somebody else's workers do has a `Worker` of its own,
/// with room of its own: it waits for no slot, and no slot is taken by it.
final class Worker: TurnTaking {
    static let poll = Demand.poll
    /// The most runs one claim takes: large enough to share a commit, small enough to start the first soon.
    static let batch = 250
    /// How many tasks of somebody else's workers one node watches.
    static let mostWatches = 10_000
    /// How often a worker looks into the store that is pointed to due runs: the last net below the leader's reconciling.
    static let look = Duration.seconds(5)
    /// A pointer may come a little early, by the difference between this node's clock and the store's.
    static let haste = Duration.milliseconds(100)
    /// After so many pointers in a row that were promised and did not come, the pauses between two questions grow.
    static let patience = 5

    let name = "worker"
    private let store: any RunStore
    private let membership: Membership
    private let attempts: any AttemptRunning
    private let slots: Int
    private let isRemote: Bool
    private let queues: [String]
    private let abilities: Abilities
    /// Rung when attempts were started, for the loop that looks after their cancellation.
    private let onStart: Bell
    private let locks: LockKeeper?
    private let announcer: Announcer?
    private let metrics: RunMetrics
    private let outbox: Outbox
    private let openClaim: OpenClaim
    private let demand: Demand
    private let logger: Logger
    private let lookedAt = Mutex(Timestamp.distantPast)
    /// Whether the last claim met runs with locks.
    private let looksFirst = Mutex(true)
    private let promise = Mutex(Promise())
    /// Until when nothing starts beside a run that must be alone.
    private let aloneUntil = Mutex(Timestamp.distantPast)

    init(
        store: any RunStore, membership: Membership, attempts: any AttemptRunning, slots: Int, queues: [String],
        isRemote: Bool = false, abilities: Abilities = .everything, outbox: Outbox, openClaim: OpenClaim, onStart: Bell,
        demand: Demand, locks: LockKeeper? = nil, announcer: Announcer? = nil, metrics: RunMetrics, logger: Logger
    ) {
        self.logger = logger
        self.store = store
        self.membership = membership
        self.attempts = attempts
        self.slots = slots
        self.isRemote = isRemote
        self.queues = queues
        self.abilities = abilities
        self.onStart = onStart
        self.demand = demand
        self.locks = locks
        self.announcer = announcer
        self.metrics = metrics
        self.outbox = outbox
        self.openClaim = openClaim
    }

    private var count: Int { get async { isRemote ? await attempts.remoteCount : await attempts.count } }

    func turn(at now: Timestamp) async throws -> NextTurn {
        // Also of an earlier life, and by a node that leaves: what such a claim brought is handed back.
        if let open = openClaim.name {
            await start(try await store.readBack(open.nonce, of: open.node))
            openClaim.end()
        }
        guard let id = membership.id, !membership.isLeaving else { return .after(Self.poll) }
        let running = await count
        if running > 0, aloneUntil.withLock({ now < $0 && now + Solitude.length >= $0 }) { return await awaitIdle() }
        let free = slots - running
        if isRemote { metrics.watches(running) } else { metrics.slots(free: free, of: slots) }
        guard free > 0 else { return await awaitSlot() }
        let reach: Reach
        switch try await find(room: min(free, Self.batch), at: now) {
        case .nothing(let next): return waiting(for: next, from: now)
        case .something(let found): reach = found
        }

        let isBlind = locks != nil && !looksFirst.withLock { $0 }
        let view = try await isBlind ? LockView() : lockView(reach, as: id)
        let request = ClaimRequest(
            node: id, queues: queues, abilities: abilities, slots: reach.slots, nonce: openClaim.begin(by: id),
            locks: view, isIdle: running == 0)
        let result: ClaimResult
        do {
            result = try await store.claim(request, deciding: Admission.decide)
        } catch StoreError.unknownOutcome(let why) {
            throw StoreError.unknownOutcome(why)
        } catch {
            openClaim.end()
            locks?.keep([])
            throw error
        }
        metrics.refused(result.refused)
        logger.tell(ofMissed: result.refused)
        if running == 0, result.claims.contains(where: \.run.mustBeAlone) {
            aloneUntil.withLock { $0 = now + Solitude.length }
        }
        await start(result.claims)
        openClaim.end()
        // What was passed over stays due, so that looking at once would be looking for ever.
        if view?.isIncomplete == true { return .after(Self.poll) }
        if isBlind, result.passedOver {
            looksFirst.withLock { $0 = true }
            demand.expect(result.nextDue)
            return .now
        }
        if result.hasWaiting, result.claims.isEmpty, result.refused.isEmpty { return .after(Self.poll) }
        if result.hasMore {
            // Nobody may have been pointed to what is left.
            if !reach.isPointed { demand.mayBeDue() }
            return result.claims.count == free ? await awaitSlot() : .now
        }
        if announcer == nil || reach.isEarly(result, at: now) { demand.expect(result.nextDue) }
        // By the store's clock it is not due yet, by this node's it is: the difference is small, and passes.
        return waiting(for: result.nextDue.map { max($0, now + .milliseconds(1)) }, from: now)
    }

    /// The locks of what is due, asked for before it is claimed. A claim passes over what has a lock that was not asked for,
    /// so that where nothing due had one the last time, it goes without this look, and finds out.
    private func lockView(_ reach: Reach, as id: NodeID) async throws -> LockView? {
        guard let locks else { return nil }
        let due = try await store.dueRuns(queues: queues, abilities: abilities, within: .zero, limit: reach.slots)
        if !due.isEmpty {
            looksFirst.withLock { $0 = due.contains { $0.definition.policies.effectiveLimit == 1 } }
        }
        return await locks.ask(for: due.map(\.definition), as: id)
    }

    /// What a claim reaches for.
    private struct Reach {
        var slots: Int
        /// Whether pointers said that there is something, and so that it is this worker's to claim.
        var isPointed = false

        /// Whether pointers came before their runs were due by the store's clock.
        func isEarly(_ result: ClaimResult, at now: Timestamp) -> Bool {
            guard isPointed, result.claims.count + result.refused.count < slots, let next = result.nextDue else {
                return false
            }
            return next <= now + Worker.haste
        }
    }

    /// When the next pointer was said to be due, and how often in a row none came then.
    private struct Promise {
        var due: Timestamp?
        var broken = 0
    }

    private enum Found {
        case nothing(next: Timestamp?)
        case something(Reach)
    }

    /// Whether a claim is worth it. It takes the store's write lock and races with those of other nodes, so an idle worker
    /// asks for pointers, and only looks where there are none to be had.
    private func find(room: Int, at now: Timestamp) async throws -> Found {
        if demand.takeDue(at: now) { return .something(Reach(slots: room)) }
        if let announcer, !isTimeToLook(at: now) {
            if let taken = await announcer.take(queues, by: abilities, dueBy: now, limit: room) {
                guard taken.runs.isEmpty else {
                    promise.withLock { $0 = Promise() }
                    return .something(Reach(slots: min(taken.runs.count, room), isPointed: true))
                }
                return .nothing(next: promised(taken.nextDue, at: now))
            }
        }
        let next = try await store.nextDue(queues: queues, abilities: abilities)
        lookedAt.withLock { $0 = now }
        guard let next, next <= now else { return .nothing(next: next) }
        return .something(Reach(slots: room))
    }

    /// When to ask again, where the next pointer is said to be due at `next`. Others may be faster now and again; but whoever
    /// keeps pointers may say anything, and is not asked in a circle.
    private func promised(_ next: Timestamp?, at now: Timestamp) -> Timestamp? {
        promise.withLock { promise in
            if let due = promise.due, due <= now { promise.broken = min(promise.broken + 1, 30) }
            guard let next else {
                promise = Promise()
                return nil
            }
            let excess = max(promise.broken - Self.patience, 0)
            promise.due = max(next, now + min(.milliseconds(1 << excess), Self.poll))
            return promise.due
        }
    }

    private func isTimeToLook(at now: Timestamp) -> Bool {
        // A clock may be set back.
        let rest = lookedAt.withLock { now.duration(since: $0) }
        return demand.takeLook() || rest >= Self.look || rest < .zero
    }

    private func awaitSlot() async -> NextTurn {
        demand.awaitSlot()
        // One may have fallen free before it was asked for; those that do after it ring.
        return await count < slots ? .now : .after(Self.poll)
    }

    private func awaitIdle() async -> NextTurn {
        demand.awaitSlot()
        return await count == 0 ? .now : .after(Self.poll)
    }

    private func waiting(for next: Timestamp?, from now: Timestamp) -> NextTurn {
        guard let next else { return .after(Self.poll) }
        return NextTurn.at(next).orAfter(Self.poll, from: now)
    }

    /// A claim that took longer than the lease can be trusted, or was made in an earlier life of this node, is not
    /// started but handed back, and so is one that came when the node was leaving.
    private func start(_ claims: [Claim]) async {
        locks?.keep(claims)
        guard !claims.isEmpty else { return }
        let boot = membership.isLeaving ? nil : membership.id?.boot
        for claim in claims where claim.run.boot != boot { outbox.put(AttemptReport(claim, .notStarted)) }
        let claims = claims.filter { $0.run.boot == boot }
        guard !claims.isEmpty else { return }
        for claim in claims { metrics.started(claim.run) }
        await attempts.start(claims)
        onStart.ring()
    }
}
