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
    let zone: Zone
    private let zones: ZoneFiles
    let rhythm: Rhythm
    private let exceptions: Exceptions
    /// Of `shares`.
    private let share: UInt64
    /// A prime, because names that differ in their last letter have hashes that differ in few bits.
    private static let shares: UInt64 = 1_000_003

    /// Over this many due instants in a row that exceptions take away, a schedule counts as ended. Days that are known to be
    /// barren are passed over as a whole, so that there are enough for two lifetimes; and a search must end.
    private static let mostExceptions = 400_000

    /// Checks a definition and prepares it.
    ///
    /// - Parameters:
    ///   - jobName: seeds `H` fields and `spread`, so that a job keeps its slots on every node.
    ///   - zones: where the definition's zone is looked up; a changed zone file needs a new schedule.
    /// - Throws: `ScheduleError` when something cannot be understood, names an unknown zone, or could never fire.
    public init(
        _ definition: ScheduleDefinition, jobName: String, zones: ZoneFiles = .system
    ) throws(ScheduleError) {
        self.definition = definition
        self.zones = zones
        zone = try zones.zone(named: definition.timezone)
        rhythm = try Rhythm(definition, zone: zone, jobName: jobName)
        exceptions = try Exceptions(definition.except, zone: zone, jobName: jobName)
        share = StableHash.of(jobName, salt: 0xff) % Self.shares
        try check()
    }

    private func check() throws(ScheduleError) {
        guard definition.spread >= .zero else {
            throw ScheduleError(
                setting: "spread", text: definition.spread.text, message: "it is negative; write a length such as 10m")
        }
        if let start = definition.start, let end = definition.end, end < start {
            throw ScheduleError(
                setting: "end", text: "\(end)", message: "it is before the start, \(start); nothing could fire")
        }
        let (setting, text): (String, String)
        switch definition.rhythm {
        case .cron(let texts): (setting, text) = ("cron", texts.joined(separator: ", "))
        case .every(let length): (setting, text) = ("every", length.text)
        case .at(let moments): (setting, text) = ("at", moments.map(\.description).joined(separator: ", "))
        case .repeat(let interval): (setting, text) = ("repeat", interval)
        case .solar(let event): (setting, text) = ("solar", event.words)
        case .delay, .event, .after, .manual: return
        }
        guard next(after: definition.start.map { $0 - .microseconds(1) } ?? .distantPast) == nil else { return }
        throw ScheduleError(
            setting: setting, text: text,
            message: "it never fires: start, end and except leave nothing; give it more room or make it manual",
            neverFires: true)
    }

    /// The first due instant strictly after `moment`, or `nil` when there is none up to the year 9999.
    ///
    /// For `delay`, `moment` is the end of the run before. Always `nil` for `after` and `manual`.
    public func next(after moment: Timestamp) -> Timestamp? {
        var from = max(moment, .distantPast)
        if let start = definition.start { from = max(from, start - .microseconds(1)) }
        if case .delay = rhythm { from = moment }
        var candidate = rhythm.next(after: from)
        var days = BarrenDays(after: from)
        for _ in 0..<Self.mostExceptions {
            guard let fire = candidate, fire <= (definition.end ?? .distantFuture), fire <= .distantFuture else {
                return nil
            }
            if exceptions.isEmpty { return fire }
            guard let end = exceptions.end(of: fire) else { return fire }
            // A delay has no instants of its own to look for, so it just waits for the end of the exception.
            if case .delay = rhythm {
                candidate = end
            } else {
                let free = days.next(after: fire, end: end, rhythm, exceptions)
                if days.isHopeless { return nil }
                candidate = rhythm.next(after: free - .microseconds(1))
            }
        }
        return nil
    }

    /// The due instants after `start` (not itself) up to and with `end`, in order, at most `limit` of them.
    ///
    /// For `delay` they are those of runs that take no time.
    public func occurrences(after start: Timestamp, through end: Timestamp, limit: Int) -> [Timestamp] {
        var found: [Timestamp] = []
        var moment = start
        while found.count < limit, let next = next(after: moment), next <= end {
            found.append(next)
            moment = next
        }
        return found
    }

    /// The length between any two due instants that follow one another, where all of them have the same and are due at once.
    var period: Duration? {
        guard case .every(let length) = definition.rhythm, exceptions.isEmpty, definition.spread == .zero else {
            return nil
        }
        return length
    }

    /// When the fire of `scheduledAt` becomes due: that instant, or later by the job's share of `spread`.
    ///
    /// The share is a fixed fraction hashed from the job's name, taken of `spread` or of the time to the next due
    /// instant, whichever is shorter; so fires stay in order and none is put off to where the next one belongs.
    public func dueAt(for scheduledAt: Timestamp) -> Timestamp {
        if definition.spread == .zero { return scheduledAt }
        var room = definition.spread.wholeMicroseconds
        if let next = next(after: scheduledAt) { room = min(room, next.duration(since: scheduledAt).wholeMicroseconds) }
        let delay = Self.shares.dividingFullWidth(UInt64(max(0, room)).multipliedFullWidth(by: share)).quotient
        return scheduledAt + .microseconds(Int64(delay))
    }

    /// Whether its zone's file is still the one it was made from; when not, make it anew. Costs one look at the file.
    ///
    /// A file that is gone or broken for the moment, as in the middle of an update, changes nothing.
    public var isCurrent: Bool {
        guard let now = try? zones.zone(named: definition.timezone) else { return true }
        return now === zone
    }

    /// The moment on the schedule's wall clock: `2026-11-23T03:00:00+08:00`.
    public func format(_ moment: Timestamp) -> String { moment.text(offset: zone.offset(at: moment.seconds)) }
}
