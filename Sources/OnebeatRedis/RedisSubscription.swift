/// A connection that is told of the messages of channels: that there was one, and where.
package struct RedisSubscription: Sendable {
    private let connection: RedisConnection

    init(_ connection: RedisConnection) { self.connection = connection }

    package var isOpen: Bool { connection.isOpen }

    package func close() { connection.close() }

    /// Hears the channels' messages from now on.
    /// - Throws: ``RedisError``
    package func subscribe(to channels: [String]) async throws(RedisError) { try await send("SUBSCRIBE", channels) }

    /// Hears the channels' messages no longer.
    /// - Throws: ``RedisError``
    package func unsubscribe(from channels: [String]) async throws(RedisError) {
        try await send("UNSUBSCRIBE", channels)
    }

    /// Whether the line still carries: one that has fallen silent for good ends here.
    /// - Throws: ``RedisError``
    package func ping() async throws(RedisError) {
        _ = try await connection.send([RedisCommand("PING")], within: RedisConnection.patience)
    }

    /// Each channel is answered for itself; all in one command would be one command with many answers.
    private func send(_ verb: String, _ channels: [String]) async throws(RedisError) {
        let replies = try await connection.send(
            channels.map { RedisCommand(verb, $0) }, within: RedisConnection.patience)
        if let failure = replies.lazy.compactMap(\.failure).first { throw .refused(failure.description) }
    }
}
