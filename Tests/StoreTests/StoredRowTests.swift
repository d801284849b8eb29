import Foundation
import GRDB
import Onebeat
import OnebeatPostgres
import OnebeatSQLite
import OnebeatTesting
import Testing

/// Rows in which anything stands where something else should be: no byte of a file ends a process, and a row that cannot be
/// read is that row's trouble alone.
@Suite(.timeLimit(.minutes(5)))
struct StoredRowTests {
    private static let values = ["NULL", "'garbage'", "9223372036854775807"]

    /// Which rows are spoiled: those of job `bad`, or of a node that is gone.
    private static let rows: [(table: String, condition: String)] = [
        ("jobs", "name = 'bad'"), ("definitions", "job_name = 'bad'"), ("runs", "job_name = 'bad'"),
        ("attempts", "run_id IN (SELECT id FROM runs WHERE job_name = 'bad')"),
        ("logs", "run_id IN (SELECT id FROM runs WHERE job_name = 'bad')"),
        ("scheduled_job_status", "job_name = 'bad'"), ("nodes", "name = 'b'"), ("leases", "name <> 'x'"),
        ("events", "job_name = 'bad'"), ("meta", "1"), ("counters", "1"), ("revisions", "1"),
        ("incidents", "job_name = 'bad'"), ("silences", "pattern = 'bad'"),
        ("run_values", "1"), ("marks", "1"), ("backfills", "job_name = 'bad'"), ("emissions", "1"), ("needs", "1"),
    ]

    /// A bit of everything.
    private static func fill(_ store: any Store, _ time: ManualTime) async throws {
        for name in ["bad", "good"] {
            var policies = JobPolicies()
            policies.overlap = .allow
            let job = JobDefinition(
                name: name, schedule: .every(.seconds(5)), work: .shell("true", ProcessSettings()), policies: policies)
            _ = try await store.apply(
                ApplyRequest([job], source: name, by: "ann", revision: try SourceRevision(1, of: [job])),
                schedules: ScheduleCache())
        }
        for (name, boot) in [("a", "a1"), ("b", "b1")] {
            let record = NodeRecord(
                id: NodeID(name: name, boot: boot), slots: 9, queues: ["default"], version: "1", processID: 1)
            _ = try await store.join(record, lease: .seconds(10))
        }
        for name in ["bad", "good"] {
            _ = try await store.open([
                Incident(rule: "alerts/x/run", kind: .failed, job: name, since: time.now(), summary: "x")
            ])
            _ = try await store.silence(name, for: .seconds(60), because: "x", by: "ann")
        }
        let b = NodeID(name: "b", boot: "b1")
        _ = try await store.lead(b, lease: .seconds(3))
        _ = try await store.take(HeldLock(LockName(job: "bad"), token: "t"), lease: .seconds(3))
        _ = try await store.trigger("bad", requestID: "r0", by: "ann")
        time.advance(by: .seconds(1))
        let request = ClaimRequest(node: b, queues: ["default"], slots: 9, nonce: ClaimNonce(1))
        let claim = try #require(try await store.claim(request, deciding: Admission.decide).claims.first)
        try await store.appendLog(
            [
                LogPiece(
                    id: .init(run: claim.run.id, position: .init(attempt: 1, sequence: 1)), stream: .stdout,
                    at: time.now(), bytes: [65])
            ],
            dropping: [])
        let worth = try await store.trigger("good", requestID: "r4", by: "ann")
        let more = ClaimRequest(node: b, queues: ["default"], slots: 9, nonce: ClaimNonce(2))
        let claims = try await store.claim(more, deciding: Admission.decide).claims
        let value = try RunValue(json: Array("7".utf8))
        for claim in claims where claim.run.id == worth.id {
            _ = try await store.settle([AttemptReport(claim, .succeeded, value: value)], deciding: settlement)
        }
        for name in ["bad", "good"] {
            for number in 1...2 { _ = try await store.trigger(name, requestID: "r\(number)", by: "ann") }
        }
        // What people did: a run that counts as another, one that is made up for, an event, a need.
        let ended = try await store.trigger("bad", requestID: "r3", by: "ann")
        _ = try await store.cancel(ended.id, by: "ann")
        _ = try await store.mark(ended.id, as: .succeeded, because: "x", by: "ann")
        for name in ["bad", "good"] {
            _ = try await store.add(
                Backfill(of: name, from: time.now() - .seconds(60), to: time.now(), by: "ann"))
        }
        var needing = JobDefinition(
            name: "needing", schedule: .event("arrived"), work: .shell("true", ProcessSettings()))
        needing.needs = ["bad": .sameDay]
        _ = try await store.apply(
            ApplyRequest([needing], source: "needing", by: "ann"), schedules: ScheduleCache())
        _ = try await store.emit(
            Emission("arrived", id: "1", data: try RunValue(json: Array("5".utf8)), by: "ann"))
    }

