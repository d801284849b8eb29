import Foundation
import Onebeat
import OnebeatTesting
import Synchronization
import Testing

/// Nodes on a PostgreSQL of their own, and on a Redis; each reaches them over lines that a test can cut.
final class Cluster: Sendable {
    /// A node's lines.
    struct Lines {
        let store: Proxy
        let redis: Proxy?
    }

    let box: Sandbox
    let redis: RedisServer?
    /// Where the nodes are, when they have network namespaces of their own.
    let network: Network?
    /// How wrong the database's clock is; `nil` for one that is right.
    let storeClock: WrongClock.Dial?
    private let database: String
    private let clockFolder: String?
    private let server: Mutex<PostgresServer>
    private let lines = Mutex<[String: Lines]>([:])

    private init(_ box: Sandbox, hasRedis: Bool, hosts: [String], hasWrongClock: Bool) async throws {
        self.box = box
        network = hosts.isEmpty ? nil : try Network(hosts: hosts, servers: [Self.storeName, Self.redisName])
        if hasWrongClock {
            // Where the server's own user can read it.
            let place = FileManager.default.temporaryDirectory.appendingPathComponent("clock-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let library = try WrongClock.build(in: place)
            let dial = try WrongClock.Dial("\(place)/dial")
            storeClock = dial
            clockFolder = place
            server = Mutex(try await PostgresServer { _ in ["LD_PRELOAD=\(library)", "WRONG_BY_FILE=\(dial.path)"] })
        } else {
            storeClock = nil
            clockFolder = nil
            server = Mutex(try await PostgresServer())
        }
        redis = hasRedis ? try RedisServer() : nil
        database = try server.withLock { try $0.makeDatabase() }
    }

    /// Gives `body` a cluster without nodes, and leaves nothing of it behind.
    /// - Parameter hosts: the nodes that get network namespaces of their own.
    /// - Parameter wrongClock: whether the database's clock can be made wrong.
    static func with(
        redis: Bool = false, hosts: [String] = [], wrongClock: Bool = false, _ body: (Cluster) async throws -> Void
    ) async throws {
        try await Sandbox.with { box in
            try await body(try await Cluster(box, hasRedis: redis, hosts: hosts, hasWrongClock: wrongClock))
        }
    }

    deinit { if let clockFolder { try? FileManager.default.removeItem(atPath: clockFolder) } }

    /// The database that the lines lead to.
    var postgres: PostgresServer { server.withLock { $0 } }

    /// Has all lines lead to another server from now on.
    func move(to next: PostgresServer) {
        server.withLock { $0 = next }
        lines.withLock { lines in
            for line in lines.values {
                line.store.lead(to: next.socket)
                line.store.cut()
            }
        }
    }

    /// What the servers are called in the network.
    static let storeName = "PostgreSQL"
    static let redisName = "Redis"

    /// The lines of a node.
    func lines(of node: String) throws -> Lines {
        try lines.withLock { lines in
            if let known = lines[node] { return known }
            let network = network.flatMap { $0.has(host: node) ? $0 : nil }
            let made = Lines(
                store: try Proxy(
                    to: postgres.socket, at: try network?.place(of: Self.storeName)),
                redis: try redis.map { try Proxy(toPort: $0.port, at: try network?.place(of: Self.redisName)) })
            lines[node] = made
            return made
        }
    }

    /// What a node, or a command, is told of the store and of Redis.
    func environment(of node: String = "command") throws -> [String: String] {
        let lines = try lines(of: node)
        let store = lines.store
        var environment = ["ONEBEAT_STORE": "postgres://onebeat@\(store.host):\(store.port)/\(database)"]
        if let redis = lines.redis { environment["ONEBEAT_REDIS"] = "redis://\(redis.host):\(redis.port)" }
        return environment
    }

    /// Starts a node and waits until it is ready.
    func up(_ name: String, options: [String] = []) async throws -> RunningNode {
        try await box.up(name, options: options, environment: try environment(of: name))
    }

    /// Runs a command to its end.
    func onebeat(_ arguments: String...) async throws -> Sandbox.Finished {
        try await box.run([Sandbox.binary] + arguments, environment: try environment())
    }

    /// Asks the database itself, past everything of ours and over a line of its own: rows of columns.
    func query(_ sql: String) throws -> [[String]] {
        try postgres.sql(sql, in: database).split(separator: "\n").map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The name of the node that leads; `nil` while none does.
    func leader() throws -> String? {
        try query(
            """
            SELECT n.name FROM leases l JOIN nodes n ON n.boot = l.holder
            WHERE l.name = 'beat' AND n.gone_at IS NULL
            """
        ).first?[0]
    }

    /// How many runs there are of which this is true.
    func count(_ condition: String) throws -> Int {
        Int(try query("SELECT count(*) FROM runs WHERE \(condition)")[0][0]) ?? -1
    }

    /// Expects a row for every due instant between the first and the last, and none twice.
    func expectNoGapAndNoDouble(in job: String, every period: Int) throws {
        let instants = try query(
            """
            SELECT extract(epoch FROM scheduled_at)::bigint, extract(epoch FROM coalesce(range_end, scheduled_at))::bigint
            FROM runs WHERE job_name = '\(job)' AND kind = 'scheduled' ORDER BY scheduled_at
            """
        ).flatMap { row in Array(stride(from: Int(row[0])!, through: Int(row[1])!, by: period)) }
        let first = try #require(instants.first), last = try #require(instants.last)
        #expect(first % period == 0)
        #expect(instants == Array(stride(from: first, through: last, by: period)))
    }

    /// Expects no run to have been started twice, and each that succeeded to have had its effect.
    func expectOneStartAndOneEffectEach() throws {
        let starts = box.lines("starts").map { String($0.split(separator: " ")[0]) }
        #expect(Set(starts).count == starts.count, "a run was started twice")
        let succeeded = try query(
            """
            SELECT job_name || '@' || to_char(scheduled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM runs
            WHERE state = 'succeeded'
            """
        ).map { $0[0] }
        #expect(Set(succeeded).subtracting(box.effects()) == [], "a run succeeded without its effect")
    }
}
