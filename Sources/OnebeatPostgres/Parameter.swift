import Onebeat

/// A value on its way to the server, in PostgreSQL's binary format.
enum Parameter: Sendable {
    case int(Int64?)
    case text(String?)
    case bool(Bool)
    case time(Timestamp?)
    case ints([Int64?])
    case texts([String?])
    case someTexts([String]?)
    case bools([Bool])
    case times([Timestamp?])
    case blobs([[UInt8]])

    static func int(_ value: Int) -> Parameter { .int(Int64(value)) }

    static func ints(_ values: [Int]) -> Parameter { .ints(values.map { Int64($0) }) }

    /// What a process can do; NULL is everything.
    static func abilities(_ abilities: Abilities) -> Parameter { .someTexts(abilities.words) }

    /// A length of time, in microseconds.
    static func length(_ length: Duration) -> Parameter { .int(length.wholeMicroseconds) }

    /// The type's number in `pg_type`.
    var type: UInt32 {
        switch self {
        case .int: 20
        case .text: 25
        case .bool: 16
        case .time: 1184
        case .ints: 1016
        case .texts, .someTexts: 1009
        case .bools: 1000
        case .times: 1185
        case .blobs: 1001
        }
    }

    /// Appends the value's bytes; for NULL nothing.
    /// - Returns: whether there is a value.
    func encode(to bytes: inout [UInt8]) -> Bool {
        switch self {
        case .int(let value): Self.append(value, to: &bytes)
        case .text(let value): Self.append(value, to: &bytes)
        case .bool(let value): Self.append(value, to: &bytes)
        case .time(let value): Self.append(value, to: &bytes)
        case .ints(let values): Self.append(values, of: 20, to: &bytes) { Self.append($0, to: &$1) }
        case .someTexts(nil): false
        case .someTexts(let values?): Self.append(values, of: 25, to: &bytes) { Self.append($0, to: &$1) }
        case .texts(let values): Self.append(values, of: 25, to: &bytes) { Self.append($0, to: &$1) }
        case .bools(let values): Self.append(values, of: 16, to: &bytes) { Self.append($0, to: &$1) }
        case .times(let values): Self.append(values, of: 1184, to: &bytes) { Self.append($0, to: &$1) }
        case .blobs(let values):
            Self.append(values, of: 17, to: &bytes) { value, bytes in
                bytes += value
                return true
            }
        }
    }

    private static func append(_ value: Int64?, to bytes: inout [UInt8]) -> Bool {
        guard let value else { return false }
        append(bigEndian: value, to: &bytes)
        return true
    }

    private static func append(_ value: Bool, to bytes: inout [UInt8]) -> Bool {
        bytes.append(value ? 1 : 0)
        return true
    }

    /// PostgreSQL keeps every character but NUL in a text.
    private static func append(_ value: String?, to bytes: inout [UInt8]) -> Bool {
        guard let value else { return false }
        bytes += (value.utf8.contains(0) ? value.replacing("\0", with: "\u{FFFD}") : value).utf8
        return true
    }

    private static func append(_ value: Timestamp?, to bytes: inout [UInt8]) -> Bool {
        guard let value else { return false }
        append(bigEndian: PostgresTime.encode(value), to: &bytes)
        return true
    }

    /// One dimension, counted from 1.
    private static func append<Value>(
        _ values: [Value], of type: UInt32, to bytes: inout [UInt8], item: (Value, inout [UInt8]) -> Bool
    ) -> Bool {
        append(bigEndian: values.isEmpty ? 0 : Int32(1), to: &bytes)
        append(bigEndian: Int32(1), to: &bytes)
        append(bigEndian: type, to: &bytes)
        guard !values.isEmpty else { return true }
        append(bigEndian: Int32(clamping: values.count), to: &bytes)
        append(bigEndian: Int32(1), to: &bytes)
        for value in values {
            let place = bytes.count
            bytes += [0, 0, 0, 0]
            let length = item(value, &bytes) ? Int32(clamping: bytes.count - place - 4) : -1
            withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
        }
        return true
    }

    private static func append<Number: FixedWidthInteger>(bigEndian value: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// PostgreSQL's `timestamptz`: microseconds since the start of 2000, UTC.
enum PostgresTime {
    private static let epoch: Int64 = 946_684_800_000_000
    /// The start of the Julian period, 24 November 4714 BC: the earliest a timestamp can say.
    private static let first: Int64 = -211_813_488_000_000_000

    static func encode(_ time: Timestamp) -> Int64 {
        let (value, overflow) = time.microseconds.subtractingReportingOverflow(epoch)
        return overflow ? first : max(value, first)
    }

    static func decode(_ value: Int64) -> Timestamp {
        let (microseconds, overflow) = value.addingReportingOverflow(epoch)
        return Timestamp(microseconds: overflow ? (value < 0 ? .min : .max) : microseconds)
    }
}
