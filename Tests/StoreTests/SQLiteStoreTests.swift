import Foundation
import GRDB
import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

@Suite(.timeLimit(.minutes(2)))
struct SQLiteStoreTests {
    @Test(arguments: StoreLaw.all)
    func inMemoryItHolds(_ law: StoreLaw) async throws {
        let time = ManualTime()
        try await law.check(try SQLiteStore.inMemory(time: time), time: time)
    }

    @Test(arguments: StoreLaw.all)
    func onAFileItHolds(_ law: StoreLaw) async throws {
        try await withStoreFile { path in
            let time = ManualTime()
            try await law.check(try SQLiteStore(path: path, time: time), time: time)
        }
    }

    @Test func everyLawHasANameOfItsOwn() {
        #expect(Set(StoreLaw.all.map(\.name)).count == StoreLaw.all.count)
    }

    @Test func whatOneProcessStoredTheNextOneFinds() async throws {
        try await withStoreFile { path in
            let store = try SQLiteStore(path: path, time: ManualTime())
            _ = try await store.join(
                NodeRecord(id: NodeID(name: "a", boot: "a1"), slots: 1, queues: [], version: "1", processID: 1),
                lease: .seconds(10))
            let again = try SQLiteStore(path: path, mustExist: true, time: ManualTime())
            #expect(try await again.nodes(limit: 10).map(\.id.boot) == ["a1"])
        }
    }

    /// What was seen is held against what there is under the file's lock, and not before.
    @Test func ofTwoProcessesThatSawTheSameOnePasses() async throws {
        try await withStoreFile { path in
            let stores = try [SQLiteStore(path: path), SQLiteStore(path: path)]
            try await stores[0].apply(
                [JobDefinition(name: "report", schedule: .manual, work: .handler)], source: "shop", isComplete: false,
                by: "test", schedules: ScheduleCache())
            for round in 0..<20 {
                let record = try #require(try await stores[0].job("report"))
                let passed = await withTaskGroup(of: Bool.self) { group in
                    for number in 0..<6 {
                        group.addTask {
                            do {
                                try await stores[number % 2].setPaused(
                                    !record.isPaused, job: "report", asSeen: JobSight(record), by: "\(number)")
                                return true
                            } catch StoreError.changed {
                                return false
                            } catch {
                                Issue.record(error)
                                return false
                            }
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(passed == 1, "round \(round)")
            }
            #expect(try await stores[1].events(job: "report", limit: 100).count { $0.kind != "job.added" } == 20)
        }
    }

    @Test func severalProcessesMayMakeTheFileAtOnce() async throws {
        for _ in 1...20 {
            try await withStoreFile { path in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 1...6 { group.addTask { _ = try await SQLiteStore(path: path).nodes(limit: 1) } }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func aNewFileIsForItsOwnerAloneWithAllThatLiesBesideIt() async throws {
        try await withStoreFile { path in
            let store = try SQLiteStore(path: path, time: ManualTime())
            _ = try await store.join(
                NodeRecord(id: NodeID(name: "a", boot: "a1"), slots: 1, queues: [], version: "1", processID: 1),
                lease: .seconds(10))
            for file in [path, path + "-wal", path + "-shm"] {
                let rights = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(rights == 0o600, "\(file)")
            }
            // Somebody may share it on purpose.
            try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
            _ = try SQLiteStore(path: path, time: ManualTime())
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o660)
        }
    }

    @Test func aStoreThatMustExistIsNotCreated() throws {
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: "/nowhere/x.db", mustExist: true) }
        guard case .notFound = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefused() async throws {
        try await withStoreFile { path in
            try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            guard case .refused = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    /// A program that keeps its own data in the same file.
    @Test(arguments: [
        ("CREATE TABLE events (id INTEGER)", "(events)"),
        ("CREATE TABLE meta (id INTEGER); CREATE TABLE jobs (id INTEGER)", "(jobs, meta)"),
        ("CREATE TABLE runs_due (id INTEGER)", "(runs_due)"),
        (
            "CREATE TABLE grdb_migrations (identifier TEXT PRIMARY KEY); INSERT INTO grdb_migrations VALUES ('users')",
            "(users)"
        ),
        ("CREATE TABLE grdb_migrations (identifier TEXT PRIMARY KEY); INSERT INTO grdb_migrations VALUES ('1')", "(1)"),
    ])
    func aFileWithAnotherProgramsTablesOfTheSameNamesIsRefusedInWords(_ sql: String, _ names: String) async throws {
        try await withStoreFile { path in
            let others = try DatabaseQueue(path: path)
            try await others.write { try $0.execute(sql: sql) }
            let before = try await others.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql NOT NULL")
            }
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            guard case .refused(let words) = error, words.contains(names), words.contains("file of its own") else {
                Issue.record("\(String(describing: error))")
                return
            }
            let after = try await others.read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql NOT NULL")
            }
            #expect(after == before)
        }
    }

    @Test func anotherProgramsTablesOfOtherNamesAreNoTrouble() async throws {
        try await withStoreFile { path in
            let others = try DatabaseQueue(path: path)
            try await others.write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER)") }
            _ = try SQLiteStore(path: path)
            _ = try SQLiteStore(path: path)
        }
    }
}

/// A place for a store's file, in a folder of its own.
func withStoreFile(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appendingPathComponent("onebeat.db").path)
}
