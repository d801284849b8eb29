/// What happened, for people and for audits.
public protocol HistoryStore: Sendable {
    /// Runs that fit, the newest planned first; see ``RunFilter/isByTime``.
    func runs(_ filter: RunFilter) async throws(StoreError) -> [Run]

    /// One run.
    func run(_ id: RunID) async throws(StoreError) -> Run?

    /// Which runs of a flow wait, or waited, for which: up to `limit` pairs.
    func waits(in flow: RunID, limit: Int) async throws(StoreError) -> [Wait]

    /// What a run handed on.
    func value(of run: RunID) async throws(StoreError) -> RunValue?

    /// What the runs that a run follows handed on, by their jobs.
    func input(of run: RunID) async throws(StoreError) -> [String: RunValue]

    /// The attempts of a run, first to newest.
    func attempts(of run: RunID) async throws(StoreError) -> [Attempt]

    /// The jobs' rows of `scheduled_job_status`, by name; one job's when named.
    func statuses(job: String?) async throws(StoreError) -> [JobStatus]

    /// Keeps a piece of output, and drops older pieces of the same attempt that no longer fit.
    func appendLog(_ pieces: [LogPiece], dropping: [LogPiece.ID]) async throws(StoreError)

    /// The output of a run after `position`, in order, up to `limit` pieces.
    func logs(of run: RunID, after position: LogPosition?, limit: Int) async throws(StoreError) -> [LogPiece]

    /// Writes an event that is not part of another move.
    func record(_ event: Event) async throws(StoreError)

    /// Events that fit, newest first.
    func events(_ filter: EventFilter) async throws(StoreError) -> [EventRecord]

    /// How many runs stand in each state; terminal ones within the kept history.
    func runCounts() async throws(StoreError) -> [RunState: Int]

    /// Removes terminal runs that ended before `instant`, with their attempts and output, and events as old, up to
    /// `limit` rows, so that no call holds the store for long.
    /// - Returns: how many rows went.
    func prune(before instant: Timestamp, limit: Int) async throws(StoreError) -> Int
}

extension HistoryStore {
    /// The newest events, or a job's, newest first.
    public func events(job: String?, limit: Int) async throws(StoreError) -> [Event] {
        try await events(EventFilter(job: job, limit: limit)).map(\.event)
    }
}

/// Which runs to list.
public struct RunFilter: Sendable, Equatable {
    /// Only this job's.
    public var job: String?
    /// Only in these states; all when empty.
    public var states: Set<RunState> = []
    /// Only with a due instant at or after this.
    public var from: Timestamp?
    /// Only with a due instant before this.
    public var before: Timestamp?
    /// Only those of this flow.
    public var flow: RunID?
    /// Only older than this one: how to turn a page.
    public var after: RunID?
    /// Only newer than this one, and of those the oldest: how to turn a page back.
    public var newer: RunID?
    /// At most so many, 1 to 1000.
    public var limit = 50

    /// Whether the latest due come first, and not the newest planned, which is how runs of a stretch of time are found without
    /// reading all that were planned since. It is so where nothing but time and states that are common choose them.
    package var isByTime: Bool {
        (from != nil || before != nil) && job == nil && flow == nil && (states.isEmpty || states == [.succeeded])
    }

    /// All runs.
    public init() {}
}

/// That a run follows another one.
public struct Wait: Sendable, Hashable {
    /// The run that is followed.
    public var parent: RunID
    /// The run that follows it.
    public var run: RunID

    /// Makes a pair; stores do.
    public init(parent: RunID, run: RunID) {
        self.parent = parent
        self.run = run
    }
}

/// A row of `scheduled_job_status`: the newest word on a job, for whoever asks the table directly.
public struct JobStatus: Sendable, Equatable {
    /// The job's name.
    public var job: String
    /// `running`, `success`, `failed`, or another outcome's word.
    public var status: String
    /// When its newest attempt started.
    public var lastRunAt: Timestamp?
    /// The node of that run.
    public var node: String?
    /// The run.
    public var run: RunID?
    /// The run's fence.
    public var fence: Fence
    /// When a run last ended well.
    public var lastSuccessAt: Timestamp?
    /// How many runs failed since then.
    public var failuresInARow: Int

    /// Makes a row; stores do.
    public init(
        job: String, status: String, lastRunAt: Timestamp? = nil, node: String? = nil, run: RunID? = nil,
        fence: Fence = Fence(0), lastSuccessAt: Timestamp? = nil, failuresInARow: Int = 0
    ) {
        self.job = job
        self.status = status
        self.lastRunAt = lastRunAt
        self.node = node
        self.run = run
        self.fence = fence
        self.lastSuccessAt = lastSuccessAt
        self.failuresInARow = failuresInARow
    }
}

/// Where output came from.
public enum LogStream: String, Sendable, Hashable, Codable {
    /// Standard output, or an HTTP answer's body.
    case stdout
    /// Standard error.
    case stderr
    /// Onebeat's own marks, such as a cut.
    case note
}

/// Where a piece stands in a run's output.
public struct LogPosition: Sendable, Hashable, Comparable, Codable {
    /// The attempt, from 1.
    public var attempt: Int
    /// The piece's number within the attempt.
    public var sequence: Int

    /// Names a place.
    public init(attempt: Int, sequence: Int) {
        self.attempt = attempt
        self.sequence = sequence
    }

    /// Orders by attempt, then by number.
    public static func < (a: LogPosition, b: LogPosition) -> Bool {
        (a.attempt, a.sequence) < (b.attempt, b.sequence)
    }
}

/// A piece of a run's output.
public struct LogPiece: Sendable, Equatable, Identifiable {
    /// Names a piece: its run and its place.
    public struct ID: Sendable, Hashable {
        /// The run.
        public var run: RunID
        /// The place.
        public var position: LogPosition

        /// Names a piece.
        public init(run: RunID, position: LogPosition) {
            self.run = run
            self.position = position
        }
    }

    /// Its name.
    public var id: ID
    /// Where it came from.
    public var stream: LogStream
    /// When it came.
    public var at: Timestamp
    /// The bytes as they came.
    public var bytes: [UInt8]

    /// Makes a piece.
    public init(id: ID, stream: LogStream, at: Timestamp, bytes: [UInt8]) {
        self.id = id
        self.stream = stream
        self.at = at
        self.bytes = bytes
    }
}
