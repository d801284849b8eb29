import Onebeat

/// Reads `signal`: a job that runs elsewhere and only reports.
enum SignalReader {
    private static let keys = ["every", "cron", "timezone", "grace"]
    /// What else such a job may have.
    private static let fitting: Set = ["signal", "description", "tags", "owner"]

    /// The watch, or `nil` when problems were reported.
    static func read(_ map: MapReader, jobName: String, zones: ZoneFiles, timezone: String) -> SignalWatch? {
        for key in JobReader.keys where !fitting.contains(key) && map.has(key) {
            map.problem(
                "a job that only reports runs elsewhere, by rules of its own; leave it out"
                    + (keys.contains(key) ? ", or put it into signal" : ""), key: key, at: map.mark(ofKey: key))
        }
        guard let inner = map.map("signal", keys: keys) else { return nil }
        guard inner.has("every") || inner.has("cron") else {
            map.problem("has neither every nor cron; write it like {every: 1d, grace: 2h}", key: "signal")
            return nil
        }
        let schedule = ScheduleReader(map: inner, jobName: jobName, zones: zones).read(timezone: timezone)
        let grace = inner.value("grace", Read.positiveLength)
        guard let schedule, inner.has("grace") == (grace != nil) else { return nil }
        var watch = SignalWatch(schedule.definition)
        if let grace { watch.grace = grace }
        return watch
    }
}
