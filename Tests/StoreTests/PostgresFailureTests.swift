import Foundation
import Glibc
import Logging
import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

/// Servers that crash, hang, refuse, and lines that are cut at the worst moment.
@Suite(.timeLimit(.minutes(3)))
struct PostgresFailureTests {
    @Test func aCrashedServerIsUnavailableAndFoundAgain() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        try await store.record(Event("before", actor: "ann"))
        server.crash()
        await expectUnavailable { try await store.record(Event("meanwhile", actor: "ann")) }
        try await server.restart()
        try await store.record(Event("after", actor: "ann"))
        #expect(try await store.events(job: nil, limit: 10).map(\.kind) == ["after", "before"])
    }

    @Test func aConnectionThatIdledThroughARestartIsReplacedUnnoticed() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        try await store.record(Event("before", actor: "ann"))
        server.crash()
        try await server.restart()
        try await store.record(Event("after", actor: "ann"))
        #expect(try await store.events(job: nil, limit: 10).map(\.kind) == ["after", "before"])
    }

    /// Mostly it has said so before the next move looks; now and then it says so in place of the first answer.
    @Test func aConnectionThatTheServerEndsIsReplacedUnnoticed() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url)
            defer { store.close() }
            let kinds = (1...50).map { "e\($0)" }
            for kind in kinds {
                try database.server.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
                try await store.record(Event(kind, actor: "ann"))
            }
            #expect(try await store.events(job: nil, limit: 100).map(\.kind) == kinds.reversed())
        }
    }

    /// The server's words are on their way when the next move is sent. They are all that comes back, so nothing of it happened.
    @Test func aMoveThatMeetsTheServersFarewellIsMadeOverAnotherConnection() async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                try await store.record(Event("first", actor: "ann"))
                proxy.inject(.holdAnswer("terminating connection"))
                try database.server.sql(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = '\(database.name)' AND query LIKE 'INSERT INTO events%'
                    """)
                while !proxy.hasHappened { await Task.yield() }
                try await store.record(Event("second", actor: "ann"))
                #expect(try await store.events(job: nil, limit: 10).map(\.kind) == ["second", "first"])
            }
        }
    }

    /// Each of a move's flights is held until its sender has given up and somebody else has asked for the opposite.
    @Test(arguments: ["SELECT is_paused FROM jobs", "UPDATE jobs SET is_paused"])
    func whatIsAskedForByHandIsNotCarriedOutAfterItsOpposite(_ flight: String) async throws {
        try await PostgresDatabase.with { database in
            let other = try await PostgresStore.open(database.url, time: ManualTime())
            defer { other.close() }
            _ = try await other.prepareOneRun()
            try await withProxy(to: database) { proxy, store in
                proxy.inject(.holdRequest(flight))
                // It fails, or is asked for again over another line.
                try? await store.setPaused(true, job: "report", by: "ann")
                // The rows of a move that stands still are nobody's for a while.
                for _ in 0..<10 {
                    do {
                        try await other.setPaused(false, job: "report", by: "bea")
                        break
                    } catch StoreError.unavailable {}
                }
                proxy.release()
                while proxy.isHoldingRequest { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await other.job("report")?.isPaused == false)
            }
        }
    }

    @Test func aHungServerProcessEndsOneMoveAndNoOther() async throws {
        // A server of its own, since a process that hangs keeps all of its server from dropping databases.
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        _ = try await store.jobs()
        let process = try server.sql(
            """
            SELECT pid FROM pg_stat_activity WHERE application_name = 'onebeat' ORDER BY state_change DESC LIMIT 1
            """)
        let pid = try #require(pid_t(process))
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        async let hung: Void = expectUnavailable { _ = try await store.jobs() }
        _ = try await store.now()
        try await store.record(Event("meanwhile", actor: "ann"))
        await hung
        #expect(try await store.events(job: nil, limit: 10).map(\.kind) == ["meanwhile"])
    }

    @Test func aHungServerThatCannotBeToldToStopEndsOnlyTheMove() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        _ = try await store.jobs()
        let process = try server.sql(
            """
            SELECT pid FROM pg_stat_activity WHERE application_name = 'onebeat' ORDER BY state_change DESC LIMIT 1
            """)
        let pid = try #require(pid_t(process))
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        // New connections fail, and the request to cancel is one.
        unlink("\(server.folder)/.s.PGSQL.5432")
        await expectUnavailable { _ = try await store.jobs() }
        await expectUnavailable { _ = try await store.jobs() }
    }

    @Test func aRowThatSomebodyHoldsForTooLongIsLeftForLater() async throws {
        try await PostgresDatabase.with { database in
            let (store, claim) = try await storeWithClaim(database.url)
            defer { store.close() }
            let holder = try ServerProcess([
                "psql", "-X", "-d", database.url, "-c", "BEGIN; SELECT 1 FROM jobs FOR UPDATE", "-c",
                "SELECT pg_sleep(60)",
            ])
            defer { holder.stop() }
            let sleepers =
                "FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = '\(database.name)'"
            while try database.server.sql("SELECT count(*) \(sleepers)") == "0" { await Task.yield() }
            #expect(try await store.settle(claim) == [.later])
            try database.server.sql("SELECT pg_terminate_backend(pid) \(sleepers)")
            while try await store.settle(claim) == [.later] { await Task.yield() }
            #expect(try await store.run(claim.run.id)?.state == .succeeded)
        }
    }

    @Test func aServerThatTakesNoWritesIsRefused() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
            let error = await #expect(throws: StoreError.self) { try await PostgresStore.open(database.url) }
            guard case .refused(let words) = error, words.contains("needs the primary") else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aServerThatStopsTakingWritesIsUnavailableAndSaysWhy() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url + "&target_session_attrs=any", time: ManualTime())
            defer { store.close() }
            try database.server.sql("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
            try database.server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
            let error = await #expect(throws: StoreError.self) { try await store.record(Event("x", actor: "ann")) }
            guard case .unavailable(let words) = error, words.contains("needs the primary") else {
                Issue.record("\(String(describing: error))")
                return
            }
            try database.server.sql("ALTER DATABASE \(database.name) SET default_transaction_read_only = off")
            try await store.record(Event("x", actor: "ann"))
        }
    }

    @Test func aLineCutBeforeTheCommitChangesNothing() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            await expectUnavailable {
                _ = try await store.claim(.example(of: node, nonce: 1, by: .deciding)) { _, _, _, _ in
                    // A run that is skipped makes room for a further look in the same transaction.
                    _ = try? database.server.sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database.name)'")
                    return .skip(.overlap)
                }
            }
            #expect(try await store.runs(RunFilter()).map(\.state) == [.scheduled])
        }
    }

    @Test(arguments: ClaimWay.allCases)
    func aCommitThatNeverArrivedIsInDoubtAndReadBackAsNothing(_ way: ClaimWay) async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                let node = try await store.prepareOneRun()
                proxy.inject(.loseRequest("INSERT INTO attempts"))
                await expectUnknownOutcome { _ = try await store.claimOne(node, nonce: 1, by: way) }
                #expect(proxy.hasHappened)
                #expect(try await store.readBack(ClaimNonce(1), of: node).isEmpty)
                // The server lets go of the run when it sees that the line is cut, and a claim passes over it until then.
                while try await store.claimOne(node, nonce: 2, by: way).claims.isEmpty { await Task.yield() }
            }
        }
    }

    @Test(arguments: ClaimWay.allCases)
    func aCommitWhoseReplyIsLostIsInDoubtAndReadBackAsDone(_ way: ClaimWay) async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                let node = try await store.prepareOneRun()
                proxy.inject(.loseReply("INSERT INTO attempts"))
                await expectUnknownOutcome { _ = try await store.claimOne(node, nonce: 1, by: way) }
                #expect(proxy.hasHappened)
                #expect(try await store.readBack(ClaimNonce(1), of: node).count == 1)
                #expect(try await store.claimOne(node, nonce: 2, by: way).claims.isEmpty)
            }
        }
    }

    /// A network that holds a request back may deliver it long after its sender gave up.
    @Test func aClaimThatArrivesAfterItWasReadBackBringsNothing() async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                let node = try await store.prepareOneRun()
                proxy.inject(.holdRequest("INSERT INTO attempts"))
                await expectUnknownOutcome { _ = try await store.claimOne(node, nonce: 1) }
                #expect(proxy.hasHappened)
                #expect(try await store.readBack(ClaimNonce(1), of: node).isEmpty)
                proxy.release()
                while proxy.isHoldingRequest { await Task.yield() }
                #expect(try await store.runs(RunFilter()).map(\.state) == [.scheduled])
            }
        }
    }

    /// What reads a claim back waits for it where the server is still at it.
    @Test(arguments: ClaimWay.allCases)
    func aClaimThatTheServerIsStillAtIsWaitedFor(_ way: ClaimWay) async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                let node = try await store.prepareOneRun()
                let holder = try ServerProcess([
                    "psql", "-X", "-d", database.url, "-c", "BEGIN; LOCK TABLE attempts IN SHARE MODE", "-c",
                    "SELECT pg_sleep(60)",
                ])
                defer { holder.stop() }
                func count(_ condition: String) throws -> String {
                    try database.server.sql(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database.name)' AND \(condition)")
                }
                while try count("query = 'SELECT pg_sleep(60)'") == "0" { await Task.yield() }
                async let doubt: Void = expectUnknownOutcome {
                    _ = try await store.claimOne(node, nonce: 1, by: way)
                }
                while try count("wait_event = 'relation'") == "0" { await Task.yield() }
                proxy.cut()
                await doubt
                async let found = store.readBack(ClaimNonce(1), of: node)
                while try count("wait_event = 'advisory'") == "0" { await Task.yield() }
                try database.server.sql(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE query = 'SELECT pg_sleep(60)' AND datname = '\(database.name)'
                    """)
                let isFound = try await !found.isEmpty
                #expect(try await store.runs(RunFilter()).map(\.state) == [isFound ? .running : .scheduled])
            }
        }
    }

    /// A move of one flight is its own commit.
    @Test func aMoveOfOneFlightWhoseReplyIsLostIsInDoubtAndMadeOnce() async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                proxy.inject(.loseReply("INSERT INTO events"))
                await expectUnknownOutcome { try await store.record(Event("noted", actor: "ann")) }
                #expect(proxy.hasHappened)
                let events = try await store.events(job: nil, limit: 10)
                #expect(events.map(\.kind) == ["noted"])
            }
        }
    }

    @Test func aTriggerWhoseReplyIsLostIsInDoubtAndMadeOnce() async throws {
        try await PostgresDatabase.with { database in
            try await withProxy(to: database) { proxy, store in
                _ = try await store.prepareOneRun()
                proxy.inject(.loseReply("run.triggered"))
                await expectUnknownOutcome { _ = try await store.trigger("report", requestID: "r", by: "ann") }
                #expect(proxy.hasHappened)
                let run = try await store.trigger("report", requestID: "r", by: "ann")
                let runs = try await store.runs(RunFilter()).filter { $0.kind == .manual }
                #expect(runs.map(\.id) == [run.id])
                let events = try await store.events(job: "report", limit: 10)
                #expect(events.map(\.kind) == ["run.triggered", "job.added"])
            }
        }
    }

    /// Others see it before it is on disk, and whoever asked for it hears of it only then.
    @Test func aTriggeredRunOutlivesACrashOfTheServer() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        _ = try await store.prepareOneRun()
        for number in 1...3 {
            let run = try await store.trigger("report", requestID: "\(number)", by: "ann")
            server.crash()
            try await server.restart()
            #expect(try await store.run(run.id) == run)
        }
    }

    @Test func aProgramThatIsUpBeforeItsDatabaseWaitsForIt() async throws {
        let server = try await PostgresServer()
        let name = try server.makeDatabase()
        server.crash()
        let store = try PostgresStore(server.url(name))
        defer { store.close() }
        let error = await #expect(throws: StoreError.self) { try await store.jobs() }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let hasRun = Bell()
        let onebeat = Scheduler(
            store: store, name: "shop-1", source: "shop",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try onebeat.register("invoices", .every(.seconds(1))) { _ in hasRun.ring() }
        let service = Task { try await onebeat.run() }
        try await server.restart()
        await hasRun.wait()
        service.cancel()
        try await service.value
    }

    @Test func aSchemaOfALaterVersionIsRefused() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql("UPDATE meta SET value = '99' WHERE key = 'schema'", in: database.name)
            let error = await #expect(throws: StoreError.self) { try await PostgresStore.open(database.url) }
            guard case .refused(let words) = error, words.contains("upgrade this node") else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    /// A program that keeps its own data in the same schema.
    @Test(arguments: [
        ("CREATE TABLE events (id int)", "(events)"),
        ("CREATE TABLE meta (id int); CREATE TABLE jobs (id int)", "(jobs, meta)"),
        ("CREATE TABLE meta (key text, value text); INSERT INTO meta VALUES ('schema', '99')", "(meta)"),
    ])
    func aSchemaWithAnotherProgramsTablesOfTheSameNamesIsRefusedInWords(_ sql: String, _ names: String) async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        try server.sql(sql, in: name)
        let error = await #expect(throws: StoreError.self) { try await PostgresStore.open(server.url(name)) }
        guard case .refused(let words) = error, words.contains(names), words.contains("schema of its own") else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try server.sql("SELECT to_regclass('runs') IS NULL", in: name) == "t")
        try server.drop(name)
    }

    @Test func tablesThatMustExistAreNotMade() async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        let error = await #expect(throws: StoreError.self) {
            try await PostgresStore.open(server.url(name), mustExist: true)
        }
        guard case .notFound = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try server.sql("SELECT to_regclass('runs') IS NULL", in: name) == "t")
        try server.drop(name)
    }

    @Test func nodesThatStartTogetherMakeTheTablesOnce() async throws {
        let server = try await PostgresServer.shared
        let name = try server.makeDatabase()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { try await PostgresStore.open(server.url(name)).close() } }
            try await group.waitForAll()
        }
        #expect(try server.sql("SELECT value FROM meta WHERE key = 'schema'", in: name) != "")
        try server.drop(name)
    }

    @Test(arguments: ["postgres://ann:s3cret@127.0.0.1:1/jobs", "postgres://ann:s3cret@[/jobs"])
    func noMessageHoldsThePassword(_ url: String) async throws {
        let error = await #expect(throws: StoreError.self) { try await PostgresStore.open(url) }
        #expect(error?.description.contains("s3cret") == false)
    }

    // MARK: Kit

    private func storeWithClaim(_ url: String) async throws -> (PostgresStore, Claim) {
        let store = try await PostgresStore.open(url, time: ManualTime())
        let node = try await store.prepareOneRun()
        return (store, try await store.claimOne(node, nonce: 1).claims[0])
    }

    /// The last flight of a claim holds its rows and its commit; it is known by a statement the connection has not sent before.
    private func withProxy(
        to database: PostgresDatabase, _ body: (Proxy, PostgresStore) async throws -> Void
    ) async throws {
        let proxy = try Proxy(to: "\(database.server.folder)/.s.PGSQL.5432")
        let url = "postgres://onebeat@127.0.0.1:\(proxy.port)/\(database.name)?gssencmode=disable&sslmode=disable"
        let store = try await PostgresStore.open(url, time: ManualTime())
        defer { store.close() }
        try await body(proxy, store)
    }

    private func expectUnavailable(_ body: () async throws -> Void) async {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func expectUnknownOutcome(_ body: () async throws -> Void) async {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .unknownOutcome = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}

extension PostgresStore {
    /// A job with one due run, and a node to claim it.
    func prepareOneRun() async throws -> NodeID {
        let node = NodeID(name: "a", boot: "a1")
        _ = try await join(
            NodeRecord(id: node, slots: 1, queues: ["default"], version: "1", processID: 1), lease: .seconds(60))
        let job = JobDefinition(name: "report", schedule: .every(.seconds(60)), work: .handler)
        _ = try await apply(ApplyRequest([job], source: "test", by: "test"), unless: { _, _ in false }) {
            job, _, now in
            FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now, nextAt: nil,
                fires: [PlannedFire(scheduledAt: now, dueAt: now)])
        }
        return node
    }

    func claimOne(_ node: NodeID, nonce: Int64, by way: ClaimWay = .clear) async throws -> ClaimResult {
        try await claim(.example(of: node, nonce: nonce, by: way), deciding: Admission.decide)
    }

    @discardableResult
    func settle(_ claim: Claim) async throws -> [SettleResult] {
        try await settle([AttemptReport(claim, .succeeded)]) { run, outcome, policies, now in
            Settlement.decide(run, outcome, of: policies, at: now, chance: 0)
        }
    }
}

/// The ways of a claim: with nothing in a run's way the store starts it without asking.
enum ClaimWay: CaseIterable {
    case clear
    case deciding
}

extension ClaimRequest {
    static func example(of node: NodeID, nonce: Int64, by way: ClaimWay) -> ClaimRequest {
        var request = ClaimRequest(node: node, queues: ["default"], slots: 1, nonce: ClaimNonce(nonce))
        guard way == .deciding else { return request }
        // Where locks were asked for, everything is decided on.
        request.locks = LockView()
        request.locks?.asked = ["report"]
        return request
    }
}
