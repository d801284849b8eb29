import Onebeat
import OnebeatRedis
import Synchronization

/// What is asked of the Redis that is the application's broker: to send a task, and to take it back.
///
/// Beside each message stands a guard, of the task's id: who sent it and when, and the highest fence that has asked. It
/// keeps an occurrence from being sent twice for as long as it stands, a day from when it was last looked after.
struct CeleryBroker: Sendable {
    /// How long a guard stands that nobody looks after.
    static let memory = Duration.seconds(86_400)

    let client: RedisClient
    let settings: CelerySettings
    let time: any TimeSource
    private let clock = RedisClock()

    init(_ client: RedisClient, _ settings: CelerySettings, time: any TimeSource) {
        self.client = client
        self.settings = settings
        self.time = time
    }

    /// What became of the wish to send a task.
    enum Sending: Equatable {
        /// It is in the broker by this call.
        case sent
        /// It was before; whoever sent it stamped it so.
        case sentBefore(CeleryMessage.Stamp)
        /// It is not known whether it was before, and it must not be sent twice.
        case unknown
        /// A higher fence has asked: the run is somebody else's.
        case stale
        /// The wish came after the node's lease, and nothing was done for it.
        case late
    }

    /// Answers who sent the task, or that it was sent now. The list goes first: where it is none, nothing is written.
    private static let sending = RedisScript(
        text: """
            local seen = redis.call('hmget', KEYS[1], 'by', 'at', 'fence')
            if seen[1] then
                if tonumber(seen[3]) > tonumber(ARGV[1]) then
                    return {'stale'}
                end
                redis.call('hset', KEYS[1], 'fence', ARGV[1])
                redis.call('pexpire', KEYS[1], ARGV[4])
                return {'before', seen[1], seen[2]}
            end
            if ARGV[6] ~= '1' then
                return {'unknown'}
            end
            if ARGV[3] ~= '' then
                local time = redis.call('time')
                if time[1] * 1000000 + time[2] > tonumber(ARGV[3]) then
                    return {'late'}
                end
            end
            redis.call('lpush', KEYS[2], ARGV[5])
            redis.call('hset', KEYS[1], 'by', ARGV[1], 'at', ARGV[2], 'fence', ARGV[1])
            redis.call('pexpire', KEYS[1], ARGV[4])
            return {'sent'}
            """)

    /// Answers whether the message was still in its list, and how many workers heard that the task is to end; or that a
    /// higher fence has the task.
    private static let withdrawing = RedisScript(
        text: """
            local fence = redis.call('hget', KEYS[1], 'fence')
            if fence and tonumber(fence) > tonumber(ARGV[1]) then
                return {-1, 0}
            end
            local taken = redis.call('lrem', KEYS[2], 1, ARGV[2])
            return {taken, redis.call('publish', ARGV[3], ARGV[4])}
            """)

    /// - Parameters:
    ///   - mayPush: whether it may be sent if nothing is known of it.
    ///   - trustedUntil: the uptime at which the node's lease is over; `nil` where there is none.
    /// - Throws: ``RedisError``
    func send(
        _ message: CeleryMessage, id: String, stamp: CeleryMessage.Stamp, mayPush: Bool, trustedUntil: Duration?
    ) async throws(RedisError) -> Sending {
        var deadline = ""
        if let trustedUntil {
            let moment = try await clock.moment(at: trustedUntil, by: client, time)
            deadline = "\(moment.microseconds)"
        }
        let arguments = [
            "\(stamp.fence)", "\(stamp.sentAt.microseconds)", deadline, Self.memory.milliseconds, message.text,
            mayPush ? "1" : "0",
        ]
        let parts = try await run(Self.sending, [settings.guardKey(of: id), message.list], arguments)
        switch parts.first?.text {
        case "sent": return .sent
        case "stale": return .stale
        case "unknown": return .unknown
        case "late":
            clock.forget()
            return .late
        case "before":
            guard parts.count == 3, let fence = parts[1].wholeNumber, let moment = parts[2].moment else { break }
            return .sentBefore(.init(fence: Fence(fence), sentAt: moment))
        default: break
        }
        throw .refused(
            "Redis at \(client.address.place) answered what was not asked when a task was sent; is it a Redis?")
    }

