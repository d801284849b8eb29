import Synchronization

/// What a process believes of its store's clock: hold, confirm, alarm.
///
/// Uptime is not stepped. So the store's time is known from what was confirmed of it and the uptime that has passed since; the
/// store's clock is followed while it agrees with that. When it does not, it is *held*: time goes on as it was confirmed, for
/// all that is planned, claimed and settled. A deviation that stays is *confirmed* by looks over half a minute, and then
/// followed. A process that has just started believes the first clock it reads.
public final class StoreClock: Sendable {
    private struct State {
        var confirmed = ConfirmedTime()
        var steps = 0
        var lastStep = Duration.zero
    }

    /// How far a clock may be from what is expected and agree all the same.
    package static let bound = ConfirmedTime.bound

    private let state = Mutex(State())

    /// A clock that was not read yet.
    public init() {}

    /// Takes in what the store's clock showed at some moment between two of this process's uptime.
    package func saw(_ store: Timestamp, sent: Duration, received: Duration) {
        state.withLock { state in
            guard case .adopted(let step) = state.confirmed.saw(store, sent: sent, received: received) else { return }
            state.steps += 1
            state.lastStep = step
        }
    }

    /// Takes the word of others for what the store's time is.
    package func believe(_ store: Timestamp, at uptime: Duration) {
        state.withLock { state in
            state.confirmed = ConfirmedTime()
            _ = state.confirmed.saw(store, sent: uptime, received: uptime)
        }
    }

    /// The store's time, of a clock that shows `store` now.
    package func read(_ store: Timestamp, at uptime: Duration) -> Timestamp {
        saw(store, sent: uptime, received: uptime)
        return agreed(store, at: uptime)
    }

    /// What a clock showed, where it agrees with what is confirmed; what is confirmed, where not.
    package func agreed(_ store: Timestamp, at uptime: Duration) -> Timestamp {
        guard let expected = expected(at: uptime) else { return store }
        let deviation = store.duration(since: expected)
        return deviation <= ConfirmedTime.bound && deviation >= .zero - ConfirmedTime.bound ? store : expected
    }

    /// The store's time as it is confirmed; `nil` for a clock that was not read yet.
    package func expected(at uptime: Duration) -> Timestamp? { state.withLock { $0.confirmed.time(at: uptime) } }

    /// How far the store's clock is ahead of what is confirmed; `nil` while it agrees.
    public var deviation: Duration? { state.withLock { $0.confirmed.deviation } }

    /// How many steps were confirmed and followed, and the newest of them.
    public var steps: (count: Int, last: Duration) { state.withLock { ($0.steps, $0.lastStep) } }
}

/// The store's time by uptime, as a value.
struct ConfirmedTime: Sendable {
    /// How far a clock may be from what is expected and agree all the same: above what a slow answer or a suspended
    /// process feigns, and below what anybody would call a step.
    static let bound = Duration.seconds(2)
    /// How long a deviation must have stayed, and how often it must have been seen.
    static let confirmation = (length: Duration.seconds(30), looks: 3)

    enum Verdict: Equatable {
        case agrees
        /// It is that far off, and not believed yet.
        case held(Duration)
        /// It was that far off for long enough.
        case adopted(Duration)
    }

    private struct Candidate {
        var origin: Timestamp
        var since: Duration
        var looks: Int
    }

    /// What the store's clock showed at uptime zero, and how long the look took that said so: the quicker it was the better it
    /// knows.
    private var origin: Timestamp?
    private var slowness = Duration.zero
    private var candidate: Candidate?

    /// How far the clock was off when it was seen last.
    var deviation: Duration? {
        guard let origin, let candidate else { return nil }
        return candidate.origin.duration(since: origin)
    }

    func time(at uptime: Duration) -> Timestamp? { origin.map { $0 + uptime } }

    mutating func saw(_ store: Timestamp, sent: Duration, received: Duration) -> Verdict {
        let earliest = store - received
        let middle = earliest + (received - sent) / 2
        guard let origin else {
            (self.origin, slowness) = (middle, received - sent)
            return .agrees
        }
        if origin >= earliest - Self.bound, origin <= store - sent + Self.bound {
            candidate = nil
            if origin < earliest || origin > store - sent || received - sent < slowness {
                (self.origin, slowness) = (middle, received - sent)
            }
            return .agrees
        }
        let step = middle.duration(since: origin)
        let reach = Self.bound + (received - sent)
        guard let known = candidate, middle >= known.origin - reach, middle <= known.origin + reach else {
            candidate = Candidate(origin: middle, since: received, looks: 1)
            return .held(step)
        }
        candidate?.looks += 1
        guard sent - known.since >= Self.confirmation.length, known.looks + 1 >= Self.confirmation.looks else {
            return .held(step)
        }
        (self.origin, slowness) = (middle, received - sent)
        candidate = nil
        return .adopted(step)
    }
}