    /// A file without the constraints that keep NULLs out.
    private static func write(_ path: String, _ time: ManualTime) async throws {
        try await fill(try SQLiteStore(path: path, time: time), time)
        let file = try DatabaseQueue(path: path)
        try await file.writeWithoutTransaction { db in
            try db.execute(sql: "UPDATE runs SET is_held = 1 WHERE request_id = 'r2' AND job_name = 'bad'")
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql: """
                    UPDATE sqlite_master SET sql = replace(replace(sql, ' NOT NULL', ''), 'WITHOUT ROWID', '')
                    WHERE type = 'table' AND name IN ('\(rows.map(\.table).joined(separator: "', '"))')
                        AND sql NOT LIKE '%WITHOUT ROWID%'
                    """)
            try db.execute(
                sql: """
                    UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')
                    WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'
                    """)
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try file.close()
    }

    private static func columns(of table: String, in path: String) throws -> [String] {
        let file = try DatabaseQueue(path: path)
        defer { try? file.close() }
        return try file.read { try $0.columns(in: table).map(\.name) }
    }

    @Test(arguments: rows.map(\.table))
    func whateverStandsInAColumnIsThatRowsTroubleAlone(_ table: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (whole, path) = (folder.appendingPathComponent("whole.db").path, folder.appendingPathComponent("s.db").path)
        let time = ManualTime()
        try await Self.write(whole, time)
        let condition = try #require(Self.rows.first { $0.table == table }?.condition)
        for column in try Self.columns(of: table, in: whole) {
            for value in Self.values {
                for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                try FileManager.default.copyItem(atPath: whole, toPath: path)
                let file = try DatabaseQueue(path: path)
                let isSpoiled = try await file.write { db in
                    // Keys refuse some values by themselves.
                    (try? db.execute(sql: "UPDATE \(table) SET \(column) = \(value) WHERE \(condition)")) != nil
                }
                try file.close()
                guard isSpoiled else { continue }
                let (what, isOwn) = ("\(table).\(column) = \(value)", Self.shared.contains(table))
                let now = ManualTime(time.now())
                do {
                    await check(try SQLiteStore(path: path, time: now), now, what, isOwn: isOwn)
                } catch {
                    #expect(isOwn, "\(what): \(error)")
                }
            }
        }
    }

    /// What a run handed on is text to SQLite, which anybody may have written.
    @Test(arguments: ["x'00ff'", "'{'", "''", "17.5e300"])
    func aSpoiltValueIsGivenToNobody(_ value: String) async throws {
        try await withStoreFile { path in
            let time = ManualTime()
            let store = try SQLiteStore(path: path, time: time)
            try await Self.fill(store, time)
            var filter = RunFilter()
            filter.limit = 10
            filter.job = "good"
            let runs = try await store.runs(filter).map(\.id.value)
            let (run, parent) = (runs[0], runs[1])
            let file = try DatabaseQueue(path: path)
            try await file.write { db in
                try db.execute(sql: "INSERT INTO waits (parent_id, run_id) VALUES (\(parent), \(run))")
                try db.execute(sql: "INSERT INTO run_values (run_id, value) VALUES (\(parent), \(value))")
            }
            try file.close()
            // The number is one that JSON has.
            let isJSON = value.hasPrefix("1")
            #expect(try await (store.value(of: RunID(parent)) == nil) == !isJSON)
            if isJSON {
                #expect(try await store.input(of: RunID(run)).count == 1)
            } else {
                await #expect(throws: StoreError.self) { try await store.input(of: RunID(run)) }
            }
        }
    }

    private static func settlement(
        _ run: Run, _ outcome: Outcome, _ policies: JobPolicies, _ now: Timestamp
    ) -> Settlement { Settlement.decide(run, outcome, of: policies, at: now, chance: 0.5) }

