import Foundation
import Glibc
import Synchronization

/// A process that a test started, in a group of its own, with its output in files.
///
/// Spawned by hand, since Foundation's processes inherit blocked signals and would not hear a TERM.
final class Child: Sendable {
    struct SpawnFailure: Error { let program: String, code: Int32 }

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
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var surroundings = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ONEBEAT_") }
        surroundings.merge(environment) { $1 }
        let argv = (["env", "-C", folder] + arguments).map { strdup($0) } + [nil]
        let envp = surroundings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }

        var pid: pid_t = 0
        let code = posix_spawnp(&pid, "env", &actions, &attributes, argv, envp)
        guard code == 0 else { throw SpawnFailure(program: arguments[0], code: code) }
        self.pid = pid
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
