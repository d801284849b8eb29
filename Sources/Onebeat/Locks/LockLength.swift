/// How long a job's lock lasts unless it is extended: long enough for a usual run, and not so long that a holder that
/// vanished keeps others away for hours. It is extended while the job runs, so a run may take longer than that.
public struct LockLength: Sendable, Equatable {
    /// Where the usual length of a run comes from.
    public enum Basis: Sendable, Equatable {
        /// The job's `expect`.
        case expected(Duration)
        /// The history: nineteen of twenty runs took no longer.
        case measured(Duration)
        /// Nothing is known yet.
        case unknown
    }

    /// What it was derived from.
    public var basis: Basis
    /// The length.
    public var length: Duration

    /// Three times the usual is what users of such locks are told to take.
    public static let factor = 3
    /// The shortest length: below it a busy machine would lose locks for nothing.
    public static let shortest = Duration.seconds(10)
    /// The longest length that is derived from the history, or a single long run would lock a job for days.
    public static let longestMeasured = Duration.seconds(86_400)

    /// The rule.
    public static func decide(expect: Duration?, p95: Duration?) -> LockLength {
        if let expect { return LockLength(basis: .expected(expect), length: max(expect * factor, shortest)) }
        guard let p95 else { return LockLength(basis: .unknown, length: shortest) }
        return LockLength(basis: .measured(p95), length: min(max(p95 * factor, shortest), longestMeasured))
    }

    /// What nineteen of twenty of these runs did not exceed; `nil` when none of them has both ends.
    public static func p95(of runs: [Run]) -> Duration? {
        let lengths = runs.compactMap { run in
            run.startedAt.flatMap { start in run.finishedAt.map { $0.duration(since: start) } }
        }.sorted()
        guard !lengths.isEmpty else { return nil }
        return lengths[(lengths.count * 95 + 99) / 100 - 1]
    }

    /// How many of the newest runs are measured.
    public static let sample = 100

    /// The length and its derivation in words.
    public var words: String {
        let usual: (length: Duration, words: String)
        switch basis {
        case .expected(let expect): usual = (expect, "3 × expect (\(expect.text))")
        case .measured(let p95): usual = (p95, "3 × what 19 of 20 runs took at most (\(p95.text))")
        case .unknown: return "\(length.text): the shortest, until a run has shown how long it takes"
        }
        if usual.length * Self.factor < length { return "\(length.text): the shortest, since \(usual.words) is less" }
        if usual.length * Self.factor > length { return "\(length.text): the longest, since \(usual.words) is more" }
        return "\(length.text): \(usual.words)"
    }
}
