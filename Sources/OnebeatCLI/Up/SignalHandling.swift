import Foundation
import Logging
import OnebeatServer
import ServiceLifecycle
import UnixSignals

/// Runs the services and does what signals ask: the first INT or TERM stops them in good order, a second one ends the
/// process at once, HUP reads the file again.
struct SignalHandling {
    let group: ServiceGroup
    let reloader: Reloader
    let lines: LogLines
    let logger: Logger

    /// `timeout`, `make` and some supervisors signal a process and then its group as well: what comes this soon after
    /// the first signal is the same wish.
    private static let echo = Duration.seconds(1)

    func run() async throws {
        // Apart from the signals, since a file may be slow to read (a FIFO, a disk that hangs), and TERM must be heard. Nobody
        // waits for it at the end.
        let (wishes, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let reloading = Task { for await _ in wishes { await reloader.reload() } }
        defer { reloading.cancel() }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await obey(signals, reload) }
            tasks.addTask { try await group.run() }
            // The signals never end, so the first to end is the services.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func obey(_ signals: UnixSignalsSequence, _ reload: AsyncStream<Void>.Continuation) async {
        var stoppingSince: ContinuousClock.Instant?
        for await signal in signals {
            if signal == .sighup {
                reload.yield()
            } else if let stoppingSince {
                if .now - stoppingSince < Self.echo { continue }
                logger.warning("ended by a second signal", metadata: ["signal": "\(signal)"])
                lines.flush(within: .milliseconds(100))
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