    /// What was found when a task was taken back.
    struct Withdrawal: Equatable {
        /// Whether no worker had it yet.
        var wasInList: Bool
        /// How many workers heard that it is to end.
        var heard: Int
    }

    /// Takes the message out of its list, and tells all workers to drop the task or end it.
    /// - Returns: `nil` where a higher fence has the task.
    /// - Throws: ``RedisError``
    func withdraw(_ message: CeleryMessage, id: String, fence: Fence) async throws(RedisError) -> Withdrawal? {
        let control = ControlMessage.revoke(id, at: time.now())
        let parts = try await run(
            Self.withdrawing, [settings.guardKey(of: id), message.list],
            ["\(fence)", message.text, settings.controlChannel, control])
        guard parts.count == 2, case .integer(let taken) = parts[0], case .integer(let heard) = parts[1] else {
            throw .refused("Redis at \(client.address.place) answered what was not asked when a task was taken back")
        }
        return taken < 0 ? nil : Withdrawal(wasInList: taken > 0, heard: Int(clamping: heard))
    }

    /// How far from the end that workers take from a message is looked for.
    private static let mostLooked = "1000"

    /// Whether the message is still in its list, near the end from which workers take.
    /// - Throws: ``RedisError``
    func isWaiting(_ message: CeleryMessage) async throws(RedisError) -> Bool {
        let look = RedisCommand("LPOS", message.list, message.text, "RANK", "-1", "MAXLEN", Self.mostLooked)
        guard case .integer? = try await client.send([look]).first else { return false }
        return true
    }

    /// Looks after guards, so that they stand for as long as their tasks are watched.
    /// - Returns: those of the tasks that Redis knows nothing of any more.
    /// - Throws: ``RedisError``
    func keep(_ tasks: [String]) async throws(RedisError) -> [String] {
        let replies = try await client.send(
            tasks.map { RedisCommand("PEXPIRE", settings.guardKey(of: $0), Self.memory.milliseconds) })
        return zip(tasks, replies).filter { $0.1 == .integer(0) }.map(\.0)
    }

    private func run(
        _ script: RedisScript, _ keys: [String], _ arguments: [String]
    ) async throws(RedisError) -> [RedisReply] {
        let reply = try await client.run(script, [(keys: keys, arguments: arguments)]).first
        if let failure = reply?.failure {
            let words = "Redis at \(client.address.place) refused a task: \(failure)"
            if failure.isPassing || failure.code == "OOM" { throw .unavailable(words) }
            throw .refused(words + failure.taskAdvice(settings.prefix))
        }
        guard case .array(let parts)? = reply else { return [] }
        return parts
    }
}

extension RedisReplyFailure {
    fileprivate func taskAdvice(_ prefix: String) -> String {
        if description.contains("WRONGTYPE") { return "; a key has the queue's name and is no list" }
        let keys = prefix.isEmpty ? "the queues' keys and onebeat:celery:*" : "\(prefix)*"
        return advice(
            rights: "evalsha, eval, time, hmget, hget, hset, pexpire, lpush, lrem and publish on \(keys)")
    }
}

extension Duration {
    fileprivate var milliseconds: String { "\(wholeMicroseconds / 1000)" }
}

/// How a Redis server's clock stands to this machine's uptime: what is sent can say until when it may be believed.
private final class RedisClock: Sendable {
    /// How long a look holds: no clock that is set by NTP gains a tenth of a second meanwhile.
    private static let memory = Duration.seconds(60)

    private let seen = Mutex<(moment: Timestamp, uptime: Duration)?>(nil)

    /// What its clock will show at an uptime.
    func moment(
        at uptime: Duration, by client: RedisClient, _ time: any TimeSource
    ) async throws(RedisError) -> Timestamp {
        let now = time.uptime()
        if let seen = seen.withLock({ $0 }), now - seen.uptime < Self.memory {
            return seen.moment + (uptime - seen.uptime)
        }
        guard let moment = try await client.send([RedisCommand("TIME")]).first?.time else {
            throw .refused(
                "Redis at \(client.address.place) does not tell the time; is it a Redis, and may its user ask?")
        }
        // Of the time that the question took none is given away: its clock was looked at after `now`.
        seen.withLock { $0 = (moment, now) }
        return moment + (uptime - now)
    }

    func forget() { seen.withLock { $0 = nil } }
}
