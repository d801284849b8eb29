import Onebeat

/// Moments as people write them on a command line.
enum Moment {
    /// Reads ISO 8601, `now`, or a length of time as so long ago (`2h`). Without an offset, a time is a reading of the
    /// schedule's wall clock.
    static func read(
        _ text: String, option: String, on schedule: Schedule, now: Timestamp
    ) throws(CommandFailure) -> Timestamp {
        if text == "now" { return now }
        if let length = Duration(text: text) { return now - length }
        if let moment = schedule.moment(text) { return moment }
        throw CommandFailure(
            "\(option) \"\(text)\" is not a moment; write it like 2026-11-23T03:00, 2026-11-23T03:00:00+08:00 or 2h"
                + " (so long ago)", .badData)
    }
}

extension Timestamp {
    /// This moment, by the machine's clock.
    static var now: Timestamp { SystemTime().now() }
}
