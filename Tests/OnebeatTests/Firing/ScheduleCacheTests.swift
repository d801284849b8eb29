import OnebeatTesting
import Testing

@testable import Onebeat

struct ScheduleCacheTests {
    @Test func eachVersionHasItsOwnSchedule() throws {
        let cache = ScheduleCache()
        var job = JobRecord.example(.example("report", .every(.seconds(60))), watermark: ManualTime.start)
        #expect(try cache.schedule(for: job).definition == .every(.seconds(60)))
        job.definition.schedule = .every(.seconds(5))
        job.version = 2
        #expect(try cache.schedule(for: job).definition == .every(.seconds(5)))
    }

    @Test func aScheduleThatCannotBeReadIsAnError() {
        let job = JobRecord.example(.example("report", .cron("61 * * * *")), watermark: ManualTime.start)
        #expect(throws: ScheduleError.self) { try ScheduleCache().schedule(for: job) }
    }
}
