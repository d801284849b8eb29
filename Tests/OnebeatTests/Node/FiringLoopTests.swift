import OnebeatTesting
import Testing

@testable import Onebeat

@Suite(.timeLimit(.minutes(1)))
struct FiringLoopTests {
    private func bench(leads: Bool = true) async throws -> LoopBench {
        let bench = try LoopBench()
        try await bench.join()
        if leads { _ = try await bench.turn(bench.lead) }
        return bench
    }

    private func instants(_ bench: LoopBench, _ job: String) async throws -> [Double] {
        var filter = RunFilter()
        filter.job = job
        return try await bench.store.runs(filter).reversed().map {
            $0.scheduledAt.duration(since: ManualTime.start).inSeconds
        }
    }

    @Test func aFollowerPlansNothing() async throws {
        let bench = try await bench(leads: false)
        try await bench.due("report")
        bench.time.advance(by: .seconds(1))
        #expect(try await bench.turn(bench.firing) == .after(FiringLoop.pause))
        #expect(try await instants(bench, "report") == [1])
    }

    @Test func theLeaderPlansThroughTheHorizonAndThenLeavesTheJobAlone() async throws {
        let bench = try await bench()
        try await bench.store.apply(
            [.example("report", .every(.seconds(4)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        _ = try await bench.turn(bench.firing)
        #expect(try await instants(bench, "report") == [4, 8])
        _ = try await bench.turn(bench.firing)
        #expect(try await instants(bench, "report") == [4, 8])
        #expect(bench.parts.worker.takeRing())
    }

    /// A page of jobs that have long been due is made up for beside what is due now.
    @Test func jobsThatHaveLongBeenDueKeepNoOtherWaiting() async throws {
        let bench = try LoopBench()
        let late = (0..<FiringLoop.page).map { JobDefinition.example("late\($0)", .every(.seconds(1))) }
        try await bench.store.apply(late, source: "late", isComplete: true, by: "test", schedules: ScheduleCache())
        bench.time.advance(by: .seconds(3600))
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        try await bench.store.apply(
            [.example("report", .every(.seconds(4)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        #expect(try await bench.turn(bench.firing) == .now)
        #expect(try await instants(bench, "report").count == 2)
        #expect(try await instants(bench, "late7").contains(3598))
    }

    @Test func aLeaderWhoseTermIsOverWritesNothing() async throws {
        let bench = try await bench()
        try await bench.store.apply(
            [.example("report", .every(.seconds(6)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        try await bench.store.resign(NodeID(name: "a", boot: "a1"))
        let other = NodeID(name: "b", boot: "b1")
        _ = try await bench.store.join(
            NodeRecord(id: other, slots: 1, queues: [], version: "1", processID: 1), lease: .seconds(10))
        _ = try await bench.store.lead(other, lease: .seconds(3))
        bench.time.advance(by: .seconds(2))
        await #expect(throws: StoreError.self) { try await bench.turn(bench.firing) }
        #expect(try await instants(bench, "report") == [])
    }

    @Test func aJobWithoutAReadableScheduleKeepsNoOtherWaiting() async throws {
        let bench = try await bench()
        let broken = JobDefinition.example("broken", .cron("61 * * * *"))
        let sound = JobDefinition.example("sound", .every(.seconds(4)))
        let now = bench.time.now()
        _ = try await bench.store.apply(
            ApplyRequest([broken, sound], source: "test", by: "test"), unless: { _, _ in false }
        ) { job, _, now in
            FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now,
                nextAt: now + .seconds(4), fires: [])
        }
        _ = try await bench.turn(bench.firing)
        #expect(try await instants(bench, "sound") == [4, 8])
        #expect(try await bench.store.job("broken")?.nextAt == now + FiringLoop.pauseOfInvalid)
        let events = try await bench.store.events(job: "broken", limit: 1)
        #expect(events.map(\.kind) == ["job.invalid"])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct OverdueTests {
    @Test func whatFellDueUnplannedIsPlannedUnderTheDefinitionThatIsReplaced() async throws {
        let bench = try LoopBench()
        let old = JobDefinition.example("report", .every(.seconds(60)), .with { $0.missed = .all })
        let schedules = ScheduleCache()
        try await bench.store.apply([old], source: "test", isComplete: true, by: "test", schedules: schedules)
        bench.time.advance(by: .seconds(150))
        let new = JobDefinition.example("report", .every(.seconds(7)))
        try await bench.store.apply([new], source: "test", isComplete: true, by: "test", schedules: schedules)
        let runs = try await bench.store.runs(RunFilter()).reversed()
        #expect(runs.map(\.scheduledAt) == [60, 120].map { ManualTime.start + .seconds($0) })
        #expect(runs.map(\.version.version) == [1, 1])
    }

    /// Two people change the same file at once: one stores the job, and it falls due before the other's change arrives,
    /// who had looked for overdue instants when there was no such job.
    @Test(arguments: [true, false])
    func whatFellDueBetweenTwoPeoplesChangesIsPlannedUnderTheFirst(isRemoved: Bool) async throws {
        let old = JobDefinition.example("report", .every(.seconds(60)), .with { $0.missed = .all })
        let bench = try LoopBench { store, time in
            Interrupted(base: store) {
                _ = try? await store.apply(
                    [old], source: "test", isComplete: true, by: "first", schedules: ScheduleCache())
                time.advance(by: .seconds(90))
            }
        }
        try await bench.store.apply(
            isRemoved ? [] : [.example("report", .every(.seconds(7)))], source: "test", isComplete: true, by: "second",
            schedules: ScheduleCache())
        let runs = try await bench.store.runs(RunFilter())
        #expect(runs.map(\.scheduledAt) == [ManualTime.start + .seconds(60)])
        #expect(runs.map(\.version.version) == [1])
        #expect(runs.map(\.state) == [isRemoved ? .cancelled : .scheduled])
    }

    @Test func aJobThatNobodyHereCanPlanIsReplacedWithoutWaitingForIt() async throws {
        let bench = try LoopBench()
        let broken = JobDefinition.example("report", .cron("61 * * * *"))
        _ = try await bench.store.apply(
            ApplyRequest([broken], source: "test", by: "test"), unless: { _, _ in false }
        ) { job, _, now in
            FirePlan(
                version: JobVersion(job: job.name, generation: 1, version: 1), from: now, through: now, nextAt: now,
                fires: [])
        }
        let changes = try await bench.store.apply(
            [.example("report", .every(.seconds(7)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        #expect(changes.map(\.kind) == [.changed])
    }

    /// Something happens just before the first change arrives.
    private final class Interrupted: StoreWrapper {
        let base: any Store
        private let event: @Sendable () async -> Void
        private let hasHappened = Counter()

        init(base: any Store, _ event: @escaping @Sendable () async -> Void) {
            self.base = base
            self.event = event
        }

        func apply(
            _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
            deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
        ) async throws(StoreError) -> [JobChange] {
            if hasHappened.increment() == 1 { await event() }
            return try await base.apply(
                request, unless: isOverdue, deciding: deciding)
        }
    }
}
