import Foundation
import Testing

@testable import Onebeat

@Suite struct ZoneTests {
    private static func zone(_ rule: String) throws -> Zone {
        let rule = try #require(PosixZoneRule(rule))
        return Zone(name: "test", offset: rule.standardOffset, changes: [], rule: rule)
    }

    struct Change: Sendable {
        var rule: String
        var year: Int
        /// The two moments the clocks change, and the offset from each.
        var changes: [String]
        var offsets: [Int]
    }

    @Test(arguments: [
        Change(
            rule: "CET-1CEST,M3.5.0,M10.5.0/3", year: 2026, changes: ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
            offsets: [7200, 3600]),
        Change(
            rule: "EST5EDT", year: 2026, changes: ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
            offsets: [-14_400, -18_000]),
        // Winter time is the exception in Dublin, a time below zero in Nuuk, above a day in Jerusalem and Gaza.
        Change(
            rule: "IST-1GMT0,M10.5.0,M3.5.0/1", year: 2026, changes: ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
            offsets: [3600, 0]),
        Change(
            rule: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", year: 2026,
            changes: ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"], offsets: [-3600, -7200]),
        Change(
            rule: "IST-2IDT,M3.4.4/26,M10.5.0", year: 2026, changes: ["2026-03-27T00:00:00Z", "2026-10-24T23:00:00Z"],
            offsets: [10_800, 7200]),
        Change(
            rule: "EET-2EEST,M3.4.4/50,M10.4.4/50", year: 2026,
            changes: ["2026-03-28T00:00:00Z", "2026-10-23T23:00:00Z"], offsets: [10_800, 7200]),
        Change(
            rule: "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", year: 2026,
            changes: ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"], offsets: [37_800, 39_600]),
        // Days by number: J leaves 29 February out, a plain number counts it.
        Change(
            rule: "AAA0BBB,J60/0,J300/0", year: 2024, changes: ["2024-03-01T00:00:00Z", "2024-10-26T23:00:00Z"],
            offsets: [3600, 0]),
        Change(
            rule: "AAA0BBB,59/0,300/0", year: 2024, changes: ["2024-02-29T00:00:00Z", "2024-10-26T23:00:00Z"],
            offsets: [3600, 0]),
    ])
    func rulesGiveTheirChanges(_ change: Change) throws {
        let zone = try Self.zone(change.rule)
        var segment = zone.segment(at: CivilTime(CivilDate(year: change.year, month: 1, day: 1)).seconds)
        for (moment, offset) in zip(change.changes, change.offsets) {
            #expect(Timestamp(seconds: Int64(segment.end)).description == moment)
            segment = zone.segment(at: segment.end)
            #expect(segment.offset == offset)
        }
        // Four centuries on, beyond the laid out cycle, the calendar repeats itself to the day.
        let later = zone.segment(at: segment.start + 2 * Zone.secondsInCycle)
        #expect(later.start - segment.start == 2 * Zone.secondsInCycle && later.offset == segment.offset)
        #expect(later.end - segment.end == 2 * Zone.secondsInCycle && later.previousOffset == segment.previousOffset)
    }

    @Test func summerTimeAllYearIsOneOffset() throws {
        let zone = try Self.zone("XXX3EDT4,0/0,J365/23")
        let moment = CivilTime(CivilDate(year: 2026, month: 6, day: 1)).seconds
        #expect(zone.offset(at: moment) == -4 * 3600)
    }

    @Test(arguments: [
        "", "CET", "CE-1", "<>0", "<+1 >1", "CET-25", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1",
        "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "CET-1:60",
    ])
    func brokenRulesAreRefused(_ text: String) {
        #expect(PosixZoneRule(text) == nil)
    }

    /// Foundation has its own copy of the zone database; the past does not change between their releases.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata",
        "America/Sao_Paulo", "Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll", "Europe/Dublin", "Asia/Kathmandu",
    ])
    func filesAgreeWithFoundation(_ name: String) throws {
        let zone = try ZoneFiles.system.zone(named: name)
        let other = try #require(TimeZone(identifier: name))
        for second in stride(from: 315_532_800, to: 1_700_000_000, by: 43_177) {
            let offset = other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
            if zone.offset(at: second) != offset { Issue.record("\(name) at \(second): \(offset)") }
        }
    }