    /// What a server with other constraints could hold. Types are the server's to keep; a NULL ends the move, in words.
    @Test(arguments: rows.map(\.table))
    func whateverStandsInARowOfADatabaseEndsNoProcess(_ table: String) async throws {
        let condition = try #require(Self.rows.first { $0.table == table }?.condition)
        let values = [
            ["NULL"], ["9223372036854775807", "2147483647", "'infinity'", "'{NULL}'", "true", "'garbage'"],
            ["-9223372036854775808", "-2147483648", "'-infinity'", "'{{a},{b}}'", "false", "''"],
            ["-1", "'294276-12-31'", "'{}'", "'4713-01-01 BC'", "'3650000 days'"],
        ]
        for candidates in values {
            try await PostgresDatabase.with { database in
                let server = database.server
                let time = ManualTime()
                let store = try await PostgresStore.open(database.url, time: time)
                defer { store.close() }
                try await Self.fill(store, time)
                // Of each column the first value that its type allows.
                let quoted = candidates.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")
                try server.sql(
                    """
                    DO $$ DECLARE place text; value text; BEGIN
                        FOR place IN SELECT column_name FROM information_schema.columns
                            WHERE table_schema = current_schema() AND table_name = '\(table)'
                        LOOP
                            BEGIN
                                EXECUTE format('ALTER TABLE %I ALTER %I DROP NOT NULL', '\(table)', place);
                            EXCEPTION WHEN OTHERS THEN NULL; END;
                            FOREACH value IN ARRAY ARRAY[\(quoted)] LOOP
                                BEGIN
                                    EXECUTE format('UPDATE %I SET %I = %s WHERE ', '\(table)', place, value)
                                        || $c$\(condition)$c$;
                                    EXIT;
                                EXCEPTION WHEN OTHERS THEN NULL; END;
                            END LOOP;
                        END LOOP;
                    END $$
                    """, in: database.name)
                await check(store, time, "\(table): \(candidates)", isOwn: true)
            }
        }
    }

    /// What belongs to no job or node: it may fail what asks for it, in words.
    private static let shared: Set = ["meta", "counters", "leases", "emissions"]

