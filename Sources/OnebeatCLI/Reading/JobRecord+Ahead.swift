import Onebeat

extension JobRecord {
    /// Beyond the present nobody plans as far as this.
    static let farthest = Duration.seconds(60)

    /// How far it has been planned, its next instant with it.
    var plannedThrough: Timestamp { max(watermark, nextAt ?? watermark) }

    /// What a person should know of a job that is planned beyond ``farthest``.
    var aheadWords: String { "job \(name) is planned through \(plannedThrough), by a clock that was ahead" }
}
