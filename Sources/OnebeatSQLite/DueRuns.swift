import GRDB
import Onebeat

/// Looks for due runs without touching those that are only planned: one seek for each priority that is in use, since
/// the index is ordered by queue, priority and due time.
enum DueRuns {
    static let nextPriority = """
        SELECT priority FROM runs WHERE state = 'scheduled' AND is_held = 0 AND queue = ? AND priority < ?
        ORDER BY priority DESC LIMIT 1
        """
    static let nextDue = """
        SELECT due_at FROM runs WHERE state = 'scheduled' AND is_held = 0 AND queue = ? AND priority = ? AND \(isDoable)
            AND typeof(due_at) = 'integer'
        ORDER BY due_at LIMIT 1
        """
    static let due = """
        SELECT \(Run.columns) FROM runs
        WHERE state = 'scheduled' AND is_held = 0 AND queue = ? AND priority = ? AND due_at <= ? AND \(isDoable)
            AND typeof(due_at) = 'integer'
        ORDER BY due_at, id LIMIT ?
        """

    /// Whether a run needs nothing but what can be done, a JSON list or NULL, given twice. Runs that nobody can do are passed
    /// over one by one: they are few, since they end at their deadline.
    private static let isDoable = "(? IS NULL OR need IN (SELECT value FROM json_each(?)))"

    /// When the next run of these queues may start.
    static func next(in queues: [String], for abilities: Abilities, _ db: Database) throws -> Timestamp? {
        let doable = try abilities.words.map(SQLiteStore.list)
        var earliest: Timestamp?
        for queue in queues {
            for priority in try priorities(in: queue, db) {
                let due = try Timestamp.fetchOne(
                    db.cachedStatement(sql: nextDue), arguments: .whole([queue, priority, doable, doable]))
                if let due { earliest = min(earliest ?? due, due) }
            }
        }
        return earliest
    }

    /// Due runs, highest priority first, then the longest due.
    static func fetch(
        in queues: [String], for abilities: Abilities, at now: Timestamp, limit: Int, _ db: Database
    ) throws -> [Run] {
        let doable = try abilities.words.map(SQLiteStore.list)
        let priorities = try Set(queues.flatMap { try self.priorities(in: $0, db) }).sorted(by: >)
        var found: [Run] = []
        for priority in priorities {
            var level: [Run] = []
            for queue in queues {
                level += try db.rows(due, [queue, priority, now, doable, doable, limit - found.count]).map(Run.init)
            }
            if queues.count > 1 { level.sort { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) } }
            found += level.prefix(limit - found.count)
            if found.count == limit { break }
        }
        return found
    }

    private static func priorities(in queue: String, _ db: Database) throws -> [Int] {
        var found: [Int] = []
        while true {
            let next = try Int.fetchOne(
                db.cachedStatement(sql: nextPriority), arguments: .whole([queue, found.last ?? Int.max]))
            guard let next else { return found }
            found.append(next)
        }
    }
}
