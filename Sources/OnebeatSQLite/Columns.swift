import Foundation
import GRDB
import Onebeat

/// One row, its columns by number, whatever they hold: SQLite keeps any value in any column, and anybody may have written
/// the file.
///
/// A value that is not there, or not what it should be, is noted and read as the type's blank: whoever reads asks for the
/// flaw afterwards, and makes it that row's trouble alone.
struct Columns {
    private enum Source {
        case row(Row)
        /// The row that a statement is at.
        case statement(GRDB.Statement)
    }

    private let source: Source
    /// What is wrong with what was read, the first of it, in words.
    private(set) var flaw: String?

    init(_ row: Row) { source = .row(row) }

    /// The row that a statement is at, without a copy of it: for whoever reads much.
    init(of statement: GRDB.Statement) { source = .statement(statement) }

    /// A column that holds no NULL.
    subscript<Value: ColumnValue>(column: Int) -> Value {
        mutating get {
            if let value: Value = self[column] { return value }
            note(column, "is NULL")
            return .blank
        }
    }

    subscript<Value: ColumnValue>(column: Int) -> Value? {
        mutating get {
            let stored = stored(column)
            if stored.isNull { return nil }
            if let value = Value(stored: stored) { return value }
            note(column, "holds no \(Value.self)")
            return .blank
        }
    }

    private func stored(_ column: Int) -> DatabaseValue {
        switch source {
        case .row(let row): row[column]
        case .statement(let statement):
            DatabaseValue(sqliteStatement: statement.sqliteStatement, index: CInt(column))
        }
    }

    private mutating func note(_ column: Int, _ words: String) {
        guard flaw == nil else { return }
        let names =
            switch source {
            case .row(let row): Array(row.columnNames)
            case .statement(let statement): statement.columnNames
            }
        flaw = "its row cannot be read: \(names.dropFirst(column).first ?? "a column") \(words)"
    }
}

/// What a column can be read as.
protocol ColumnValue {
    /// `nil` for what is no such value.
    init?(stored: DatabaseValue)
    /// What stands in for a value that cannot be read.
    static var blank: Self { get }
}

/// Fractions are no numbers of ours, nor is what is so large that counting on could overflow.
extension Int64: ColumnValue {
    static let blank: Int64 = 0
    private static let largest: Int64 = 1 << 62

    init?(stored: DatabaseValue) {
        switch stored.storage {
        case .int64(let value) where (-Self.largest...Self.largest).contains(value): self = value
        case .double(let value) where value == value.rounded() && abs(value) < Double(1 << 53): self = Int64(value)
        case .null, .int64, .double, .string, .blob: return nil
        }
    }
}

/// A count, or another number that is calculated with.
extension Int: ColumnValue {
    static let blank = 0
    private static let largest: Int64 = 1 << 53

    init?(stored: DatabaseValue) {
        guard let value = Int64(stored: stored), (-Self.largest...Self.largest).contains(value) else { return nil }
        self = Int(value)
    }
}

extension Bool: ColumnValue {
    static let blank = false

    init?(stored: DatabaseValue) {
        guard let value = Bool.fromDatabaseValue(stored) else { return nil }
        self = value
    }
}

extension String: ColumnValue {
    static let blank = ""

    init?(stored: DatabaseValue) {
        guard let value = String.fromDatabaseValue(stored) else { return nil }
        self = value
    }
}

extension Timestamp: ColumnValue {
    static let blank = Timestamp.distantPast

    init?(stored: DatabaseValue) {
        guard let microseconds = Int64(stored: stored) else { return nil }
        self.init(microseconds: microseconds)
        if !isWithinCalendar { return nil }
    }
}

extension [UInt8]: ColumnValue {
    static let blank: [UInt8] = []

    init?(stored: DatabaseValue) {
        guard let value = Data.fromDatabaseValue(stored) else { return nil }
        self = Array(value)
    }
}
