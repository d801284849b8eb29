import Foundation
import OnebeatTesting
import Testing

/// What PostgreSQL said, and what it did not say: no process without a commit that is confirmed.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct AnswerTests {
    @Test func whereCommitsFailAtTheirVeryEndEachProcessHasItsAttempt() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("tick: {every: 1s, delivery: at_most_once, run: \(Self.notingItself)}")
            let node = try await cluster.up("a")
            _ = try cluster.query(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF random() < 0.5 THEN RAISE 'not today'; END IF; RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER refusal AFTER UPDATE ON runs DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.state = 'running') EXECUTE FUNCTION refuse()
                """)
            #expect(try await eventually(within: .seconds(40)) { try cluster.count("state = 'succeeded'") >= 5 })
            try await node.stop()
            try expectAnAttemptForEach(cluster.box.lines("starts")) { try cluster.query($0) }
        }
    }

    /// What the primary committed while its standby was cut off is gone when that one takes over: nothing of it may have
    /// begun.
    @Test func aPromotedStandbyKnowsOfEveryProcess() async throws {
        try await Sandbox.with { box in
            let primary = try await PostgresServer()
            let line = try Proxy(to: primary.socket)
            let standby = try await PostgresServer(standbyOf: primary, over: line)
            try primary.set("synchronous_standby_names", to: "*")
            let hosts = "\(primary.folder),\(standby.folder)"
            let store = ["ONEBEAT_STORE": "postgres://onebeat@/postgres?host=\(hosts)"]
            let jobs = ["at_most_once", "at_least_once"].flatMap { delivery in
                (1...3).map { "\(delivery)_\($0): {every: 1s, delivery: \(delivery), run: \(Self.notingItself)}" }
            }
            try box.configure(jobs.joined(separator: "\n"))
            let node = try await box.up("a", environment: store)
            #expect(try await eventually(within: .seconds(20)) { box.lines("starts").count >= 6 })

            line.isSilent = true
            // Longer than a move waits for its answer, and than a cancelled wait takes to look like a commit.
            try await Task.sleep(for: .seconds(8))
            primary.crash()
            line.cut()
            try standby.promote()
            let before = box.lines("starts").count
            #expect(try await eventually(within: .seconds(40)) { box.lines("starts").count >= before + 12 })
            try await node.stop()
            try expectAnAttemptForEach(box.lines("starts")) { sql in
                try standby.sql(sql).split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
            }
        }
    }

    @Test func whatADatabaseRefusesEndsANodeInTheDoctorsWords() async throws {
        try await Cluster.with { cluster in
            try cluster.box.configure("tick: {every: 1s, run: \"true\"}")
            #expect(try await cluster.onebeat("apply", "onebeat.yaml").code == 0)
            _ = try cluster.query("CREATE ROLE guest LOGIN")
            _ = try cluster.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
            let environment = try cluster.environment().mapValues { $0.replacing("onebeat@", with: "guest@") }
            func onebeat(_ arguments: String...) async throws -> Sandbox.Finished {
                try await cluster.box.run([Sandbox.binary] + arguments, environment: environment)
            }
            let up = try await onebeat("up", "onebeat.yaml", "--node", "a", "--listen", "127.0.0.1:0")
            #expect(up.code == 69)
            let words = "may not write to fences"
            #expect(up.errors.contains(words))
            let doctor = try await onebeat("doctor", "onebeat.yaml")
            #expect(doctor.code != 0)
            #expect(doctor.output.contains(words))
        }
    }

    private static let notingItself = "\"echo $ONEBEAT_RUN_KEY $ONEBEAT_ATTEMPT $ONEBEAT_FENCE >> starts\""

    /// Expects each process to be an attempt of the store's, and none to have begun twice.
    private func expectAnAttemptForEach(_ starts: [String], _ query: (String) throws -> [[String]]) throws {
        let attempts = try query(
            """
            SELECT job_name || '@' || to_char(scheduled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                || ' ' || a.number || ' ' || a.fence FROM attempts a JOIN runs ON runs.id = run_id
            """
        ).map { $0[0] }
        #expect(Set(starts).count == starts.count, "a process began twice")
        let tries = starts.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(Set(tries).count == tries.count, "an attempt began twice")
        #expect(Set(starts).subtracting(attempts) == [], "a process has no attempt")
    }
}
