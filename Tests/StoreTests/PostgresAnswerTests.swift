import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Testing

/// Answers that nobody might read: of a commit that fails at its very end, of one that no longer waits for its standby, of
/// a hint that fails, and rows that are not what they should be.
@Suite(.timeLimit(.minutes(3)))
struct PostgresAnswerTests {
    @Test(arguments: ClaimWay.allCases)
    func aClaimWhoseCommitFailsAtItsEndIsNone(_ way: ClaimWay) async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            try database.refuseAtCommit("UPDATE ON runs", when: "NEW.state = 'running'")
            for _ in 0..<3 {
                await expectUnavailable("not today") { _ = try await store.claimOne(node, nonce: 1, by: way) }
                // The answers after it are those to what was asked.
                #expect(try await store.runs(RunFilter()).map(\.state) == [.scheduled])
            }
            try database.server.sql("DROP TRIGGER refusal ON runs", in: database.name)
            #expect(try await store.claimOne(node, nonce: 1, by: way).claims.map(\.attempt) == [1])
        }
    }

    @Test func aMoveOfOneFlightWhoseCommitFailsAtItsEndDidNothing() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            try database.refuseAtCommit("INSERT ON events", when: "NEW.kind = 'x'")
            await expectUnavailable("not today") { try await store.record(Event("x", actor: "ann")) }
            try await store.record(Event("y", actor: "ann"))
            #expect(try await store.events(job: nil, limit: 10).map(\.kind) == ["y"])
        }
    }

    @Test func aRunByHandWhoseCommitFailsAtItsEndIsNone() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            _ = try await store.prepareOneRun()
            try database.refuseAtCommit("INSERT ON runs", when: "NEW.kind = 'manual'")
            await expectUnavailable("not today") {
                _ = try await store.trigger("report", requestID: "r", by: "ann")
            }
            #expect(try await store.runs(RunFilter()).map(\.kind) == [.scheduled])
        }
    }

    @Test func aHintThatFailsFailsNothing() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql(
                "REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC", in: database.name)
            let time = ManualTime()
            let store = try await PostgresStore.open(try database.url(asOwner: "plain"), time: time)
            defer { store.close() }
            let node = try await store.prepareOneRun()
            let record = try #require(try await store.job("report"))
            let due = time.now() + .milliseconds(1)
            let plan = FirePlan(
                version: record.versionID, from: record.watermark, through: due, nextAt: nil,
                fires: [PlannedFire(scheduledAt: due, dueAt: due)])
            #expect(try await store.plan([plan], term: nil) == 1)
            _ = try await store.trigger("report", requestID: "r", by: "ann")
            #expect(try await store.runs(RunFilter()).count == 3)
            let claim = try #require(try await store.claimOne(node, nonce: 1).claims.first)
            // Its retry is due at once.
            let results = try await store.settle([AttemptReport(claim, .lost)]) { run, _, _, now in
                .again(at: now, .workerLost)
            }
            guard case .settled = results.first else {
                Issue.record("\(results)")
                return
            }
        }
    }

    // MARK: A standby that does not answer

    @Test func aCommitThatStopsWaitingForItsStandbyIsInDoubt() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        let node = try await store.prepareOneRun()
        try await server.waitForStandby()
        async let claim: Void = expectUnknownOutcome { _ = try await store.claimOne(node, nonce: 1) }
        try await server.stopWaiting()
        await claim
        // It is visible, and on this server alone.
        #expect(try server.sql("SELECT state FROM runs") == "running")
        async let again: Void = expectUnknownOutcome { _ = try await store.readBack(ClaimNonce(1), of: node) }
        try await server.stopWaiting()
        await again
        try server.set("synchronous_standby_names", to: "")
        #expect(try await store.readBack(ClaimNonce(1), of: node).count == 1)
    }

    @Test func whatIsVisibleAndMayBeLostIsNotSaidToBeDone() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresStore.open(server.url("postgres"))
        defer { store.close() }
        _ = try await store.prepareOneRun()
        try await server.waitForStandby()
        for move in ["trigger", "pause", "cancel"] {
            let run = try #require(try await store.runs(RunFilter()).first)
            for _ in 0..<2 {
                async let asked: Void = expectUnknownOutcome {
                    switch move {
                    case "trigger": _ = try await store.trigger("report", requestID: "r", by: "ann")
                    case "pause": try await store.setPaused(true, job: "report", by: "ann")
                    default: _ = try await store.cancel(run.id, by: "ann")
                    }
                }
                try await server.stopWaiting()
                await asked
            }
        }
    }

    // MARK: Rows

    @Test(arguments: [
        "ALTER TABLE jobs ALTER source DROP NOT NULL; UPDATE jobs SET source = NULL",
        "ALTER TABLE jobs ALTER is_paused DROP DEFAULT, ALTER is_paused TYPE text USING 'no'",
        "ALTER TABLE jobs ALTER created_at TYPE bytea USING ''",
        "ALTER TABLE jobs ALTER created_at TYPE numeric USING 1",
    ])
    func aRowThatIsNotWhatItShouldBeEndsTheMove(_ change: String) async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            _ = try await store.prepareOneRun()
            try database.server.sql(change, in: database.name)
            await expectUnavailable("cannot be read") { _ = try await store.jobs() }
            // Its connection is not used any more, and others are.
            try await store.record(Event("after", actor: "ann"))
        }
    }

    @Test(arguments: [
        "ALTER TABLE nodes ALTER queues TYPE text USING 'x'", "UPDATE nodes SET queues = '{{a,b},{c,d}}'",
        "UPDATE nodes SET queues = '{NULL}'", "ALTER TABLE nodes ALTER queues TYPE bytea USING '\\x0000000100'",
    ])
    func aListThatIsNoneEndsTheMove(_ change: String) async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            _ = try await store.prepareOneRun()
            try database.server.sql(change, in: database.name)
            await expectUnavailable("cannot be read") { _ = try await store.nodes(limit: 10) }
        }
    }

    /// The commit is done by the time its answer is read.
    @Test func aClaimWhoseRowsCannotBeReadIsInDoubt() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            try database.server.sql("UPDATE runs SET attempt = 9223372036854775000", in: database.name)
            await expectUnknownOutcome { _ = try await store.claimOne(node, nonce: 1) }
        }
    }

    /// A move that decides by what it read writes nothing.
    @Test func nothingIsDecidedByARowThatCannotBeRead() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url, time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            try database.server.sql("UPDATE runs SET state = state, crashes = -9223372036854775000", in: database.name)
            await expectUnavailable("cannot be read") { _ = try await store.claimOne(node, nonce: 1, by: .deciding) }
            #expect(try database.server.sql("SELECT state, attempt FROM runs", in: database.name) == "scheduled|0")
        }
    }

    // MARK: Kit

    private func expectUnavailable(_ text: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .unavailable(let words) = error, words.contains(text) else {
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

extension PostgresDatabase {
    /// Has commits fail at their very end, as a constraint does that is checked only there.
    func refuseAtCommit(_ change: String, when condition: String) throws {
        try server.sql(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
            CREATE CONSTRAINT TRIGGER refusal AFTER \(change) DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION refuse()
            """, in: name)
    }

    /// The address for a role that is no superuser, and that owns everything here by then.
    func url(asOwner role: String) throws -> String {
        let role = "\(role)_\(name)"
        try server.sql("CREATE ROLE \(role) LOGIN")
        try server.sql("ALTER DATABASE \(name) OWNER TO \(role)")
        let tables = "pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
        try server.sql(
            """
            DO $$ DECLARE it record; BEGIN
                FOR it IN SELECT relname FROM \(tables) AND relkind = 'r' LOOP
                    EXECUTE format('ALTER TABLE public.%I OWNER TO \(role)', it.relname);
                END LOOP;
                ALTER SEQUENCE public.fences OWNER TO \(role);
            END $$
            """, in: name)
        return server.url(name, as: role)
    }
}

extension PostgresServer {
    /// From here on commits wait for a standby that is not there.
    func waitForStandby() async throws {
        try set("synchronous_standby_names", to: "nobody")
        crash()
        try await restart()
    }

    /// Ends the wait of the one commit that waits for a standby, when there is one.
    func stopWaiting() async throws {
        let waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        while try sql("SELECT count(*) \(waiting)") == "0" { try await Task.sleep(for: .milliseconds(5)) }
        try sql("SELECT pg_cancel_backend(pid) \(waiting)")
    }
}
