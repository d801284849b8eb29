import GRDB
import Onebeat
import OnebeatTesting
import Testing

@testable import OnebeatSQLite

/// A history of a million runs must cost the statements that run all the time nothing.
@Suite(.timeLimit(.minutes(1)))
struct QueryPlanTests {
    static let statements = [
        SQLiteStore.orphans,
        SQLiteStore.list(["state = 'running'"], limit: 50, of: [.running]),
        SQLiteStore.list(
            ["scheduled_at >= 5", "state IN ('dead', 'failed', 'lost', 'missed', 'timed_out')"], limit: 50,
            of: [.failed, .timedOut, .lost, .dead, .missed]),
        DueRuns.nextPriority, DueRuns.nextDue, DueRuns.due,
        SQLiteStore.newestEnds(isNamed: false), SQLiteStore.newestEnds(isNamed: true),
        SQLiteStore.newestRuns(in: []), SQLiteStore.newestRuns(in: [.succeeded]),
        SQLiteStore.longestWaiting(isHeld: false), SQLiteStore.longestWaiting(isHeld: true),
    ]

    @Test(arguments: statements)
    func itReadsAnIndexAndNotTheHistory(_ statement: String) async throws {
        let store = try SQLiteStore.inMemory(time: ManualTime())
        let plan = try await store.writer.read { db in
            let sql = "EXPLAIN QUERY PLAN \(statement.replacing("?", with: "1"))"
            return try Row.fetchAll(db, sql: sql).map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        #expect(!plan.contains("SCAN runs"), "\(plan)")
    }
}
