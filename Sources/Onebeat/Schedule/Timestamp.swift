import struct Foundation.Date

/// A moment: microseconds since 1 January 1970, 00:00 UTC, leap seconds not counted.
///
/// Its text is ISO 8601 in UTC, such as `2026-11-23T03:00:00Z`, with a fraction only where there is one.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970, UTC.
    public var microseconds: Int64

    /// The moment `microseconds` after the start of 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The moment `seconds` after the start of 1970, held to the range that microseconds can express.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// The moment of a `Date`, rounded to the nearest microsecond.
    public init(_ date: Date) {
        microseconds = Int64(clamping: Int(saturating: (date.timeIntervalSince1970 * 1e6).rounded()))
    }

    /// The same moment as a `Date`.
    public var date: Date { Date(timeIntervalSince1970: Double(microseconds) / 1e6) }

    /// The start of year 1: before every moment a schedule can mean.
    public static let distantPast = Timestamp(seconds: -62_135_596_800)

    /// The last microsecond of year 9999: after every moment a schedule can mean.
    public static let distantFuture = Timestamp(microseconds: 253_402_300_799_999_999)

    /// Whether it is in the years 1 to 9999, as all moments are that a store was given.
    package var isWithinCalendar: Bool { (Timestamp.distantPast...Timestamp.distantFuture).contains(self) }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int { Int(microseconds.flooredQuotient(by: 1_000_000)) }

    /// Microseconds past the whole second, 0 to 999,999.
    var fraction: Int { Int(microseconds &- Int64(seconds) &* 1_000_000) }

    /// The length of time from `other` to this moment; negative when `other` is later.
    public func duration(since other: Timestamp) -> Duration {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(other.microseconds)
        return .microseconds(overflow ? (microseconds < 0 ? .min : .max) : difference)
    }

    /// The moment `length` later, to the microsecond (rounded towards the earlier), held to the range of the type.
    public static func + (moment: Timestamp, length: Duration) -> Timestamp {
        let (sum, overflow) = moment.microseconds.addingReportingOverflow(length.wholeMicroseconds)
        return Timestamp(microseconds: overflow ? (moment.microseconds < 0 ? .min : .max) : sum)
    }

    /// The moment `length` earlier, to the microsecond, held to the range of the type.
    public static func - (moment: Timestamp, length: Duration) -> Timestamp {
        moment + (Duration.zero - length)
    }

    /// Moves the moment `length` later.
    public static func += (moment: inout Timestamp, length: Duration) { moment = moment + length }

    /// Moves the moment `length` earlier.
    public static func -= (moment: inout Timestamp, length: Duration) { moment = moment - length }

    /// Whether `a` is earlier than `b`.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
}

extension Duration {
    /// Microseconds, rounded down, held to what `Int64` can express.
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, spilt) = whole.addingReportingOverflow(attoseconds.flooredQuotient(by: 1_000_000_000_000))
        return spilt ? (seconds < 0 ? .min : .max) : sum
    }
}

extension Comparable {
    func clamped(to bounds: ClosedRange<Self>) -> Self { min(max(self, bounds.lowerBound), bounds.upperBound) }
}