    private func check(_ store: any Store, _ time: ManualTime, _ what: String, isOwn: Bool) async {
        func hold(_ holds: Bool) { #expect(isOwn || holds, "\(what)") }
        func attempt(_ move: String, _ body: () async throws -> Void) async {
            do {
                try await body()
            } catch {
                #expect(isOwn || "\(error)".contains("bad"), "\(what): \(move): \(error)")
            }
        }
        let a = NodeID(name: "a", boot: "a1")
        await attempt("jobs") {
            let jobs = try await store.jobs()
            hold(jobs.contains { $0.name == "good" && $0.definition.trouble == nil })
        }
        await attempt("job") { _ = try await store.job("bad") }
        await attempt("plannable") {
            let soon = time.now() + .seconds(60)
            let jobs = try await store.plannable(through: soon, limit: 10)
            hold(jobs.contains { $0.name == "good" })
            let plans = jobs.compactMap { job in
                (try? ScheduleCache().schedule(for: job)).map {
                    Misfire.decide(job, schedule: $0, at: time.now(), through: soon)
                }
            }
            hold(try await store.plan(plans, term: nil) > 0)
        }
        await attempt("history of sources") { _ = try await store.history(of: "bad") }
        await attempt("runs") {
            let runs = try await store.runs(RunFilter())
            hold(runs.contains { $0.job == "good" })
            for run in runs {
                _ = try await store.attempts(of: run.id)
                _ = try await store.logs(of: run.id, after: nil, limit: 10)
                _ = try await store.definition(run.version)
            }
        }
        await attempt("what people did") {
            for backfill in try await store.backfills(openOnly: false, limit: 10) {
                _ = try await store.openRuns(of: backfill.id)
                do {
                    _ = try await store.change(backfill.id, to: .paused, by: "ann")
                } catch StoreError.refused {} catch StoreError.notFound {}
            }
            _ = try await store.newestStates(of: "bad", at: [time.now()])
            for run in try await store.runs(RunFilter()) where run.state.isTerminal {
                _ = try await store.mark(of: run.id)
                _ = try await store.marks(in: run.id, limit: 9)
                _ = try await store.value(of: run.id)
                do { _ = try await store.input(of: run.id) } catch StoreError.refused {}
            }
            _ = try await store.emit(Emission("arrived", id: "2", by: "ann"))
            for name in try await store.definedJobs(after: nil, limit: 10) {
                _ = try await store.versions(of: name, before: nil, limit: 10)
            }
            _ = try await Auditor(store).audit(report: { _ in })
        }
        await attempt("statuses") { _ = try await store.statuses(job: nil) }
        await attempt("events") { _ = try await store.events(job: nil, limit: 100) }
        await attempt("counts") { _ = try await store.runCounts() }
        await attempt("nodes") { hold(try await store.nodes(limit: 10).contains { $0.id == a }) }
        await attempt("due") {
            let due = try await store.dueRuns(
                queues: ["default"], abilities: .everything, within: .zero, limit: 10)
            hold(due.contains { $0.run.job == "good" })
            hold(try await store.nextDue(queues: ["default"]) != nil)
        }
        await attempt("unclaimed") { _ = try await store.unclaimed(for: .zero, limit: 10) }
        await attempt("claim") {
            var claims: [Claim] = []
            for nonce in 1...4 {
                let request = ClaimRequest(node: a, queues: ["default"], slots: 2, nonce: ClaimNonce(Int64(nonce)))
                claims += try await store.claim(request, deciding: Admission.decide).claims
                _ = try await store.readBack(ClaimNonce(Int64(nonce)), of: a)
            }
            hold(claims.contains { $0.run.job == "good" })
            _ = try await store.running(of: a, after: nil, limit: 10)
            _ = try await store.cancelRequests(of: a)
            for claim in claims {
                _ = try await store.settle([AttemptReport(claim, .failed(Failure("no")))], deciding: Self.settlement)
            }
        }
        await attempt("cancel") {
            for run in try await store.runs(RunFilter()) {
                do { _ = try await store.cancel(run.id, by: "ann") } catch StoreError.refused {}
            }
        }
        await attempt("trigger") {
            _ = try await store.trigger("good", requestID: "again", by: "ann")
            _ = try await store.trigger("bad", requestID: "again", by: "ann")
        }
        await attempt("pause") {
            try await store.setPaused(true, job: "bad", by: "ann")
            try await store.setPaused(false, job: "bad", by: "ann")
        }
        await attempt("lead") {
            _ = try await store.lead(a, lease: .seconds(3))
            _ = try await store.take(HeldLock(LockName(job: "bad"), token: "u"), lease: .seconds(3))
            _ = try await store.take(HeldLock(LockName(job: "bad"), token: "t"), lease: .seconds(3))
            try await store.giveUp(HeldLock(LockName(job: "bad"), token: "t"))
        }
        await attempt("renew") { _ = try await store.renew(a, lease: .seconds(600)) }
        await attempt("reap") {
            for _ in 0..<3 {
                _ = try await store.reap(limit: 10, deciding: Self.settlement)
                time.advance(by: .seconds(61))
            }
        }
        await attempt("lead, once the other is gone") {
            for _ in 0..<2 {
                _ = try await store.lead(a, lease: .seconds(3))
                time.advance(by: .seconds(61))
            }
        }
        await attempt("overdue") { _ = try await store.endOverdue(limit: 10, deciding: Admission.decide) }
        await attempt("release") { _ = try await store.releaseHeld(limit: 10) }
        await attempt("apply") {
            let job = JobDefinition(
                name: "bad", schedule: .every(.seconds(7)), work: .shell("false", ProcessSettings()))
            let request = ApplyRequest([job], source: "bad", by: "ann", revision: try SourceRevision(2, of: [job]))
            do {
                _ = try await store.apply(request, schedules: ScheduleCache())
                let stored = try await store.job("bad")
                hold(stored?.definition.trouble == nil && stored?.definition.schedule == job.schedule)
            } catch StoreError.refused(let words) {
                // The row says that the job is another source's.
                hold(words.contains("bad"))
            }
        }
        await attempt("leave") { try await store.leave(a) }
        await attempt("prune") {
            for _ in 0..<3 { _ = try await store.prune(before: time.now() + .seconds(1), limit: 10) }
        }
    }
}
