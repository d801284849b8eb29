// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat
import Synchronization

/// Locks that live as long as this value, and fail when they are told to.
public final class MemoryLocks: Locks {
    private struct State {
        var held: [String: (token: String, until: Duration)] = [:]
        var isDown = false
        var spoilt: [String: String] = [:]
        var flights = 0
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    /// No locks yet.
    public init(time: any TimeSource) { self.time = time }

    /// The tokens of the locks that are held, by job.
    public var holders: [String: String] {
        let now = time.uptime()
        return state.withLock { $0.held.filter { $0.value.until > now }.mapValues(\.token) }
    }

    /// How long each lock lasts from now, by job.
    public var lengths: [String: Duration] {
        let now = time.uptime()
        return state.withLock { $0.held.filter { $0.value.until > now }.mapValues { $0.until - now } }
    }

    /// How many calls there were.
    public var flights: Int { state.withLock { $0.flights } }

    /// Another program's hold, for as long as it likes; `nil` frees the lock.
    public func set(_ job: String, to token: String?) {
        state.withLock { $0.held[job] = token.map { ($0, .seconds(1_000_000_000)) } }
    }

    /// Forgets every lock.
    public func flush() { state.withLock { $0.held = [:] } }

    /// Something that is no lock is in a lock's place: what; `nil` takes it away.
    public func spoil(_ job: String, _ what: String?) { state.withLock { $0.spoilt[job] = what } }

    /// Whether every call fails from now on.
    public func fail(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    public func acquire(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try move(wishes) { wish, holder in holder == nil || holder == wish.lock.token }
    }

    public func succeed(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try move(wishes) { wish, holder in
            holder == nil || holder == wish.lock.token || holder == wish.predecessor
        }
    }

    public func extend(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        let holders = holders
        let answers = try move(wishes) { wish, holder in holder == wish.lock.token }
        return zip(wishes, answers).map { holders[$0.lock.name.job] == nil ? .gone : $1 }
    }

    public func release(_ locks: [HeldLock]) async throws(LockError) {
        try answer()
        state.withLock { state in
            for lock in locks where state.held[lock.name.job]?.token == lock.token {
                state.held[lock.name.job] = nil
            }
        }
    }

    private func move(
        _ wishes: [LockWish], where mayTake: (LockWish, String?) -> Bool
    ) throws(LockError) -> [LockAnswer] {
        try answer()
        let now = time.uptime()
        return state.withLock { state in
            wishes.map { wish in
                let job = wish.lock.name.job
                if let what = state.spoilt[job] { return .noLock(what) }
                let holder = state.held[job].flatMap { $0.until > now ? $0.token : nil }
                guard mayTake(wish, holder) else { return holder.map { .heldBy($0) } ?? .gone }
                state.held[job] = (wish.lock.token, now + wish.length)
                return .held
            }
        }
    }

    private func answer() throws(LockError) {
        let isDown = state.withLock { state in
            state.flights += 1
            return state.isDown
        }
        if isDown { throw LockError("a fault on purpose") }
    }
}
