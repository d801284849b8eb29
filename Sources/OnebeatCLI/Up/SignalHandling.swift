import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs the services and does what signals ask: the first INT or TERM stops them in good order, a second one ends the
/// process at once, HUP reads the file again.
struct SignalHandling {
    let group: ServiceGroup
    let reloader: Reloader
    let logger: Logger

    /// `timeout`, `make` and some supervisors signal a process and then its group as well: what comes this soon after
    /// the first signal is the same wish.
    private static let echo = Duration.seconds(1)

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await obey(signals) }
            tasks.addTask { try await group.run() }
            // The signals never end, so the first to end is the services.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func obey(_ signals: UnixSignalsSequence) async {
        var stoppingSince: ContinuousClock.Instant?
        for await signal in signals {
            if signal == .sighup {
                await reloader.reload()
            } else if let stoppingSince {
                if .now - stoppingSince < Self.echo { continue }
                logger.warning("ended by a second signal", metadata: ["signal": "\(signal)"])
                // The guardian sees the pipe close, and ends what still runs.
                exit(128 + signal.rawValue)
            } else {
                stoppingSince = .now
                Supervisor.tell("STOPPING=1")
                await group.triggerGracefulShutdown()
            }
        }
    }
}
