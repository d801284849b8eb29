import Onebeat

/// Says when a job is due, by trying every second: slow, obvious, and without a line of `Schedule`. It knows the few
/// kinds of schedule that simulations use.
enum DueOracle {
    /// The due instants after `start` up to and with `end`; `nil` for a schedule that the clock does not decide.
    static func instants(
        of definition: ScheduleDefinition, after start: Timestamp, through end: Timestamp
    ) -> [Timestamp]? {
        let isDue: (Int64) -> Bool
        switch definition.rhythm {
        case .every(let length):
            let seconds = length.components.seconds
            isDue = { $0 % seconds == 0 }
        case .cron(let expressions):
            let steps = expressions.compactMap(Self.step)
            precondition(steps.count == expressions.count, "the oracle does not know \(expressions)")
            isDue = { second in steps.contains { second % $0 == 0 } }
        case .delay, .manual, .event, .after, .at, .repeat, .solar: return nil
        }
        guard start < end else { return [] }
        let first = start.microseconds / 1_000_000
        let last = end.microseconds / 1_000_000
        return (first...last).filter(isDue).map(Timestamp.init(seconds:)).filter { $0 > start && $0 <= end }
    }

    /// Seconds between the instants of `*/n * * * *` and, with seconds first, `*/n * * * * *`, where n divides 60.
    private static func step(_ expression: String) -> Int64? {
        let fields = expression.split(separator: " ")
        guard let first = fields.first, first.hasPrefix("*/"), let number = Int64(first.dropFirst(2)),
            fields.dropFirst().allSatisfy({ $0 == "*" })
        else { return nil }
        switch fields.count {
        case 5: return number * 60
        case 6: return number
        default: return nil
        }
    }
}
