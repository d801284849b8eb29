import Foundation
import Glibc
import Synchronization

/// A Redis server of a test's own: nothing is saved, and nobody else knows its port.
public final class RedisServer: Sendable {
    /// The port for connections without TLS.
    public let port: Int
    /// The port for TLS, where there is one.
    public let tlsPort: Int?
    /// The folder of the server and, with TLS, of `cert.pem` and `key.pem`, which signed itself for `localhost`.
    public let folder: String
    private let arguments: [String]
    private let process: Mutex<ServerProcess>

    /// Starts a server and returns when it answers.
    /// - Parameter arguments: more of its configuration, as in `["--requirepass", "secret"]`.
    public init(_ arguments: [String] = [], withTLS: Bool = false) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        if withTLS { try Self.sign(in: folder) }
        var failure = ServerFailure("redis-server was not tried")
        for _ in 0..<5 {
            do {
                let port = try ServerProcess.freePort()
                let tlsPort = withTLS ? try ServerProcess.freePort() : nil
                let tls = tlsPort.map {
                    [
                        "--tls-port", "\($0)", "--tls-cert-file", "\(folder)/cert.pem", "--tls-key-file",
                        "\(folder)/key.pem", "--tls-ca-cert-file", "\(folder)/cert.pem", "--tls-auth-clients", "no",
                    ]
                }
                let all = ["--port", "\(port)", "--dir", folder] + (tls ?? []) + arguments
                process = Mutex(try Self.start(all, folder: folder, port: port))
                self.arguments = all
                self.port = port
                self.tlsPort = tlsPort
                return
            } catch let error as ServerFailure where error.description.contains("Address already in use") {
                failure = error
            }
        }
        throw failure
    }

    deinit { process.withLock { $0.stop() } }

    /// Ends the server; ``start()`` brings it back empty.
    public func stop() { process.withLock { $0.stop(keepsFolder: true) } }

    /// Starts the server again where it was.
    public func start() throws {
        let again = try Self.start(arguments, folder: folder, port: port)
        process.withLock { $0 = again }
    }

    /// Sends the server a signal, such as `SIGSTOP`.
    public func signal(_ number: CInt) { process.withLock { $0.signal(number) } }

    /// Asks with Debian's own client.
    /// - Returns: what it printed, without the last line's end.
    @discardableResult
    public func ask(_ command: String...) throws -> String {
        try ServerProcess.finish(["redis-cli", "-p", "\(port)"] + command).trimmingCharacters(in: .newlines)
    }

    private static func start(_ arguments: [String], folder: String, port: Int) throws -> ServerProcess {
        let log = folder + "/log"
        let server = try ServerProcess(
            ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"] + arguments, log: log,
            removing: folder)
        var words = ""
        for _ in 0..<2000 {
            if answers(port) { return server }
            words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if words.contains("Exiting") || words.contains("FATAL") || words.contains("Failed listening") { break }
            usleep(5000)
        }
        server.stop(keepsFolder: true)
        throw ServerFailure("redis-server did not come up: \(words.suffix(1000))")
    }

    private static func answers(_ port: Int) -> Bool {
        let connection = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        var answer = [UInt8](repeating: 0, count: 64)
        return isConnected && send(connection, "PING\r\n", 6, CInt(MSG_NOSIGNAL)) == 6
            && recv(connection, &answer, answer.count, 0) > 0
    }

    private static func sign(in folder: String) throws {
        try ServerProcess.finish([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "\(folder)/key.pem", "-out", "\(folder)/cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ])
    }
}
