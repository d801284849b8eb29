/// What to say of a key that nothing knows.
enum KeySuggestion {
    /// Words that other schedulers use for the same thing.
    private static let otherWords = [
        "schedule": "cron", "crontab": "cron", "interval": "every", "command": "run", "cmd": "run", "script": "run",
        "shell": "run", "argv": "exec", "args": "exec", "environ": "env", "cwd": "dir",
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
        let best = candidates.map { (Spelling.slips(from: word.lowercased(), to: $0), $0) }.min { $0.0 < $1.0 }
        guard let (slips, candidate) = best, slips <= max(1, candidate.utf8.count / 3), slips < candidate.utf8.count
        else { return nil }
        return candidate
    }
}
