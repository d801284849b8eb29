/// Whose rule says which days match, where a cron expression names both days of the month and days of the week.
public enum CronDialect: String, Sendable, Hashable, CaseIterable {
    /// Debian's cron: one of the two is enough, unless either field starts with `*`.
    case debian
    /// Celery's `crontab`: a day must match both.
    case celery
}
