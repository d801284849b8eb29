/// Whose rules a cron expression is read by.
public enum CronDialect: String, Sendable, Hashable, CaseIterable {
    /// Debian's cron: where days of the month and days of the week are both named, one of the two is enough, unless either field
    /// starts with `*`.
    case debian
    /// Celery's `crontab`: a day must match both.
    case celery
    /// Quartz: seconds first and, if there is one, a year last; Sunday is 1; one of the two fields of days is `?`.
    case quartz
}
