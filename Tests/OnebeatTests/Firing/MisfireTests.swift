import OnebeatTesting
import Testing

@testable import Onebeat

struct MisfireTests {
    /// What is planned for a job due each minute, whose watermark is `late` minutes before now.
    private func plan(
        minutesLate late: Int, ahead: Duration = .zero, at now: Timestamp = ManualTime.start,
        spread: Duration = .zero, _ change: (inout JobPolicies) -> Void = { _ in }
    ) throws -> FirePlan {
        let definition = JobDefinition.example(
            "report", ScheduleDefinition(.every(.seconds(60)), spread: spread), .with(change))
        let schedule = try Schedule(definition.schedule, jobName: definition.name)
        let job = JobRecord.example(definition, watermark: ManualTime.start - .seconds(60 * late))
        return Misfire.decide(job, schedule: schedule, at: now, through: now + ahead)
    }

    private func minute(_ number: Int) -> Timestamp { ManualTime.start + .seconds(60 * number) }

    @Test func anInstantAheadIsPlannedWithItsDeadline() throws {
        let plan = try plan(minutesLate: 0, ahead: .seconds(60)) { $0.deadline = .seconds(90) }
        #expect(
            plan.fires == [
                PlannedFire(scheduledAt: minute(1), dueAt: minute(1), deadlineAt: minute(1) + .seconds(90))
            ])
        #expect(plan.from == minute(0))
        #expect(plan.through == minute(1))
        #expect(plan.nextAt == minute(2))
    }

    @Test func nothingDueLeavesTheWatermarkWhereItWas() throws {
        let plan = try plan(minutesLate: 0, ahead: .seconds(59))
        #expect(plan.fires == [])
        #expect(plan.through == minute(0))
        #expect(plan.nextAt == minute(1))
    }

    @Test func anInstantWithinTheToleranceRunsAsIfNothingHappened() throws {
        let plan = try plan(minutesLate: 1, at: minute(0) + Misfire.tolerance) { $0.missed = .skip }
        #expect(plan.fires.map(\.missed) == [nil])
    }

    @Test func anInstantPastTheToleranceIsMissed() throws {
        let plan = try plan(minutesLate: 1, at: minute(0) + Misfire.tolerance + .microseconds(1)) { $0.missed = .skip }
        #expect(plan.fires.map(\.missed) == [.missedSkip])
    }

    @Test func latestRunsTheNewestAndCoalescesTheOthersIntoOneRow() throws {
        let plan = try plan(minutesLate: 5, at: minute(0) + .seconds(30))
        #expect(plan.fires.count == 2)
        #expect(plan.fires[0].missed == .coalesced)
        #expect(plan.fires[0].scheduledAt == minute(-4))
        #expect(plan.fires[0].rangeEnd == minute(-1))
        #expect(plan.fires[0].count == 4)
        #expect(plan.fires[1].missed == nil)
        #expect(plan.fires[1].scheduledAt == minute(0))
        #expect(plan.through == minute(0))
    }

    @Test func latestWithOneMissedInstantWritesNoRange() throws {
        let plan = try plan(minutesLate: 1, at: minute(0) + .seconds(30))
        #expect(plan.fires.map(\.scheduledAt) == [minute(0)])
        #expect(plan.fires.map(\.missed) == [nil])
    }

    @Test func latestCoalescesAllWhenOneOnTimeStandsForThem() throws {
        let plan = try plan(minutesLate: 5, at: minute(0))
        #expect(plan.fires.map(\.missed) == [.coalesced, nil])
        #expect(plan.fires.map(\.count) == [4, 1])
        #expect(plan.fires[1].scheduledAt == minute(0))
    }

    @Test func anInstantStillToComeDoesNotStandForAMissedOne() throws {
        let plan = try plan(minutesLate: 2, ahead: .seconds(30), at: minute(0) + .seconds(30))
        #expect(plan.fires.map(\.missed) == [.coalesced, nil, nil])
        #expect(plan.fires.map(\.scheduledAt) == [minute(-1), minute(0), minute(1)])
    }

    @Test func latestMissesWhatIsPastItsDeadline() throws {
        let plan = try plan(minutesLate: 3, at: minute(0) + .seconds(30)) { $0.deadline = .seconds(29) }
        #expect(plan.fires.map(\.missed) == [.tooLate])
        #expect(plan.fires.map(\.count) == [3])
    }

    @Test func skipRecordsEveryMissedInstantInOneRow() throws {
        let plan = try plan(minutesLate: 60, at: minute(0) + .seconds(30)) { $0.missed = .skip }
        #expect(plan.fires.map(\.missed) == [.missedSkip])
        #expect(plan.fires.map(\.count) == [60])
        #expect(plan.fires[0].scheduledAt == minute(-59))
        #expect(plan.fires[0].rangeEnd == minute(0))
    }

    @Test func aSingleMissedInstantIsNoRange() throws {
        let plan = try plan(minutesLate: 1, at: minute(0) + .seconds(30)) { $0.missed = .skip }
        #expect(plan.fires.map(\.rangeEnd) == [nil])
        #expect(plan.fires.map(\.count) == [1])
    }

    @Test func allRunsEveryInstantWithinItsDeadline() throws {
        let plan = try plan(minutesLate: 5, at: minute(0) + .seconds(30)) {
            $0.missed = .all
            $0.deadline = .seconds(150)
        }
        #expect(plan.fires.map(\.missed) == [.tooLate, nil, nil, nil])
        #expect(plan.fires.map(\.count) == [2, 1, 1, 1])
        #expect(plan.fires.map(\.scheduledAt) == [minute(-4), minute(-2), minute(-1), minute(0)])
    }

    @Test func allIsBoundedByCatchUpAndSaysSo() throws {
        let plan = try plan(minutesLate: 50, at: minute(0) + .seconds(30)) {
            $0.missed = .all
            $0.catchUp = 3
        }
        #expect(plan.fires.map(\.missed) == [.catchUpLimit, nil, nil, nil])
        #expect(plan.fires[0].count == 47)
        #expect(plan.fires[0].rangeEnd == minute(-3))
    }

    @Test func aCatchUpOfNoneRecordsAll() throws {
        let plan = try plan(minutesLate: 7, at: minute(0) + .seconds(30)) {
            $0.missed = .all
            $0.catchUp = 0
        }
        #expect(plan.fires.map(\.missed) == [.catchUpLimit])
        #expect(plan.fires.map(\.count) == [7])
    }

    @Test(arguments: MissedPolicy.allCases)
    func anOutageLongerThanOnePlanTakesSeveralAndLosesNothing(_ policy: MissedPolicy) throws {
        let late = 1005
        let definition = JobDefinition.example(
            "report", .cron("* * * * *"),
            .with {
                $0.missed = policy
                $0.deadline = .seconds(60 * 60 * 24)
            })
        let schedule = try Schedule(definition.schedule, jobName: definition.name)
        var job = JobRecord.example(definition, watermark: minute(-late))
        let now = minute(0) + .seconds(30)
        var fires: [PlannedFire] = []
        for _ in 0..<2 {
            let plan = Misfire.decide(job, schedule: schedule, at: now, through: now, lookingAt: 1000)
            fires += plan.fires
            job.watermark = plan.through
        }
        #expect(job.watermark == minute(0))
        #expect(fires.reduce(0) { $0 + $1.count } == late)
        let runs = fires.filter { $0.missed == nil }.map(\.scheduledAt)
        switch policy {
        case .skip: #expect(runs == [])
        case .latest: #expect(runs == [minute(0)])
        case .all: #expect(runs == (-99...0).map(minute))
        }
    }

    /// What is due at equal steps is counted, and not looked at one by one; what comes of it is the same.
    @Test(arguments: MissedPolicy.allCases, [1, 3, 4, 50, 5000])
    func aCountOfEqualStepsGivesWhatLookingGives(_ policy: MissedPolicy, late: Int) throws {
        for (step, end) in [(Duration.seconds(60), nil), (.milliseconds(700), nil), (.seconds(60), minute(-2))] {
            var schedule = ScheduleDefinition(.every(step))
            schedule.end = end
            let counting = JobDefinition.example(
                "report", schedule,
                .with {
                    $0.missed = policy
                    $0.catchUp = 3
                })
            var looking = counting
            // An exception long ago takes nothing away, but has each instant looked at.
            looking.schedule.except = ["2001-01-01"]
            let now = minute(0) + .seconds(30)
            let plans = try [counting, looking].map { definition in
                Misfire.decide(
                    JobRecord.example(definition, watermark: now - .seconds(late)),
                    schedule: try Schedule(definition.schedule, jobName: "report"), at: now, through: now + .seconds(10)
                )
            }
            #expect(plans[0] == plans[1], "\(step)")
        }
    }

    @Test func aMonthOfSecondsIsOneRow() throws {
        let definition = JobDefinition.example("report", .every(.seconds(1)), .with { $0.missed = .latest })
        let now = minute(0)
        let plan = Misfire.decide(
            JobRecord.example(definition, watermark: now - .seconds(30 * 86_400)),
            schedule: try Schedule(definition.schedule, jobName: "report"), at: now, through: now, lookingAt: 100)
        #expect(plan.fires.filter { $0.missed != nil }.map(\.count) == [30 * 86_400 - 11])
        #expect(plan.through == now)
    }

    @Test func spreadPutsOffTheStartAndTheDeadlineButNotTheInstant() throws {
        let fire = try #require(
            try plan(minutesLate: 0, ahead: .seconds(60), spread: .seconds(30)).fires.first)
        #expect(fire.scheduledAt == minute(1))
        #expect(fire.dueAt > minute(1))
        #expect(fire.dueAt < minute(1) + .seconds(30))
        #expect(fire.deadlineAt == fire.dueAt + .seconds(3600))
    }

    private func delayPlan(
        nextAt: Timestamp?, through horizon: Timestamp, end: Timestamp? = nil, except: [String] = []
    ) throws -> FirePlan {
        let definition = JobDefinition.example(
            "report", ScheduleDefinition(.delay(.seconds(60)), end: end, except: except))
        let schedule = try Schedule(definition.schedule, jobName: "report")
        let job = JobRecord.example(definition, watermark: minute(-10), nextAt: nextAt)
        return Misfire.decide(job, schedule: schedule, at: minute(0), through: horizon)
    }

    @Test func aDelayPlansItsOneInstantAndWaitsForTheEndOfTheRun() throws {
        let plan = try delayPlan(nextAt: minute(0), through: minute(0))
        #expect(plan.fires.map(\.scheduledAt) == [minute(0)])
        #expect(plan.through == minute(0))
        #expect(plan.nextAt == nil)
    }

    @Test func aDelayThatIsNotDueKeepsItsInstant() throws {
        let plan = try delayPlan(nextAt: minute(1), through: minute(0))
        #expect(plan.fires == [])
        #expect(plan.nextAt == minute(1))
        #expect(plan.through == minute(-10))
    }

    @Test func aDelayWhoseRunIsStillGoingPlansNothing() throws {
        let plan = try delayPlan(nextAt: nil, through: minute(5))
        #expect(plan.fires == [])
        #expect(plan.nextAt == nil)
    }

    @Test func aDelayEndsWithItsSchedule() throws {
        let plan = try delayPlan(nextAt: minute(0), through: minute(0), end: minute(0) - .seconds(1))
        #expect(plan.fires == [])
        #expect(plan.nextAt == nil)
    }

    @Test func aDelayWaitsForTheEndOfAnException() throws {
        let plan = try delayPlan(nextAt: minute(0), through: minute(0), except: ["2026-01-01"])
        #expect(plan.fires == [])
        #expect(plan.nextAt == minute(24 * 60))
    }

    @Test func aDelayIsNeverMissed() throws {
        let plan = try delayPlan(nextAt: minute(-9), through: minute(0))
        #expect(plan.fires.map(\.missed) == [nil])
        #expect(plan.fires.map(\.deadlineAt) == [nil])
    }
}
