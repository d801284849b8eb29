// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat

/// Locks in Redis, as redis-py's `Lock` and many others keep them: a key that holds its holder's token and ends by
/// itself. A program in another language that locks the same name shares the lock with us.
public struct RedisLocks: Locks {
    private let client: RedisClient

    /// Locks on a server.
    public init(_ client: RedisClient) { self.client = client }

    /// Answers 1, or the other holder's token. `SET … NX PX` and a look after it would miss a holder who lets go in between;
    /// and who it was decides whether a run is skipped.
    static let take = RedisScript(
        text: """
            if redis.call('set', KEYS[1], ARGV[1], 'nx', 'px', ARGV[2]) then
                return 1
            end
            return redis.call('get', KEYS[1])
            """)

    static let release = RedisScript(
        text: """
            if redis.call('get', KEYS[1]) == ARGV[1] then
                return redis.call('del', KEYS[1])
            end
            return 0
            """)

    /// Answers 1, or the other holder's token, or nothing when the lock is no more.
    static let extend = RedisScript(
        text: """
            local holder = redis.call('get', KEYS[1])
            if holder == ARGV[1] then
                return redis.call('pexpire', KEYS[1], ARGV[2])
            end
            return holder
            """)

    /// Answers 1, or the token of a holder who is neither of the two.
    static let replace = RedisScript(
        text: """
            local holder = redis.call('get', KEYS[1])
            if not holder or holder == ARGV[1] or holder == ARGV[2] then
                redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[3])
                return 1
            end
            return holder
            """)
}

extension RedisLocks {
    public func acquire(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await answers(of: Self.take, for: wishes) { [$0.lock.token, $0.length.milliseconds] }
    }

    public func succeed(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await answers(of: Self.replace, for: wishes) { wish in
            [wish.lock.token, wish.predecessor ?? wish.lock.token, wish.length.milliseconds]
        }
    }

    public func extend(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer] {
        try await answers(of: Self.extend, for: wishes, orGone: true) { [$0.lock.token, $0.length.milliseconds] }
    }

    public func release(_ locks: [HeldLock]) async throws(LockError) {
        let calls = locks.map { (keys: [key($0.name)], arguments: [$0.token]) }
        let replies = try await asking { () async throws(RedisError) in try await client.run(Self.release, calls) }
        for reply in replies { if let failure = reply.failure, !failure.isOfWrongType { throw explain(failure) } }
    }

    /// - Parameter orGone: whether nothing is an answer: that there is no such lock.
    private func answers(
        of script: RedisScript, for wishes: [LockWish], orGone: Bool = false, arguments: (LockWish) -> [String]
    ) async throws(LockError) -> [LockAnswer] {
        let calls = wishes.map { (keys: [key($0.lock.name)], arguments: arguments($0)) }
        let replies = try await asking { () async throws(RedisError) in try await client.run(script, calls) }
        guard replies.count == wishes.count else {
            throw LockError("Redis at \(client.address.place) answered \(replies.count) of \(wishes.count) questions")
        }
        var answers: [LockAnswer] = []
        for (wish, reply) in zip(wishes, replies) { answers.append(try answer(reply, to: wish, orGone: orGone)) }
        return answers
    }

    private func answer(_ reply: RedisReply, to wish: LockWish, orGone: Bool) throws(LockError) -> LockAnswer {
        if let answer = Self.reading(reply, token: wish.lock.token, orGone: orGone) { return answer }
        let (key, place) = (key(wish.lock.name), client.address.place)
        guard let failure = reply.failure else {
            return .noLock("Redis at \(place) answered \(reply.kind) when asked for \(key); is it a Redis?")
        }
        guard failure.isOfWrongType else { throw explain(failure) }
        return .noLock("\(key) in Redis at \(place) is a key of another type and no lock; delete it")
    }

    /// Only what our scripts answer is an answer: a lock that is ours, or somebody's token. All else is no lock, and keeps no
    /// run from starting.
    static func reading(_ reply: RedisReply, token: String, orGone: Bool) -> LockAnswer? {
        switch reply {
        case .integer(1): return .held
        case .null where orGone: return .gone
        case .bytes(let bytes):
            let holder = String(decoding: bytes, as: UTF8.self)
            // Our own token, where an earlier try took the lock and its answer did not come.
            return holder == token ? .held : .heldBy(readable(holder))
        case .status, .failure, .integer, .null, .array: return nil
        }
    }

    /// A stranger's token as it can be kept and shown.
    private static func readable(_ token: String) -> String {
        token.isEmpty ? "an empty token" : token.legible(most: 200)
    }

    private func key(_ name: LockName) -> String { client.address.prefix + name.description }

    private func asking<Value>(_ ask: () async throws(RedisError) -> Value) async throws(LockError) -> Value {
        do {
            return try await ask()
        } catch {
            throw LockError(error.description)
        }
    }

    private func explain(_ failure: RedisReplyFailure) -> LockError {
        let rights = "set, get, eval and evalsha on keys that start with \(client.address.prefix)lock:"
        return LockError(
            "Redis at \(client.address.place) refused a lock: \(failure)\(failure.advice(rights: rights))")
    }
}

extension RedisReplyFailure {
    /// Whether the key holds a list, a set or the like. Redis puts its own words before those of a script's command.
    fileprivate var isOfWrongType: Bool { description.contains("WRONGTYPE") }
}

extension Duration {
    /// Whole milliseconds, at least one, as Redis takes them.
    fileprivate var milliseconds: String { "\(max(wholeMicroseconds / 1000, 1))" }
}
