import Onebeat

/// How long runs of a job usually take, and which take far longer.
enum UsualLength {
    /// A job that has run only a few times has no usual length.
    static let fewest = 5
    /// A moment is worth no word.
    static let least = Duration.seconds(1)

    /// What nineteen of twenty of the others among these took at most.
    static func of(_ run: Run, among runs: [Run]) -> Duration? {
        let others = runs.filter { $0.id != run.id }
        return others.count >= fewest ? LockLength.p95(of: others) : nil
    }

    /// Whether something takes far longer than what is usual.
    static func isFar(_ length: Duration, beyond usual: Duration) -> Bool {
        length > least && length > usual * JobHealth.stuckFactor
    }
}
