import Onebeat

// Chaos: what is left when real processes were killed, frozen and cut off, and whether that is lawful. The history
// comes from the store's tables, read past everything of ours, and from a file that the jobs themselves wrote; a node
// that lies is caught by one of them.

/// All that is known of a chaos run when it is over.
public struct ChaosHistory: Sendable {
    /// The jobs.
    public var jobs: [ChaosJob] = []
    /// The rows of the table of runs.
    public var runs: [ChaosRun] = []
    /// The rows of the table of attempts.
    public var attempts: [ChaosAttempt] = []
    /// The rows of the table of nodes.
    public var lives: [ChaosLife] = []
    /// What the jobs wrote, in the order in which it happened.
    public var lines: [SinkLine] = []
    /// When a node was frozen together with its guardian, so that nothing could end its jobs.
    public var freezes: [Freeze] = []
    /// Runs that were seen in a terminal state during the run, and that state.
    public var seenEnds: [Int64: RunState] = [:]
    /// Watermarks that were seen during the run: the latest of each job.
    public var seenWatermarks: [String: Timestamp] = [:]
    /// When the faults were over and the cluster was whole again.
    public var healedAt = Timestamp.distantPast
    /// When the rows were read.
    public var readAt = Timestamp.distantPast

    /// An empty history.
    public init() {}
}

/// A job of a chaos run, and what the store says of it at the end.
public struct ChaosJob: Sendable {
    /// Its name.
    public var name: String
    /// Whole seconds between its due instants.
    public var period: Int64
    /// Whether one run of it may be active at a time.
    public var isAlone: Bool
    /// Whether a run that is due while another is active is skipped at once.
    public var skips: Bool
    /// Whether it is started at most once.
    public var isAtMostOnce: Bool
    /// When it was stored: it is due after that.
    public var createdAt: Timestamp
    /// Up to where its instants have rows.
    public var watermark: Timestamp
    /// When it is due next.
    public var nextAt: Timestamp?
    /// A job of which a run must have succeeded that was due at most so long before its own.
    public var needs: (job: String, within: Duration)?

    /// A job.
    public init(
        _ name: String, every period: Int64, isAlone: Bool = true, skips: Bool = true, isAtMostOnce: Bool = false,
        createdAt: Timestamp, watermark: Timestamp, nextAt: Timestamp?
    ) {
        self.name = name
        self.period = period
        self.isAlone = isAlone
        self.skips = skips
        self.isAtMostOnce = isAtMostOnce
        self.createdAt = createdAt
        self.watermark = watermark
        self.nextAt = nextAt
    }
}

/// A row of the table of runs.
public struct ChaosRun: Sendable {
    /// Its number.
    public var id: Int64
    /// Its job's name.
    public var job: String
    /// The due instant; of a range the first.
    public var scheduledAt: Timestamp
    /// When it may start, as the row says now.
    public var dueAt: Timestamp
    /// Of a range the last instant.
    public var rangeEnd: Timestamp?
    /// How many instants it stands for.
    public var count = 1
    /// Where it stands.
    public var state: RunState
    /// Why.
    public var reason: Reason?
    /// How many attempts it says there were.
    public var attempt = 0
    /// The newest attempt's fence.
    public var fence: Int64 = 0
    /// How many workers it lost.
    public var crashes = 0
    /// When it ended.
    public var finishedAt: Timestamp?

    /// A row.
    public init(_ id: Int64, _ job: String, at scheduledAt: Timestamp, _ state: RunState) {
        self.id = id
        self.job = job
        self.scheduledAt = scheduledAt
        self.state = state
        dueAt = scheduledAt
    }

    /// The run's name towards the world.
    public var key: String { "\(job)@\(scheduledAt)" }
}

/// A row of the table of attempts.
public struct ChaosAttempt: Sendable {
    /// Its run's number.
    public var run: Int64
    /// Its number among the run's attempts.
    public var number: Int
    /// Its fence.
    public var fence: Int64
    /// The life of the node that claimed it.
    public var boot: String
    /// When it was claimed.
    public var startedAt: Timestamp
    /// When its end was recorded; `nil` while it is open.
    public var finishedAt: Timestamp?
    /// How it ended.
    public var outcome: String?
    /// Whether another node ended it, by an event; its own may say `lost`, too, when its guardian is gone.
    public var wasTakenOver = false

    /// A row.
    public init(
        run: Int64, number: Int, fence: Int64, boot: String, startedAt: Timestamp, finishedAt: Timestamp?,
        outcome: String?
    ) {
        self.run = run
        self.number = number
        self.fence = fence
        self.boot = boot
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
    }
}

/// A row of the table of nodes: one life of a node.
public struct ChaosLife: Sendable {
    /// What tells it from others.
    public var boot: String
    /// The node's name.
    public var node: String
    /// The end of its lease, as it was last renewed.
    public var leaseUntil: Timestamp
    /// When it left or was declared dead.
    public var goneAt: Timestamp?
    /// Whether it said goodbye, or its guardian said that all of its jobs are dead.
    public var isBuried: Bool

    /// A row.
    public init(_ boot: String, node: String, leaseUntil: Timestamp, goneAt: Timestamp? = nil, isBuried: Bool = false) {
        self.boot = boot
        self.node = node
        self.leaseUntil = leaseUntil
        self.goneAt = goneAt
        self.isBuried = isBuried
    }
}

/// A line of the file that the jobs append to.
public struct SinkLine: Sendable {
    /// What happened.
    public enum Kind: Sendable, Equatable {
        /// A process of a job began.
        case start
        /// Another process of the same job was alive then: the one with this fence.
        case overlap(with: Int64)
        /// It was done, and exited with this code.
        case end(Int)
    }

    /// What happened.
    public var kind: Kind
    /// When, by the observer's clock.
    public var at: Timestamp
    /// The node that ran it.
    public var node: String
    /// The fence it was given.
    public var fence: Int64
    /// The attempt's number as it was told.
    public var attempt: Int
    /// The run's key as it was told.
    public var key: String

    /// A line.
    public init(_ kind: Kind, at: Timestamp, node: String, fence: Int64, attempt: Int, key: String) {
        self.kind = kind
        self.at = at
        self.node = node
        self.fence = fence
        self.attempt = attempt
        self.key = key
    }

    /// Reads a line of the file.
    /// - Parameter zero: what the clock of the lines, which counts from the machine's start, is at 0.
    public init?(_ text: some StringProtocol, zero: Timestamp) {
        let words = text.split(separator: " ")
        guard words.count == 7, let at = Int64(words[1]), let fence = Int64(words[3]), let attempt = Int(words[4])
        else { return nil }
        switch words[0] {
        case "start": kind = .start
        case "overlap": kind = .overlap(with: Int64(words[6]) ?? 0)
        case "end": kind = .end(Int(words[6]) ?? -1)
        default: return nil
        }
        self.at = zero + .microseconds(at)
        node = String(words[2])
        self.fence = fence
        self.attempt = attempt
        key = String(words[5])
    }
}

/// A time in which a node and its guardian were frozen together, the guardian's time to end the jobs after it included.
public struct Freeze: Sendable {
    /// The node's name.
    public var node: String
    /// Its beginning.
    public var from: Timestamp
    /// Its end.
    public var until: Timestamp

    /// A freeze.
    public init(_ node: String, from: Timestamp, until: Timestamp) {
        self.node = node
        self.from = from
        self.until = until
    }
}
