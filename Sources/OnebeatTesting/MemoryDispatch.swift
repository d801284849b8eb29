// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each move does is documented where it is promised: at the protocol.

import Onebeat
import Synchronization

/// Dispatch that lives as long as this value, and fails when it is told to. It wakes nobody: workers ask when they think
/// that something is due, as they do where wake-ups are lost.
public final class MemoryDispatch: Dispatch {
    private struct State {
        var pointers: Set<RunPointer> = []
        var isDown = false
    }

    private let state = Mutex(State())

    /// No pointers yet.
    public init() {}

    /// The keys of the runs that nobody took yet, by due time.
    public var waiting: [String] { sorted(state.withLock { $0.pointers }).map(\.run) }

    /// Forgets every pointer.
    public func flush() { state.withLock { $0.pointers = [] } }

    /// Whether every call fails from now on.
    public func fail(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    public func announce(_ pointers: [RunPointer], at now: Timestamp) async throws(DispatchError) {
        try answer()
        state.withLock { state in
            for pointer in pointers {
                state.pointers = state.pointers.filter { $0.run != pointer.run }
                state.pointers.insert(pointer)
            }
        }
    }

    public func take(
        _ queues: [String], dueBy now: Timestamp, limit: Int
    ) async throws(DispatchError) -> TakenPointers {
        try answer()
        return state.withLock { state in
            let due = sorted(state.pointers.filter { queues.contains($0.queue) && $0.dueAt <= now }).prefix(limit)
            state.pointers.subtract(due)
            let rest = state.pointers.filter { queues.contains($0.queue) }
            return TakenPointers(runs: due.map(\.run), nextDue: rest.map(\.dueAt).min())
        }
    }

    public func wakeUps(_ queues: [String]) -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    private func sorted(_ pointers: Set<RunPointer>) -> [RunPointer] {
        pointers.sorted { ($0.dueAt, $0.run) < ($1.dueAt, $1.run) }
    }

    private func answer() throws(DispatchError) {
        if state.withLock({ $0.isDown }) { throw DispatchError("a fault on purpose") }
    }
}

/// Dispatch as a node sees it over a bad line, kept by something that forgets.
public struct FaultyDispatch: Dispatch {
    private let base: MemoryDispatch
    private let line: FaultyLine

    /// That dispatch over that line.
    public init(_ base: MemoryDispatch, over line: FaultyLine) {
        self.base = base
        self.line = line
    }

    public func announce(_ pointers: [RunPointer], at now: Timestamp) async throws(DispatchError) {
        try await line.call(failing: { DispatchError($0) }, flush: base.flush) { () async throws(DispatchError) in
            try await base.announce(pointers, at: now)
        }
    }

    public func take(
        _ queues: [String], dueBy now: Timestamp, limit: Int
    ) async throws(DispatchError) -> TakenPointers {
        try await line.call(failing: { DispatchError($0) }, flush: base.flush) { () async throws(DispatchError) in
            try await base.take(queues, dueBy: now, limit: limit)
        }
    }

    public func wakeUps(_ queues: [String]) -> AsyncStream<Void> { base.wakeUps(queues) }
}
