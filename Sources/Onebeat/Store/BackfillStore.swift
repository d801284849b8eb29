/// Past due instants that somebody wants run: a few at a time, beside what is due.
public protocol BackfillStore: Sendable {
    /// Keeps a backfill that is to begin.
    /// - Throws: ``StoreError/notFound(_:)`` for no such job, ``StoreError/refused(_:)`` where one of the job that has not
    ///   ended covers a part of the period: an instant is in one backfill at a time.
    func add(_ backfill: Backfill) async throws(StoreError) -> Backfill

    /// Backfills, the newest first: those that have not ended, or all; and only those before one, to turn a page.
    func backfills(openOnly: Bool, before: Int64?, limit: Int) async throws(StoreError) -> [Backfill]

    /// Pauses, resumes or cancels a backfill. Its runs that have not begun are cancelled with it; those under way go on.
    /// - Throws: ``StoreError/notFound(_:)``, and ``StoreError/refused(_:)`` for one that has ended.
    func change(_ backfill: Int64, to state: Backfill.State, by actor: String) async throws(StoreError) -> Backfill

    /// How many of its runs have not ended, those of followers too.
    func openRuns(of backfill: Int64) async throws(StoreError) -> Int

    /// Of how many of its flows, or runs that nothing follows, something has not ended.
    func openFlows(of backfill: Int64) async throws(StoreError) -> Int

    /// The state of the newest run of a job for each of these due instants, where there is one.
    func newestStates(of job: String, at instants: [Timestamp]) async throws(StoreError) -> [Timestamp: RunState]

    /// Inserts the runs of a step, and with each that of a root its flow, and moves the backfill on: together or not at all.
    /// - Returns: how many runs were inserted, without followers; `nil` where the backfill is not as the step takes it for.
    /// - Throws: ``StoreError/fenced(_:)`` when `term` is over.
    func take(_ step: BackfillStep, term: Term?) async throws(StoreError) -> Int?
}

/// Past due instants of a job that are to be run.
public struct Backfill: Sendable, Equatable {
    /// Where it stands.
    public enum State: String, Sendable, CaseIterable {
        /// It goes on as long as there are instants.
        case active
        /// It waits for somebody to resume it.
        case paused
        /// Somebody ended it.
        case cancelled
        /// All its instants were decided on, and their runs have ended.
        case done

        /// Whether it goes on, or may.
        public var isOpen: Bool { self == .active || self == .paused }
    }

    /// Which instant comes first.
    public enum Order: String, Sendable, CaseIterable { case oldest, newest }

    /// Which instants are run that have been run before.
    public enum Repeats: String, Sendable, CaseIterable {
        /// None: those that have no run, or one that was never started.
        case none
        /// Those whose newest run did not succeed.
        case failed
        /// All.
        case all

        /// Whether an instant is run.
        /// - Parameter state: of its newest run, where it has one.
        package func include(_ state: RunState?) -> Bool {
            switch state {
            case nil, .skipped, .missed: true
            case .failed, .timedOut, .cancelled, .lost, .dead: self != .none
            case .succeeded: self == .all
            case .waiting, .scheduled, .running, .unknown: false
            }
        }
    }

    /// The store's number; 0 before it has one.
    public var id: Int64 = 0
    /// The job's name.
    public var job: String
    /// Due instants from this one on,
    public var from: Timestamp
    /// and before this one.
    public var to: Timestamp
    /// Which comes first.
    public var order = Order.oldest
    /// How many of its flows, or runs, may be open at one time: 1 to 1000.
    public var limit = 1
    /// Which are run that have been run before.
    public var repeats = Repeats.none
    /// Where it stands.
    public var state = State.active
    /// The last instant that was decided on.
    public var reached: Timestamp?
    /// How many runs it has made, without followers.
    public var made = 0
    /// How many instants it has passed over, since they had been run.
    public var passed = 0
    /// Who asked for it.
    public var actor: String
    /// When; the store fills it in.
    public var createdAt = Timestamp.distantPast

    /// A backfill that is not kept yet.
    public init(of job: String, from: Timestamp, to: Timestamp, by actor: String) {
        self.job = job
        self.from = from
        self.to = to
        self.actor = actor
    }

    /// Below that of all that is due, which jobs can have.
    package static let priority = -1001

    /// What its runs have for a request.
    package static func request(_ id: Int64) -> String { "backfill-\(id)" }
}

extension Event {
    /// Something happened to a backfill.
    package static func backfill(_ backfill: Backfill, _ word: String, by actor: String) -> Event {
        Event(
            "backfill.\(word)", job: backfill.job, actor: actor,
            message:
                "backfill \(backfill.id), \(backfill.from.words) to \(backfill.to.words), \(backfill.made) runs made")
    }
}

/// The next instants of a backfill, decided on.
public struct BackfillStep: Sendable, Equatable {
    /// The backfill as it was when this was decided.
    public var backfill: Backfill
    /// The definition that its runs follow.
    package var record: JobRecord
    /// Those of them that are run.
    package var instants: [Timestamp] = []
    /// How many are passed over.
    package var passed = 0
    /// The last one that was decided on.
    package var reached: Timestamp?
    /// Whether there are no more, and nothing of it is open.
    package var isLast = false
    /// What is run with each.
    package var followers: [Follower] = []

    package init(_ backfill: Backfill, by record: JobRecord) {
        self.backfill = backfill
        self.record = record
    }
}

extension BackfillStore {
    /// The newest backfills.
    public func backfills(openOnly: Bool, limit: Int) async throws(StoreError) -> [Backfill] {
        try await backfills(openOnly: openOnly, before: nil, limit: limit)
    }
}
