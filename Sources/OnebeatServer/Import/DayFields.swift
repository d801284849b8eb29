/// The two fields of days of schedulers whose rule differs from Debian's in one thing.
enum DayFields {
    /// A cron expression whose day fields mean to Debian's rule what they mean to Kubernetes and croniter: there `*/2` names days, and
    /// a day that matches either field is enough; to Debian's rule it starts with a star, and a day would have to match both.
    static func listed(_ text: String) -> String {
        var fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count >= 5 else { return text }
        let (month, week) = (fields.count - 3, fields.count - 1)
        guard !["*", "?"].contains(fields[month]), !["*", "?"].contains(fields[week]) else { return text }
        for (index, whole) in [(month, "1-31"), (week, "0-6")]
        where fields[index].hasPrefix("*/") && fields[index] != "*/1" {
            fields[index] = whole + fields[index].dropFirst()
        }
        return fields.joined(separator: " ")
    }
}
