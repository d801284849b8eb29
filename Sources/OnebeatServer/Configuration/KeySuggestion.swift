/// What to say of a key that nothing knows.
enum KeySuggestion {
    /// Words that other schedulers use for the same thing.
    private static let otherWords = [
        "schedule": "cron", "crontab": "cron", "interval": "every", "command": "run", "cmd": "run", "script": "run",
        "shell": "run", "argv": "exec", "args": "exec", "environment": "env", "environ": "env", "cwd": "dir",
        "workdir": "dir", "working_directory": "dir", "directory": "dir", "tz": "timezone", "time_zone": "timezone",
        "retries": "retry", "max_retries": "retry", "concurrency": "limit",
        "depends_on": "after", "misfire": "missed", "coalesce": "missed", "jitter": "spread",
        "misfire_grace_time": "deadline", "webhook": "http", "database": "store", "workers": "slots",
    ]

    static func unknown(_ key: String, among keys: [String], following refused: [String: String]) -> String {
        if key == "<<" { return "merge keys (<<) are not read; what jobs share belongs under defaults" }
        let known = keys + refused.keys.sorted()
        let other = otherWords[key.lowercased()].flatMap { known.contains($0) ? $0 : nil }
        guard let near = other ?? nearest(to: key, among: known) else {
            return "unknown key \(quoted(key)); what may stand here is \(keys.joined(separator: ", "))"
        }
        return "unknown key \(quoted(key)); did you mean `\(near)`?"
    }

    /// The candidate with the fewest slips of the pen, when they are few for its length.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let word = Array(word.lowercased().utf8.prefix(64))
        let best = candidates.map { (distance(word, Array($0.utf8)), $0) }.min { $0.0 < $1.0 }
        guard let (slips, candidate) = best, slips <= max(1, candidate.utf8.count / 3), slips < candidate.utf8.count
        else { return nil }
        return candidate
    }

    /// How many letters have to be inserted, dropped, replaced or swapped with their neighbour.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
