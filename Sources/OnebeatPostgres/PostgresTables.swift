import CLibpq
import Foundation
import Onebeat

/// Somebody else's PostgreSQL database, to be read and never written. For one command, which waits for it.
package final class PostgresTables {
    private let connection: OpaquePointer
    /// Host, port and database; never the password.
    package let name: String

    /// - Throws: ``StoreError`` where the server does not let us in.
    package init(_ text: String) throws(StoreError) {
        let address = try ServerAddress(text)
        name = address.name
        connection = address.connect()
        if let failure = address.failure(of: connection) {
            throw .refused("PostgreSQL at \(address.name): \(failure.message)")
        }
        // One transaction, so that all tables are of one moment, and so that a pooler keeps what is set.
        for statement in [
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL TIME ZONE 'UTC'",
            "SET LOCAL statement_timeout = '30s'", "SET LOCAL bytea_output = 'hex'",
        ] { _ = try run(statement) }
    }

    deinit { pq_finish(connection) }

    /// The rows of a table, at most `most`: each a map from columns to texts, without those that are NULL; bytes are
    /// hexadecimal digits behind `\x`, moments ISO 8601.
    /// - Returns: `nil` where there is no such table.
    package func rows(of table: String, most: Int) throws(StoreError) -> [[String: String]]? {
        let name = table.split(separator: ".").map { "\"\($0.replacingOccurrences(of: "\"", with: "\"\""))\"" }
            .joined(separator: ".")
        let literal = name.replacingOccurrences(of: "'", with: "''")
        guard try run("SELECT to_regclass('\(literal)') IS NOT NULL") == ["t"] else { return nil }
        return try run("SELECT row_to_json(found) FROM (SELECT * FROM \(name) LIMIT \(most)) AS found").map { row in
            let members = (try? JSONValue(json: Array(row.utf8)))?.members ?? [:]
            return members.compactMapValues { value in
                switch value {
                case .null: nil
                case .string(let text): text
                case .bool, .int, .large, .number, .array, .object: value.text
                }
            }
        }
    }

    /// The first column of what a statement brings.
    private func run(_ sql: String) throws(StoreError) -> [String] {
        guard pq_sendQueryParams(connection, sql, 0, nil, nil, nil, nil, 0) == 1 else {
            throw .refused("PostgreSQL at \(name): \(PostgresFailure.line(pq_errorMessage(connection), or: "lost"))")
        }
        var values: [String] = []
        var failure: StoreError?
        while let result = pq_getResult(connection) {
            defer { pq_clear(result) }
            switch Int(pq_resultStatus(result)) {
            case pq_command_ok, pq_tuples_ok:
                for row in 0..<pq_ntuples(result) where pq_getisnull(result, row, 0) == 0 {
                    values.append(pq_getvalue(result, row, 0).map { String(cString: $0) } ?? "")
                }
            default: failure = .refused("PostgreSQL at \(name): \(PostgresFailure(result).message)")
            }
        }
        if let failure { throw failure }
        return values
    }
}
