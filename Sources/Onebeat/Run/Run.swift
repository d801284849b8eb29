/// The store's number of a run; higher is later.
public struct RunID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The number itself.
    public let value: Int64

    /// Wraps a number from the store.
    public init(_ value: Int64) { self.value = value }

    /// The number in digits.
    public var description: String { String(value) }

    /// Orders by age: the lower was planned first.
    public static func < (a: RunID, b: RunID) -> Bool { a.value < b.value }
}

/// Orders the attempts of all runs in a store, and the holders of its locks: each one's fence is higher than all before
/// it, so that the systems a job writes to can refuse a stale writer. Zero is the fence of a run that was never attempted.
public struct Fence: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The number itself.
    public let value: Int64

    /// Wraps a number from the store's counter.
    public init(_ value: Int64) { self.value = value }

    /// The number in digits.
    public var description: String { String(value) }

    /// Orders by age: the lower is the staler.
    public static func < (a: Fence, b: Fence) -> Bool { a.value < b.value }
}

/// Why a run exists. Each kind has a key space of its own: a run by hand never takes the place of a due one.
public enum RunKind: String, Sendable, Hashable, Codable {
    /// A due instant of the job's schedule.
    case scheduled
    /// A person or a program asked for it.
    case manual
    /// A past due instant that a backfill runs, beside what is due: it counts for none of the job's limits.
    case backfill
    /// A newer version knows why; this one leaves the run alone.
    case unknown

    /// Reads a store's word.
    package init(stored word: String) { self = Self(rawValue: word) ?? .unknown }
}

/// Why a run did not start, or ended without its own doing. The word is stored; pages show the sentence.
public enum Reason: String, Sendable, Hashable, Codable, CaseIterable {
    /// The job's limit of active runs was reached.
    case overlap
    /// The job was paused when the run was due.
    case paused
    /// The run could not start within the job's `deadline`.
    case tooLate = "too_late"
    /// A newer due instant stands for this one (`missed: latest`).
    case coalesced
    /// More instants were missed than `catch_up` allows.
    case catchUpLimit = "catch_up_limit"
    /// The job says `missed: skip`.
    case missedSkip = "missed_skip"
    /// The job was removed.
    case removed
    /// Someone cancelled it.
    case requested
    /// A newer run took its place (`overlap: cancel`).
    case replaced
    /// Its worker's lease ended before the run did.
    case workerLost = "worker_lost"
    /// Its node handed the run back, since it stopped or had not begun it.
    case handedBack = "handed_back"
    /// A run that it follows did not succeed, so that its `trigger_rule` cannot come true any more.
    case upstream
    /// The same, where the run that it follows was skipped.
    case upstreamSkipped = "upstream_skipped"
    /// The store only observes: another scheduler does the work.
    case observed
    /// A newer version wrote a reason that this one does not know.
    case unknown

    /// Reads a store's word.
    package init(stored word: String) { self = Self(rawValue: word) ?? .unknown }

    /// The reason in words, for pages and tables.
    public var sentence: String {
        switch self {
        case .overlap: "an earlier run of the job was still active"
        case .paused: "the job was paused"
        case .tooLate: "it could not start within the job's deadline"
        case .coalesced: "a newer due instant stands for it (missed: latest)"
        case .catchUpLimit: "more instants were missed than catch_up allows"
        case .missedSkip: "it was due while no node could plan it (missed: skip)"
        case .removed: "the job was removed"
        case .requested: "someone cancelled it"
        case .replaced: "a newer run took its place (overlap: cancel)"
        case .workerLost: "its worker's lease ended before the run did"
        case .handedBack: "its node handed it back"
        case .upstream: "a job that it follows did not succeed"
        case .upstreamSkipped: "a job that it follows was skipped"
        case .observed: "this store only observes"
        case .unknown: "for a reason that a newer Onebeat wrote and this one does not know"
        }
    }
}

