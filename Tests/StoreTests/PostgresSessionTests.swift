import Foundation
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatPostgres

/// What a session inherits from its role, its database and its server changes nothing, or is refused in words.
@Suite(.timeLimit(.minutes(3)))
struct PostgresSessionTests {
    enum Way: CaseIterable { case direct, pooled }

    private static let pooler = Task { try await PgBouncer(to: PostgresServer.shared) }

    private func url(_ database: PostgresDatabase, _ way: Way) async throws -> String {
        switch way {
        case .direct: database.url
        case .pooled: try await Self.pooler.value.url(database.name)
        }
    }

    @Test(arguments: Way.allCases)
    func whatAMoveNeedsIsSetAndNotInherited(_ way: Way) async throws {
        try await PostgresDatabase.with { database in
            for setting in [
                "default_transaction_isolation = serializable", "synchronous_commit = off", "lock_timeout = '1ms'",
                "statement_timeout = '3s'", "client_min_messages = error", "enable_seqscan = on",
            ] { try database.server.sql("ALTER DATABASE \(database.name) SET \(setting)") }
            let store = try await PostgresStore.open(try await url(database, way), time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            try database.server.sql(
                """
                CREATE TABLE seen (settings text);
                CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO public.seen VALUES (concat_ws(' ', current_setting('transaction_isolation'),
                        current_setting('synchronous_commit'), current_setting('lock_timeout'),
                        current_setting('statement_timeout'), current_setting('client_min_messages'),
                        current_setting('enable_seqscan'), current_setting('search_path')));
                    RETURN NULL; END $$;
                CREATE TRIGGER sight AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION see();
                CREATE TRIGGER sight AFTER INSERT OR UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION see()
                """, in: database.name)
            try await store.record(Event("x", actor: "ann"))
            // A look comes before the change of these two.
            #expect(try await store.lead(node, lease: .seconds(3)) != nil)
            let lock = HeldLock(LockName(job: "x"), token: "t")
            guard case .held = try await store.take(lock, lease: .seconds(9)) else {
                Issue.record("the lock was not taken")
                return
            }
            #expect(
                try database.server.sql("SELECT DISTINCT settings FROM seen", in: database.name)
                    == "read committed on 2s 4s warning off public, pg_temp")
        }
    }

