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
        _ = try await bench.store.apply([broken, sound], source: "test", isComplete: true, by: "test") { job, _, now in
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
}
