import NIOCore
import NIOPosix
import Onebeat

/// A client of one Redis server: one connection that all callers share, made when first needed and made again when it
/// ended. Nobody waits longer than their patience, whatever the connection is doing.
public actor RedisClient {
    /// The pauses between attempts to connect: doubled from the first to the last, and spread by chance so that the
    /// nodes of a cluster do not all come back at once.
    static let backoff = (first: Duration.milliseconds(100), last: Duration.seconds(5))

    private static let stay = Duration.seconds(1)

    /// Where the server is.
    public nonisolated let address: RedisAddress
    private nonisolated let name: String
    private let patience: Duration
    private nonisolated let group: any EventLoopGroup
    private let time: any TimeSource
    private let chance: @Sendable () -> Double
    private var connection: RedisConnection?
    private var opening: EventLoopFuture<RedisConnection>?
    private var pause = RedisClient.backoff.first
    /// Not to be tried again before this uptime, and why.
    private var rest: (until: Duration, because: RedisError)?
    private var isClosed = false
    /// When a server that had become a replica was left.
    private var leftAt: Duration?

    /// A client that connects when it is first used.
    /// - Parameters:
    ///   - name: what the server's `CLIENT LIST` shows.
    ///   - patience: how long a flight of commands may take from its call to its last answer.
    ///   - chance: 0 to 1, for the pauses between attempts to connect.
    public init(
        _ address: RedisAddress, name: String = "onebeat", patience: Duration = .milliseconds(250),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, time: any TimeSource = SystemTime(),
        chance: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.address = address
        self.name = name
        self.patience = patience
        self.group = group
        self.time = time
        self.chance = chance
    }

    /// Sends commands in one flight and returns their answers in order; a command that the server refuses is an answer.
    /// - Throws: ``RedisError``
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisReply] {
        let start = time.uptime()
        let connection = try await openConnection(until: start + patience)
        let left = max(patience - (time.uptime() - start), .milliseconds(1))
        let replies = try await connection.send(commands, within: TimeAmount(left))
        // A server that has become a replica stays one; its name may lead to another server by now.
        if replies.contains(where: { $0.failure?.code == "READONLY" }) { leave(connection) }
        return replies
    }

    /// Not more often than once a second: with a connection ends what others have under way on it.
    private func leave(_ connection: RedisConnection) {
        let now = time.uptime()
        guard leftAt.map({ now - $0 >= Self.stay }) ?? true else { return }
        leftAt = now
        connection.close()
    }

    /// Ends the connection, and with it what is under way.
    public func close() {
        isClosed = true
        connection?.close()
    }

    /// Opens a connection of its own that is told of the channels' messages. It is the caller's to close.
    nonisolated func openSubscription(
        to channels: [String], _ onMessage: @escaping @Sendable (String) -> Void
    ) async throws(RedisError) -> RedisSubscription {
        let subscription = try await openSubscription(onMessage)
        do throws(RedisError) {
            try await subscription.subscribe(to: channels)
            return subscription
        } catch {
            subscription.close()
            throw error
        }
    }

    /// Opens a connection of its own on which channels can be subscribed to. It is the caller's to close.
    package nonisolated func openSubscription(
        mostMessages: Int? = nil, _ onMessage: @escaping @Sendable (String) -> Void
    ) async throws(RedisError) -> RedisSubscription {
        RedisSubscription(
            try await RedisConnection.open(
                address, name: "\(name):wake-ups", group: group,
                mostMessages: mostMessages ?? PipelineHandler.mostMessages, onMessage: onMessage))
    }

    /// Opens a connection of its own that is told of the commands of others. It is the caller's to close.
    nonisolated func openConnectionOfItsOwn(
        named suffix: String, onCommand: @escaping @Sendable (String) -> Void
    ) async throws(RedisError) -> RedisConnection {
        try await RedisConnection.open(address, name: "\(name):\(suffix)", group: group, onCommand: onCommand)
    }

    /// Runs a script once for each call, in one flight; a second flight carries its text to a server that lost it.
    package func run(
        _ script: RedisScript, _ calls: [(keys: [String], arguments: [String])]
    ) async throws(RedisError) -> [RedisReply] {
        var replies = try await send(calls.map { script.byDigest($0.keys, $0.arguments) })
        let unknown = replies.indices.filter { replies[$0].failure?.code == "NOSCRIPT" }
        guard !unknown.isEmpty else { return replies }
        let again = try await send(unknown.map { script.byText(calls[$0].keys, calls[$0].arguments) })
        for (index, reply) in zip(unknown, again) { replies[index] = reply }
        return replies
    }

    private func openConnection(until deadline: Duration) async throws(RedisError) -> RedisConnection {
        if isClosed { throw .unavailable("the client of Redis at \(address.place) is closed") }
        if let connection, connection.isOpen { return connection }
        if let rest, rest.until > time.uptime() { throw rest.because }
        let opening = opening ?? beginOpening()
        self.opening = opening
        let waiter = opening.eventLoop.makePromise(of: RedisConnection.self)
        opening.cascade(to: waiter)
        let late = RedisError.unavailable("Redis at \(address.place) has not let us in yet; it is still being tried")
        let timer = opening.eventLoop.scheduleTask(in: TimeAmount(deadline - time.uptime())) { waiter.fail(late) }
        defer { timer.cancel() }
        do {
            return try await waiter.futureResult.get()
        } catch {
            throw Self.nothingSent(error)
        }
    }

    /// Goes on to its end though its callers may give up before: the next caller finds it done.
    private func beginOpening() -> EventLoopFuture<RedisConnection> {
        let promise = group.next().makePromise(of: RedisConnection.self)
        promise.completeWithTask { try await self.open() }
        return promise.futureResult
    }

    private func open() async throws(RedisError) -> RedisConnection {
        defer { opening = nil }
        do {
            let opened = try await RedisConnection.open(address, name: name, group: group)
            if isClosed { opened.close() }
            connection = opened
            pause = Self.backoff.first
            rest = nil
            return opened
        } catch {
            rest = (time.uptime() + pause * (0.5 + chance() / 2), Self.nothingSent(error))
            pause = min(pause * 2, Self.backoff.last)
            throw error
        }
    }

    /// A welcome that was cut short left the caller's own commands unsent.
    private static func nothingSent(_ error: any Error) -> RedisError {
        switch error {
        case RedisError.unknownOutcome(let what): .unavailable(what)
        case let error as RedisError: error
        default: .unavailable("\(error)")
        }
    }
}
