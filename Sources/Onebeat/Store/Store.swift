// Store: the one authority. Thirteen roles, each a protocol of a few moves; every move is one transaction. A store locks,
// reads, calls the pure decision it is handed, and writes; it has no policy of its own. All time that matters is the
// store's, as far as it is confirmed here (`StoreClock`): no move takes a caller's clock.
//
// What every store must hold is written as laws in OnebeatTesting/StoreLaws; all stores answer to them.

/// Everything a node asks of a store.
public typealias Store = JobStore & RunStore & LeaseStore & HistoryStore & StandingStore & AlertStore & LedgerStore
    & RerunStore & BackfillStore & AccessStore & EmissionStore & StandbyStore & SignalStore

/// Definitions and how far they are planned.
public protocol JobStore: Sendable {
    /// The store's clock, as far as it is believed here. All times that moves go by are its.
    var clock: StoreClock { get }

    /// The store's time.
    func now() async throws(StoreError) -> Timestamp

    /// Stores the definitions of a source, all or none. An equal definition changes nothing; the source's other jobs are
    /// removed when the request is complete, and stay otherwise.
    ///
    /// `deciding` is called for every changed definition with the stored record, if there is one in force, and the
    /// store's time, and says where planning goes on. Rows that were planned for instants still to come and are not
    /// among its fires are withdrawn; those among its fires stay or are inserted. Watermarks never go back. A delay has no
    /// next instant while a due run of it is open.
    /// A removed job's due runs are cancelled, its running ones go on.
    ///
    /// `isOverdue` is asked, with the store's time, about every record that would be replaced or removed: whether it was
    /// due at an instant that has no row yet, which nobody could plan afterwards.
    /// - Throws: ``StoreError/overtaken`` when it was, ``StoreError/refused(_:)`` when a name belongs to another source,
    ///   ``StoreError/outdated(_:)`` when the request's revision is older than the source's history allows
    ///   (``SourceHistory``), and ``StoreError/changed(_:)`` when the source is not as it was seen; nothing is changed then.
    func apply(
        _ request: ApplyRequest, unless isOverdue: @escaping @Sendable (JobRecord, Timestamp) -> Bool,
        deciding: @escaping @Sendable (JobDefinition, JobRecord?, Timestamp) -> FirePlan
    ) async throws(StoreError) -> [JobChange]

    /// What a source has applied until now.
    func history(of source: String) async throws(StoreError) -> SourceHistory

    /// The jobs in force that fit, by name.
    func jobs(_ filter: JobFilter) async throws(StoreError) -> [JobRecord]

    /// One job in force.
    func job(_ name: String) async throws(StoreError) -> JobRecord?

    /// The definition a run follows, removed and replaced ones included.
    func definition(_ version: JobVersion) async throws(StoreError) -> JobDefinition?

    /// Pauses or resumes a job. Writes an event when that changes anything.
    /// - Parameter sight: how it must be still; however it is, without.
    /// - Throws: ``StoreError/notFound(_:)``, and ``StoreError/changed(_:)`` where it is not as it was seen.
    func setPaused(
        _ isPaused: Bool, job: String, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError)

    /// Jobs whose next instant lies at or before `horizon`, and not before `start` where there is one, the most urgent first.
    func plannable(
        from start: Timestamp?, through horizon: Timestamp, limit: Int
    ) async throws(StoreError) -> [JobRecord]

    /// The jobs in force that are part of a flow below its root, by name.
    func followers(of root: String) async throws(StoreError) -> [JobRecord]

    /// Inserts the rows of each plan and moves its watermark, together or not at all. A plan whose version or
    /// starting watermark is no longer in force is passed over, and so is one of an older flow. With each run of a root goes a
    /// waiting run of each follower. A row that exists stays as it is.
    /// - Parameter term: the leader's term, or `nil` where the caller needs none (tests).
    /// - Returns: how many runs were inserted.
    /// - Throws: ``StoreError/fenced(_:)`` when `term` is over; nothing is written then.
    func plan(_ plans: [FirePlan], term: Term?) async throws(StoreError) -> Int
}

/// Which jobs to list.
public struct JobFilter: Sendable, Equatable {
    /// Only those whose names come after this one: how to turn a page.
    public var after: String?
    /// Only those whose names hold this text.
    public var containing: String?
    /// Only those that are planned beyond this moment, or, with a delay, wait for longer than that and their delay.
    public var plannedBeyond: Timestamp?
    /// At most so many, at least 1; all when `nil`.
    public var limit: Int?

    /// All jobs.
    public init() {}
}

