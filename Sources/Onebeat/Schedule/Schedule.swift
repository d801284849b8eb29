// Schedule answers one question: when is the job due next? It is pure arithmetic over a definition and a zone's table
// of offsets: no clock, no I/O after it is made, no randomness. All nodes with the same definition and the same zone
// database get the same answer, and the instant it gives (`scheduledAt`) is half of a run's identity. The store's
// watermark decides what has been fired; whether a due fire still runs is decided elsewhere (`Firing/`, `Admission/`).
//
// The rhythms live in their own files. Each is a monotone function "first instant strictly after t"; everything here
// (bounds, exceptions, spread) is laid over that.

/// A checked schedule, ready to compute due instants.
public struct Schedule: Sendable {
    /// What it was made from.
    public let definition: ScheduleDefinition
    let jobName: String

    /// Checks a definition and prepares it.
    ///
    /// - Parameter jobName: seeds `H` fields and `spread`, so that a job keeps its slots on every node.
    /// - Throws: `ScheduleError` when something cannot be understood, names an unknown zone, or could never fire.
    public init(
        _ definition: ScheduleDefinition, jobName: String, zones: ZoneFiles = .system
    ) throws(ScheduleError) {
        self.definition = definition
        self.jobName = jobName
    }

    /// The first due instant strictly after `moment`, or `nil` when there is none up to the year 9999.
    ///
    /// For `delay`, `moment` is the end of the run before. Always `nil` for `after` and `manual`.
    public func next(after moment: Timestamp) -> Timestamp? {
        switch definition.rhythm {
        case .every(let length), .delay(let length): moment + length
        case .at(let moments): moments.filter { $0 > moment }.min()
        case .cron, .repeat, .after, .manual: nil
        }
    }

    /// The due instants after `start` (not itself) up to and with `end`, in order, at most `limit` of them.
    public func occurrences(after start: Timestamp, through end: Timestamp, limit: Int) -> [Timestamp] {
        var found: [Timestamp] = []
        var moment = start
        while found.count < limit, let next = next(after: moment), next <= end {
            found.append(next)
            moment = next
        }
        return found
    }

    /// When the fire of `scheduledAt` becomes due: the same instant, or later by the job's share of `spread`, and
    /// always before the next due instant.
    public func dueAt(for scheduledAt: Timestamp) -> Timestamp { scheduledAt }

    /// The schedule in plain English, such as `at 03:00 every day, Asia/Shanghai`.
    public var words: String { "\(definition.rhythm)" }

    /// The next `count` occurrences after `moment`, with those that a change of the clocks moved, dropped or doubled.
    public func preview(after moment: Timestamp, count: Int) -> [Occurrence] {
        occurrences(after: moment, through: .distantFuture, limit: count).map {
            Occurrence(instant: $0, local: format($0), mark: .plain, note: nil)
        }
    }

    /// The moment on the schedule's wall clock: `2026-11-23T03:00:00+08:00`.
    public func format(_ moment: Timestamp) -> String { moment.text(offset: 0) }
}
