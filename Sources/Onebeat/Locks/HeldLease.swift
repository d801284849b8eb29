import Synchronization

/// A lock that a program holds, for as long as ``Onebeat/withLock(_:ttl:waiting:_:)`` does its body.
public struct HeldLease: Sendable {
    /// The lock's name.
    public let name: String
    /// Higher than all before it for that name, by the store's word: what receivers refuse stale writers by.
    public let fence: Fence
    let trust: LeaseTrust

    /// How much longer the lease may be trusted unless it is renewed, which happens at a third of its length; zero once it
    /// is lost.
    public var trustedFor: Duration { trust.rest }

    /// Ends what may not go on without the lock: a look before each step that others can see.
    /// - Throws: ``LeaseError/lost(lock:why:)``
    public func check() throws(LeaseError) {
        if let why = trust.loss { throw .lost(lock: name, why: why) }
    }
}

/// Why a lock was not had, or not to the end.
public enum LeaseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Somebody else holds it, and did so for as long as the caller would wait.
    case heldElsewhere(lock: String, by: String)
    /// The store, or the strictly wanted Redis, gave no answer for as long as the caller would wait.
    case unavailable(lock: String, why: String)
    /// It was held and could not be kept. Somebody else may hold it by now.
    case lost(lock: String, why: String)
    /// There can be no such lock.
    case invalid(lock: String, why: String)

    /// What went wrong and what would do.
    public var description: String {
        switch self {
        case .heldElsewhere(let lock, let holder): "lock \"\(lock)\" is held by \(holder)"
        case .unavailable(let lock, let why): "lock \"\(lock)\" is not to be had: \(why)"
        case .lost(let lock, let why): "lock \"\(lock)\" was lost while it was in use: \(why)"
        case .invalid(let lock, let why): "lock \"\(lock)\": \(why)"
        }
    }
}

/// Until when a lease can be trusted, by the holder's own uptime. Trust that has ended never comes back, since somebody
/// else may hold the lock by then.
final class LeaseTrust: Sendable {
    private struct State {
        var until: Duration
        var loss: String?
    }

    private let state: Mutex<State>
    private let time: any TimeSource

    init(until instant: Duration, time: any TimeSource) {
        state = Mutex(State(until: instant))
        self.time = time
    }

    /// The uptime at which it ends unless it is extended.
    var until: Duration { state.withLock { $0.until } }

    /// Why it has ended; `nil` while it lasts.
    var loss: String? {
        let now = time.uptime()
        return state.withLock { state in
            if state.loss == nil, state.until <= now { state.loss = "its lease was not renewed in time" }
            return state.loss
        }
    }

    var rest: Duration { loss == nil ? max(until - time.uptime(), .zero) : .zero }

    /// - Returns: whether it had lasted until now.
    func extend(until instant: Duration) -> Bool {
        let now = time.uptime()
        return state.withLock { state in
            guard state.loss == nil, state.until > now else { return false }
            state.until = instant
            return true
        }
    }

    func lose(because why: String) { state.withLock { $0.loss = $0.loss ?? why } }
}
