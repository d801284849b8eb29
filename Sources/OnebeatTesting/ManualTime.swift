import Onebeat
import Synchronization

// The kit for tests of Onebeat and of its stores: time that a test moves, the laws every store answers to, a store that
// fails on purpose, and a simulation of whole clusters. Nothing here sleeps for real, and all chance comes from seeds.

/// Clocks that stand still until a test moves them. Whoever sleeps on them is woken in the order of their instants.
public final class ManualTime: TimeSource {
    /// When manual time begins unless told otherwise: 2026-01-01T00:00:00Z.
    public static let start = Timestamp(seconds: 1_767_225_600)

    private struct Sleeper {
        var id: Int
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var sleepers: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var wall: Timestamp
        var uptime = Duration.zero
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []
        var nextID = 0

        mutating func readyWatchers() -> [Watcher] {
            let ready = watchers.filter { $0.sleepers <= sleepers.count }
            watchers.removeAll { $0.sleepers <= sleepers.count }
            return ready
        }
    }

    private let state: Mutex<State>

    /// Clocks whose wall shows `wall` and whose uptime is zero.
    public init(_ wall: Timestamp = ManualTime.start) { state = Mutex(State(wall: wall)) }

    /// What the wall clock shows.
    public func now() -> Timestamp { state.withLock { $0.wall } }

    /// How far the clocks were moved in all.
    public func uptime() -> Duration { state.withLock { $0.uptime } }

    /// Moves both clocks on and wakes whoever slept up to then, the earliest first.
    public func advance(by length: Duration) {
        let end = uptime() + length
        while let sleeper = wakeNext(through: end) { sleeper.continuation.resume() }
        state.withLock { state in
            state.wall += end - state.uptime
            state.uptime = end
        }
    }

    /// Moves both clocks to `instant`; nothing happens when that is past.
    public func advance(to instant: Timestamp) {
        let length = instant.duration(since: now())
        if length > .zero { advance(by: length) }
    }

    /// Sets the wall clock, as an operator or a time server does; ``uptime()`` and sleepers take no notice.
    public func set(_ wall: Timestamp) { state.withLock { $0.wall = wall } }

    /// Sleeps until the test has moved the clocks that far.
    /// - Throws: `CancellationError` when the surrounding Swift task is cancelled.
    public func sleep(until instant: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if instant <= state.uptime { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, until: instant, continuation: continuation))
                    return nil
                }
                if let result { return continuation.resume(with: result) }
                for watcher in state.withLock({ $0.readyWatchers() }) { watcher.continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when at least `number` sleep, so that a test knows they will see the clocks move.
    public func sleepers(_ number: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.count >= number { return true }
                state.watchers.append(Watcher(sleepers: number, continuation: continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Takes out the sleeper that is to be woken next, with the clocks set to its instant.
    private func wakeNext(through end: Duration) -> Sleeper? {
        state.withLock { state in
            let due = state.sleepers.indices.filter { state.sleepers[$0].until <= end }
            guard let index = due.min(by: { state.sleepers[$0].until < state.sleepers[$1].until }) else { return nil }
            let sleeper = state.sleepers.remove(at: index)
            let instant = max(sleeper.until, state.uptime)
            state.wall += instant - state.uptime
            state.uptime = instant
            return sleeper
        }
    }
}
