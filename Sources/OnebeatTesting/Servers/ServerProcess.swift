import Foundation
import Glibc
import Synchronization

// Servers: real ones for tests. Each runs below a shell that ends it when the test process is gone, however that ended:
// the shell reads a pipe whose write end only the test process holds. A parent-death signal would not do, since it
// follows the thread that forked, and Swift's threads come and go.

/// A server program that lives no longer than the process that started it.
public final class ServerProcess: Sendable {
    /// The server's own process id, for signals.
    public let processID: pid_t
    private let supervisor: pid_t
    /// The pipe's write end; `nil` once the server is stopped.
    private let lifeline: Mutex<CInt?>

    /// Ends the server at end-of-file, and removes its folder unless it is told to keep it.
    private static let script = """
        log=$1 signal=$2 folder=$3; shift 3
        "$@" </dev/null >"$log" 2>&1 &
        pid=$!
        echo $pid
        exec >/dev/null 2>&1
        word=$(cat)
        kill -s $signal $pid; kill -s CONT $pid
        patience=200
        while [ $patience -gt 0 ] && kill -s 0 $pid; do sleep 0.05; patience=$((patience - 1)); done
        kill -s KILL $pid
        wait $pid
        [ "$word" = keep ] || [ -z "$folder" ] || rm -rf "$folder"
        """

    /// Starts a server. Whether it came up shows when something connects to it.
    /// - Parameters:
    ///   - command: the program, looked for on the path, and its arguments. A prefix such as `setpriv` must `exec`.
    ///   - log: the file its output goes to.
    ///   - stopSignal: what ends it well, as `kill -s` takes it. It is killed when it is still there 10 s later.
    ///   - folder: removed after the server's end.
    public init(
        _ command: [String], log: String = "/dev/null", stopSignal: String = "TERM", removing folder: String? = nil
    ) throws {
        let (input, lifeline) = try Self.pipe()
        let (output, outputEnd) = try Self.pipe()
        defer { [input, output, outputEnd].forEach { close($0) } }
        do {
            supervisor = try Self.spawn(
                ["/bin/sh", "-c", Self.script, "supervisor", log, stopSignal, folder ?? ""] + command, input: input,
                output: outputEnd)
        } catch {
            close(lifeline)
            throw error
        }
        var line = [UInt8](repeating: 0, count: 16)
        let count = read(output, &line, line.count)
        processID = pid_t(String(decoding: line.prefix(max(count - 1, 0)), as: UTF8.self)) ?? 0
        self.lifeline = Mutex(lifeline)
    }

    deinit { stop() }

    /// Whether the server has not ended by itself.
    public var isRunning: Bool { kill(processID, 0) == 0 }

    /// Sends the server a signal, such as `SIGSTOP`.
    public func signal(_ number: CInt) { kill(processID, number) }

    /// Ends the server and waits for its end. A second call does nothing.
    /// - Parameter keepsFolder: leave its folder as it is, for another start.
    public func stop(keepsFolder: Bool = false) {
        let lifeline = lifeline.withLock { lifeline in
            defer { lifeline = nil }
            return lifeline
        }
        guard let lifeline else { return }
        if keepsFolder { _ = write(lifeline, "keep", 4) }
        close(lifeline)
        var status: CInt = 0
        while waitpid(supervisor, &status, 0) < 0, errno == EINTR {}
    }

    /// A port of the loopback address that nobody listened on a moment ago. Somebody may by the time a server does:
    /// try again with another then.
    public static func freePort() throws -> Int {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard result else { throw ServerFailure("no port of 127.0.0.1 is free: \(String(cString: strerror(errno)))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Runs a program to its end.
    /// - Throws: ``ServerFailure`` with what it wrote when it does not exit with 0.
    @discardableResult
    public static func finish(_ command: [String]) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)").path
        let output = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            [input, output].forEach { close($0) }
            unlink(path)
        }
        let pid = try spawn(command, input: input, output: output)
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        guard status == 0 else { throw ServerFailure("\(command.joined(separator: " ")): \(text)") }
        return text
    }

    /// Not with our output: a server that kept the test's open would make `swift test` wait for ever.
    private static func spawn(_ command: [String], input: CInt, output: CInt) throws -> pid_t {
        try Spawning.spawn(command, files: (input, output, output))
    }

    /// A pair of sockets, since Swift sees no way to make a pipe that is closed in children from its first moment on: a
    /// child forked in between by another test would keep this server alive.
    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ServerFailure("no pipe could be made: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }
}

/// A server that a test needs and cannot have.
public struct ServerFailure: Error, CustomStringConvertible {
    /// What was wrong.
    public let description: String

    /// A failure.
    public init(_ description: String) { self.description = description }
}
