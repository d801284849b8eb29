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
        var isStopping = false
        for await signal in signals {
            switch signal {
            case .sighup: await reloader.reload()
            case _ where isStopping:
                logger.warning("ended by a second signal", metadata: ["signal": "\(signal)"])
                // The guardian sees the pipe close, and ends what still runs.
                exit(128 + signal.rawValue)
            default:
                isStopping = true
                Supervisor.tell("STOPPING=1")
                await group.triggerGracefulShutdown()
            }
        }
    }
}
