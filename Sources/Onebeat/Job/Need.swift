/// That a due run waits until another job, which may have a schedule of its own, has succeeded.
public enum Need: Sendable, Hashable {
    /// A run of it whose due instant lies at most so long before the one that waits, or after it.
    case within(Duration)
    /// A run of it that was due on the same day, on the clock of the job that waits.
    case sameDay

    /// The word that stands for ``sameDay``.
    package static let sameDayWord = "same_day"

    /// The due instants of which one must have succeeded, for a run due at `instant`: the first, and the one after the last.
    package func period(at instant: Timestamp, timezone: String) -> (from: Timestamp, before: Timestamp) {
        switch self {
        case .within(let length): return (instant - length, .distantFuture)
        case .sameDay:
            // A zone that is not known on this machine: its job cannot be planned here either.
            let zone = (try? ZoneFiles.system.zone(named: timezone)) ?? .utc
            let day = zone.local(instant.seconds).day
            func begin(of day: Int) -> Timestamp {
                Timestamp(seconds: Int64(zone.moment(of: CivilTime(seconds: day * CivilTime.secondsInDay))))
            }
            return (begin(of: day), begin(of: day + 1))
        }
    }

    /// As a configuration writes it.
    package var words: String {
        switch self {
        case .within(let length): "within \(length.text)"
        case .sameDay: Self.sameDayWord
        }
    }
}
