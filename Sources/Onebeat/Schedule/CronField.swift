/// One of the fields of a cron expression: its name, its numbers and its names for them.
enum CronField: Int, CaseIterable, Sendable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek
    /// Of Quartz alone.
    case year

    /// Those that every dialect has, in their order.
    static let usual: [CronField] = [.second, .minute, .hour, .dayOfMonth, .month, .dayOfWeek]

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        case .year: "year"
        }
    }

    var plural: String { self == .dayOfMonth ? "days of month" : self == .dayOfWeek ? "days of week" : "\(name)s" }

    /// Both 0 and 7 are Sunday.
    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        case .year: CronYears.range
        }
    }

    /// What `H` chooses from: every month has its slot, and Sunday counts once.
    var hashRange: ClosedRange<Int> {
        switch self {
        case .second, .minute, .hour, .month, .year: range
        case .dayOfMonth: 1...28
        case .dayOfWeek: 0...6
        }
    }

    /// After how many numbers the field comes round again; a reversed range wraps there.
    var cycle: Int {
        switch self {
        case .second, .minute: 60
        case .hour: 24
        case .dayOfMonth: 31
        case .month: 12
        case .dayOfWeek: 7
        case .year: range.count
        }
    }

    /// Three-letter names, the first standing for the lowest number.
    var names: [String] {
        switch self {
        case .second, .minute, .hour, .dayOfMonth, .year: []
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }

    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }
}
