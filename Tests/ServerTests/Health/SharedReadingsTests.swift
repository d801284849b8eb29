import Onebeat
import OnebeatSQLite
import OnebeatTesting
import Testing

@testable import OnebeatServer

struct SharedReadingsTests {
    private static let now = ManualTime.start

    private static func reading(_ names: [String]) -> HealthReader.Reading {
        let lines = names.map { name in
            HealthReader.Line(
                job: JobRecord(
                    definition: JobDefinition(name: name, schedule: .manual, work: .shell("true", ProcessSettings())),
                    watermark: now, nextAt: nil, createdAt: now),
                status: nil, health: JobHealth(job: name, .well), newestEnd: nil, expectedAt: nil)
        }
        return HealthReader.Reading(now: now, nodes: [], lines: lines, running: [])
    }

    @Test(
        arguments: [
            (nil, 2, ["a", "b"]), ("a", 2, ["b", "z9"]), ("b2", 9, ["z9", "\u{e9}"]), ("z9", 9, ["\u{e9}"]),
            ("\u{e9}", 9, []), ("", 1, ["a"]),
        ] as [(String?, Int, [String])])
    func aPageComesAfterAName(_ name: String?, _ limit: Int, _ expected: [String]) {
        // By bytes, as stores have them.
        let reading = Self.reading(["a", "b", "z9", "\u{e9}"])
        #expect(reading.page(after: name, limit: limit).lines.map(\.job.name) == expected)
    }

    @Test func theLineOfAJobIsFoundByItsName() {
        let names = ["B", "a", "a/b", "b", "\u{e9}", "\u{65e5}"]
        let reading = Self.reading(names)
        #expect(names.map { reading.line(of: $0)?.job.name } == names)
        // The last is one of them, but for its bytes.
        for name in ["", "A", "aa", "z", "\u{ffff}", "e\u{301}"] { #expect(reading.line(of: name) == nil, "\(name)") }
        #expect(Self.reading([]).line(of: "a") == nil)
    }

    @Test func onlyWhatFitsIsOnAPage() {
        let reading = Self.reading(["a", "b", "c", "d", "e"])
        let page = reading.page(after: "a", limit: 2) { $0.job.name != "c" }
        #expect(page.lines.map(\.job.name) == ["b", "d"])
        #expect(!page.isFirst && !page.isLast)
    }

    @Test(arguments: [
        ("e", 2, ["c", "d"], false, false), ("c", 2, ["a", "b"], true, false), ("b2", 9, ["a", "b"], true, false),
        ("z", 3, ["c", "d", "e"], false, true), ("a", 2, [], true, false),
    ])
    func aPageComesBeforeAName(_ name: String, _ limit: Int, _ expected: [String], _ isFirst: Bool, _ isLast: Bool) {
        let page = Self.reading(["a", "b", "c", "d", "e"]).page(before: name, limit: limit)
        #expect(page.lines.map(\.job.name) == expected)
        #expect(page.isFirst == isFirst && page.isLast == isLast)
    }

    @Test func theLastPageIsTheOneAfterWhichNoneFits() {
        let reading = Self.reading(["a", "b", "c", "d", "e"])
        #expect(reading.page(limit: 5).isLast && reading.page(limit: 5).isFirst)
        #expect(!reading.page(limit: 4).isLast)
        #expect(reading.page(limit: 2) { $0.job.name < "c" }.isLast)
        #expect(reading.page(after: "a", limit: 9) { $0.job.name > "a" }.isFirst)
    }

    @Test func whatFollowsFromTheSameIsComputedOnce() {
        let derived = Derived<[Int], Int>()
        var count = 0
        func value(of source: [Int]) -> Int {
            derived.value(of: source) {
                count += 1
                return source.count
            }
        }
        #expect([value(of: [1]), value(of: [1]), value(of: [1, 2]), value(of: [1, 2])] == [1, 1, 2, 2])
        #expect(count == 2)
    }

    /// A pause, or another definition, is seen at once where a store is small, and a forecast is not that of before it.
    @Test func aForecastIsOfTheJobsAsTheyAre() async throws {
        let time = ManualTime(Timestamp(iso8601: "2026-11-23T12:00:00Z")!)
        let store = try SQLiteStore.inMemory(time: time)
        let jobs = ["a", "b"].map { name in
            JobDefinition(name: name, schedule: .cron("0 * * * *"), work: .shell("true", ProcessSettings()))
        }
        try await store.apply(jobs, source: "test", isComplete: true, by: "tester", schedules: ScheduleCache())
        let readings = SharedReadings(store, schedules: ScheduleCache(), time: time)
        let first = try await readings.snapshot()
        #expect(readings.week(of: first).jobs == 2)
        #expect(readings.hour(of: first).counts.reduce(0, +) == 2)
        try await store.setPaused(true, job: "a", by: "ann")
        let second = try await readings.snapshot()
        #expect(readings.week(of: second).jobs == 1)
        #expect(readings.hour(of: second).counts.reduce(0, +) == 1)
        #expect(readings.week(of: second).forecast.counts.reduce(0, +) == 7 * 24)
    }
}
