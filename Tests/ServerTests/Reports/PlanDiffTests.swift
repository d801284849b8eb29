import Onebeat
import OnebeatServer
import Testing

private let now = Timestamp(seconds: 1_795_392_000)  // 2026-11-23T00:00:00Z

private func nightly(
    _ name: String, _ schedule: ScheduleDefinition = .cron("0 3 * * *"), run: String = "true"
) -> JobDefinition {
    JobDefinition(name: name, schedule: schedule, work: .shell(run, ProcessSettings()))
}

private func stored(_ definition: JobDefinition, source: String = "file:/a.yaml") -> JobRecord {
    JobRecord(definition: definition, source: source, watermark: now, nextAt: nil, createdAt: now)
}

private func diff(
    _ definitions: [JobDefinition], _ records: [JobRecord], isComplete: Bool = true
) throws -> PlanDiff {
    try PlanDiff(
        of: ApplyRequest(definitions, source: "file:/a.yaml", by: "test", isComplete: isComplete), against: records,
        at: now, fires: 1)
}

@Suite("Plan diffs")
struct PlanDiffTests {
    @Test func aNewJobIsAddedWithItsNextFires() throws {
        let change = try #require(diff([nightly("a", .cron("0 3 * * *", timezone: "Asia/Shanghai"))], []).changes.first)
        #expect(change.kind == .added)
        #expect(change.firesAfter == ["2026-11-24T03:00:00+08:00"])
        #expect(change.firesBefore == [])
    }

    @Test func anEqualJobIsUnchanged() throws {
        let diff = try diff([nightly("a")], [stored(nightly("a"))])
        #expect(diff.isEmpty)
        #expect(diff.unchanged == 1)
    }

    @Test func aChangedJobNamesItsKeysAndItsFiresBeforeAndAfter() throws {
        let new = nightly("a", .cron("0 4 * * *"), run: "false")
        let change = try #require(diff([new], [stored(nightly("a"))]).changes.first)
        #expect(change.kind == .changed)
        #expect(
            change.keys == [
                .init(key: "cron", before: "0 3 * * *", after: "0 4 * * *"),
                .init(key: "run", before: "true", after: "false"),
            ])
        #expect(change.firesBefore == ["2026-11-23T03:00:00+00:00"])
        #expect(change.firesAfter == ["2026-11-23T04:00:00+00:00"])
    }

    @Test func onlyJobsOfTheSameSourceAreRemoved() throws {
        let diff = try diff([], [stored(nightly("a")), stored(nightly("b"), source: "library")])
        #expect(diff.changes.map(\.job) == ["a"])
        #expect(diff.changes.map(\.kind) == [.removed])
    }

    @Test func aJobThatIsNoLongerNamedGoesOnWhereNobodyAskedToRemoveIt() throws {
        let diff = try diff([], [stored(nightly("a"))], isComplete: false)
        #expect(diff.changes.map(\.kind) == [.kept])
        #expect(diff.isEmpty)
    }

    @Test func aNameOfAnotherSourceIsAConflict() throws {
        let diff = try diff([nightly("a")], [stored(nightly("a"), source: "library")])
        #expect(diff.isRefused)
        #expect(diff.changes.first?.owner == "library")
    }

    @Test func secretsAreComparedAndNeverShown() throws {
        func withToken(_ token: String) -> JobDefinition {
            var settings = ProcessSettings()
            settings.environment = ["TOKEN": token]
            return JobDefinition(name: "a", schedule: .cron("0 3 * * *"), work: .shell("true", settings))
        }
        let keys = PlanDiff.keys(from: withToken("old"), to: withToken("new"))
        #expect(keys == [.init(key: "env.TOKEN", before: "(not shown)", after: "(not shown)")])
    }

    @Test func aKeyThatIsLeftOutHasNoValueAfter() {
        var old = nightly("a")
        old.policies.timeout = .seconds(3600)
        #expect(PlanDiff.keys(from: old, to: nightly("a")) == [.init(key: "timeout", before: "1h", after: nil)])
    }

    @Test(arguments: [(512 << 20, "512MiB"), (1 << 30, "1GiB"), (1000, "1000B"), (0, "0B"), (1536, "1536B")])
    func sizesAreInTheirLargestExactUnit(_ bytes: Int, _ text: String) {
        #expect(ByteCount.text(bytes) == text)
    }
}

@Suite("Readable time")
struct ReadableTimeTests {
    @Test(arguments: [
        (Duration.seconds(0), "0s"), (.milliseconds(8), "8ms"), (.milliseconds(999), "999ms"),
        (.milliseconds(1240), "1.24s"), (.seconds(34), "34s"), (.seconds(60), "1m"), (.seconds(90), "1m 30s"),
        (.seconds(7500), "2h 5m"), (.seconds(86_400 * 3), "3d"), (.seconds(-5), "-5s"), (.seconds(59.7), "1m"),
    ])
    func lengthsShowTheirLargestUnits(_ length: Duration, _ text: String) {
        #expect(length.brief == text)
    }

    @Test func momentsAreRelativeToNow() {
        #expect((now + .seconds(125)).relative(to: now) == "in 2m 5s")
        #expect((now - .seconds(3600)).relative(to: now) == "1h ago")
        #expect((now + .milliseconds(400)).relative(to: now) == "now")
    }

    @Test func wallClocksAreReadInTheirZone() {
        #expect(Schedule.clock(of: "Asia/Shanghai").readable(now + .milliseconds(700)) == "2026-11-23 08:00:00 +08:00")
        #expect(Schedule.clock(of: "UTC").readable(now) == "2026-11-23 00:00:00 UTC")
        #expect(Schedule.clock(of: "No/Where").readable(now) == "2026-11-23 00:00:00 UTC")
    }
}
