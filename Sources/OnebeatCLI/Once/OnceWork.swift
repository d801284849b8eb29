import Foundation
import Onebeat
import OnebeatServer
import Synchronization
import UnixSignals

/// CMD: run below the guardian, with the streams of this process, and sent the signals that come for it.
final class OnceWork: Executor {
    private struct State {
        var isRunning = false
        var end: ProcessEnd?
        var words: String?
    }

    private let command: [String]
    private let name: String
    private let guardian: Guardian
    private let state = Mutex(State())

    init(_ command: [String], name: String, guardian: Guardian) {
        self.command = command
        self.name = name
        self.guardian = guardian
    }

    /// The exit code that tells what became of CMD, as a shell's would.
    var exitCode: Int32 {
        switch state.withLock({ $0.end?.result }) {
        case .exited(let code): Int32(clamping: code)
        case .killed(let signal): Int32(clamping: 128 + signal)
        case .notStarted(.program, errno: ENOENT): 127
        case .notStarted: 126
        case .orphaned(let signal): 128 + Int32(clamping: signal)
        case .unknown, nil: ExitStatus.failed.rawValue
        }
    }

    /// Why CMD was not started, where nobody else has said so.
    var words: String? { state.withLock { $0.words } }

    func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        await run(ProcessExecutor.identity(of: claim))
    }

    /// Runs CMD to its end. Cancelling the surrounding Swift task stops it.
    /// - Parameter identity: what it is told of its run, as environment.
    func run(_ identity: [String: String]) async -> Outcome {
        var request = ProcessRequest(command)
        // All that the caller has, as with any program that runs another, but for Onebeat's own settings: the store's
        // password may be among them.
        request.environment = Surroundings.environment.filter { !$0.key.hasPrefix("ONEBEAT_") }.merging(identity) { $1 }
        state.withLock { $0.isRunning = true }
        defer { state.withLock { $0.isRunning = false } }
        do {
            let input = dup(STDIN_FILENO)
            let end = try await guardian.run(
                request, input: input < 0 ? nil : input, output: dup(STDOUT_FILENO), errors: dup(STDERR_FILENO))
            let outcome = ProcessReport(request: request, end: end).outcome
            state.withLock { state in
                state.end = end
                if case .notStarted = end.result { state.words = outcome.failure?.message }
            }
            return outcome
        } catch GuardianError.gone {
            return .interrupted
        } catch {
            state.withLock { $0.words = "\(error)" }
            return .failed(Failure("\(error)"))
        }
    }

    /// Runs `body`, and passes INT, TERM and HUP on to CMD for as long; before CMD has begun they end the process.
    func underSignals<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let obeying = Task {
            for await signal in signals {
                guard state.withLock({ $0.isRunning }) else {
                    // The guardian sees the pipe close, and takes back what was promised.
                    exit(128 + signal.rawValue)
                }
                guardian.pass(signal.rawValue)
            }
        }
        defer { obeying.cancel() }
        return try await body()
    }
}
