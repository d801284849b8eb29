import Onebeat

/// Tells listening nodes that a run is due: a hint that saves a poll interval, and nothing more.
enum WakeUps {
    static let channel = "onebeat"
    /// Runs due within a poll interval are worth a hint; those planned further ahead are found by the clock. Hints are
    /// few, since PostgreSQL lets transactions that notify commit one after the other.
    static let horizon = Demand.poll

    static let statement = Statement("SELECT pg_notify('\(channel)', '')")

    /// Notifies when `due` is near by the store's time.
    static func statement(due: Timestamp?, now: Parameter) -> [Statement] {
        guard let due else { return [] }
        return [
            Statement(
                """
                SELECT pg_notify('\(channel)', '')
                WHERE $1 <= coalesce($2, clock_timestamp()) + $3 * interval '1 microsecond'
                """,
                [.time(due), now, .length(horizon)])
        ]
    }
}

extension PostgresStore: WakeSource {
    /// Hints of all nodes over a connection of their own, and one after each new connection, since those sent meanwhile
    /// are lost. Behind a pooler there are none.
    public func wakeUps() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let listening = Task { [address] in
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled {
                let connection = Connection()
                do {
                    try await connection.open(address)
                    guard try await connection.listen() else {
                        await connection.close()
                        break
                    }
                    pause = .milliseconds(100)
                    continuation.yield()
                    while !Task.isCancelled {
                        if try await connection.hint(within: .seconds(5)) { continuation.yield() }
                    }
                } catch {
                    // The server is away; the moves of the store say so to whoever needs to know.
                }
                await connection.close()
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in listening.cancel() }
        return stream
    }
}