extension JobStore {
    /// Pauses or resumes a job, however it is.
    public func setPaused(_ isPaused: Bool, job: String, by actor: String) async throws(StoreError) {
        try await setPaused(isPaused, job: job, asSeen: nil, by: actor)
    }

    /// Jobs whose next instant lies at or before `horizon`, the most urgent first.
    public func plannable(through horizon: Timestamp, limit: Int) async throws(StoreError) -> [JobRecord] {
        try await plannable(from: nil, through: horizon, limit: limit)
    }

    /// All jobs in force, by name.
    public func jobs() async throws(StoreError) -> [JobRecord] { try await jobs(JobFilter()) }
}

/// What a source defines, to be stored.
public struct ApplyRequest: Sendable, Equatable {
    /// The jobs, each name once.
    public var definitions: [JobDefinition]
    /// Whose they are: 1 to 300 bytes without control characters.
    public var source: String
    /// Who applies them.
    public var actor: String
    /// Which state of the source this is; `nil` for jobs that come one by one and in no order.
    public var revision: SourceRevision?
    /// Whether this is all that the source defines, so that its other jobs are removed.
    public var isComplete: Bool
    /// Whether they are stored even if they are older than what is in force.
    public var isForced: Bool
    /// How the source must be still; however it is, without.
    public var sight: SourceSight?

    /// Makes a request.
    public init(
        _ definitions: [JobDefinition], source: String, by actor: String, revision: SourceRevision? = nil,
        isComplete: Bool = false, isForced: Bool = false, asSeen sight: SourceSight? = nil
    ) {
        self.definitions = definitions
        self.source = source
        self.actor = actor
        self.revision = revision
        self.isComplete = isComplete
        self.isForced = isForced
        self.sight = sight
    }

    /// Whether it speaks for all of its source, so that what it does not name is worth a word.
    package var isWhole: Bool { isComplete || revision != nil }
}

/// One line of what `apply` did.
public struct JobChange: Sendable, Equatable {
    /// What happened to the job. One that is `kept` is the source's, and not named any more.
    public enum Kind: String, Sendable { case added, changed, removed, unchanged, kept }
    /// What happened.
    public var kind: Kind
    /// The job's name.
    public var job: String
    /// The record after the change; before it for a removed job.
    public var record: JobRecord

    /// Makes a line.
    public init(_ kind: Kind, job: String, record: JobRecord) {
        self.kind = kind
        self.job = job
        self.record = record
    }

    /// Whether the job is not as it was.
    package var isChange: Bool {
        switch kind {
        case .added, .changed, .removed: true
        case .unchanged, .kept: false
        }
    }
}

/// Runs from their plan to their outcome.
public protocol RunStore: Sendable {
    /// Adds a run by hand, and with that of a root its flow, unless it is asked for alone. The same job and request twice is
    /// the same run.
    /// - Parameter sight: how the job must be still; however it is, without.
    /// - Throws: ``StoreError/notFound(_:)``, and ``StoreError/changed(_:)`` where the job is not as it was seen.
    func trigger(
        _ job: String, requestID: String, alone: Bool, asSeen sight: JobSight?, by actor: String
    ) async throws(StoreError) -> Run