/// One fire of a job, as the store keeps it.
public struct Run: Sendable, Equatable {
    /// The store's number.
    public var id: RunID
    /// The job, and the definition the run follows.
    public var version: JobVersion
    /// Why the run exists.
    public var kind: RunKind
    /// The due instant. For a run by hand: when it was asked for.
    public var scheduledAt: Timestamp
    /// Tells apart runs by hand, and elements: `[3]` ends that of one. Empty for other due runs.
    public var requestID: String
    /// When it may start: the due instant plus spread, or the time of its next attempt.
    public var dueAt: Timestamp
    /// The latest start; `nil` is no limit.
    public var deadlineAt: Timestamp?
    /// Where it stands.
    public var state: RunState
    /// Why it did not start or ended, where that was not its own doing.
    public var reason: Reason?
    /// Words on the end: the error, the signal, who cancelled.
    public var message: String?
    /// Which workers may claim it.
    public var queue: String
    /// Higher is claimed first.
    public var priority: Int
    /// What a process must be able to do for it; see ``JobDefinition/need``.
    public var need: String
    /// How many attempts were started.
    public var attempt: Int
    /// The fence of the newest attempt.
    public var fence: Fence
    /// The node of the newest attempt.
    public var node: String?
    /// That node's boot, which tells apart two lives of one name.
    public var boot: String?
    /// How many attempts ended because their worker vanished.
    public var crashes: Int
    /// How many attempts failed or timed out; what the retry limit counts.
    public var failures: Int
    /// Whether someone asked to stop it.
    public var isCancelRequested: Bool
    /// When the newest attempt was claimed.
    public var startedAt: Timestamp?
    /// When it reached a terminal state.
    public var finishedAt: Timestamp?
    /// The exit code or HTTP status of the newest attempt.
    public var exitCode: Int?
    /// For a row that stands for several missed instants: the last of them. `scheduledAt` is the first.
    public var rangeEnd: Timestamp?
    /// How many due instants the row stands for; 1 but for such a row.
    public var count: Int
    /// The flow that it is part of: the number of the root's run. `nil` where nothing follows its job and it follows nothing.
    public var flow: RunID?
    /// Which element of a list it is for, from 0; `nil` for a run that is for none. See ``Each``.
    public var element: Int?

    /// Makes a run that is planned and not yet attempted.
    public init(
        id: RunID, version: JobVersion, kind: RunKind = .scheduled, scheduledAt: Timestamp, requestID: String = "",
        dueAt: Timestamp, deadlineAt: Timestamp? = nil, state: RunState = .scheduled,
        queue: String = JobPolicies.defaultQueue, priority: Int = 0, need: String = ""
    ) {
        self.id = id
        self.version = version
        self.kind = kind
        self.scheduledAt = scheduledAt
        self.requestID = requestID
        self.dueAt = dueAt
        self.deadlineAt = deadlineAt
        self.state = state
        self.queue = queue
        self.priority = priority
        self.need = need
        attempt = 0
        fence = Fence(0)
        crashes = 0
        failures = 0
        isCancelRequested = false
        count = 1
    }

    /// The job's name.
    public var job: String { version.job }

    /// The job's name, and which element of its list the run is for: `load[3]`.
    package var label: String { element.map { "\(job)[\($0)]" } ?? job }

    /// Whether it follows other runs of its flow.
    public var isFollower: Bool { flow.map { $0 != id } ?? false }

    /// The name of the run towards the world, equal over all its attempts: `job@2026-11-23T03:00:00Z`, and for a run by
    /// hand `job@2026-11-23T03:00:00Z#request`. An element's has its place behind it: `job@2026-11-23T03:00:00Z[3]`.
    public var key: String {
        kind == .scheduled ? "\(job)@\(scheduledAt)\(requestID)" : "\(job)@\(scheduledAt)#\(requestID)"
    }

    /// Whether somebody else's workers do it; see ``Work/isRemote``.
    package var isRemote: Bool { need == Work.celeryKind }

    /// Whether somebody else's workers may have it though no attempt of it is running: only who adopts it can end it.
    package var isUnderWay: Bool { isRemote && state == .scheduled && attempt > failures }

    /// Whether it tells people of other jobs: it was asked for by a node that found something to tell, or by somebody who tries.
    package var isMessage: Bool { need == Work.alertKind }

    /// Whether it runs elsewhere and was only told of: no node holds it.
    package var isReported: Bool { need == SignalWatch.kind }

    /// How late the newest attempt started, for runs that started at all.
    public var lateness: Duration? { startedAt.map { $0.duration(since: dueAt) } }
}
