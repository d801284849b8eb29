import Logging
import Synchronization

/// Takes the locks of due jobs before a node claims their runs, extends them while the runs go on, and gives them up
/// after settlement. Between nodes of one store the store decides: a lock that one of them holds keeps no other away,
/// and passes to whoever the store lets start. Only another program's lock makes a job wait.
package final class LockKeeper: TurnTaking {
    /// How soon a lock that is missing is asked for again.
    static let retry = Duration.seconds(1)
    /// How long a lock that another program holds is looked at each second; longer than held runs go without any look.
    static let attention = ReleaseLoop.pause * 2
    /// How long the measured length of a job's runs is taken to hold.
    static let memory = Duration.seconds(600)
    /// A run that is over by then needs no measured length, and is spared the look into the history.
    static let quick = Duration.seconds(1)
    /// The most jobs whose history one turn looks into.
    static let page = 20

    package let name = "locks"
    private let locks: any Locks
    private let policy: LockPolicy
    private let store: any Store
    private let membership: Membership
    private let time: any TimeSource
    private let bell: Bell
    private let demand: Demand
    private let logger: Logger
    private let makeNonce: @Sendable () -> String
    private let ledger = Mutex(LockLedger())
    private let measured = Mutex<[String: (p95: Duration?, until: Duration)]>([:])
    /// Jobs that another program's lock keeps from starting, and the uptimes between which their locks are looked at: not
    /// before the claim that found the lock held has written down that a run waits. Each such claim says so anew.
    private let waiting = Mutex<[String: (from: Duration, until: Duration)]>([:])
    private let health = Mutex(Health())
    /// Jobs in whose locks' place something else is, of which people were told.
    private let strange = Mutex<Set<String>>([])

    init(
        _ locks: any Locks, policy: LockPolicy, store: any Store, membership: Membership, time: any TimeSource,
        bell: Bell, demand: Demand, logger: Logger, makeNonce: @escaping @Sendable () -> String
    ) {
        self.locks = locks
        self.policy = policy
        self.store = store
        self.membership = membership
        self.time = time
        self.bell = bell
        self.demand = demand
        self.logger = logger
        self.makeNonce = makeNonce
    }

    // MARK: For the worker

    /// Asks for the locks of jobs that may not overlap and are about to be claimed.
    /// - Returns: what the claim has to know; `nil` when it is to go on without locks.
    func ask(for definitions: [JobDefinition], as node: NodeID) async -> LockView? {
        let uptime = time.uptime()
        var view = LockView()
        var wishes: [LockWish] = []
        let token = LockToken(node, nonce: makeNonce())
        var entries: [String: LockLedger.Entry] = [:]
        for definition in definitions where definition.policies.effectiveLimit == 1 && entries[definition.name] == nil {
            let own = ledger.withLock { $0[definition.name] }
            if let own, own.token.node == node, own.state != .taken {
                view.asked.insert(definition.name)
                continue
            }
            let entry = newEntry(definition, token: token, at: uptime)
            entries[definition.name] = entry
            wishes.append(wish(definition.name, entry))
        }
        do throws(LockError) {
            let answers = wishes.isEmpty ? [] : try await locks.acquire(wishes)
            if !wishes.isEmpty { await works() }
            let peers = await peers(among: answers)
            for (wish, answer) in zip(wishes, answers) {
                let job = wish.lock.name.job
                if case .heldBy = answer, peers == nil {
                    // Whose it is decides whether the run may start, or is skipped: neither without knowing.
                    view.isIncomplete = true
                    entries[job] = nil
                    continue
                }
                view.asked.insert(job)
                switch answer {
                case .held: entries[job]?.state = .held
                case .heldBy(let holder) where peers?.contains(holder) == true:
                    entries[job]?.state = .wanted(after: holder)
                    entries[job]?.nextAt = uptime
                case .heldBy(let holder):
                    view.heldElsewhere[job] = holder
                    entries[job] = nil
                    waiting.withLock { $0[job] = (uptime + Self.retry, uptime + Self.attention) }
                case .gone: entries[job]?.nextAt = uptime + Self.retry
                case .noLock(let why):
                    await isNoLock(job, why)
                    guard policy == .strict else { break }
                    view.asked.remove(job)
                    view.isIncomplete = true
                    entries[job] = nil
                }
                if case .noLock = answer { continue }
                isLock(job)
            }
            ledger.withLock { ledger in for (job, entry) in entries { ledger.put(entry, for: job) } }
            if !view.heldElsewhere.isEmpty { bell.ring() }
            return view
        } catch {
            // Any of them may have been taken.
            let leftovers = wishes.map { LockLedger.Leftover(lock: $0.lock, until: uptime + $0.length) }
            ledger.withLock { $0.leave(leftovers) }
            bell.ring()
            await fails(error)
            switch policy {
            case .lenient: return nil
            case .strict:
                view.isIncomplete = true
                return view
            }
        }
    }

    /// Keeps the locks of attempts that start, and gives up those that were asked for in vain.
    func keep(_ claims: [Claim]) {
        let uptime = time.uptime()
        let nonce = makeNonce()
        let isDue = ledger.withLock { ledger in
            ledger.guarded(claims, nonce: nonce, at: uptime)
            ledger.dropUnused(at: uptime)
            return ledger.isDue(at: uptime)
        }
        if isDue { bell.ring() }
    }

    // MARK: For the settling loop and the node

    /// Gives up the lock of an attempt that the store has settled.
    func settled(_ claim: Claim) {
        let uptime = time.uptime()
        let isDue = ledger.withLock { ledger in
            ledger.settled(claim, at: uptime)
            return ledger.isDue(at: uptime)
        }
        if isDue { bell.ring() }
    }

    /// Gives up all locks, since the node leaves.
    func leave() async {
        ledger.withLock { $0.dropAll(at: time.uptime()) }
        await giveUp()
    }

    // MARK: The loop

    /// Gives up what is left over, then looks after the locks that are due: extends those that are held, and asks again
    /// for those that are not.
    package func turn(at now: Timestamp) async throws -> NextTurn {
        let boot = membership.claimedID?.boot
        ledger.withLock { $0.forget(allBut: boot) }
        await giveUp()
        let due = ledger.withLock { $0.due(at: time.uptime()) }
        if !due.isEmpty { await lookAfter(due) }
        let isAttentive = try await lookAtWaiting()
        let (next, isBehind) = ledger.withLock { ($0.nextAt, !$0.leftovers.isEmpty) }
        let rest = next.map { max($0 - time.uptime(), .zero) } ?? .seconds(60)
        return .after(isBehind || isAttentive ? min(rest, Self.retry) : rest)
    }

    private func giveUp() async {
        let leftovers = ledger.withLock { $0.takeLeftovers(at: time.uptime()) }
        guard !leftovers.isEmpty else { return }
        do {
            // That it can be done says little: a server that refuses to write has nothing to take away.
            try await locks.release(leftovers.map(\.lock))
        } catch {
            ledger.withLock { $0.leave(leftovers) }
            await fails(error)
        }
    }

    /// Lets runs go that wait for another program's lock, once it is free: taken for a moment to see that, and given up
    /// again, since the node that claims the run takes it for good.
    /// - Returns: whether some are still held.
    private func lookAtWaiting() async throws -> Bool {
        let uptime = time.uptime()
        let (jobs, isAttentive) = waiting.withLock { waiting in
            waiting = waiting.filter { $0.value.until > uptime }
            return (waiting.filter { $0.value.from <= uptime }.keys.sorted(), !waiting.isEmpty)
        }
        guard !jobs.isEmpty, let node = membership.id else { return isAttentive }
        let token = LockToken(node, nonce: makeNonce()).description
        let probes = jobs.map { HeldLock(LockName(job: $0), token: token) }
        do throws(LockError) {
            let answers = try await locks.acquire(probes.map { LockWish($0, length: LockLength.shortest) })
            await works()
            let held = zip(probes, answers).filter { $1 == .held }.map(\.0)
            let unguarded = zip(probes, answers).filter { policy == .lenient && $1.isNoLock }.map(\.0)
            guard !held.isEmpty || !unguarded.isEmpty else { return true }
            waiting.withLock { waiting in for lock in held + unguarded { waiting[lock.name.job] = nil } }
            if !held.isEmpty { try await locks.release(held) }
        } catch {
            let leftovers = probes.map { LockLedger.Leftover(lock: $0, until: uptime + LockLength.shortest) }
            ledger.withLock { $0.leave(leftovers) }
            await fails(error)
        }
        if try await store.releaseHeld(limit: ReleaseLoop.page) > 0 { demand.mayBeDue() }
        return waiting.withLock { !$0.isEmpty }
    }

    private func lookAfter(_ due: [(job: String, entry: LockLedger.Entry)]) async {
        let lengths = await lengths(of: due)
        let wishes = due.map { job, entry in
            var wish = wish(job, entry)
            wish.length = lengths[job] ?? entry.length
            if case .wanted(let predecessor) = entry.state { wish.predecessor = predecessor }
            return (job: job, isHeld: entry.state == .held, wish: wish)
        }
        do throws(LockError) {
            for isHeld in [true, false] {
                let some = wishes.filter { $0.isHeld == isHeld }
                guard !some.isEmpty else { continue }
                let answers = try await isHeld ? locks.extend(some.map(\.wish)) : locks.succeed(some.map(\.wish))
                guard let peers = await peers(among: answers) else {
                    postpone(due)
                    return
                }
                for (one, answer) in zip(some, answers) { await note(answer, to: one.wish, job: one.job, peers) }
                if !isHeld { await works() }
            }
        } catch {
            postpone(due)
            await fails(error)
        }
    }

    private func postpone(_ due: [(job: String, entry: LockLedger.Entry)]) {
        let again = time.uptime() + Self.retry
        ledger.withLock { ledger in for (job, _) in due { ledger[job]?.nextAt = again } }
    }

    private func note(_ answer: LockAnswer, to wish: LockWish, job: String, _ peers: Set<String>) async {
        if case .noLock(let why) = answer { await isNoLock(job, why) } else { isLock(job) }
        let uptime = time.uptime()
        let thief: String? = ledger.withLock { ledger in
            // It may have been given up, or taken anew, while the answer was under way.
            guard var entry = ledger[job], entry.token.description == wish.lock.token else { return nil }
            defer { ledger[job] = entry }
            entry.length = wish.length
            entry.nextAt = uptime + Self.retry
            switch answer {
            case .held:
                entry.state = .held
                entry.nextAt = uptime + wish.length / 3
            case .gone:
                // What was held is asked for anew at once; what was not there a moment ago can wait.
                if entry.state == .held { entry.nextAt = uptime }
                entry.state = .wanted(after: nil)
            case .noLock: entry.state = .wanted(after: nil)
            case .heldBy(let holder) where peers.contains(holder): entry.state = .wanted(after: holder)
            case .heldBy(let holder):
                entry.state = .taken
                return holder
            }
            return nil
        }
        guard let thief else { return }
        logger.warning(
            "another program took the lock of a running job", metadata: ["job": "\(job)", "holder": "\(thief)"])
        let words = "\(wish.lock.name.words(heldBy: thief)), while the job runs here; the run goes on"
        try? await store.record(Event("lock.lost", job: job, actor: membership.claimedID?.name ?? "", message: words))
    }

    // MARK: What a lock needs to know

    private func newEntry(_ definition: JobDefinition, token: LockToken, at uptime: Duration) -> LockLedger.Entry {
        let expect = definition.policies.expect
        let known = measured.withLock { $0[definition.name] }
        let length = LockLength.decide(expect: expect, p95: known?.p95).length
        let isSettled = expect != nil || (known.map { $0.until > uptime } ?? false)
        return LockLedger.Entry(
            token: token, expect: expect, length: length, state: .wanted(after: nil),
            nextAt: uptime + (isSettled ? length / 3 : Self.quick))
    }

    private func wish(_ job: String, _ entry: LockLedger.Entry) -> LockWish {
        LockWish(HeldLock(LockName(job: job), token: entry.token.description), length: entry.length)
    }

    /// The lengths that the locks ought to have; the history is asked for a few of them a turn.
    private func lengths(of due: [(job: String, entry: LockLedger.Entry)]) async -> [String: Duration] {
        var lengths: [String: Duration] = [:]
        var left = Self.page
        for (job, entry) in due where entry.expect == nil {
            let uptime = time.uptime()
            var known = measured.withLock { $0[job] }
            if known.map({ $0.until <= uptime }) ?? true, left > 0, let runs = try? await store.measuredRuns(of: job) {
                left -= 1
                known = (LockLength.p95(of: runs), uptime + Self.memory)
                measured.withLock { measured in
                    // Starting over bounds what a long life with many jobs would gather.
                    if measured.count > 100_000 { measured.removeAll() }
                    measured[job] = known
                }
            }
            if let known { lengths[job] = LockLength.decide(expect: nil, p95: known.p95).length }
        }
        return lengths
    }

    /// Those among the holders that are nodes of this store, living or gone; `nil` when the store does not say.
    private func peers(among answers: [LockAnswer]) async -> Set<String>? {
        let holders = answers.compactMap { if case .heldBy(let holder) = $0 { holder } else { nil } }
        let boots = Dictionary(grouping: holders) { LockToken.boot(in: $0) ?? "" }
        guard boots.contains(where: { !$0.key.isEmpty }) else { return [] }
        guard let nodes = try? await store.nodes(limit: 1000) else { return nil }
        return Set(nodes.flatMap { boots[$0.id.boot] ?? [] })
    }

    // MARK: Failing and working again

    private var meanwhile: String {
        switch policy {
        case .lenient: "jobs start without their locks meanwhile (locks: lenient)"
        case .strict: "jobs that may not overlap wait until it answers (locks: strict)"
        }
    }

    private func fails(_ error: any Error) async {
        guard health.withLock({ $0.fails(at: time.uptime()) }) else { return }
        logger.warning("no locks", metadata: ["error": "\(error)", "meanwhile": "\(meanwhile)"])
        await tell("locks.unavailable", "\(error); \(meanwhile)")
    }

    /// Locks were taken, or are others': only what asks for locks shows that they can be kept.
    private func works() async {
        guard health.withLock({ $0.works(at: time.uptime()) }) else { return }
        logger.notice("locks again")
        await tell("locks.available", "locks are kept again")
    }

    private func isNoLock(_ job: String, _ why: String) async {
        guard strange.withLock({ $0.count < 1000 && $0.insert(job).inserted }) else { return }
        logger.warning("no lock", metadata: ["job": "\(job)", "reason": "\(why)", "meanwhile": "\(meanwhile)"])
        try? await store.record(
            Event(
                "lock.unusable", job: job, actor: membership.claimedID?.name ?? "", message: "\(why); \(meanwhile)"))
    }

    private func isLock(_ job: String) { strange.withLock { _ = $0.remove(job) } }

    private func tell(_ kind: String, _ words: String) async {
        try? await store.record(Event(kind, actor: membership.claimedID?.name ?? "", message: words))
    }
}

extension LockAnswer {
    fileprivate var isNoLock: Bool { if case .noLock = self { true } else { false } }
}

extension HistoryStore {
    /// The newest runs of a job that a usual length can be measured by.
    package func measuredRuns(of job: String) async throws(StoreError) -> [Run] {
        var filter = RunFilter()
        filter.job = job
        filter.states = [.succeeded]
        filter.limit = LockLength.sample
        return try await runs(filter)
    }
}
