/// When a job is due, as the user wrote it. `Schedule` is the same thing checked and ready to compute with.
///
/// In a file it has the keys `cron`, `every`, `delay`, `at`, `repeat`, `solar`, `on` or `after` (none of them: only by hand), and
/// beside it `timezone`, `start`, `end`, `spread`, `except` and `dst`.
public struct ScheduleDefinition: Sendable, Hashable {
    /// What makes the job due.
    public enum Rhythm: Sendable, Hashable {
        /// Whenever one of these cron expressions matches the wall clock.
        case cron([String])
        /// At a fixed rate, counted from `start`, or from the start of 1970 so that all nodes agree.
        case every(Duration)
        /// A fixed length of time after the end of the run before.
        case delay(Duration)
        /// At these moments.
        case at([Timestamp])
        /// An ISO 8601 repeating interval, such as `R10/2026-01-01T00:00:00Z/PT6H`.
        case `repeat`(String)
        /// When the sun does this at a place; on a day when it does not, nothing is due.
        case solar(SolarEvent)
        /// When somebody emits an event of this name.
        case event(String)
        /// When these jobs have ended; the flow decides, no time does.
        case after([String])
        /// Never by itself.
        case manual
    }

    /// What makes the job due.
    public var rhythm: Rhythm
    /// The zone of the wall clock, as the zone database names it.
    public var timezone: String
    /// No fire before this moment.
    public var start: Timestamp?
    /// No fire after this moment.
    public var end: Timestamp?
    /// Fires are put off by a share of this length that depends on the job's name, so that not all jobs of midnight
    /// start at midnight. Zero or more.
    public var spread: Duration
    /// Days (`2026-12-25`), ranges of days (`2026-12-24/2026-12-26`) and cron expressions, in the schedule's zone, when
    /// nothing fires.
    public var except: [String]
    /// What happens when the clocks change.
    public var daylightSaving: DaylightSaving
    /// By whose rules cron expressions are read.
    public var dialect = CronDialect.debian

    /// A definition; nothing is checked before it becomes a `Schedule`.
    public init(
        _ rhythm: Rhythm, timezone: String = "UTC", start: Timestamp? = nil, end: Timestamp? = nil,
        spread: Duration = .zero, except: [String] = [], daylightSaving: DaylightSaving = .init()
    ) {
        self.rhythm = rhythm
        self.timezone = timezone
        self.start = start
        self.end = end
        self.spread = spread
        self.except = except
        self.daylightSaving = daylightSaving
    }

    /// Due whenever one of the cron expressions matches the wall clock of `timezone`.
    public static func cron(_ expressions: String..., timezone: String = "UTC") -> Self {
        Self(.cron(expressions), timezone: timezone)
    }

    /// Due at a fixed rate.
    public static func every(_ length: Duration) -> Self { Self(.every(length)) }

    /// Due a fixed length of time after the end of the run before.
    public static func delay(_ length: Duration) -> Self { Self(.delay(length)) }

    /// Due at these moments.
    public static func at(_ moments: Timestamp...) -> Self { Self(.at(moments)) }

    /// Due when these jobs have ended.
    public static func after(_ jobs: String...) -> Self { Self(.after(jobs)) }

    /// Due when somebody emits an event of this name.
    public static func event(_ name: String) -> Self { Self(.event(name)) }

    /// Due never by itself.
    public static let manual = Self(.manual)
}

extension ScheduleDefinition {
    /// The event on which the job starts, if it does.
    package var event: String? { if case .event(let name) = rhythm { name } else { nil } }
}

extension Schedule {
    /// Whether the next fire depends on the end of the run before, and not on the clock alone.
    public var isDelay: Bool {
        if case .delay = definition.rhythm { true } else { false }
    }
}
