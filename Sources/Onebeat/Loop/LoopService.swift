import Logging
import Metrics
import ServiceLifecycle

/// Takes a loop's turns for as long as the service runs: sleeps, wakes, backs off after errors, logs and stops.
package struct LoopService: Service {
    private let loop: any TurnTaking
    private let bell: Bell
    private let clock: NodeClock
    private let logger: Logger
    private let executor: (any TaskExecutor)?
    private let failedTurns: Counter

    /// The pauses after failed turns: doubled from the first to the last.
    package static let backoff = (first: Duration.milliseconds(100), last: Duration.seconds(5))

    /// A service for `loop`, which `bell` wakes.
    /// - Parameter executor: where the turns are taken; Swift's own threads when `nil`.
    package init(
        _ loop: any TurnTaking, wokenBy bell: Bell, clock: NodeClock, logger: Logger,
        on executor: (any TaskExecutor)? = nil
    ) {
        self.loop = loop
        self.bell = bell
        self.clock = clock
        self.logger = logger
        self.executor = executor
        failedTurns = Counter(label: "onebeat_turns_failed_total", dimensions: [("loop", loop.name)])
    }

    /// Runs until the Swift task is cancelled.
    package func run() async { await withTaskExecutorPreference(executor) { await takeTurns() } }

    private func takeTurns() async {
        var pause = Self.backoff.first
        var failures = 0
        while !Task.isCancelled {
            do {
                let next = try await loop.turn(at: clock.now())
                // Whoever read that turns failed wants to know that it is over.
                if failures > 0 {
                    logger.info("turns succeed again", metadata: ["loop": "\(loop.name)", "failed": "\(failures)"])
                }
                failures = 0
                pause = Self.backoff.first
                await wait(next)
            } catch  where Task.isCancelled {
                return
            } catch {
                failures += 1
                failedTurns.increment()
                logger.warning(
                    "turn failed", metadata: ["loop": "\(loop.name)", "error": "\(error)", "pause": "\(pause)"])
                try? await clock.time.sleep(until: clock.time.uptime() + pause)
                pause = min(pause * 2, Self.backoff.last)
            }
        }
    }

    private func wait(_ next: NextTurn) async {
        let now = clock.time.uptime()
        let end: Duration
        switch next {
        case .now:
            await Task.yield()
            return
        case .after(let length): end = Self.end(of: length, from: now)
        case .at(let instant): end = now + instant.duration(since: clock.now())
        }
        if end > now { await bell.wait(until: end, on: clock.time) }
    }

    /// Long pauses end on whole seconds of uptime, up to a second early: what an idle node costs is waking a processor
    /// that sleeps, and loops that wake together wake it once.
    static let grid = Duration.seconds(1)

    /// When a pause ends.
    static func end(of pause: Duration, from now: Duration) -> Duration {
        guard pause >= grid else { return now + pause }
        return grid * Int((now + pause) / grid)
    }
}
