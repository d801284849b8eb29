import Logging

/// One use of a lock that a program asks for by name. The lock is a lease in the store, and where other programs share
/// locks it is held among theirs, too; the store decides.
///
/// As with a node's lease, the holder trusts it only until *uptime before the request + length − margin*. Then the body is
/// cancelled, and has the margin to stop before anybody else can have the lock.
struct NamedLock: Sendable {
    /// Between two looks at a lock that somebody else holds: doubled from the first to the last.
    static let pause = (first: Duration.milliseconds(50), last: Duration.milliseconds(500))
    /// How long a store that does not answer is asked to take the lock back; the lease ends by itself after that.
    static let releasingPatience = Duration.seconds(1)
    /// The shortest lease: below it a busy machine would lose locks for nothing.
    static let shortest = Duration.seconds(1)

    /// The lock and the token of this use.
    let lock: HeldLock
    /// How long the lease lasts unless it is renewed.
    let length: Duration
    let store: any LeaseStore
    let locks: (any Locks)?
    let policy: LockPolicy
    let time: any TimeSource
    let logger: Logger

    /// - Parameter holder: who asks, in the words that those who wait are told.
    /// - Throws: ``LeaseError/invalid(lock:why:)``
    init(
        _ name: String, by holder: String, nonce: String, length: Duration, store: any LeaseStore,
        locks: (any Locks)? = nil, policy: LockPolicy = .lenient, time: any TimeSource, logger: Logger
    ) throws(LeaseError) {
        let isPlain = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, (1...200).contains(name.utf8.count) else {
            throw .invalid(lock: name, why: "a lock's name has 1 to 200 bytes, and no control characters")
        }
        guard length >= Self.shortest else {
            throw .invalid(
                lock: name, why: "a lease of \(length.text) is too short; \(Self.shortest.text) is the least")
        }
        // Not the token of a node: jobs must not take the lock for one of their own.
        lock = HeldLock(LockName(job: name), token: "\(holder)/lock/\(nonce)")
        self.length = length
        self.store = store
        self.locks = locks
        self.policy = policy
        self.time = time
        var logger = logger
        logger[metadataKey: "lock"] = "\(name)"
        self.logger = logger
    }

    private var name: String { lock.name.job }
    private var margin: Duration { min(.seconds(3), length / 3) }

    /// Takes the lock, does `body`, and gives the lock up.
    /// - Parameter patience: how long to wait for it; `nil` for as long as it takes.
    /// - Throws: ``LeaseError``, ``StoreError`` for a store that cannot be used, `CancellationError` while waiting, and
    ///   what `body` throws.
    func hold<Value: Sendable>(
        waiting patience: Duration?, _ body: @escaping @Sendable (HeldLease) async throws -> Value
    ) async throws -> Value {
        let taken = try await take(waiting: patience)
        // In Swift tasks of their own: a body that was cancelled needs its lease until it has stopped, and must be
        // cancelled at once when the lease is lost, while the store may hang.
        let work = Task { try await body(taken.lease) }
        let keeping = Task { await keep(taken) { work.cancel() } }
        let result = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        let loss = taken.lease.trust.loss
        keeping.cancel()
        // A late word of its own would take the shared lock again.
        await keeping.value
        await Task { await giveUp() }.value
        if let loss { throw LeaseError.lost(lock: name, why: loss) }
        return try result.get()
    }
}

// MARK: Taking

extension NamedLock {
    /// A lock that was taken in the store.
    private struct Taken {
        var lease: HeldLease
        /// The uptime before the request that brought it.
        var asked: Duration
        /// Whether it is held among the locks of other programs, too.
        var isShared: Bool
    }

    private func take(waiting patience: Duration?) async throws -> Taken {
        let end = patience.map { time.uptime() + $0 }
        var pause = Self.pause.first
        // Whether the lock may be ours, in the store or among those of other programs.
        var isInDoubt = false
        do {
            while true {
                try Task.checkCancellation()
                let obstacle: LeaseError
                do {
                    let taken = try await ask(&isInDoubt)
                    isInDoubt = true
                    try Task.checkCancellation()
                    return taken
                } catch let error as LeaseError {
                    obstacle = error
                }
                let now = time.uptime()
                if let end, now >= end { throw obstacle }
                try await time.sleep(until: min(now + pause, end ?? now + pause))
                pause = min(pause * 2, Self.pause.last)
            }
        } catch {
            if isInDoubt { await Task { await giveUp() }.value }
            throw error
        }
    }

