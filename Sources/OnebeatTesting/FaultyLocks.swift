// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

/// How often locks fail, each from 0 to 1, and how slow they are.
public struct LockFaults: Sendable, Equatable {
    /// Nothing happens, and the caller is told that something failed.
    public var lostRequest = 0.0
    /// It happens, and the caller is told that something failed.
    public var lostReply = 0.0
    /// All locks of all holders are forgotten before it happens.
    public var flush = 0.0
    /// The longest a request or a reply is under way.
    public var delay = Duration.zero

    /// Locks that never fail.
    public init() {}
}

/// Locks as a node sees them over a bad line, kept by something that forgets.
public struct FaultyLocks: Locks {
    private let base: MemoryLocks
    private let faults: @Sendable () -> LockFaults
    private let dice: Dice
    private let wait: @Sendable (Duration) async throws(StoreError) -> Void

    /// - Parameters:
    ///   - faults: asked at each call, so that the line may get worse and better.
    ///   - dice: where chance comes from.
    ///   - wait: lets so much time pass; may throw for a caller that is gone by then.
    public init(
        _ base: MemoryLocks, dice: Dice, faults: @escaping @Sendable () -> LockFaults,
        wait: @escaping @Sendable (Duration) async throws(StoreError) -> Void
    ) {
        self.base = base
        self.dice = dice
        self.faults = faults
        self.wait = wait
    }

    private func call<Value>(_ body: () async throws(LockError) -> Value) async throws(LockError) -> Value {
        let faults = faults()
        try await pass(dice.length(upTo: faults.delay))
        if dice.says(faults.flush) { base.flush() }
        if dice.says(faults.lostRequest) { throw LockError("the request was lost on purpose") }
        let value = try await body()
        try await pass(dice.length(upTo: faults.delay))
        if dice.says(faults.lostReply) { throw LockError("the reply was lost on purpose") }
        return value
    }

    private func pass(_ length: Duration) async throws(LockError) {
        do {
            try await wait(length)
        } catch {
            throw LockError(error.description)
        }
    }

    public func acquire(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await call { () async throws(LockError) in try await base.acquire(wishes) }
    }

    public func succeed(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await call { () async throws(LockError) in try await base.succeed(wishes) }
    }

    public func extend(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await call { () async throws(LockError) in try await base.extend(wishes) }
    }

    public func release(_ locks: [HeldLock]) async throws(LockError) {
        try await call { () async throws(LockError) in try await base.release(locks) }
    }
}
