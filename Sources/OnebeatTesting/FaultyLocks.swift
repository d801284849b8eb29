// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

/// Locks as a node sees them over a bad line, kept by something that forgets.
public struct FaultyLocks: Locks {
    private let base: MemoryLocks
    private let line: FaultyLine

    /// Those locks over that line.
    public init(_ base: MemoryLocks, over line: FaultyLine) {
        self.base = base
        self.line = line
    }

    private func call<Value>(_ body: () async throws(LockError) -> Value) async throws(LockError) -> Value {
        try await line.call(failing: { LockError($0) }, flush: base.flush, body)
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
