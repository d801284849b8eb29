/// A time on a wall clock, to the minute: `06:30`.
public struct TimeOfDay: Sendable, Hashable, CustomStringConvertible {
    /// Minutes since midnight, 0 to 1439.
    public let minutes: Int

    /// Reads `HH:MM`; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        minutes = hour * 60 + minute
    }

    /// `06:30`
    public var description: String { "\((minutes / 60).twoDigits):\((minutes % 60).twoDigits)" }
}

extension Schedule {
    /// The newest moment up to `now` at which the schedule's wall clock showed `time`, and the last instant due in the day
    /// before it; `nil` where none was.
    package func duty(by time: TimeOfDay, at now: Timestamp) -> (due: Timestamp, by: Timestamp)? {
        func moment(ofDay day: Int) -> Timestamp {
            let wall = CivilTime(seconds: day * CivilTime.secondsInDay + time.minutes * 60)
            return Timestamp(seconds: Int64(zone.moment(of: wall)))
        }
        var day = zone.local(now.seconds).day
        if moment(ofDay: day) > now { day -= 1 }
        let by = moment(ofDay: day)
        guard var due = next(after: moment(ofDay: day - 1)), due <= by else { return nil }
        // From both ends, since a schedule may have any number of instants in a day.
        var end = by
        while end.duration(since: due) > .milliseconds(1) {
            let middle = due + end.duration(since: due) / 2
            if let later = next(after: middle), later <= by { due = later } else { end = middle }
        }
        return (due, by)
    }
}
