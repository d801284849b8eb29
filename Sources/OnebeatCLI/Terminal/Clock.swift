import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

/// In which zone a person reads and writes moments.
struct ReaderOptions: ParsableArguments {
    @Option(help: "The zone in which moments are shown and read. Otherwise TZ, then the machine's.")
    var timezone: String?

    /// The reader's wall clock.
    /// - Throws: ``CommandFailure`` for a zone that there is not.
    func clock() throws -> Schedule {
        if let timezone {
            do {
                return try Schedule(ScheduleDefinition(.manual, timezone: timezone), jobName: "")
            } catch {
                throw CommandFailure("--timezone: \(error.message)", .badSetting)
            }
        }
        return Self.usual
    }

    /// The wall clock of whoever names no zone: that of TZ, or the machine's.
    static var usual: Schedule {
        let named = Surroundings.environment["TZ"].map { String($0.hasPrefix(":") ? $0.dropFirst() : $0[...]) }
        for zone in [named, MachineZone.name()].compactMap(\.self) where !zone.isEmpty {
            if let clock = try? Schedule(ScheduleDefinition(.manual, timezone: zone), jobName: "") { return clock }
        }
        return .clock(of: "UTC")
    }
}

/// Moments as people see them: on the reader's wall clock, to the second, and beside it on the job's own where that shows
/// another time.
struct Clock {
    /// The reader's.
    let reader: Schedule
    let now: Timestamp
    private var clocks: [String: Schedule] = [:]
    private let zones: [String: String]

    /// - Parameter zones: those of jobs whose own clocks are shown as well.
    init(_ reader: Schedule, zones: [String: String] = [:], now: Timestamp) {
        self.reader = reader
        self.now = now
        self.zones = zones
        for zone in Set(zones.values) { clocks[zone] = .clock(of: zone) }
    }

    /// `2026-11-23 03:00:00 +08:00`.
    func text(_ moment: Timestamp) -> String { reader.readable(moment) }

    /// The same on the job's own clock, where that shows another time; otherwise blank.
    func own(_ moment: Timestamp, of job: String) -> String {
        guard let zone = zones[job], let clock = clocks[zone], clock.format(moment) != reader.format(moment) else {
            return ""
        }
        return "\(clock.readable(moment)) \(zone)"
    }

    /// Words that were made for whoever reads them, with their moments on the reader's clock.
    func told(_ words: String) -> String { MomentText.text(words, on: reader) }

    /// `in 2h 5m`.
    func relative(_ moment: Timestamp) -> String { moment.relative(to: now) }
}

extension Output {
    /// Writes what was done, in words that name moments for whoever reads them.
    static func told(_ words: String) { line("\(words.told)") }
}

extension String {
    /// Words that were made for whoever reads them, with their moments on the clock of whoever names no zone.
    var told: String { MomentText.text(self, on: ReaderOptions.usual) }
}
