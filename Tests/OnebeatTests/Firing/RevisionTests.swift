import Foundation
import OnebeatTesting
import Testing

@testable import Onebeat

struct RevisionTests {
    private let now = ManualTime.start + .seconds(30)

    private func job(_ schedule: ScheduleDefinition, watermark: Double, nextAt: Double?) -> JobRecord {
        JobRecord(
            definition: .example("report", schedule), watermark: ManualTime.start + .seconds(watermark),
            nextAt: nextAt.map { ManualTime.start + .seconds($0) }, createdAt: ManualTime.start)
    }

    private func setBack(_ job: JobRecord, _ missed: [Run] = []) throws -> FirePlan {
        let schedule = try Schedule(job.definition.schedule, jobName: "report")
        return Revision.setBack(job, schedule: schedule, missed: missed, at: now)
    }

    private func missed(_ first: Double, _ last: Double, id: Int64 = 1) -> Run {
        var run = Run(
            id: RunID(id), version: JobVersion(job: "report", generation: 1, version: 1),
            scheduledAt: ManualTime.start + .seconds(first), dueAt: ManualTime.start + .seconds(first))
        run.rangeEnd = ManualTime.start + .seconds(last)
        return run
    }

    @Test func whatALeaderPlansAheadIsNotTooFar() {
        #expect(!Revision.isAhead(job(.every(.seconds(1)), watermark: 30 + 20, nextAt: 51), at: now))
        #expect(Revision.isAhead(job(.every(.seconds(1)), watermark: 30 + 21, nextAt: 52), at: now))
    }

    @Test func aDelayMayWaitForItsLength() {
        #expect(!Revision.isAhead(job(.delay(.seconds(60)), watermark: 0, nextAt: 90), at: now))
        #expect(Revision.isAhead(job(.delay(.seconds(60)), watermark: 0, nextAt: 111), at: now))
        #expect(!Revision.isAhead(job(.delay(.seconds(60)), watermark: 0, nextAt: nil), at: now))
    }

    @Test func planningGoesOnFromNow() throws {
        let plan = try setBack(job(.every(.seconds(60)), watermark: 315_360_000, nextAt: 315_360_060))
        #expect(plan.through == now)
        #expect(plan.nextAt == ManualTime.start + .seconds(60))
        #expect(plan.withdrawn == [])
    }

    @Test func whatWasGivenUpTooEarlyIsDueAfterAll() throws {
        let job = job(.every(.seconds(10)), watermark: 7200, nextAt: 7210)
        let plan = try setBack(job, [missed(20, 7000, id: 2), missed(0, 10, id: 3)])
        #expect(plan.withdrawn == [RunID(2)])
        #expect(plan.through == ManualTime.start + .seconds(20) - .microseconds(1))
        #expect(plan.nextAt == ManualTime.start + .seconds(20))
    }

    @Test func aDelayWaitsFromNowOrForItsRun() throws {
        let waiting = try setBack(job(.delay(.seconds(60)), watermark: 7200, nextAt: 7260))
        #expect(waiting.nextAt == now + .seconds(60))
        #expect(try setBack(job(.delay(.seconds(60)), watermark: 7200, nextAt: nil)).nextAt == nil)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct RevisionLoopTests {
    private func loop(_ bench: LoopBench, _ zones: ZoneFiles = .system) -> RevisionLoop {
        RevisionLoop(
            store: bench.store, membership: bench.parts.membership, schedules: ScheduleCache(zones: zones),
            planning: Bell(), logger: bench.logger)
    }

    @Test func aStoreClockThatWasAheadForLongLeavesNothingUnplanned() async throws {
        let bench = try LoopBench()
        let (heartbeat, lead) = (bench.heartbeat(), bench.lead)
        _ = try await bench.turn(heartbeat)
        _ = try await bench.turn(lead)
        try await bench.store.apply(
            [.example("report", .every(.seconds(60)))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache())
        // A day on, for as long as it takes to be believed, and back again for as long.
        for step in [Duration.seconds(86_400), .seconds(-86_400)] {
            bench.time.set(bench.time.now() + step)
            for _ in 0..<31 {
                _ = try await bench.turn(heartbeat)
                _ = try await bench.turn(lead)
                _ = try await bench.turn(bench.firing)
                bench.time.advance(by: .seconds(1))
            }
        }
        let ahead = try #require(try await bench.store.job("report"))
        #expect(ahead.watermark > bench.time.now() + .seconds(86_000))
        _ = try await bench.turn(loop(bench))
        _ = try await bench.turn(bench.firing)
        let job = try #require(try await bench.store.job("report"))
        #expect(job.nextAt == ManualTime.start + .seconds(120))
        #expect(try await bench.store.events(job: "report", limit: 1).map(\.kind) == ["job.set_back"])
        var filter = RunFilter()
        filter.before = bench.time.now() + .seconds(60)
        #expect(try await bench.store.runs(filter).map(\.scheduledAt) == [ManualTime.start + .seconds(60)])
    }

    @Test func anUpdateOfTheZonesThatMakesAFireEarlierIsFollowedAtOnce() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("zones-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("Here")
        func install(_ zone: String) throws {
            try? FileManager.default.removeItem(at: file)
            try FileManager.default.copyItem(
                at: URL(fileURLWithPath: "/usr/share/zoneinfo/\(zone)"), to: file)
        }
        try install("Etc/GMT+5")
        let zones = ZoneFiles(folder: folder.path)
        let bench = try LoopBench()
        try await bench.join()
        _ = try await bench.turn(bench.lead)
        try await bench.store.apply(
            [.example("report", .cron("0 3 * * *", timezone: "Here"))], source: "test", isComplete: true, by: "test",
            schedules: ScheduleCache(zones: zones))
        let loop = loop(bench, zones)
        _ = try await bench.turn(loop)
        #expect(try await bench.store.job("report")?.nextAt == ManualTime.start + .seconds(8 * 3600))
        try install("Etc/GMT+4")
        _ = try await bench.turn(loop)
        #expect(try await bench.store.job("report")?.nextAt == ManualTime.start + .seconds(7 * 3600))
    }
}
