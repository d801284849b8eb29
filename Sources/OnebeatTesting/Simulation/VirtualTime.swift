import Onebeat
import Synchronization

/// A wall clock over virtual time that can be set; its uptime is that of all.
final class SteppedClock: TimeSource {
    private let time: VirtualTime
    private let offset: Mutex<Duration>

    init(_ time: VirtualTime, offset: Duration = .zero) {
        self.time = time
        self.offset = Mutex(offset)
    }

    func step(by length: Duration) { offset.withLock { $0 += length } }

    func now() -> Timestamp { time.now() + offset.withLock { $0 } }
    func uptime() -> Duration { time.uptime() }
    func sleep(until instant: Duration) async throws { await time.sleep(until: instant) }
}

/// Time that passes only when nobody has anything left to do, and one activity at a time: whoever is started or woken
/// runs until it ends or sleeps, and only then comes the next. So a seed decides everything, though activities are
/// ordinary Swift tasks.
final class VirtualTime: TimeSource {
    private enum Action {
        case start(@Sendable () async -> Void)
        case wake(CheckedContinuation<Void, Never>)
    }

    private struct Entry {
        var at: Duration
        var number: Int
        var action: Action

        func isBefore(_ other: Entry) -> Bool { (at, number) < (other.at, other.number) }
    }

    private struct State {
        var elapsed = Duration.zero
        var number = 0
        /// A binary heap, the earliest first; of two at one instant, the one that was entered first.
        var heap: [Entry] = []
        var baton: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var elapsed: Duration { state.withLock { $0.elapsed } }

    func now() -> Timestamp { ManualTime.start + elapsed }

    func uptime() -> Duration { elapsed }

    /// Parks the present activity.
    func sleep(until instant: Duration) async {
        await withCheckedContinuation { continuation in
            enter(.wake(continuation), at: instant)
            pass()
        }
    }

    /// Starts an activity at `instant`, or next where that is past.
    func at(_ instant: Duration, _ activity: @escaping @Sendable () async -> Void) {
        enter(.start(activity), at: instant)
    }

    func after(_ length: Duration, _ activity: @escaping @Sendable () async -> Void) {
        at(elapsed + length, activity)
    }

    /// Runs every activity up to `end`, unless `isOver` says to stop before the next.
    func run(until end: Duration, unless isOver: () -> Bool = { false }) async {
        while !isOver(), let entry = next(through: end) {
            await withCheckedContinuation { baton in
                state.withLock { $0.baton = baton }
                switch entry.action {
                case .wake(let continuation): continuation.resume()
                case .start(let activity):
                    Task {
                        await activity()
                        self.pass()
                    }
                }
            }
        }
        state.withLock { $0.elapsed = max($0.elapsed, end) }
    }

    /// Wakes all that sleep and starts nothing more, so that no activity is left hanging when a simulation is over.
    func drain() async {
        while let entry = next(through: .seconds(1_000_000_000)) {
            guard case .wake(let continuation) = entry.action else { continue }
            await withCheckedContinuation { baton in
                state.withLock { $0.baton = baton }
                continuation.resume()
            }
        }
    }

    private func pass() {
        let baton = state.withLock { state in
            defer { state.baton = nil }
            return state.baton
        }
        baton?.resume()
    }

    private func enter(_ action: Action, at instant: Duration) {
        state.withLock { state in
            state.number += 1
            state.heap.append(Entry(at: max(instant, state.elapsed), number: state.number, action: action))
            var index = state.heap.count - 1
            while index > 0, state.heap[index].isBefore(state.heap[(index - 1) / 2]) {
                state.heap.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
        }
    }

    private func next(through end: Duration) -> Entry? {
        state.withLock { state in
            guard let first = state.heap.first, first.at <= end else { return nil }
            state.elapsed = first.at
            let last = state.heap.removeLast()
            guard !state.heap.isEmpty else { return first }
            state.heap[0] = last
            var index = 0
            while true {
                var least = index
                for child in [2 * index + 1, 2 * index + 2]
                where child < state.heap.count && state.heap[child].isBefore(state.heap[least]) { least = child }
                if least == index { return first }
                state.heap.swapAt(index, least)
                index = least
            }
        }
    }
}
