/// How a job's runs are admitted, tried, timed and settled. The defaults are chosen so that nothing surprises at night.
public struct JobPolicies: Sendable, Hashable {
    /// What happens to a run that is due while ``limit`` runs of the job are active.
    public var overlap = OverlapPolicy.skip
    /// What a due run must not meet by ``overlap``; `flow` goes with `skip` alone, at a job that others follow.
    public var overlapScope = OverlapScope.run
    /// How many runs of the job may be active at one time, at least 1; `nil` is 1, or no limit where ``overlap`` is `allow`.
    public var limit: Int?
    /// What becomes of due instants that passed while no node could plan them.
    public var missed = MissedPolicy.latest
    /// How late a run may start; a later one is recorded as missed. Longer than zero.
    public var deadline = Duration.seconds(3600)
    /// How many missed instants `missed: all` may still run, 0 to 10,000; older ones become one missed row.
    public var catchUp = 100
    /// Whether and when a failed attempt is tried again.
    public var retry = RetryPolicy()
    /// How long an attempt may take before it is stopped; `nil` is without end.
    public var timeout: Duration?
    /// What a lost attempt becomes.
    public var delivery = Delivery.atLeastOnce
    /// Higher is claimed first among runs that are due; −1000 to 1000.
    public var priority = 0
    /// Which workers may claim the job's runs; kept in composed form (NFC).
    public var queue = JobPolicies.defaultQueue { didSet { queue = queue.composed } }
    /// When the job starts by how those ended that it follows; means nothing for one that follows none.
    public var triggerRule = TriggerRule.allSuccess
    /// How long a run usually takes, as the user sees it; learned from history when left out.
    public var expect: Duration?

    /// What is this late is still on time.
    static let punctual = Duration.seconds(10)

    /// The queue of jobs that name none.
    public static let defaultQueue = "default"

    /// The default policies.
    public init() {}

    /// How many runs may be active at one time.
    public var effectiveLimit: Int { limit ?? (overlap == .allow ? .max : 1) }

    func validate(job: String) throws(DefinitionError) {
        func require(_ holds: Bool, _ key: String, _ problem: String) throws(DefinitionError) {
            if !holds { throw DefinitionError(job: job, key: key, problem: problem) }
        }
        try require((limit ?? 1) >= 1, "limit", "is \(limit ?? 1); at least 1 run must be allowed at a time")
        try require(
            overlapScope == .run || overlap == .skip, "overlap", "can look at the whole flow only as {flow: skip}")
        try require(deadline > .zero, "deadline", "must be longer than zero, as in 1h")
        try require((0...10_000).contains(catchUp), "catch_up", "is \(catchUp); 0 to 10000 will do")
        try require((timeout ?? .seconds(1)) > .zero, "timeout", "must be longer than zero, as in 10m")
        try require((-1000...1000).contains(priority), "priority", "is \(priority); -1000 to 1000 will do")
        try require((1...100).contains(queue.utf8.count), "queue", "a queue's name has 1 to 100 characters")
        try require(queue.controlCharacter() == nil, "queue", "has a control character in it; a name has none")
        try require((0...1000).contains(retry.limit), "retry.limit", "is \(retry.limit); 0 to 1000 will do")
        try require(retry.backoff > .zero && retry.max > .zero, "retry", "backoff and max must be longer than zero")
        try require((expect ?? .seconds(1)) > .zero, "expect", "must be longer than zero, as in 30s")
        try require((0...1).contains(retry.jitter), "retry.jitter", "is \(retry.jitter); 0 to 1 will do")
    }
}

/// What happens to a run that is due while the job's limit of active runs is reached.
public enum OverlapPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// The new run is recorded as skipped.
    case skip
    /// One run waits; further ones are skipped.
    case queue
    /// Every run waits for its turn.
    case queueAll = "queue_all"
    /// The active run is cancelled and the new one starts after it.
    case cancel
    /// Runs start side by side, up to `limit` when there is one.
    case allow
}

/// What a due run must not meet.
public enum OverlapScope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Another run of its job.
    case run
    /// That, or a run of an earlier flow of which its job is the root.
    case flow
}

/// What becomes of due instants that passed while no node could plan them.
public enum MissedPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// The newest one runs if it is within `deadline`; the others are recorded as coalesced.
    case latest
    /// Each one within `deadline` runs, the newest `catch_up` of them; older ones are recorded.
    case all
    /// None runs; they are recorded.
    case skip
}

/// What a lost attempt becomes: one whose worker died or lost its lease before the end was recorded.
public enum Delivery: String, Sendable, Hashable, Codable, CaseIterable {
    /// It is tried again under the same run key and a higher fence.
    case atLeastOnce = "at_least_once"
    /// It is reported `lost` and never started again.
    case atMostOnce = "at_most_once"
}

/// Whether and when a failed attempt is tried again: after `backoff`, then twice that, and so on, up to `max`.
public struct RetryPolicy: Sendable, Hashable {
    /// How many further attempts a run gets, 0 to 1000.
    public var limit: Int
    /// The pause before the first further attempt; doubled for each one after it.
    public var backoff: Duration
    /// The longest pause, chance included.
    public var max: Duration
    /// The share of the pause that is spread by chance, 0 to 1: 0.2 is ±20 %.
    public var jitter: Double

    /// A policy; no further attempts unless `limit` says so.
    public init(
        limit: Int = 0, backoff: Duration = .seconds(10), max: Duration = .seconds(3600), jitter: Double = 0.2
    ) {
        self.limit = limit
        self.backoff = backoff
        self.max = max
        self.jitter = jitter
    }

    /// The pause before attempt `number + 1`, when attempt `number` (from 1) failed.
    /// - Parameter chance: 0 to 1, where in the jittered range the pause lies; 0.5 is the middle.
    public func pause(after number: Int, chance: Double) -> Duration {
        let doublings = Swift.min(Swift.max(number - 1, 0), 40)
        let seconds = Swift.min(backoff.inSeconds * Double(1 << doublings), max.inSeconds / (1 + jitter))
        return .seconds(seconds * (1 + jitter * (2 * chance - 1)))
    }
}

extension Duration {
    /// The length in seconds, with microseconds as the smallest step that matters here.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
