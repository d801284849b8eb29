import Onebeat
import Synchronization

/// A few connections that moves take turns on. They are opened when they are first needed, and again, ever more
/// patiently, after the server was lost. Nobody waits longer than its own deadline, however long a connection takes.
final class Pool: Sendable {
    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Connection, any Error>
    }

    private struct State {
        var idle: [Connection] = []
        /// Connections that are open or being opened.
        var count = 0
        var opening = 0
        var waiters: [Waiter] = []
        var lastNumber = 0
        var pause = Duration.zero
        var isClosed = false
    }

    private static let longestPause = Duration.seconds(1)

    private let address: ServerAddress
    private let memory: StoreMemory
    private let size: Int
    /// The thread of all connections; each has one of its own where there is none.
    private let thread: ConnectionThread?
    private let state = Mutex(State())

    init(_ address: ServerAddress, _ memory: StoreMemory, size: Int, on thread: ConnectionThread? = nil) {
        self.address = address
        self.memory = memory
        self.size = size
        self.thread = thread
    }

    /// A connection for one move; it must come back by ``release(_:)`` or ``discard(_:)``.
    func acquire(by deadline: ContinuousClock.Instant) async throws -> Connection {
        if let connection = state.withLock({ $0.idle.popLast() }) { return connection }
        return try await withCheckedThrowingContinuation { continuation in
            enum Next { case go(Connection), fail, wait(Int) }
            let next: Next = state.withLock { state in
                if state.isClosed { return .fail }
                if let connection = state.idle.popLast() { return .go(connection) }
                state.lastNumber += 1
                state.waiters.append(Waiter(number: state.lastNumber, continuation: continuation))
                return .wait(state.lastNumber)
            }
            switch next {
            case .go(let connection): continuation.resume(returning: connection)
            case .fail: continuation.resume(throwing: PostgresFailure(message: "the store is closed"))
            case .wait(let number):
                openMore()
                Task {
                    try? await Task.sleep(until: deadline, clock: .continuous)
                    giveUp(number)
                }
            }
        }
    }

    /// Takes a connection back.
    func release(_ connection: Connection) {
        let (waiter, isClosed): (Waiter?, Bool) = state.withLock { state in
            if state.isClosed { return (nil, true) }
            if state.waiters.isEmpty {
                state.idle.append(connection)
                return (nil, false)
            }
            return (state.waiters.removeFirst(), false)
        }
        waiter?.continuation.resume(returning: connection)
        if isClosed { Task { await connection.close() } }
    }

    /// Ends a connection that failed, and those that idle, since whatever ended one has mostly ended all.
    func discard(_ connection: Connection) {
        let idle = state.withLock { state in
            let idle = state.idle
            state.idle = []
            state.count -= idle.count + 1
            return idle
        }
        for connection in idle + [connection] { Task { await connection.close() } }
        openMore()
    }

    /// Ends all connections; those in use when they come back.
    func close() {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer {
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for connection in idle { Task { await connection.close() } }
        for waiter in waiters {
            waiter.continuation.resume(throwing: PostgresFailure(message: "the store is closed"))
        }
    }

    /// Opens as many connections as there are waiters for, within the pool's size.
    private func openMore() {
        let pause: Duration? = state.withLock { state in
            guard !state.isClosed, state.count < size, state.opening < state.waiters.count else { return nil }
            state.count += 1
            state.opening += 1
            return state.pause
        }
        guard let pause else { return }
        Task {
            if pause > .zero { try? await Task.sleep(for: pause) }
            do {
                let connection = Connection(on: try thread ?? ConnectionThread())
                do {
                    try await connection.open(address, memory)
                } catch {
                    await connection.close()
                    throw error
                }
                opened(connection)
            } catch {
                failed(error)
            }
        }
        openMore()
    }

    private func opened(_ connection: Connection) {
        state.withLock { state in
            state.opening -= 1
            state.pause = .zero
        }
        release(connection)
    }

    /// Those who wait are told why, unless connections in use will come back to serve them.
    private func failed(_ error: any Error) {
        let waiters = state.withLock { state in
            state.opening -= 1
            state.count -= 1
            state.pause = min(max(state.pause * 2, .milliseconds(20)), Self.longestPause)
            guard state.count == 0 else { return [Waiter]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: error) }
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(throwing: PostgresFailure(message: "no connection was free in time"))
    }
}
