import Onebeat
import OnebeatServer
import Testing

@testable import OnebeatCLI

@Suite("Plans for people")
struct PlanTextTests {
    private let plain = Terminal(isInteractive: false, hasColour: false, width: nil)
    private let now = Timestamp(seconds: 1_795_392_000)  // 2026-11-23T00:00:00Z

    private func nightly(_ cron: String = "0 3 * * *", token: String = "a") -> JobDefinition {
        var settings = ProcessSettings()
        settings.environment = ["TOKEN": token]
        return JobDefinition(name: "a", schedule: .cron(cron), work: .shell("true", settings))
    }

    private func lines(_ new: [JobDefinition], over old: [JobDefinition]) throws -> [String] {
        let records = old.map {
            JobRecord(definition: $0, source: "file:/a", watermark: now, nextAt: nil, createdAt: now)
        }
        let diff = try PlanDiff(
            of: ApplyRequest(new, source: "file:/a", by: "test", isComplete: true), against: records, at: now, fires: 1)
        return PlanText.lines(diff, for: plain).map(\.text)
    }

    @Test func aChangedScheduleShowsItsFiresBeforeAndAfter() throws {
        #expect(
            try lines([nightly("0 4 * * *")], over: [nightly()]) == [
                "~ a  at 04:00 every day, UTC", "    cron: 0 3 * * * → 0 4 * * *",
                "    before  2026-11-23 03:00:00 UTC", "    after   2026-11-23 04:00:00 UTC", "", "1 changed",
            ])
    }

    @Test func aChangedSecretIsNamedAndNotShown() throws {
        #expect(
            try lines([nightly(token: "b")], over: [nightly()]).contains("    env.TOKEN: another value (not shown)"))
    }

    @Test func whatNoClockStartsIsNotSaidToBeNeverDue() throws {
        func job(_ name: String, _ schedule: ScheduleDefinition) -> JobDefinition {
            JobDefinition(name: name, schedule: schedule, work: .shell("true", .init()))
        }
        let lines = try lines(
            [nightly(), job("b", .after("a")), job("c", .manual), job("d", .init(.event("file")))],
            over: [nightly(), job("b", .cron("0 3 * * *")), job("c", .after("a"))])
        #expect(
            lines.filter { $0.hasPrefix("    ") && !$0.contains("cron:") && !$0.contains("after:") } == [
                "    before  2026-11-23 03:00:00 UTC", "    after   after a", "    before  after a",
                "    after   when somebody asks for it", "    next    on the event file",
            ])
    }

    @Test func whatRunsElsewhereAndWhatTellsIsCalledThat() throws {
        let away = JobDefinition(
            name: "away", schedule: .manual,
            work: .signal(SignalWatch(.every(.seconds(86_400)), grace: .seconds(7200))))
        let alert = JobDefinition(
            name: "alerts/a/run", schedule: .manual, work: .alert(AlertRule(channel: "run", settings: ["line": "x"])))
        let lines = try lines([away, alert], over: [])
        #expect(lines.contains("    next    when there is something to tell"), "\(lines)")
        #expect(lines.contains("    next    a success is expected every 1d, 2h late at most"), "\(lines)")
        #expect(!lines.contains { $0.contains("by hand") || $0.contains("never") })
    }

    @Test func nothingToDoIsSaid() throws {
        #expect(try lines([nightly()], over: [nightly()]) == ["nothing changes: 1 job as stored"])
    }
}
