import Onebeat
import Synchronization

/// Tells listening nodes that a run is due: a hint that saves a poll interval, and nothing more. It goes out after the
/// commit of what it tells of, in a transaction of its own, since it may fail: the server's queue of notices may be full.
enum WakeUps {
    static let channel = "onebeat"
    /// Runs due within a poll interval are worth a hint; those planned further ahead are found by the clock. Hints are
    /// few, since PostgreSQL lets transactions that notify commit one after the other.
    static let horizon = Demand.poll

    static let statement = Statement("SELECT pg_notify('\(channel)', '')")

    /// Asks for a hint when `due` is near by the store's time.
    static func ask(due: Timestamp?, now: Parameter) -> [Statement] {
        guard let due else { return [] }
        var statement = Statement(
            "SELECT 1 WHERE $1 <= \(Transaction.time(of: 2)) + $3 * interval '1 microsecond'",
            [.time(due), now, .length(horizon)])
        statement.wakesOthers = true
        return [statement]
    }
}

extension PostgresStore: WakeSource {
    /// Hints of all nodes, and one after each new connection, since those sent meanwhile are lost. They come over the
    /// connection of claims, so that a claim that follows one finds its thread, and its process at the server, awake. Behind
    /// a pooler there are none.
    public func hints(_ hint: @escaping @Sendable () -> Void) async {
        let isOver = Bell()
        let isWanted = Mutex(true)
        let listening = Task {
            await listen { isWanted.withLock { if $0 { hint() } } }
            isOver.ring()
        }
        // Returns at once when cancelled, while a connection may be on its way for seconds; hints are for nobody then.
        await isOver.wait()
        isWanted.withLock { $0 = false }
        listening.cancel()
    }

    private func listen(_ hint: @escaping @Sendable () -> Void) async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                let hasEnded = Bell()
                let listener = Connection.Listener(hint: hint, onEnd: { hasEnded.ring() })
                guard let connection = try await connection(with: listener) else { return }
                pause = .milliseconds(100)
                hint()
                await hasEnded.wait()
                Task { await connection.endListening() }
            } catch {
                // The server is away; the moves of the store say so to whoever needs to know.
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// - Returns: the connection, or `nil` where a pooler stands in between.
    private func connection(with listener: Connection.Listener) async throws -> Connection? {
        let connection = try await claims.acquire(by: ContinuousClock.now + Self.patience)
        do {
            let isListening = try await connection.listen(listener)
            claims.release(connection)
            return isListening ? connection : nil
        } catch {
            claims.discard(connection)
            throw error
        }
    }

    /// A pooler in between keeps nodes from listening.
    public var reachesNodes: Bool { !isPooled.withLock { $0 } }

    /// The thread of the connection of hints and claims.
    public var hintExecutor: any TaskExecutor { claimVisitors }
}
