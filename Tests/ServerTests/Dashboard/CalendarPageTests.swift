import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import OnebeatServer

@Suite struct CalendarPageTests {
    private static let now = ManualTime.start

    private static func run(_ id: Int64, _ state: RunState, days: Int = 1) -> Run {
        let at = now - .seconds(days * 86_400)
        return Run(
            id: RunID(id), version: JobVersion(job: "job\(id % 2)", generation: 1, version: 1), scheduledAt: at,
            dueAt: at,
            state: state)
    }

    private func page(_ runs: [Run]) async throws -> CalendarPage {
        let time = ManualTime()
        let store = PastStore(base: try SQLiteStore.inMemory(time: time), past: runs)
        return try await CalendarPage.read(
            store, SharedReadings(store, schedules: ScheduleCache(), time: time))
    }

    /// Runs that failed did run: however many they are, what did not run is found behind them.
    @Test func whatDidNotRunIsFoundBehindWhatFailed() async throws {
        let failed = (1000..<3000).map { Self.run($0, .failed) }
        let page = try await page([Self.run(1, .missed), Self.run(2, .lost), Self.run(4, .dead)] + failed)
        #expect(page.missing.map(\.state) == [.dead, .lost, .missed])
        #expect(!page.isCut)
    }

    @Test func daysAreCountedAndOldOnesLeft() async throws {
        let page = try await page([
            Self.run(1, .missed, days: 30), Self.run(2, .missed, days: 3), Self.run(4, .missed, days: 3),
            Self.run(5, .missed, days: 3), Self.run(6, .missed, days: 2),
        ])
        #expect(page.missing.map(\.count) == [1, 1, 2])
        #expect(page.missing.map(\.job) == ["job0", "job1", "job0"])
        #expect(!page.isCut)
    }

    @Test func moreThanItLooksAtIsSaid() async throws {
        let many = (0..<Int64(CalendarPage.mostRuns)).map { Self.run($0, .lost, days: Int($0 % 13)) }
        #expect(try await page(many).isCut)
        #expect(try await !page(Array(many.dropFirst())).isCut)
    }
}

/// Has had these runs.
private struct PastStore: StoreWrapper {
    let base: any Store
    let past: [Run]

    func runs(_ filter: RunFilter) async throws(StoreError) -> [Run] {
        let found = past.filter { filter.states.contains($0.state) }.sorted { $0.id > $1.id }
        return Array(found.prefix(filter.limit))
    }
}