    /// Claims due runs of its queues that it can do, highest priority first, then the longest due: up to `request.slots` that may start. Each
    /// candidate is decided on in the same transaction, unless nothing stands in its way (``Admission/isClear(_:for:at:)``)
    /// and the store starts it without asking. What starts gets the next fence and a row in the attempts; what does not
    /// is recorded. Where `request.locks` says so, runs are passed over as if they were not due yet.
    /// - Throws: ``StoreError/fenced(_:)`` when the node's lease is over, or when the claim was read back.
    func claim(
        _ request: ClaimRequest,
        deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> ClaimResult

    /// Finds out what became of a claim whose reply was lost, and closes it: the running attempts that it brought, and
    /// from now on none. The claim, and every earlier one of that life of the node, is refused when it still arrives.
    func readBack(_ nonce: ClaimNonce, of node: NodeID) async throws(StoreError) -> [Claim]

    /// Running attempts that were claimed by this life of a node, by the numbers of their runs: at most `limit` of
    /// those after `run`.
    func running(of node: NodeID, after run: RunID?, limit: Int) async throws(StoreError) -> [Claim]

    /// The first `limit` runs that a claim would decide on by now, or within a while from now, in the order of the claim:
    /// what a worker takes locks by before it claims, and what the leader announces to workers.
    func dueRuns(
        queues: [String], abilities: Abilities, within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun]

    /// When the next run of these queues that can be done may start; a time past means now. `nil` when none is planned.
    func nextDue(queues: [String], abilities: Abilities) async throws(StoreError) -> Timestamp?

    /// Settles ended attempts. Each is guarded by its fence in the statement that writes it; one that was settled
    /// before with the same fence is reported as settled again.
    /// - Parameter room: what the node that settles will claim at once itself, of runs that this lets go: where that is all of
    ///   them, no other node is told.
    func settle(
        _ reports: [AttemptReport], room: OwnRoom?,
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult]

    /// Asks to end a run: one that has not started is cancelled at once, a running one is marked for its worker.
    /// - Parameter sight: how it must be still; however it is, without.
    /// - Returns: the run after that.
    /// - Throws: ``StoreError/notFound(_:)``, and ``StoreError/changed(_:)`` where it is not as it was seen.
    func cancel(_ run: RunID, asSeen sight: RunSight?, by actor: String) async throws(StoreError) -> Run

    /// The runs of this node that someone asked to end.
    func cancelRequests(of node: NodeID) async throws(StoreError) -> [RunID]

    /// Decides on runs that have not started and whose deadline is past, as a claim would, also where nobody claims them:
    /// up to `limit` runs, and none whose job another move has just now.
    /// - Returns: those that ended, as they are now.
    func endOverdue(
        limit: Int, deciding: @escaping @Sendable (Run, JobPolicies, JobState, Timestamp) -> Admission
    ) async throws(StoreError) -> [Run]

    /// What has been due for so long and was not claimed, by queue and need, the longest due first.
    func unclaimed(for length: Duration, limit: Int) async throws(StoreError) -> [UnclaimedRuns]

    /// Lets waiting runs whose way is free be claimed again, up to `limit` jobs: the safety net below the release
    /// that every end of a run does by itself.
    /// - Returns: how many runs were released.
    func releaseHeld(limit: Int) async throws(StoreError) -> Int
}

extension RunStore {
    /// Settles ended attempts; other nodes are told of what that makes due.
    public func settle(
        _ reports: [AttemptReport],
        deciding: @escaping @Sendable (Run, Outcome, JobPolicies, Timestamp) -> Settlement
    ) async throws(StoreError) -> [SettleResult] {
        try await settle(reports, room: nil, deciding: deciding)
    }

    /// Adds a run by hand, and with that of a root its flow unless it is asked for alone, however the job is.
    public func trigger(
        _ job: String, requestID: String, alone: Bool, by actor: String
    ) async throws(StoreError) -> Run {
        try await trigger(job, requestID: requestID, alone: alone, asSeen: nil, by: actor)
    }

    /// Asks to end a run, however it is.
    public func cancel(_ run: RunID, by actor: String) async throws(StoreError) -> Run {
        try await cancel(run, asSeen: nil, by: actor)
    }

    /// Adds a run by hand, and with that of a root its flow.
    @discardableResult
    public func trigger(_ job: String, requestID: String, by actor: String) async throws(StoreError) -> Run {
        try await trigger(job, requestID: requestID, alone: false, by: actor)
    }

    /// The first runs that somebody who can do whatever there is would claim.
    public func dueRuns(
        queues: [String], within ahead: Duration, limit: Int
    ) async throws(StoreError) -> [DueRun] {
        try await dueRuns(queues: queues, abilities: .everything, within: ahead, limit: limit)
    }

    /// When the next run of these queues may start, whatever it needs.
    public func nextDue(queues: [String]) async throws(StoreError) -> Timestamp? {
        try await nextDue(queues: queues, abilities: .everything)
    }
}

/// Runs of one queue and one need that are due and that nobody has claimed.
public struct UnclaimedRuns: Sendable, Equatable {
    /// Their queue.
    public var queue: String
    /// What a process must be able to do for them.
    public var need: String
    /// One of their jobs.
    public var job: String
    /// How many there are.
    public var count: Int
    /// Since when the first of them has been due.
    public var since: Timestamp

    /// Makes a line; stores do.
    public init(queue: String, need: String, job: String, count: Int, since: Timestamp) {
        self.queue = queue
        self.need = need
        self.job = job
        self.count = count
        self.since = since
    }
}

/// A run that is due, and the definition it follows.
public struct DueRun: Sendable, Equatable {
    /// The run.
    public var run: Run
    /// Its definition.
    public var definition: JobDefinition

    /// Makes a pair; stores do.
    public init(run: Run, definition: JobDefinition) {
        self.run = run
        self.definition = definition
    }
}
