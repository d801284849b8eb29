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
    public func hints(_ hint: @escaping @Sendable () -> Void) async {
        let isOver = Bell()
        let listening = Task {
            await listen(hint)
            isOver.ring()
        }
        // Returns at once when cancelled, while the connection's thread may wait for a few seconds more.
        await isOver.wait()
        listening.cancel()
    }

    /// A pooler in between keeps nodes from listening.
    public var reachesNodes: Bool { !isPooled.withLock { $0 } }

    private func listen(_ hint: @escaping @Sendable () -> Void) async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            let connection = Connection()
            do {
                try await connection.open(address)
                guard try await connection.listen() else { return await connection.close() }
                pause = .milliseconds(100)
                hint()
                while !Task.isCancelled { try await connection.hints(within: .seconds(5), hint) }
            } catch {
                // The server is away; the moves of the store say so to whoever needs to know.
            }
            await connection.close()
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }
}
