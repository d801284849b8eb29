import Foundation
import GRDB
import Onebeat

/// Somebody else's SQLite file, to be read and never written.
package struct SQLiteTables: Sendable {
    /// More bytes of a table than these are not read.
    private static let mostBytes = 256 << 20

    private let queue: DatabaseQueue
    private let path: String

    /// - Throws: ``StoreError`` where there is no such file.
    package init(path: String) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .notFound("there is no file \(path)") }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw .refused("\(path) cannot be opened as an SQLite file: \(error)")
        }
        self.path = path
    }

    /// The rows of a table, at most `most`: each a map from columns to texts, without those that are NULL; bytes are
    /// hexadecimal digits behind `\x`.
    /// - Returns: `nil` where there is no such table.
    package func rows(of table: String, most: Int) throws(StoreError) -> [[String: String]]? {
        do {
            return try queue.read { db in
                guard try db.tableExists(table) else { return nil }
                let name = "\"\(table.replacingOccurrences(of: "\"", with: "\"\""))\""
                let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \(name) LIMIT ?", arguments: [most])
                var rows: [[String: String]] = []
                var bytes = 0
                while let row = try cursor.next() {
                    var texts: [String: String] = [:]
                    for (column, value) in row { texts[column] = Self.text(value) }
                    bytes += texts.values.reduce(0) { $0 + $1.utf8.count }
                    guard bytes <= Self.mostBytes else {
                        throw StoreError.refused("the table \(table) in \(path) holds more than 256 MiB")
                    }
                    rows.append(texts)
                }
                return rows
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .refused("\(path) cannot be read as an SQLite file: \(error)")
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .blob(let data):
            data.reduce(into: "\\x") { text, byte in
                if byte < 16 { text += "0" }
                text += String(byte, radix: 16)
            }
        }
    }
}
