import Foundation
import Glibc
import OnebeatTesting
import Synchronization

/// A process that a test started, in a group of its own, with its output in files.
final class Child: Sendable {
    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private let status = Mutex<Int32?>(nil)

    /// - Parameter log: where output goes: `log.out` and `log.err`.
    init(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], input: String? = nil, log: String
    ) throws {
        outputPath = log + ".out"
        errorPath = log + ".err"
        let files = [
            open(input ?? "/dev/null", O_RDONLY | O_CLOEXEC),
            open(outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644),
            open(errorPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644),
        ]
        defer { files.forEach { close($0) } }
        var surroundings = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ONEBEAT_") }
        surroundings.merge(environment) { $1 }
        pid = try Spawning.spawn(
            ["env", "-C", folder] + arguments, environment: surroundings, files: (files[0], files[1], files[2]))
    }

    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// The exit code, or 128 and the signal that ended it, as shells count; `nil` while it runs.
    var exitCode: Int32? {
        status.withLock { status in
            if status == nil {
                var raw: Int32 = 0
                if waitpid(pid, &raw, WNOHANG) == pid {
                    let signal = raw & 0x7f
                    status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
                }
            }
            return status
        }
    }

    func send(_ signal: Int32) {
        if exitCode == nil { kill(pid, signal) }
    }

    /// Waits for the end.
    /// - Returns: the exit code; `nil` when it still runs after `limit`.
    func end(within limit: Duration = .seconds(30)) async throws -> Int32? {
        let deadline = ContinuousClock.now + limit
        while exitCode == nil, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
        return exitCode
    }
}
