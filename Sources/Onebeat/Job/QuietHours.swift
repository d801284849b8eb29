/// When people are not to be told: from one time of the day to another, on some days.
public struct QuietHours: Sendable, Hashable {
    /// When it begins.
    public var from: TimeOfDay
    /// When it ends, on the same day or the next.
    public var to: TimeOfDay
    /// Whose clocks these are.
    public var timezone: String
    /// On which days it begins, 0 for Sunday; all when empty.
    public var days: Set<Int>

    /// Makes some.
    public init(from: TimeOfDay, to: TimeOfDay, timezone: String = "UTC", days: Set<Int> = []) {
        self.from = from
        self.to = to
        self.timezone = timezone
        self.days = days
    }

    /// Days as they are written, Sunday first.
    package static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// `22:00 to 07:00 Europe/Berlin, fri sat`
    package var words: String {
        let on = days.isEmpty ? "" : ", " + days.sorted().map { Self.dayNames[$0] }.joined(separator: " ")
        return "\(from) to \(to) \(timezone)\(on)"
    }

    /// Whether a moment lies in them. Where the zone cannot be read, people are told.
    package func hold(at moment: Timestamp, zones: ZoneFiles = .system) -> Bool {
        guard let zone = try? zones.zone(named: timezone) else { return false }
        let wall = zone.local(moment.seconds)
        let minute = wall.secondOfDay / 60
        let isOn: (Int) -> Bool = { days.isEmpty || days.contains(CivilDate.weekday(ofDay: $0)) }
        if from.minutes < to.minutes {
            return from.minutes <= minute && minute < to.minutes && isOn(wall.day)
        }
        // Over midnight it belongs to the day on which it began.
        return minute >= from.minutes && isOn(wall.day) || minute < to.minutes && isOn(wall.day - 1)
    }
}
