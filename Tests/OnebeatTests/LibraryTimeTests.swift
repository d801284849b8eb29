import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

/// A test of a program moves its clocks.
@Suite(.timeLimit(.minutes(1)))
struct LibraryTimeTests {
    @Test func closuresRunByTheClocksThatATestMoves() async throws {
        let time = ManualTime()
        let store = try SQLiteStore.inMemory(time: time)
        let scheduler = Scheduler(store: store, name: "a", source: "test", time: time)
        let (fires, heard) = AsyncStream.makeStream(of: Timestamp.self)
        try scheduler.register("hourly", .cron("0 * * * *")) { run in heard.yield(run.scheduledAt) }
        let service = Task { try await scheduler.run() }
        let clock = Task {
            // A node lives by its lease: the clocks go on as they do, only faster.
            while !Task.isCancelled {
                time.advance(by: .seconds(1))
                await Task.yield()
                try await Task.sleep(for: .microseconds(100))
            }
        }
        var seen: [Timestamp] = []
        for await fire in fires {
            seen.append(fire)
            if seen.count == 3 { break }
        }
        #expect(seen == (1...3).map { ManualTime.start + .seconds($0 * 3600) })
        service.cancel()
        try await service.value
        clock.cancel()
    }
}
