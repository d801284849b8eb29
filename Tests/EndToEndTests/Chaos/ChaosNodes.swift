import Foundation
import Glibc
import Onebeat
import OnebeatTesting
import Synchronization

/// The nodes of a chaos run, and what a nemesis does to them.
actor ChaosNodes {
    private enum State: Equatable { case up, broken }

    private struct Standing {
        var child: Child
        var state = State.up
    }

    private let cluster: Cluster
    private let names: [String]
    private var nodes: [String: Standing] = [:]
    private(set) var freezes: [Freeze] = []
    private(set) var injected: [Fault: Int] = [:]
    private var vain: [Fault] = []
    /// The last words of nodes that ended though nobody asked them to.
    private(set) var deserters: [String] = []
    /// What happened from when until when, for whoever looks into a run that failed.
    private(set) var diary: [String] = []
    private var isStoreDown = false
    /// Whether the database shows what will be gone: waits for the standby that were given up look like commits.
    private(set) var isStandbyCutOff = false
    private var isRedisDown = false
    private var areCommitsRefused = false
    /// What makes the last node's clock wrong by an hour, one way or the other at each of its starts.
    private let wrongClock: String
    private let wrongClockDial: WrongClock.Dial
    private var isStoreClockOff = false
    private static let steps: [Int64] = [15, 20, 3600, 315_360_000].flatMap { [$0, -$0] }
    private(set) var wrongClocks = 0

    /// The longest a guardian that wakes up takes to end its jobs: TERM, 2 s of grace, KILL.
    private static let wakingUp = Duration.seconds(4)

    init(_ cluster: Cluster, _ names: [String]) throws {
        self.cluster = cluster
        self.names = names
        wrongClock = try WrongClock.build(in: cluster.box.folder)
        wrongClockDial = try WrongClock.Dial(cluster.box.path("dial"))
    }

    func startAll() throws { for name in names { try start(name) } }

    /// Does one thing to the cluster; returns when that is over.
    func inject(_ move: Move) async throws {
        let isDone =
            switch move.fault {
            case .kill: try await kill(move.choose(whole), for: move.seconds(0.1...3))
            case .killLeader: try await kill(leader(), for: move.seconds(0.1...2))
            case .killLeaders: try await killLeaders()
            case .killWithGuardian: try await kill(move.choose(whole), withGuardian: true, for: move.seconds(0.5...3))
            case .killGuardian: try await killGuardian(of: move.choose(whole))
            case .freeze: try await freeze(move.choose(whole), for: move.seconds(11...14))
            case .freezeBriefly: try await freeze(move.choose(whole), for: move.seconds(0.5...4))
            case .freezeWithGuardian:
                try await freeze(move.choose(whole), withGuardian: true, for: move.seconds(11...14))
            case .freezeGuardian: try await freezeGuardian(of: move.choose(whole), for: move.seconds(1...12))
            case .restartStorm: try await restart(whole.dropFirst())
            case .cutStore: try onLines(of: move.choose(whole)) { $0.store.cut() }
            case .loseCommit: try onLines(of: move.choose(whole)) { $0.store.inject(.loseAnswer("COMMIT")) }
            case .loseRequest: try onLines(of: move.choose(whole)) { $0.store.inject(.loseRequest("")) }
            case .holdClaims: try await holdClaims(of: move.choose(whole), for: move.seconds(2...12))
            case .partStore: try await part(move.choose(whole), from: Cluster.storeName, move, for: 1...12)
            case .partRedis: try await part(move.choose(whole), from: Cluster.redisName, move, for: 1...6)
            case .flushRedis: try flushRedis()
            case .stopRedis: try await stopRedis(for: move.seconds(0.5...4))
            case .refuseRedisWrites: try await refuseRedisWrites(for: move.seconds(1...8))
            case .refuseCommits: try await refuseCommits(for: move.seconds(1...8))
            case .crashStore: try await crashStore(for: move.seconds(0.1...2))
            case .promoteStandby: try await promoteStandby(after: move.seconds(0.5...9))
            case .stepStoreClock: try await stepStoreClock(by: move.choose(Self.steps), for: move.seconds(5...20))
            case .stepNodeClock: try stepNodeClock(by: move.choose(Self.steps))
            }
        guard isDone else { return vain.append(move.fault) }
        injected[move.fault, default: 0] += 1
        note("\(move.fault.rawValue) is over")
    }

    /// Takes the faults that found nothing to befall.
    func takeVain() -> [Fault] {
        defer { vain = [] }
        return vain
    }

    /// Starts the nodes that ended though nobody asked them to, and remembers that they did.
    func heal() throws {
        for name in names {
            guard let standing = nodes[name], standing.state == .up, let code = standing.child.exitCode else {
                continue
            }
            deserters.append("\(name) ended with \(code): \(standing.child.errors.suffix(500))")
            try start(name)
        }
    }

    /// Asks all nodes to stop.
    /// - Returns: those that did not do so in good order.
    func stopAll() async throws -> [String] {
        for standing in nodes.values { standing.child.send(SIGTERM) }
        var failed: [String] = []
        for (name, standing) in nodes {
            let code = try await standing.child.end(within: .seconds(60))
            if code != 0 { failed.append("\(name): \(code.map { "\($0)" } ?? "still there")") }
        }
        return failed
    }

    // MARK: Nodes

    /// At most two are broken at a time: somebody must be there to take over.
    private var whole: [String] {
        let good = names.filter { nodes[$0]?.state == .up && nodes[$0]?.child.exitCode == nil }
        return good.count > names.count - 2 ? good : []
    }

    private func leader() throws -> String? {
        guard !isStoreDown, let name = try? cluster.leader() else { return nil }
        return whole.contains(name) ? name : nil
    }

    private func start(_ name: String) throws {
        var environment = try cluster.environment(of: name)
        environment["SANDBOX_NODE"] = name
        if name == names.last {
            environment["LD_PRELOAD"] = wrongClock
            environment["WRONG_BY"] = wrongClocks.isMultiple(of: 2) ? "3600" : "-3600"
            environment["WRONG_BY_FILE"] = wrongClockDial.path
            wrongClocks += 1
        }
        let child = try cluster.box.start(
            try (cluster.network?.on(name) ?? []) + [
                Sandbox.binary, "up", "onebeat.yaml", "--node", name, "--slots", "100", "--drain", "3s", "--listen",
                "127.0.0.1:\(freePort())",
            ], environment: environment)
        nodes[name] = Standing(child: child)
        note("\(name) is started as \(child.pid)")
    }

    private func note(_ words: String) { diary.append("\(Timestamp(Date())) \(words)") }

    private func breaks(_ name: String, by words: String) {
        nodes[name]?.state = .broken
        note("\(name) is broken by \(words)")
    }

    private func mends(_ name: String) {
        nodes[name]?.state = .up
        note("\(name) is whole")
    }

    private func kill(_ name: String?, withGuardian: Bool = false, for length: Duration) async throws -> Bool {
        guard let name, let child = nodes[name]?.child else { return false }
        breaks(name, by: withGuardian ? "kill -9, and its guardian" : "kill -9")
        let guardian = withGuardian ? Self.guardian(of: child) : nil
        if let guardian { Glibc.kill(guardian, SIGKILL) }
        child.send(SIGKILL)
        _ = try await child.end()
        try await Task.sleep(for: length)
        try start(name)
        return !withGuardian || guardian != nil
    }

    /// A killed leader's lead lasts for up to 3 s more, so nobody can be killed more often than that.
    private func killLeaders() async throws -> Bool {
        var killed = 0
        for _ in 0..<5 {
            let patience = ContinuousClock.now + .seconds(8)
            while ContinuousClock.now < patience {
                try await Task.sleep(for: .milliseconds(200))
                guard let name = try leader() else { continue }
                if try await kill(name, for: .seconds(1)) { killed += 1 }
                break
            }
        }
        note("\(killed) leaders were killed in a row")
        return killed >= 3
    }

    private func killGuardian(of name: String?) async throws -> Bool {
        guard let name, let child = nodes[name]?.child, let guardian = Self.guardian(of: child) else { return false }
        breaks(name, by: "the end of its guardian")
        Glibc.kill(guardian, SIGKILL)
        if try await child.end(within: .seconds(30)) == nil {
            throw ServerFailure("node \(name) goes on without its guardian")
        }
        try start(name)
        return true
    }

    private func freeze(_ name: String?, withGuardian: Bool = false, for length: Duration) async throws -> Bool {
        guard let name, let child = nodes[name]?.child else { return false }
        breaks(name, by: withGuardian ? "a freeze with its guardian" : "a freeze")
        let guardian = withGuardian ? Self.guardian(of: child) : nil
        let from = Timestamp(Date())
        if let guardian { Glibc.kill(guardian, SIGSTOP) }
        child.send(SIGSTOP)
        try await Task.sleep(for: length)
        child.send(SIGCONT)
        if let guardian { Glibc.kill(guardian, SIGCONT) }
        if guardian != nil { freezes.append(Freeze(name, from: from, until: Timestamp(Date()) + Self.wakingUp)) }
        mends(name)
        return !withGuardian || guardian != nil
    }

    private func freezeGuardian(of name: String?, for length: Duration) async throws -> Bool {
        guard let name, let child = nodes[name]?.child, let guardian = Self.guardian(of: child) else { return false }
        breaks(name, by: "a freeze of its guardian")
        Glibc.kill(guardian, SIGSTOP)
        try await Task.sleep(for: length)
        Glibc.kill(guardian, SIGCONT)
        mends(name)
        return true
    }

    private func restart(_ names: some Collection<String>) async throws -> Bool {
        guard names.count > 1 else { return false }
        for name in names {
            breaks(name, by: "a restart")
            nodes[name]?.child.send(SIGTERM)
        }
        for name in names {
            guard let child = nodes[name]?.child else { continue }
            if try await child.end(within: .seconds(60)) == nil {
                throw ServerFailure("node \(name) does not stop: \(child.errors.suffix(3000))")
            }
            try start(name)
        }
        return true
    }

    /// The guardian is the node's only child.
    private static func guardian(of node: Child) -> pid_t? {
        let pid = node.pid
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8) else {
            return nil
        }
        return text.split(separator: " ").first.flatMap { pid_t($0) }
    }

    // MARK: Lines and servers

    private func onLines(of name: String?, _ body: (Cluster.Lines) -> Void) throws -> Bool {
        guard let name else { return false }
        body(try cluster.lines(of: name))
        return true
    }

    /// Claims go over the line that listens.
    private func holdClaims(of name: String?, for length: Duration) async throws -> Bool {
        guard let name else { return false }
        let line = try cluster.lines(of: name).store
        breaks(name, by: "claims that are held")
        line.hold(linesThatSaid: "LISTEN")
        try await Task.sleep(for: length)
        line.release()
        mends(name)
        return true
    }

    private func part(
        _ name: String?, from server: String, _ move: Move, for seconds: ClosedRange<Double>
    ) async throws -> Bool {
        guard let name else { return false }
        let length = move.seconds(seconds)
        if let network = cluster.network, let loss = move.choose(Network.Loss.allCases) {
            breaks(name, by: "a parting from \(server) that loses \(loss.rawValue)")
            try network.part(name, from: server, losing: loss)
            try await Task.sleep(for: length)
            try network.mend(name, from: server, losing: loss)
        } else {
            let lines = try cluster.lines(of: name)
            guard let line = server == Cluster.storeName ? lines.store : lines.redis else { return false }
            breaks(name, by: "a silence of \(server)")
            line.isSilent = true
            try await Task.sleep(for: length)
            line.isSilent = false
        }
        mends(name)
        return true
    }

    private func flushRedis() throws -> Bool {
        guard !isRedisDown, let redis = cluster.redis else { return false }
        try redis.ask("FLUSHALL")
        return true
    }

    private func stopRedis(for length: Duration) async throws -> Bool {
        guard !isRedisDown, let redis = cluster.redis else { return false }
        isRedisDown = true
        redis.stop()
        try await Task.sleep(for: length)
        try redis.start()
        isRedisDown = false
        return true
    }

    private func refuseRedisWrites(for length: Duration) async throws -> Bool {
        guard !isRedisDown, let redis = cluster.redis else { return false }
        isRedisDown = true
        // Of a server that does not exist.
        try redis.ask("REPLICAOF", "127.0.0.1", "1")
        try await Task.sleep(for: length)
        try redis.ask("REPLICAOF", "NO", "ONE")
        isRedisDown = false
        return true
    }

    /// Makes what ``Fault/refuseCommits`` switches, once the store has its tables.
    func makeRefusals() throws {
        _ = try cluster.query(
            """
            CREATE TABLE refusals (share float NOT NULL);
            INSERT INTO refusals VALUES (0);
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF random() < (SELECT share FROM public.refusals) THEN RAISE 'not today'; END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER refusal AFTER UPDATE ON runs DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (NEW.state = 'running') EXECUTE FUNCTION refuse()
            """)
    }

    private func refuseCommits(for length: Duration) async throws -> Bool {
        guard !isStoreDown, !areCommitsRefused, (try? cluster.query("UPDATE refusals SET share = 0.3")) != nil else {
            return false
        }
        areCommitsRefused = true
        note("commits of claims are refused")
        try await Task.sleep(for: length)
        // The database may be down just now, or wait for a standby that hears nothing.
        while isStoreDown || (try? cluster.query("UPDATE refusals SET share = 0")) == nil {
            try await Task.sleep(for: .milliseconds(100))
        }
        areCommitsRefused = false
        return true
    }

    /// Longer than a move waits for its answer, at times.
    private func promoteStandby(after length: Duration) async throws -> Bool {
        // Its clock stays: a step would part the two by their own time-outs.
        guard !isStoreDown, !isStoreClockOff else { return false }
        (isStoreDown, isStoreClockOff) = (true, true)
        defer { (isStoreDown, isStoreClockOff, isStandbyCutOff) = (false, false, false) }
        let primary = cluster.postgres
        let line = try Proxy(to: primary.socket)
        let standby = try await PostgresServer(standbyOf: primary, over: line)
        try primary.set("synchronous_standby_names", to: "*")
        let end = ContinuousClock.now + .seconds(20)
        while try primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
            guard ContinuousClock.now < end else { throw ServerFailure("the standby does not follow") }
            try await Task.sleep(for: .milliseconds(100))
        }
        note("the standby is cut off for \(length)")
        isStandbyCutOff = true
        line.isSilent = true
        try await Task.sleep(for: length)
        primary.crash()
        line.cut()
        try standby.promote()
        cluster.move(to: standby)
        primary.remove()
        return true
    }

    private func stepStoreClock(by step: Int64?, for length: Duration) async throws -> Bool {
        guard !isStoreClockOff, let step, let dial = cluster.storeClock else { return false }
        isStoreClockOff = true
        note("the database's clock is off by \(step) s")
        try dial.turn(to: step)
        try await Task.sleep(for: length)
        try dial.turn(to: 0)
        isStoreClockOff = false
        return true
    }

    /// That of the node whose clock is wrong all along.
    private func stepNodeClock(by step: Int64?) throws -> Bool {
        guard let step else { return false }
        note("the last node's clock is set by \(step) s")
        try wrongClockDial.turn(to: step)
        return true
    }

    private func crashStore(for length: Duration) async throws -> Bool {
        guard !isStoreDown else { return false }
        isStoreDown = true
        cluster.postgres.crash()
        try await Task.sleep(for: length)
        try await cluster.postgres.restart()
        isStoreDown = false
        return true
    }
}
