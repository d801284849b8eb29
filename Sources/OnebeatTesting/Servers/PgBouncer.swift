import Foundation
import Glibc

/// A PgBouncer for tests, in front of a ``PostgresServer``: each transaction may go over another connection.
public final class PgBouncer: Sendable {
    private let folder: String
    private let process: ServerProcess

    /// Starts a pooler with a few connections for all who come.
    /// - Parameter mode: as `pool_mode` takes it.
    public init(to server: PostgresServer, mode: String = "transaction") async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("pgbouncer-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))").path
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let settings = """
            [databases]
            * = host=\(server.folder) user=onebeat
            [pgbouncer]
            unix_socket_dir = \(folder)
            listen_port = 6432
            auth_type = any
            pool_mode = \(mode)
            default_pool_size = 3
            max_client_conn = 200
            """
        try settings.write(toFile: "\(folder)/pgbouncer.ini", atomically: false, encoding: .utf8)
        try PostgresServer.handOver(folder)
        process = try ServerProcess(
            PostgresServer.unprivileged(["/usr/sbin/pgbouncer", "\(folder)/pgbouncer.ini"]), log: "\(folder)/log",
            removing: folder)
        let deadline = ContinuousClock.now + .seconds(30)
        while !Self.listens("\(folder)/.s.PGSQL.6432") {
            guard ContinuousClock.now < deadline, process.isRunning else {
                let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
                throw ServerFailure("PgBouncer did not come up: \(log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// A socket is there a moment before anybody can connect to it.
    private static func listens(_ path: String) -> Bool {
        let line = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(line) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            bytes.copyBytes(from: Array(path.utf8).prefix(bytes.count - 1))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(line, address, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// The address of a database of the server behind it.
    public func url(_ database: String) -> String { "postgres://onebeat@/\(database)?host=\(folder)&port=6432" }
}
