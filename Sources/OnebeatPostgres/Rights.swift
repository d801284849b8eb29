import Onebeat

/// What the store's role may do with the tables. It may be another one than their owner.
enum Rights {
    /// What it lacks, by name: tables, and the counter of fences.
    static let missing = Statement(
        """
        SELECT name FROM unnest(ARRAY[
            'attempts', 'definitions', 'events', 'jobs', 'leases', 'logs', 'meta', 'nodes', 'revisions', 'runs',
            'scheduled_job_status'
        ]) AS t (name)
        WHERE NOT (has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT')
            AND has_table_privilege(name, 'UPDATE') AND has_table_privilege(name, 'DELETE'))
        UNION ALL SELECT 'fences' WHERE NOT has_sequence_privilege('fences', 'UPDATE')
        """)

    static func words(_ names: [String]) -> String {
        "the role may not write to \(names.joined(separator: ", ")); GRANT ALL ON ALL TABLES and ON ALL SEQUENCES IN SCHEMA"
            + " of the store TO it, or let the tables' owner be the role"
    }
}
