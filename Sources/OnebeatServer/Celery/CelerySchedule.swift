import Onebeat

/// One of Celery's schedules as keys of a job.
struct CelerySchedule {
    var rhythm: (key: String, value: ImportedValue)
    /// Whether days must match both fields of days, as Debian's rule would not have it.
    var isOfCelerysDialect = false

    /// Nothing before and after, where the schedule itself says so.
    var start: String?
    var end: String?

    /// Why a schedule cannot be carried over.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }
}

extension CelerySchedule {
    init(_ when: Exported.When) throws(Problem) {
        if when.nowfun == true { throw Problem(description: "its schedule has a clock of its own (nowfun)") }
        switch when.type {
        case "crontab":
            guard let sets = when.sets else { throw Problem(description: "its crontab has no fields") }
            let fields = Self.fields(of: sets)
            rhythm = ("cron", .text(fields.joined(separator: " ")))
            // Where one of the two starts with a star both rules say the same.
            isOfCelerysDialect = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        case "interval":
            guard let seconds = when.seconds, let text = Self.length(seconds) else {
                throw Problem(description: "its interval is \(when.seconds ?? 0) s; from 1 ms to 1000 years will do")
            }
            rhythm = ("every", .text(text))
        case "solar":
            guard let event = when.event, let latitude = when.latitude, let longitude = when.longitude,
                SolarEvent.Kind(rawValue: event) != nil
            else { throw Problem(description: "its solar event is \(when.event ?? "none")") }
            rhythm = (
                "solar",
                .json(
                    .object([
                        "event": .string(event), "latitude": .number(latitude), "longitude": .number(longitude),
                    ]))
            )
        case "clocked":
            guard let at = when.at else { throw Problem(description: "its moment is not known") }
            rhythm = ("at", .text(at))
        case "repeats":
            guard let text = when.repeats else { throw Problem(description: "its rule has no text") }
            rhythm = ("repeat", .text(text))
            end = when.until
        default:
            throw Problem(description: "its schedule is \(when.python ?? when.type), which is known to Python only")
        }
    }

    /// Seconds as a length of time; `nil` where no schedule could be as long, or as short.
    static func length(_ seconds: Double) -> String? {
        guard seconds >= 0.001, seconds <= 31_536_000_000, let milliseconds = Int64(exactly: (seconds * 1000).rounded())
        else { return nil }
        return Duration.milliseconds(milliseconds).text
    }

    private static func fields(of sets: Exported.Sets) -> [String] {
        [
            field(sets.minute, 0...59), field(sets.hour, 0...23), field(sets.day_of_month, 1...31),
            field(sets.month_of_year, 1...12), field(sets.day_of_week, 0...6),
        ]
    }

    /// A set of numbers as a person would have written it.
    static func field(_ set: [Int], _ range: ClosedRange<Int>) -> String {
        let values = Set(set).filter(range.contains).sorted()
        guard let first = values.first, let last = values.last else { return "*" }
        if values.count == range.count { return "*" }
        if values.count > 2, first == range.lowerBound {
            let step = values[1] - first
            if values == Array(stride(from: first, through: range.upperBound, by: step)) { return "*/\(step)" }
        }
        if values.count > 2, last - first == values.count - 1 { return "\(first)-\(last)" }
        return values.map(String.init).joined(separator: ",")
    }
}