    @Test func theWallClockAndBack() throws {
        let zone = try ZoneFiles.system.zone(named: "Europe/Berlin")
        func moment(_ hour: Int, _ minute: Int, day: CivilDate) -> String {
            let second = zone.moment(of: CivilTime(day, hour: hour, minute: minute))
            return Timestamp(seconds: Int64(second)).text(offset: zone.offset(at: second))
        }
        let (gap, overlap) = (CivilDate(year: 2026, month: 3, day: 29), CivilDate(year: 2026, month: 10, day: 25))
        #expect(moment(1, 59, day: gap) == "2026-03-29T01:59:00+01:00")
        #expect(moment(2, 30, day: gap) == "2026-03-29T03:00:00+02:00")
        #expect(moment(3, 0, day: gap) == "2026-03-29T03:00:00+02:00")
        #expect(moment(2, 30, day: overlap) == "2026-10-25T02:30:00+02:00")
        #expect(moment(3, 0, day: overlap) == "2026-10-25T03:00:00+01:00")
    }
}

@Suite struct ZoneFilesTests {
    @Test(arguments: [
        ("Asia/Shangai", "did you mean Asia/Shanghai?"), ("asia/shanghai", "did you mean Asia/Shanghai?"),
        ("Berlin", "did you mean Europe/Berlin?"), ("Xyzzy/Quux", "there is no such zone; write one like"),
        ("../../etc/passwd", "is not the name of a zone"), ("/etc/localtime", "is not the name of a zone"),
        ("", "is not the name of a zone"), ("Europe", "there is no such zone"),
        ("Europe/Berlin\u{0}", "is not the name"),
    ])
    func unknownNamesAreRefused(_ name: String, _ message: String) {
        #expect {
            try ZoneFiles.system.zone(named: name)
        } throws: {
            ($0 as! ScheduleError).setting == "timezone" && "\($0)".contains(message)
        }
    }

    @Test func utcNeedsNoFileAndOthersSayWhatIsMissing() throws {
        let none = ZoneFiles(folder: "/nonexistent")
        #expect(try none.zone(named: "UTC").offset(at: 0) == 0)
        #expect(none.version == nil)
        #expect { try none.zone(named: "Europe/Berlin") } throws: { "\($0)".contains("install tzdata") }
    }

    @Test func aChangedFileIsReadAgain() throws {
        let folder = try Folder()
        let system = URL(fileURLWithPath: ZoneFiles.system.folder)
        let place = folder.url.appendingPathComponent("Place")
        let zones = ZoneFiles(folder: folder.url.path)
        try FileManager.default.copyItem(at: system.appendingPathComponent("Asia/Tokyo"), to: place)
        try Data("# version 2099z\nR …".utf8).write(to: folder.url.appendingPathComponent("tzdata.zi"))
        let first = try zones.zone(named: "Place")
        #expect(first.offset(at: 0) == 9 * 3600 && zones.version == "2099z")
        #expect(try zones.zone(named: "Place") === first)
        let schedule = try Schedule(.cron("0 3 * * *", timezone: "Place"), jobName: "j", zones: zones)
        #expect(schedule.isCurrent)
        try FileManager.default.removeItem(at: place)
        #expect(schedule.isCurrent)
        try FileManager.default.copyItem(at: system.appendingPathComponent("Asia/Kolkata"), to: place)
        #expect(try zones.zone(named: "Place").offset(at: 0) == 19_800)
        #expect(!schedule.isCurrent)
    }

    @Test func brokenFilesAreRefusedAndNeverCrash() throws {
        let folder = try Folder()
        let place = folder.url.appendingPathComponent("Place")
        let zones = ZoneFiles(folder: folder.url.path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(ZoneFiles.system.folder)/Europe/Berlin"))
        for length in [0, 3, 43, 44, 100, 1000, whole.count - 40, whole.count - 5] where length < whole.count {
            try whole.prefix(length).write(to: place)
            // A file cut within its closing rule may still make a whole rule; it must not make a crash.
            if length < whole.count - 30 {
                #expect(throws: ScheduleError.self) { try zones.zone(named: "Place") }
            } else {
                _ = try? zones.zone(named: "Place")
            }
        }
        var random = SplitMix(seed: 1)
        for _ in 0..<500 {
            var bytes = Array(whole)
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = try? ZoneFileReader.zone(named: "Place", from: bytes).offset(at: 1_700_000_000)
        }
    }
}

/// A folder that is gone when the test is over.
private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("onebeat-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
}
