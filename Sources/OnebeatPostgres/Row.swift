import CLibpq
import Onebeat

/// What a statement brought. It never leaves the connection's thread.
final class Rows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

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
}

/// One row, its columns by number.
struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int

    /// A column that holds no NULL.
    subscript<Value: ColumnValue>(column: Int) -> Value {
        guard let bytes = rows.bytes(index, column) else {
            preconditionFailure("column \(column) is NULL, which the schema rules out")
        }
        return Value(column: bytes)
    }

    subscript<Value: ColumnValue>(column: Int) -> Value? { rows.bytes(index, column).map(Value.init(column:)) }
}

/// What a column can be read as, from PostgreSQL's binary format.
protocol ColumnValue {
    init(column: UnsafeRawBufferPointer)
}

extension Int64: ColumnValue {
    init(column: UnsafeRawBufferPointer) {
        self = column.count == 4 ? Int64(Int32(bigEndianBytes: column)) : Int64(bigEndianBytes: column)
    }
}

extension Int: ColumnValue {
    init(column: UnsafeRawBufferPointer) { self = Int(Int64(column: column)) }
}

extension Bool: ColumnValue {
    init(column: UnsafeRawBufferPointer) { self = column[0] != 0 }
}

extension String: ColumnValue {
    init(column: UnsafeRawBufferPointer) { self = String(decoding: column, as: UTF8.self) }
}

extension Timestamp: ColumnValue {
    init(column: UnsafeRawBufferPointer) { self = PostgresTime.decode(Int64(column: column)) }
}

/// `bytea`
extension [UInt8]: ColumnValue {
    init(column: UnsafeRawBufferPointer) { self = Array(column) }
}

/// `text[]`, of one dimension and without NULLs.
struct TextArray: ColumnValue {
    var values: [String] = []

    init(column: UnsafeRawBufferPointer) {
        func number(at place: Int) -> Int { Int(Int32(bigEndianBytes: .init(rebasing: column[place..<place + 4]))) }
        guard number(at: 0) == 1 else { return }
        var place = 20
        for _ in 0..<number(at: 12) {
            let length = number(at: place)
            values.append(String(decoding: column[place + 4..<place + 4 + length], as: UTF8.self))
            place += 4 + length
        }
    }
}

extension FixedWidthInteger {
    fileprivate init(bigEndianBytes bytes: UnsafeRawBufferPointer) {
        self = Self(bigEndian: bytes.loadUnaligned(as: Self.self))
    }
}
