import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server for tests: a cluster of its own in a folder that goes with it, reached over a socket in there.
/// It does not sync, since nobody pulls a plug here.
public final class PostgresServer: Sendable {
    /// The one of this test process.
    public static var shared: PostgresServer {
        get async throws { try await start.value }
    }
    private static let start = Task { try await PostgresServer() }

    /// Where data, socket and log are.
    public let folder: String
    private let programs: String
    /// Words in the server's environment, each `NAME=value`.
    private let environment: @Sendable (String) throws -> [String]
    private let process: Mutex<ServerProcess>
    private let lastName = Mutex(0)

    /// Makes a cluster and starts its server.
    /// - Parameter environment: what is set for the server, each `NAME=value`, of its folder.
    /// - Throws: ``ServerFailure`` with the server's own words when that fails.
    public convenience init(
        environment: @escaping @Sendable (String) throws -> [String] = { _ in [] }
    ) async throws {
        try await self.init(environment) { programs, folder in
            [
                "\(programs)/initdb", "-D", "\(folder)/data", "-U", "onebeat", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync",
            ]
        }
    }

    /// Makes a standby that follows `primary` over a line that can be cut, with the same environment.
    public convenience init(standbyOf primary: PostgresServer, over line: Proxy) async throws {
        try await self.init(primary.environment) { programs, folder in
            [
                "\(programs)/pg_basebackup", "-D", "\(folder)/data", "-X", "stream", "-c", "fast", "--no-sync", "-R",
                "-d",
                "postgres://onebeat@\(line.host):\(line.port)/postgres?sslmode=disable&gssencmode=disable",
            ]
        }
    }

    private init(
        _ environment: @escaping @Sendable (String) throws -> [String],
        making data: (_ programs: String, _ folder: String) -> [String]
    ) async throws {
        self.environment = environment
        programs = try Self.findPrograms()
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("postgres-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.handOver(folder)
        try ServerProcess.finish(Self.unprivileged(data(programs, folder)))
        process = Mutex(try Self.run(programs, folder, try environment(folder)))
        try await waitUntilReady()
    }

    /// Has a standby take its primary's place, and waits until it has.
    public func promote() throws { try sql("SELECT pg_promote()") }

    /// The address of a database of this server.
    public func url(_ database: String, as role: String = "onebeat") -> String {
        "postgres://\(role)@/\(database)?host=\(folder)"
    }

    /// Makes a database.
    /// - Parameter template: what it is a copy of; nobody may be connected to that.
    /// - Returns: its name.
    public func makeDatabase(template: String = "template1") throws -> String {
        let name = lastName.withLock { last in
            last += 1
            return "test_\(last)"
        }
        try sql("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY FILE_COPY")
        return name
    }

    /// Removes a database, whoever uses it.
    public func drop(_ database: String) throws { try sql("DROP DATABASE \(database) WITH (FORCE)") }

    /// Has `psql` carry out a statement.
    /// - Returns: the rows, fields parted by `|`.
    @discardableResult
    public func sql(_ statement: String, in database: String = "postgres") throws -> String {
        try ServerProcess.finish([
            "\(programs)/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", statement,
        ]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Sets one of the server's settings, which takes effect soon, and at the latest with its next start.
    public func set(_ setting: String, to value: String) throws {
        try sql("ALTER SYSTEM SET \(setting) = '\(value)'")
        try sql("SELECT pg_reload_conf()")
    }

    /// Ends the server as a power cut would: it writes nothing more and says goodbye to nobody.
    public func crash() {
        process.withLock { process in
            process.signal(SIGQUIT)
            process.stop(keepsFolder: true)
        }
    }

    /// Removes what is left of a server that crashed and will not be started again.
    public func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Where it is reached.
    public var socket: String { "\(folder)/.s.PGSQL.5432" }

    /// Starts the server again after ``crash()``.
    public func restart() async throws {
        let next = try Self.run(programs, folder, try environment(folder))
        process.withLock { $0 = next }
        try await waitUntilReady()
    }

    private static func run(_ programs: String, _ folder: String, _ environment: [String]) throws -> ServerProcess {
        try ServerProcess(
            unprivileged(
                ["env"] + environment + [
                    "\(programs)/postgres", "-D", "\(folder)/data", "-k", folder, "-c", "listen_addresses=", "-c",
                    "fsync=off", "-c", "max_connections=200", "-c", "log_statement_stats=off",
                ]), log: "\(folder)/log", stopSignal: "INT", removing: folder)
    }

    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? ServerProcess.finish(["\(programs)/pg_isready", "-q", "-h", folder])) == nil {
            guard ContinuousClock.now < deadline, process.withLock({ $0.isRunning }) else {
                let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
                throw ServerFailure("PostgreSQL did not come up: \(log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Debian keeps the server's programs off the path, one folder for each version.
    private static func findPrograms() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let candidates = versions.sorted { $0.compare($1, options: .numeric) == .orderedDescending }.map {
            "\(root)/\($0)/bin"
        }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") })
        else { throw ServerFailure("there is no PostgreSQL server below \(root); `scripts/prepare tests` installs it") }
        return found
    }

    /// The server refuses to run as root.
    static func unprivileged(_ command: [String]) -> [String] {
        if geteuid() != 0 { return command }
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] + command
    }

    /// Gives a folder to whom the server runs as.
    static func handOver(_ folder: String) throws {
        guard geteuid() == 0 else { return }
        try ServerProcess.finish(["chown", "postgres:", folder])
    }
}
