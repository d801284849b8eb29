import Testing

@testable import Onebeat

@Suite struct BackfillPlanTests {
    private static let day = Timestamp(seconds: 1_767_225_600)

    private func backfill(_ order: Backfill.Order = .oldest, hours: Int = 10) -> Backfill {
        var backfill = Backfill(of: "a", from: Self.day, to: Self.day + .seconds(3600 * hours), by: "ann")
        backfill.order = order
        return backfill
    }

    private static func hour(_ number: Int) -> Timestamp { day + .seconds(3600 * number) }

    private func all(_ backfill: Backfill, _ schedule: Schedule, limit: Int) -> [Timestamp] {
        var (backfill, found) = (backfill, [Timestamp]())
        while let last = BackfillPlan.next(of: backfill, schedule, limit: limit).last {
            found += BackfillPlan.next(of: backfill, schedule, limit: limit)
            backfill.reached = last
        }
        return found
    }

    @Test(arguments: [1, 3, 500])
    func theBeginIsIncludedAndTheEndIsNot(_ limit: Int) throws {
        let schedule = try Schedule(.cron("0 * * * *"), jobName: "a")
        #expect(all(backfill(), schedule, limit: limit) == (0..<10).map(Self.hour))
        #expect(all(backfill(.newest), schedule, limit: limit) == (0..<10).reversed().map(Self.hour))
    }

    @Test(arguments: [
        ScheduleDefinition.cron("*/7 * * * *"), .cron("0 3 1 * *"), .every(.seconds(50)), .at(day, day + .seconds(7)),
        ScheduleDefinition(.cron(["30 2 * * *"]), timezone: "Europe/Berlin", except: ["2026-02-01/2026-02-20"]),
    ])
    func theNewestFirstAreTheOldestFirstBackwards(_ definition: ScheduleDefinition) throws {
        let schedule = try Schedule(definition, jobName: "a")
        var long = backfill(hours: 24 * 100)
        let forwards = all(long, schedule, limit: 500)
        long.order = .newest
        #expect(all(long, schedule, limit: 500) == forwards.reversed())
        #expect(!forwards.isEmpty)
    }

    @Test func aStepHasNoMoreRunsThanThereIsRoomFor() throws {
        let schedule = try Schedule(.cron("0 * * * *"), jobName: "a")
        let job = JobDefinition(name: "a", schedule: schedule.definition, work: .handler)
        let record = JobRecord(definition: job, watermark: Self.day, nextAt: nil, createdAt: Self.day)
        var backfill = backfill()
        backfill.limit = 3
        let instants = BackfillPlan.next(of: backfill, schedule)
        func step(_ states: [Timestamp: RunState] = [:], open: Int, followers: Int = 0) -> BackfillStep {
            let follower = Follower(
                version: JobVersion(job: "b", generation: 1, version: 1), queue: "default", priority: 0, need: "",
                parents: ["a"])
            return BackfillPlan.step(
                backfill, record, instants, states, open: open,
                followers: Array(repeating: follower, count: followers))
        }
        #expect(step(open: 0).instants == [0, 1, 2].map(Self.hour))
        #expect(step(open: 0).reached == Self.hour(2))
        #expect(step(open: 2).instants == [Self.hour(0)])
        #expect(step(open: 3).instants == [])
        #expect(step(open: 3).reached == nil)
        // Flows are counted, however much of each is open.
        #expect(step(open: 2, followers: 2).instants == [Self.hour(0)])
        let done = step([Self.hour(0): .succeeded, Self.hour(1): .missed, Self.hour(2): .failed], open: 2)
        #expect(done.instants == [Self.hour(1)])
        #expect(done.passed == 1)
        #expect(done.reached == Self.hour(1))
        #expect(!done.isLast)
    }

    @Test(arguments: [
        (Backfill.Repeats.none, [RunState?.none, .skipped, .missed]),
        (.failed, [nil, .skipped, .missed, .failed, .timedOut, .cancelled, .lost, .dead]),
        (.all, [nil, .skipped, .missed, .failed, .timedOut, .cancelled, .lost, .dead, .succeeded]),
    ])
    func whatWasRunIsRunAgainWhereThatIsWanted(_ repeats: Backfill.Repeats, _ wanted: [RunState?]) {
        #expect(([nil] + RunState.allCases.map(Optional.some)).filter(repeats.include).count == wanted.count)
        #expect(wanted.allSatisfy(repeats.include))
    }

    @Test func anEditToADelayLeavesNothingToBackfill() throws {
        let schedule = try Schedule(.delay(.seconds(600)), jobName: "a")
        for order in Backfill.Order.allCases { #expect(BackfillPlan.next(of: backfill(order), schedule) == []) }
    }

    @Test func whatWasNeverDueByAClockHasNoBackfill() {
        for schedule in [ScheduleDefinition.manual, .delay(.seconds(5)), .after("b")] {
            let job = JobDefinition(name: "a", schedule: schedule, work: .handler)
            let record = JobRecord(definition: job, watermark: Self.day, nextAt: nil, createdAt: Self.day)
            #expect(BackfillPlan.problem(backfill(), record) != nil)
        }
    }
}
