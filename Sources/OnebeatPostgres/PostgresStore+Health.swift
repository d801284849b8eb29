import Onebeat

/// What a person who doubts a store wants to know of its server.
package struct ServerHealth: Sendable, Equatable {
    /// The server's version.
    package var version: String
    /// Whether a pooler stands between.
    package var isPooled: Bool
    /// What a commit waits for.
    package var synchronousCommit: String
    /// Whether the server has the disk make its writes durable.
    package var hasSync: Bool
    /// The newest migration.
    package var schema: String
    /// The database's size, in bytes.
    package var size: Int
    /// What the role may not do that a node must; `nil` when it may do all.
    package var missingRights: String?

    /// Whether each commit waits for the disk.
    package var isSynchronous: Bool { hasSync && synchronousCommit != "off" }
}

extension PostgresStore {
    /// Looks the server over.
    package func health() async throws(StoreError) -> ServerHealth {
        try await move { transaction in
            let rows = try transaction.look([
                Statement(
                    """
                    SELECT current_setting('server_version'), current_setting('synchronous_commit'),
                        current_setting('fsync') = 'on', (SELECT value FROM meta WHERE key = 'schema'),
                        pg_database_size(current_database())
                    """),
                Rights.missing,
            ])
            let missing = rows[1].map { $0[0] as String }
            guard let row = rows[0].first else { throw PostgresFailure(message: "the server said nothing of itself") }
            return ServerHealth(
                version: row[0], isPooled: transaction.isPooled, synchronousCommit: row[1], hasSync: row[2],
                schema: row[3], size: row[4], missingRights: missing.isEmpty ? nil : Rights.words(missing))
        }
    }
}
