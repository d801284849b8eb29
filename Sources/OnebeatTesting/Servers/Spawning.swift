import Foundation
import Glibc

/// Starts processes for tests: each in a process group of its own, and with no signal blocked or ignored, since Swift's
/// threads block signals, and Foundation's processes inherit that and would not hear a TERM.
public enum Spawning {
    /// Starts a program that is looked for on the path.
    /// - Parameters:
    ///   - environment: all of it; ours when `nil`.
    ///   - files: what its standard input, output and error are.
    /// - Returns: the process id; whoever asked for it waits for its end.
    /// - Throws: ``ServerFailure`` when it cannot be started.
    public static func spawn(
        _ command: [String], environment: [String: String]? = nil, files: (input: CInt, output: CInt, error: CInt)
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, files.input, 0)
        posix_spawn_file_actions_adddup2(&actions, files.output, 1)
        posix_spawn_file_actions_adddup2(&actions, files.error, 2)

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

        let surroundings = environment ?? ProcessInfo.processInfo.environment
        let arguments = command.map { strdup($0) } + [nil]
        let variables = surroundings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
        guard code == 0 else {
            throw ServerFailure("\(command[0]) cannot be started: \(String(cString: strerror(code)))")
        }
        return pid
    }
}
