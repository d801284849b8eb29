#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// Loop: how background work moves on. A loop takes one bounded turn and says when it wants the next; it never sleeps
// and never asks the clock. `LoopService` does both for all loops, so that a simulation can take their turns itself.

/// Where time comes from: the machine's clocks, or a test's.
public protocol TimeSource: Sendable {
    /// The wall clock.
    func now() -> Timestamp

    /// Time since some fixed moment, never set back, that goes on while the machine is suspended.
    func uptime() -> Duration

    /// Returns when ``uptime()`` has reached `instant`.
    /// - Throws: `CancellationError` when the surrounding Swift task is cancelled.
    func sleep(until instant: Duration) async throws
}

/// The machine's clocks: `CLOCK_REALTIME` and `CLOCK_BOOTTIME`.
public struct SystemTime: TimeSource {
    /// The machine's clocks.
    public init() {}

    /// The wall clock, in microseconds.
    public func now() -> Timestamp {
        let time = Self.read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Time since the machine started, suspensions included.
    public func uptime() -> Duration {
        #if os(Linux)
            let time = Self.read(CLOCK_BOOTTIME)
        #else
            let time = Self.read(CLOCK_MONOTONIC)
        #endif
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Sleeps on the continuous clock.
    public func sleep(until instant: Duration) async throws {
        let rest = instant - uptime()
        if rest > .zero { try await Task.sleep(for: rest, tolerance: .zero, clock: .continuous) }
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