    /// Its commit would otherwise be on disk later than whoever asked was told.
    @Test func behindAPoolerARunByHandIsOnDiskWhenItIsTold() async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql("ALTER DATABASE \(database.name) SET synchronous_commit = off")
            let store = try await PostgresStore.open(try await url(database, .pooled), time: ManualTime())
            defer { store.close() }
            _ = try await store.prepareOneRun()
            for number in 1...3 {
                _ = try await store.trigger("report", requestID: "\(number)", by: "ann")
                let rest = try database.server.sql("SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn()")
                #expect(Int(rest).map { $0 < 4_000 } == true, "\(rest) bytes are not on disk")
            }
        }
    }

    @Test(arguments: Way.allCases)
    func tablesOfOthersInFrontOfOursAreNotOurs(_ way: Way) async throws {
        try await PostgresDatabase.with { database in
            try database.server.sql(
                """
                CREATE SCHEMA app; CREATE TABLE app.meta (key text, value text); CREATE TABLE app.events (id int);
                CREATE TABLE app.runs (id int)
                """, in: database.name)
            try database.server.sql("ALTER DATABASE \(database.name) SET search_path = app, public")
            let store = try await PostgresStore.open(try await url(database, way), time: ManualTime())
            defer { store.close() }
            let node = try await store.prepareOneRun()
            #expect(try await store.claimOne(node, nonce: 1).claims.count == 1)
            #expect(try await store.events(job: "report", limit: 10).map(\.kind) == ["job.added"])
        }
    }

    @Test func aDatabaseThatCannotHoldEveryCharacterIsRefused() async throws {
        let server = try await PostgresServer.shared
        try server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
        await expectRefusal(server.url("latin"), "LATIN1", "UTF8")
        await expectRefusal(server.url("latin") + "&client_encoding=LATIN1", "LATIN1", "UTF8")
        try server.drop("latin")
    }

    @Test func textIsTextWhateverEncodingTheAddressNames() async throws {
        try await PostgresDatabase.with { database in
            let store = try await PostgresStore.open(database.url + "&client_encoding=LATIN1", time: ManualTime())
            defer { store.close() }
            try await store.record(Event("x", actor: "安娜"))
            #expect(try await store.events(job: nil, limit: 1).map(\.actor) == ["安娜"])
        }
    }

    @Test func whoMayNotConnectIsRefusedInWordsAndAtOnce() async throws {
        let server = try await PostgresServer()
        try "local all onebeat trust\nlocal all all scram-sha-256\n".write(
            toFile: "\(server.folder)/data/pg_hba.conf", atomically: false, encoding: .utf8)
        try server.sql("CREATE ROLE ann LOGIN PASSWORD 's3cret'")
        try server.sql("SELECT pg_reload_conf()")
        while try server.sql("SELECT count(*) FROM pg_hba_file_rules") != "2" { await Task.yield() }
        let place = "/postgres?host=\(server.folder)"
        await expectRefusal("postgres://ann:wr0ng@\(place)", "password authentication failed")
        await expectRefusal("postgres://ann@\(place)", "no password supplied")
        await expectRefusal("postgres://bob:wr0ng@\(place)", "password authentication failed")
        await expectRefusal("postgres://onebeat@/nothing?host=\(server.folder)", "does not exist")
        try server.sql("CREATE DATABASE closed")
        try server.sql("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
        await expectRefusal("postgres://ann:s3cret@/closed?host=\(server.folder)", "permission denied")
        // It may connect, and must not make tables.
        await expectRefusal("postgres://ann:s3cret@\(place)", "may not make tables")
    }

    @Test(arguments: [
        (": FATAL:  28P01: password authentication failed for user \"x\"", true),
        ("connection failed: FATAL:  28P01: Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen", true),
        ("connection failed: FATAL:  57P03: the database system is starting up", false),
        ("connection failed: FATAL:  53300: sorry, too many clients already", false),
        ("connection to a failed: Connection refused; connection to b failed: FATAL:  28P01: no", false),
        ("connection failed: FATAL:  08P01: unsupported startup parameter: options", true),
        ("connection failed: FATAL:  08P01: server login has been failing", false),
        ("could not translate host name", false),
    ])
    func onlyWhatAPersonMustMendIsARefusal(_ words: String, _ isRefusal: Bool) {
        #expect(ServerAddress.isRefusal(words) == isRefusal)
    }

    @Test func aPoolerInStatementModeIsRefused() async throws {
        let pooler = try await PgBouncer(to: PostgresServer.shared, mode: "statement")
        try await PostgresDatabase.with { database in
            await expectRefusal(pooler.url(database.name), "transaction mode")
        }
    }

    @Test(arguments: [
        ("REVOKE ALL ON SEQUENCE fences FROM plain", "fences"), ("REVOKE DELETE ON leases FROM plain", "leases"),
    ])
    func aRoleThatLacksARightIsRefusedInWords(_ change: String, _ word: String) async throws {
        try await PostgresDatabase.with { database in
            let role = "guest_\(database.name)"
            try database.server.sql("CREATE ROLE \(role) LOGIN")
            try database.server.sql(
                """
                GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role);
                GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \(role)
                """, in: database.name)
            let url = database.server.url(database.name, as: role)
            try await PostgresStore.open(url).close()
            try database.server.sql(change.replacing("plain", with: role), in: database.name)
            await expectRefusal(url, "may not write to \(word)")
            // The doctor says the same.
            let store = try await PostgresStore.open(url, mustExist: true)
            defer { store.close() }
            #expect(try await store.health().missingRights?.contains("may not write to \(word)") == true)
        }
    }

    private func expectRefusal(_ url: String, _ texts: String...) async {
        let error = await #expect(throws: StoreError.self) { try await PostgresStore.open(url) }
        guard case .refused(let words) = error, texts.allSatisfy({ words.contains($0) }), !words.contains("wr0ng")
        else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
