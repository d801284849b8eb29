import OnebeatTesting
import Testing

@testable import Onebeat

struct ReplanningTests {
    private let now = ManualTime.start

    private func decide(
        _ schedule: ScheduleDefinition, replacing record: JobRecord? = nil
    ) throws -> FirePlan {
        let definition = JobDefinition.example("report", schedule)
        return Replanning.decide(
            definition, replacing: record, schedule: try Schedule(schedule, jobName: "report"), at: now)
    }

    private func record(_ schedule: ScheduleDefinition, watermark: Timestamp) -> JobRecord {
        var record = JobRecord.example(.example("report", schedule), watermark: watermark)
        record.generation = 3
        record.version = 4
        return record
    }

    @Test func aNewJobFirstFiresAtTheFirstInstantAfterItWasStored() throws {
        let plan = try decide(.every(.seconds(60)))
        #expect(plan.fires == [])
        #expect(plan.through == now)
        #expect(plan.nextAt == now + .seconds(60))
        #expect(plan.version == JobVersion(job: "report", generation: 1, version: 1))
    }

    @Test func aNewDelayFirstFiresOneDelayAfterItWasStored() throws {
        let plan = try decide(.delay(.seconds(60)))
        #expect(plan.nextAt == now + .seconds(60))
        #expect(plan.through == now)
    }

    /// An edit of its description must not put a nightly job off by a day.
    @Test func theCountdownOfADelayGoesOnWhereTheScheduleStays() throws {
        var waiting = record(.delay(.seconds(60)), watermark: now - .seconds(9))
        waiting.nextAt = now + .seconds(20)
        #expect(try decide(.delay(.seconds(60)), replacing: waiting).nextAt == now + .seconds(20))
        waiting.nextAt = nil
        let running = try decide(.delay(.seconds(60)), replacing: waiting)
        #expect(running.nextAt == nil)
        #expect(running.fires == [])
        #expect(try decide(.delay(.seconds(30)), replacing: waiting).nextAt == now + .seconds(30))
    }

    @Test func theNextRunOfADelayStaysPlannedWhereTheScheduleStays() throws {
        let planned = record(.delay(.seconds(60)), watermark: now + .seconds(5))
        let plan = try decide(.delay(.seconds(60)), replacing: planned)
        #expect(plan.nextAt == nil)
        #expect(plan.fires == [PlannedFire(scheduledAt: now + .seconds(5), dueAt: now + .seconds(5))])
        #expect(try decide(.delay(.seconds(7)), replacing: planned).fires == [])
    }

    @Test func aChangedJobIsTheNextVersionOfItsGeneration() throws {
        let plan = try decide(.every(.seconds(7)), replacing: record(.every(.seconds(60)), watermark: now))
        #expect(plan.version == JobVersion(job: "report", generation: 3, version: 5))
    }

    @Test func whatWasPlannedAheadIsPlannedAnew() throws {
        let plan = try decide(
            .every(.seconds(4)), replacing: record(.every(.seconds(5)), watermark: now + .seconds(10)))
        #expect(plan.fires.map(\.scheduledAt) == [now + .seconds(4), now + .seconds(8)])
        #expect(plan.fires.map(\.deadlineAt) == [now + .seconds(3604), now + .seconds(3608)])
        #expect(plan.through == now + .seconds(10))
        #expect(plan.nextAt == now + .seconds(12))
    }

    @Test func aJobThatIsNoLongerDueByTheClockPlansNothing() throws {
        let plan = try decide(.manual, replacing: record(.every(.seconds(5)), watermark: now + .seconds(10)))
        #expect(plan.fires == [])
        #expect(plan.nextAt == nil)
    }
}
