/// When a job that follows others starts, by how those ended.
public enum TriggerRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// All have succeeded.
    case allSuccess = "all_success"
    /// All have ended, however.
    case allDone = "all_done"
    /// One has succeeded.
    case oneSuccess = "one_success"
    /// One has failed.
    case oneFailed = "one_failed"
    /// All have ended, and none has failed; some may be skipped.
    case noneFailed = "none_failed"
    /// All have failed.
    case allFailed = "all_failed"
}
