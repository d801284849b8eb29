import CLibpq
import Onebeat

/// What a statement brought. It never leaves the connection's thread.
final class Rows {
    private let result: OpaquePointer
    private let wire: Wire

    init(_ result: OpaquePointer, of wire: Wire) {
        self.result = result
        self.wire = wire
    }

    deinit { pq_clear(result) }

    var count: Int { Int(pq_ntuples(result)) }
    var isEmpty: Bool { count == 0 }
    var first: Row? { isEmpty ? nil : Row(rows: self, index: 0) }

    /// How many rows the statement changed, or found.
    var changed: Int { Int(String(cString: pq_cmdTuples(result))) ?? 0 }

    /// The command's word: `COMMIT`, or `ROLLBACK` for the commit of a transaction that had failed.
    var command: String { String(cString: pq_cmdStatus(result)) }

    func map<Value>(_ transform: (Row) throws -> Value) rethrows -> [Value] {
        try (0..<count).map { try transform(Row(rows: self, index: $0)) }
    }

    fileprivate func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        guard pq_getisnull(result, CInt(row), CInt(column)) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: pq_getvalue(result, CInt(row), CInt(column)),
            count: Int(pq_getlength(result, CInt(row), CInt(column))))
    }

    fileprivate func note(_ flaw: String) { wire.note(flaw) }
}

/// One row, its columns by number.
///
/// A value that is not there, or not what it should be, is noted at its connection and read as the type's blank. No
/// statement is sent after that, and the move fails: whoever reads need not ask, and nothing comes of what was read.
struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int

    /// A column that holds no NULL.
    subscript<Value: ColumnValue>(column: Int) -> Value {
        guard let bytes = rows.bytes(index, column) else {
            rows.note("column \(column) is NULL, which the schema rules out")
            return .blank
        }
        return read(bytes, column)
    }

    subscript<Value: ColumnValue>(column: Int) -> Value? { rows.bytes(index, column).map { read($0, column) } }

    private func read<Value: ColumnValue>(_ bytes: UnsafeRawBufferPointer, _ column: Int) -> Value {
        if let value = Value(column: bytes) { return value }
        rows.note("column \(column) holds no \(Value.self)")
        return .blank
    }
}

/// What a column can be read as, from PostgreSQL's binary format.
protocol ColumnValue {
    /// `nil` for bytes that are no such value.
    init?(column: UnsafeRawBufferPointer)
    /// What stands in for a value that cannot be read.
    static var blank: Self { get }
}

extension Int64: ColumnValue {
    static let blank: Int64 = 0

    init?(column: UnsafeRawBufferPointer) {
        switch column.count {
        case 8: self = Int64(bigEndianBytes: column)
        case 4: self = Int64(Int32(bigEndianBytes: column))
        default: return nil
        }
    }
}

/// A count, or another number that is calculated with: what is so large that this could overflow is none of ours.
extension Int: ColumnValue {
    static let blank = 0
    private static let largest: Int64 = 1 << 53

    init?(column: UnsafeRawBufferPointer) {
        guard let value = Int64(column: column), (-Self.largest...Self.largest).contains(value) else { return nil }
        self = Int(value)
    }
}

extension Bool: ColumnValue {
    static let blank = false

    init?(column: UnsafeRawBufferPointer) {
        guard column.count == 1 else { return nil }
        self = column[0] != 0
    }
}

extension String: ColumnValue {
    static let blank = ""

    init?(column: UnsafeRawBufferPointer) { self = String(decoding: column, as: UTF8.self) }
}

extension Timestamp: ColumnValue {
    static let blank = Timestamp.distantPast

    init?(column: UnsafeRawBufferPointer) {
        guard column.count == 8 else { return nil }
        self = PostgresTime.decode(Int64(bigEndianBytes: column))
        if !isWithinCalendar { return nil }
    }
}

/// `bytea`
extension [UInt8]: ColumnValue {
    static let blank: [UInt8] = []

    init?(column: UnsafeRawBufferPointer) { self = Array(column) }
}

/// `text[]`, of one dimension and without NULLs.
struct TextArray: ColumnValue {
    static let blank = TextArray(values: [])

    var values: [String]

    private init(values: [String]) { self.values = values }

    init?(column: UnsafeRawBufferPointer) {
        var rest = column[...]
        func take(_ count: Int) -> UnsafeRawBufferPointer? {
            guard count >= 0, count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        func number() -> Int? { take(4).map { Int(Int32(bigEndianBytes: $0)) } }

        // Dimensions, whether there are NULLs, the type of the values; of each dimension its length and its first number.
        guard let dimensions = number(), number() != nil, number() != nil else { return nil }
        self.init(values: [])
        if dimensions == 0 { return }
        guard dimensions == 1, let count = number(), number() != nil else { return nil }
        for _ in 0..<max(count, 0) {
            guard let length = number(), let text = take(length) else { return nil }
            values.append(String(decoding: text, as: UTF8.self))
        }
    }
}

extension FixedWidthInteger {
    /// The bytes are as many as the number has.
    fileprivate init(bigEndianBytes bytes: UnsafeRawBufferPointer) {
        self = Self(bigEndian: bytes.loadUnaligned(as: Self.self))
    }
}
