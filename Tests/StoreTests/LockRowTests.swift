import GRDB
import Onebeat
import OnebeatPostgres
import OnebeatTesting
import Synchronization
import Testing

@testable import OnebeatSQLite

/// What locks leave in a store, and that one holds while many ask.
@Suite(.timeLimit(.minutes(3)))
struct LockRowTests {
    /// Takes hundreds of locks, each under a name of its own; half are given up, half are left to end.
    private func takeMany(_ store: any Store, _ time: ManualTime) async throws {
        for number in 0..<300 {
            let lock = HeldLock(LockName(job: "order/\(number)"), token: "t\(number)")
            guard case .held = try await store.take(lock, lease: .seconds(10)) else {
                Issue.record("a free lock was not given")
                return
            }
            if number % 2 == 0 { try await store.giveUp(lock) }
            time.advance(by: .seconds(1))
        }
    }

    @Test func theirRowsDoNotPileUpOnSQLite() async throws {
        let time = ManualTime()
        let store = try SQLiteStore.inMemory(time: time)
        try await takeMany(store, time)
        let left = try await store.writer.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM leases WHERE name <> 'beat'") ?? -1
        }
        #expect((1...20).contains(left), "\(left)")
    }

    @Test func theirRowsDoNotPileUpOnPostgreSQL() async throws {
        try await PostgresDatabase.with { database in
            let time = ManualTime()
            let store = try await PostgresStore.open(database.url, time: time)
            defer { store.close() }
            try await takeMany(store, time)
            let left = try database.server.sql(
                "SELECT count(*) FROM leases WHERE name <> 'beat'", in: database.name)
            #expect((1...20).contains(Int(left) ?? -1), "\(left)")
        }
    }

    private struct Tally {
        var holders = 0
        var newest = Fence(0)
        var left = 300
        var faults: [String] = []
    }

    private final class Board: Sendable {
        let tally = Mutex(Tally())

        func enter(_ fence: Fence) {
            tally.withLock { tally in
                tally.holders += 1
                if tally.holders > 1 { tally.faults.append("\(tally.holders) hold it") }
                if fence <= tally.newest { tally.faults.append("fence \(fence) after \(tally.newest)") }
                tally.newest = fence
            }
        }

        func leave() {
            tally.withLock { tally in
                tally.holders -= 1
                tally.left -= 1
            }
        }
    }

    @Test func ofManyWhoAskAtOnceOneHoldsAndFencesGrowInTheirOrder() async throws {
        try await PostgresDatabase.with { database in
            let stores = try await [PostgresStore.open(database.url), PostgresStore.open(database.url)]
            defer { stores.forEach { $0.close() } }
            let board = Board()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    let store = stores[worker % 2]
                    group.addTask {
                        let lock = HeldLock(LockName(job: "prices"), token: "w\(worker)")
                        while board.tally.withLock({ $0.left > 0 }) { try await use(lock, of: store, board) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(board.tally.withLock { $0.faults } == [])
        }
    }

    @Test func programsOverOneDatabaseUseALockOneAtATime() async throws {
        try await PostgresDatabase.with { database in
            let stores = try await [PostgresStore.open(database.url), PostgresStore.open(database.url)]
            defer { stores.forEach { $0.close() } }
            let programs = stores.enumerated().map { Scheduler(store: $1, name: "p\($0)", source: "p") }
            let board = Board()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        for _ in 0..<3 {
                            try await programs[worker % 2].withLock("prices") { lease in
                                board.enter(lease.fence)
                                await Task.yield()
                                board.leave()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(board.tally.withLock { $0.faults } == [])
            #expect(board.tally.withLock { $0.left } == 300 - 18)
            #expect(
                try database.server.sql("SELECT count(*) FROM leases WHERE name <> 'beat'", in: database.name) == "0")
        }
    }

    private func use(_ lock: HeldLock, of store: PostgresStore, _ board: Board) async throws {
        guard case .held(let fence) = try await store.take(lock, lease: .seconds(60)) else { return }
        board.enter(fence)
        try await store.extend(lock, lease: .seconds(60))
        board.leave()
        try await store.giveUp(lock)
    }
}
