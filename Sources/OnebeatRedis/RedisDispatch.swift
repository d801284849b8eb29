// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import NIOCore
import NIOPosix
import Onebeat

/// Pointers to due runs in Redis: for each queue a sorted set, `dispatch:QUEUE`, of run keys by their due time in
/// microseconds since 1970. Whoever takes some removes them in the same script, so that each goes to one worker.
public struct RedisDispatch: Dispatch {
    private let client: RedisClient

    /// Dispatch on a server.
    public init(_ client: RedisClient) { self.client = client }

    /// What is due so soon wakes workers that wait: they ask by themselves as often as that.
    static let horizon = Demand.poll
    /// A pointer that nobody took for so long after its due time is dropped; what is still to be claimed is announced anew.
    static let memory = Duration.seconds(60)
    /// As many pointers go into one call of the script: a longer one would keep others waiting.
    static let page = 500

    static let announcing = RedisScript(
        text: """
            for i = 4, #ARGV, 2 do
                redis.call('zadd', KEYS[1], ARGV[i], ARGV[i + 1])
            end
            redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[1])
            redis.call('zremrangebyscore', KEYS[1], '(253402300799999999', 'inf')
            if redis.call('ttl', KEYS[1]) < tonumber(ARGV[3]) then
                redis.call('expire', KEYS[1], ARGV[3])
            end
            if ARGV[2] == '1' then
                redis.pcall('publish', KEYS[1], '')
            end
            return 1
            """)

    /// Answers the next due time, or nothing, and then what was taken. Nothing taken sends a worker to sleep, so it is an answer
    /// only where announcing was possible: a replica, and a server whose memory is full, are empty and can be read.
    static let taking = RedisScript(
        text: """
            local answer = {false}
            local room = tonumber(ARGV[2])
            local next
            for _, key in ipairs(KEYS) do
                if room > 0 then
                    local due = redis.call('zrangebyscore', key, '-inf', ARGV[1], 'limit', 0, room)
                    if #due > 0 then
                        redis.call('zrem', key, unpack(due))
                        room = room - #due
                        for _, run in ipairs(due) do
                            answer[#answer + 1] = run
                        end
                    end
                end
                local first = redis.call('zrange', key, 0, 0, 'withscores')
                if first[2] and (not next or tonumber(first[2]) < tonumber(next)) then
                    next = first[2]
                end
            end
            if next then
                answer[1] = next
            end
            if #answer == 1 and KEYS[1] then
                redis.call('zadd', KEYS[1], 0, '')
                redis.call('zrem', KEYS[1], '')
            end
            return answer
            """)
}

extension RedisDispatch {
    public func announce(_ pointers: [RunPointer], at now: Timestamp) async throws(DispatchError) {
        let pages = Dictionary(grouping: pointers, by: \.queue).sorted { $0.key < $1.key }.flatMap { queue, pointers in
            stride(from: 0, to: pointers.count, by: Self.page).map {
                call(queue, pointers[$0..<min($0 + Self.page, pointers.count)], at: now)
            }
        }
        let replies = try await asking { () async throws(RedisError) in try await client.run(Self.announcing, pages) }
        for reply in replies { if let failure = reply.failure { throw explain(failure) } }
    }

    public func take(
        _ queues: [String], dueBy now: Timestamp, limit: Int
    ) async throws(DispatchError) -> TakenPointers {
        let call = (keys: queues.map(key), arguments: ["\(now.microseconds)", "\(limit)"])
        let replies = try await asking { () async throws(RedisError) in try await client.run(Self.taking, [call]) }
        switch replies.first {
        case .array(let parts):
            return Self.pointers(in: parts, limit: limit)
        case .failure(let failure): throw explain(failure)
        case .status, .integer, .bytes, .null, nil:
            let what = replies.first?.kind ?? "nothing at all"
            throw DispatchError(
                "Redis at \(client.address.place) answered \(what) when asked for due runs; is it a Redis?")
        }
    }

    /// A due time first, where one is known, and then the runs: more than were asked for are none of ours.
    static func pointers(in parts: [RedisReply], limit: Int) -> TakenPointers {
        TakenPointers(runs: parts.dropFirst().prefix(limit).compactMap(\.text), nextDue: parts.first?.moment)
    }

    /// Wake-ups over a connection of their own, and one after each new connection, since those sent meanwhile are lost.
    public func wakeUps(_ queues: [String]) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let listening = Task { [client] in
            let channels = queues.map(key)
            var pause = RedisClient.backoff.first
            while !Task.isCancelled {
                do {
                    let connection = try await client.openSubscription(to: channels) { _ in continuation.yield() }
                    defer { connection.close() }
                    continuation.yield()
                    while !Task.isCancelled {
                        try await Task.sleep(for: .seconds(2))
                        // A line that has fallen silent for good ends here.
                        try await connection.ping()
                        // Only one that stays is worth a quick return.
                        pause = RedisClient.backoff.first
                    }
                } catch {
                    // Redis is away; the moves of dispatch say so to whoever needs to know.
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, RedisClient.backoff.last)
                }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in listening.cancel() }
        return stream
    }

    private func call(
        _ queue: String, _ pointers: ArraySlice<RunPointer>, at now: Timestamp
    ) -> (keys: [String], arguments: [String]) {
        let (first, last) = (pointers.map(\.dueAt).min() ?? now, pointers.map(\.dueAt).max() ?? now)
        let life = max(last.duration(since: now), .zero) + Self.memory * 2
        let head = [
            "\((now - Self.memory).microseconds)", first <= now + Self.horizon ? "1" : "0",
            "\(life.components.seconds)",
        ]
        return ([key(queue)], head + pointers.flatMap { ["\($0.dueAt.microseconds)", $0.run] })
    }

    private func key(_ queue: String) -> String { "\(client.address.prefix)dispatch:\(queue)" }

    private func asking<Value>(_ ask: () async throws(RedisError) -> Value) async throws(DispatchError) -> Value {
        do {
            return try await ask()
        } catch {
            throw DispatchError(error.description)
        }
    }

    private func explain(_ failure: RedisReplyFailure) -> DispatchError {
        let rights =
            "zadd, zrem, zrange, zrangebyscore, zremrangebyscore, ttl, expire, eval and evalsha on keys, and publish and"
            + " subscribe on channels, that start with \(client.address.prefix)dispatch:"
        return DispatchError(
            "Redis at \(client.address.place) refused dispatch: \(failure)\(failure.advice(rights: rights))")
    }
}
