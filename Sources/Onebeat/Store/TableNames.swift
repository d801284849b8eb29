/// The names that a migration takes.
package enum TableNames {
    /// The tables, indexes and sequences that these statements make.
    package static func made(by sql: String) -> [String] {
        sql.matches(of: /CREATE (?:UNIQUE )?(?:TABLE|INDEX|SEQUENCE) (\w+)/).map { String($0.1) }
    }
}