    /// Asks once: first for the lock that other programs share, since that costs the store nothing, then for the lease. A
    /// token may ask again and again, so a lost answer is found out by the next question.
    /// - Throws: ``LeaseError`` for what may pass, ``StoreError`` for what will not.
    private func ask(_ isInDoubt: inout Bool) async throws -> Taken {
        let sharing = await share()
        switch sharing {
        case .held, .none: break
        case .heldBy(let holder): throw LeaseError.heldElsewhere(lock: name, by: holder)
        case .unknown(let why):
            isInDoubt = true
            if policy == .strict { throw LeaseError.unavailable(lock: name, why: "\(why) (locks: strict)") }
        }
        let asked = time.uptime()
        do {
            switch try await store.take(lock, lease: length) {
            case .held(let fence):
                let trust = LeaseTrust(until: asked + length - margin, time: time)
                guard trust.loss == nil else {
                    isInDoubt = true
                    throw LeaseError.unavailable(lock: name, why: "the store's answer came too late")
                }
                if case .unknown(let why) = sharing { warn("no lock among other programs", why) }
                return Taken(
                    lease: HeldLease(name: name, fence: fence, trust: trust), asked: asked, isShared: sharing == .held)
            case .heldBy(let holder):
                if sharing != .none { try? await locks?.release([lock]) }
                throw LeaseError.heldElsewhere(lock: name, by: holder)
            }
        } catch StoreError.unavailable(let why), StoreError.unknownOutcome(let why) {
            isInDoubt = true
            throw LeaseError.unavailable(lock: name, why: "the store did not answer: \(why)")
        }
    }

    /// How the lock stands among those that other programs share.
    private enum Sharing: Equatable {
        /// There are none.
        case none
        case held
        case heldBy(String)
        /// Whoever keeps them did not say.
        case unknown(String)
    }

    private func share() async -> Sharing {
        guard let locks else { return .none }
        do throws(LockError) {
            switch try await locks.succeed([LockWish(lock, length: length)])[0] {
            case .held: return .held
            case .heldBy(let holder): return .heldBy(holder)
            case .gone: return .unknown("the lock was gone at once")
            case .noLock(let why): return .unknown(why)
            }
        } catch {
            return .unknown("\(error)")
        }
    }
}

// MARK: Keeping and giving up

extension NamedLock {
    /// Renews the lease, and the shared lock, until the Swift task is cancelled or the lease is lost.
    /// - Parameter onLoss: called as soon as the lease can no longer be trusted.
    private func keep(_ taken: Taken, onLoss: @escaping @Sendable () -> Void) async {
        let trust = taken.lease.trust
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await renew(trust, from: taken.asked, onLoss: onLoss) }
            // Beside the renewals, as one of them may hang beyond the end.
            group.addTask { await watch(trust, onLoss: onLoss) }
            if locks != nil { group.addTask { await stayShared(trust, isShared: taken.isShared) } }
        }
    }

    private func renew(_ trust: LeaseTrust, from start: Duration, onLoss: @Sendable () -> Void) async {
        var next = start + length / 3
        while await sleep(until: next, on: trust) {
            let asked = time.uptime()
            do throws(StoreError) {
                try await store.extend(lock, lease: length)
                guard trust.extend(until: asked + length - margin) else { return }
                next = asked + length / 3
            } catch .fenced(let why) {
                logger.warning("lock lost", metadata: ["reason": "\(why)"])
                trust.lose(because: why)
                return onLoss()
            } catch {
                if Task.isCancelled { return }
                logger.warning("lock not renewed", metadata: ["error": "\(error)"])
                next = time.uptime() + length / 20
            }
        }
    }

    private func watch(_ trust: LeaseTrust, onLoss: @Sendable () -> Void) async {
        while await sleep(until: trust.until, on: trust) {}
        guard !Task.isCancelled, let why = trust.loss else { return }
        logger.warning("lock lost", metadata: ["reason": "\(why)"])
        onLoss()
    }

    /// Other programs' locks never end the use of one: the store decides, as it does for jobs.
    private func stayShared(_ trust: LeaseTrust, isShared: Bool) async {
        var isShared = isShared
        var next = time.uptime() + (isShared ? length / 3 : LockKeeper.retry)
        while await sleep(until: next, on: trust) {
            switch await share() {
            case .held:
                isShared = true
                next = time.uptime() + length / 3
            case .heldBy(let holder):
                if isShared { warn("another program took a lock that is in use here", "it is held by \(holder)") }
                isShared = false
                next = time.uptime() + LockKeeper.retry
            case .unknown, .none:
                next = time.uptime() + LockKeeper.retry
            }
        }
    }

    /// - Returns: whether the lease can be trusted then.
    private func sleep(until instant: Duration, on trust: LeaseTrust) async -> Bool {
        do {
            try await time.sleep(until: instant)
            return trust.loss == nil
        } catch {
            return false
        }
    }

    /// Gives up the lease and then the shared lock, so that whoever gets the one finds the other free.
    private func giveUp() async {
        let end = time.uptime() + Self.releasingPatience
        while true {
            do throws(StoreError) {
                try await store.giveUp(lock)
                break
            } catch {
                let now = time.uptime()
                guard now < end else {
                    warn("lock not given up; it ends by itself", "\(error)")
                    break
                }
                try? await time.sleep(until: now + Self.pause.first)
            }
        }
        try? await locks?.release([lock])
    }

    private func warn(_ message: Logger.Message, _ why: String) {
        logger.warning(message, metadata: ["reason": "\(why)"])
    }
}
