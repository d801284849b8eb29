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
        list([.running]), list([.scheduled]), list([.waiting]), list([.waiting, .running]), list([.unknown]),
        list([.dead]),
        list([.failed, .missed]), list([.skipped]), list([.skipped, .cancelled]), byTime,
        list([.failed, .timedOut, .lost, .dead, .missed]),
        DueRuns.nextPriority, DueRuns.nextDue, DueRuns.due,
        SQLiteStore.newestEnds(isNamed: false), SQLiteStore.newestEnds(isNamed: true),
        SQLiteStore.newestRuns(in: []), SQLiteStore.newestRuns(in: [.succeeded]),
        SQLiteStore.longestWaiting(isHeld: false), SQLiteStore.longestWaiting(isHeld: true),
    ]

    private static var byTime: String {
        var filter = RunFilter()
        filter.from = .distantPast
        return SQLiteStore.list(["scheduled_at >= 1", "(scheduled_at, id) < (5, 5)"], filter)
    }

    private static func list(_ states: Set<RunState>) -> String {
        var filter = RunFilter()
        filter.states = states
        return SQLiteStore.list(["id < 5"] + SQLiteStore.conditions(for: states), filter)
    }

    @Test(arguments: statements)
    func itReadsAnIndexAndNotTheHistory(_ statement: String) async throws {
        let store = try SQLiteStore.inMemory(time: ManualTime())
        let plan = try await store.writer.read { db in
            let sql = "EXPLAIN QUERY PLAN \(statement.replacing("?", with: "1"))"
            return try Row.fetchAll(db, sql: sql).map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        #expect(!plan.contains("SCAN runs"), "\(plan)")
        // By number below another one is the history, too.
        #expect(!plan.contains { $0.contains("rowid<?") }, "\(plan)")
    }
}
