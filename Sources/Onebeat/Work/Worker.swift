import Logging
import Synchronization

/// Claims due runs for the node's free slots and starts them.
final class Worker: TurnTaking {
    /// How long a run that another process added, and did not announce, may go unseen.
    static let poll = Duration.milliseconds(500)
    /// The most runs one claim takes: large enough to share a commit, small enough to start the first soon.
    static let batch = 250

    let name = "worker"
    private let store: any RunStore
    private let membership: Membership
    private let attempts: any AttemptRunning
    private let slots: Int
    private let queues: [String]
    /// Rung when attempts were started, for the loop that looks after their cancellation.
    private let onStart: Bell
    private let locks: LockKeeper?
    private let metrics: RunMetrics
    private let makeNonce: @Sendable () -> String
    /// A claim whose reply did not come; it is read back before the next one.
    private let openNonce = Mutex<String?>(nil)
    private let demand: Demand

    init(
        store: any RunStore, membership: Membership, attempts: any AttemptRunning, slots: Int, queues: [String],
        onStart: Bell, demand: Demand = Demand(), locks: LockKeeper? = nil, metrics: RunMetrics,
        makeNonce: @escaping @Sendable () -> String
    ) {
        self.store = store
        self.membership = membership
        self.attempts = attempts
        self.slots = slots
        self.queues = queues
        self.onStart = onStart
        self.demand = demand
        self.locks = locks
        self.metrics = metrics
        self.makeNonce = makeNonce
    }

    func turn(at now: Timestamp) async throws -> NextTurn {
        guard let id = membership.id, !membership.isLeaving else { return .after(Self.poll) }
        if let nonce = openNonce.withLock({ $0 }) {
            await start(try await store.claims(nonce: nonce), of: id)
            openNonce.withLock { $0 = nil }
        }
        let free = slots - (await attempts.count)
        metrics.slots(free: free, of: slots)
        guard free > 0 else { return await awaitSlot() }
        let room = min(free, Self.batch)

        // A claim takes the store's write lock, so an idle worker only looks.
        if !demand.takeDue(at: now) {
            let next = try await store.nextDue(queues: queues)
            guard let next, next <= now else { return waiting(for: next, from: now) }
        }

        var view: LockView?
        if let locks { view = await locks.ask(for: try await store.dueJobs(queues: queues, limit: room), as: id) }
        let nonce = makeNonce()
        openNonce.withLock { $0 = nonce }
        let request = ClaimRequest(node: id, queues: queues, slots: room, nonce: nonce, locks: view)
        let result: ClaimResult
        do {
            result = try await store.claim(request, deciding: Admission.decide)
        } catch StoreError.unknownOutcome(let why) {
            throw StoreError.unknownOutcome(why)
        } catch {
            openNonce.withLock { $0 = nil }
            locks?.keep([])
            throw error
        }
        openNonce.withLock { $0 = nil }
        metrics.refused(result.refused)
        await start(result.claims, of: id)
        // What was passed over stays due, so that looking at once would be looking for ever.
        if view?.isIncomplete == true { return .after(Self.poll) }
        if result.hasMore { return result.claims.count == free ? await awaitSlot() : .now }
        demand.expect(result.nextDue)
        // By the store's clock it is not due yet, by this node's it is: the difference is small, and passes.
        return waiting(for: result.nextDue.map { max($0, now + .milliseconds(1)) }, from: now)
    }

    private func awaitSlot() async -> NextTurn {
        demand.awaitSlot()
        // One may have fallen free before it was asked for; those that do after it ring.
        return await attempts.count < slots ? .now : .after(Self.poll)
    }

    private func waiting(for next: Timestamp?, from now: Timestamp) -> NextTurn {
        guard let next else { return .after(Self.poll) }
        return NextTurn.at(next).orAfter(Self.poll, from: now)
    }

    /// A claim that took longer than the lease can be trusted, or was made in an earlier life of this node, is not
    /// started: the reaper gives it to someone else.
    private func start(_ claims: [Claim], of id: NodeID) async {
        locks?.keep(claims)
        let claims = claims.filter { $0.run.boot == id.boot }
        guard membership.id == id, !claims.isEmpty else { return }
        for claim in claims { metrics.started(claim.run) }
        await attempts.start(claims)
        onStart.ring()
    }
}

/// Stops attempts whose runs someone asked to end.
struct CancelLoop: TurnTaking {
    let name = "cancel"
    let store: any RunStore
    let membership: Membership
    let attempts: any AttemptRunning

    func turn(at now: Timestamp) async throws -> NextTurn {
        // The start of an attempt brings the next turn.
        guard let id = membership.id, await attempts.count > 0 else { return .after(.seconds(60)) }
        let runs = try await store.cancelRequests(of: id)
        if !runs.isEmpty { await attempts.stop(runs, because: .cancelled) }
        return .after(.seconds(1))
    }
}
