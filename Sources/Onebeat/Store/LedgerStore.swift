/// What audits read: each version of a job's definition that was ever in force, and all runs in the order of their due
/// instants, with what belongs to them.
public protocol LedgerStore: Sendable {
    /// Names of jobs that were ever defined, in order: up to `limit` of those after `name`.
    func definedJobs(after name: String?, limit: Int) async throws(StoreError) -> [String]

    /// Versions of a job's definition, the newest first: up to `limit` of those before `version`.
    func versions(of job: String, before version: JobVersion?, limit: Int) async throws(StoreError)
        -> [DefinitionVersion]

    /// A page of a job's runs.
    func ledger(_ query: LedgerQuery) async throws(StoreError) -> [LedgerEntry]

    /// When a run of a job, due from `start` on and before `end`, first counted as succeeded; a mark counts from when there
    /// first was one, whatever it says by now. `nil` where none did.
    func firstSuccess(of job: String, from start: Timestamp, before end: Timestamp) async throws(StoreError)
        -> Timestamp?

    /// Runs that ended before this moment may be gone; `nil` where none ever went.
    func keptSince() async throws(StoreError) -> Timestamp?
}

/// A definition as it was in force for a while.
public struct DefinitionVersion: Sendable, Equatable {
    /// Which one.
    public var version: JobVersion
    /// What it says.
    public var definition: JobDefinition
    /// From when on it was in force. It was until the next version of its generation, or until it was removed.
    public var since: Timestamp
    /// Who stored it; empty where an older Onebeat did.
    public var actor: String
    /// Where it came from; empty where an older Onebeat stored it.
    public var source: String
    /// When its job was removed, if it was the last one.
    public var removedAt: Timestamp?

    /// Makes a record; stores do.
    public init(
        version: JobVersion, definition: JobDefinition, since: Timestamp, actor: String, source: String,
        removedAt: Timestamp? = nil
    ) {
        self.version = version
        self.definition = definition
        self.since = since
        self.actor = actor
        self.source = source
        self.removedAt = removedAt
    }
}

/// Which runs of one generation of a job to read, ordered by due instant, kind, request and number.
public struct LedgerQuery: Sendable, Equatable {
    /// The job's name.
    public var job: String
    /// Which generation of it.
    public var generation: Int
    /// Only due instants at or after this, and the row before it that stands for instants beyond it.
    public var from: Timestamp
    /// Only due instants up to and with this.
    public var through: Timestamp
    /// Only what comes after this one: how to turn a page.
    public var after: LedgerEntry?
    /// At most so many, 1 to 1000.
    public var limit = 500

    /// All of a generation within a period.
    public init(job: String, generation: Int, from: Timestamp, through: Timestamp) {
        self.job = job
        self.generation = generation
        self.from = from
        self.through = through
    }
}

/// A run and what belongs to it.
public struct LedgerEntry: Sendable, Equatable {
    /// The run.
    public var run: Run
    /// Its attempts, first to newest.
    public var attempts: [Attempt] = []
    /// The runs that it follows, as they are now.
    package var parents: [Parent] = []
    /// How many jobs have a run in the flow of which it is the root's.
    public var jobsInFlow: Int?

    /// Makes an entry without attempts; stores do.
    public init(_ run: Run) { self.run = run }

    /// A run that it follows.
    package struct Parent: Sendable, Equatable {
        private let end: ParentEnd
        package let finishedAt: Timestamp?
        private let mark: RunState?
        private let markedAt: Timestamp?
        /// When it was marked for the first time.
        private let firstMarkedAt: Timestamp?

        package init(
            _ end: ParentEnd, finishedAt: Timestamp?, mark: RunState? = nil, markedAt: Timestamp? = nil,
            firstMarkedAt: Timestamp? = nil
        ) {
            self.end = end
            self.finishedAt = finishedAt
            self.mark = mark
            self.markedAt = markedAt
            self.firstMarkedAt = firstMarkedAt
        }

        /// Whether a mark of which nothing is kept any more counted at a moment.
        package func isUncertain(at moment: Timestamp?) -> Bool {
            guard let moment, let markedAt, let firstMarkedAt else { return false }
            return firstMarkedAt <= moment && moment < markedAt
        }

        /// How it counted at a moment; now, without one.
        package func end(at moment: Timestamp?) -> ParentEnd {
            guard let mark, let markedAt, moment.map({ markedAt <= $0 }) ?? true else { return end }
            return ParentEnd(job: end.job, state: mark, reason: nil)
        }
    }
}

extension LedgerStore {
    /// Those of the jobs none of whose newest definitions says that what it hands on is secret, or cannot be read here and
    /// may say so: the value may be of an older one.
    package func withoutSecretOutput(_ jobs: [String]) async throws(StoreError) -> Set<String> {
        var open: Set<String> = []
        for job in jobs {
            let versions = try await versions(of: job, before: nil, limit: 20)
            let isSecret = versions.contains { $0.definition.hasSecretOutput || $0.definition.trouble != nil }
            if !versions.isEmpty, !isSecret { open.insert(job) }
        }
        return open
    }
}
