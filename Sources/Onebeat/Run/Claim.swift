/// A worker's right to one attempt of a run: valid while the node's lease is, and only for its fence.
public struct Claim: Sendable, Equatable {
    /// The run as it was when it was claimed: state `running`, with this attempt's number and fence.
    public var run: Run
    /// The definition the run follows.
    public var definition: JobDefinition
    /// What the runs that it follows handed on, by their jobs. Read before its work begins.
    public var input: [String: RunValue] = [:]
    /// The same, where the store read it along with the claim.
    package var known: [String: RunValue]?
    /// Of which of those jobs what they handed on may be shown in words on an end: none of them says that it is secret.
    package var shownInputs: Set<String> = []

    /// Makes a claim; stores do.
    public init(run: Run, definition: JobDefinition) {
        self.run = run
        self.definition = definition
    }

    /// The attempt's fence.
    public var fence: Fence { run.fence }
    /// The attempt's number, from 1.
    public var attempt: Int { run.attempt }
}

/// How an attempt ended. A job that failed is not an error: it is an outcome.
public enum Outcome: Sendable, Equatable {
    /// It did its work.
    case succeeded
    /// It said, or showed, that it did not.
    case failed(Failure)
    /// It was stopped at its time-out.
    case timedOut
    /// It was stopped because someone asked for it, or a newer run replaced it.
    case cancelled
    /// It was stopped because the node is leaving; somebody else may go on.
    case interrupted
    /// Its worker vanished: whether it ended, and how, is unknown.
    case lost
    /// The same, and nothing else ran on that worker.
    case lostAlone
    /// Its node knows that nothing of it began.
    case notStarted
}

/// What is known of a failure.
public struct Failure: Sendable, Equatable {
    /// What went wrong, in words that help.
    public var message: String
    /// The exit code of the process, or the status of the HTTP answer.
    public var exitCode: Int?
    /// Whether it is for good, so that no retry would help.
    public var isFinal = false

    /// Makes a failure.
    public init(_ message: String, exitCode: Int? = nil, isFinal: Bool = false) {
        self.message = message
        self.exitCode = exitCode
        self.isFinal = isFinal
    }
}

/// The record of one attempt.
public struct Attempt: Sendable, Equatable {
    /// The run it belongs to.
    public var run: RunID
    /// Its number, from 1.
    public var number: Int
    /// Its fence.
    public var fence: Fence
    /// Who made it.
    public var node: String
    /// That node's boot.
    public var boot: String
    /// When it was claimed.
    public var startedAt: Timestamp
    /// When its end was recorded.
    public var finishedAt: Timestamp?
    /// How it ended: `succeeded`, `failed`, `timed_out`, `cancelled`, `interrupted`, `lost`,
    /// `not_started`; `nil` while it runs.
    public var outcome: String?
    /// Words on the end.
    public var message: String?
    /// Exit code or HTTP status.
    public var exitCode: Int?

    /// Makes a record of an attempt; stores do.
    public init(run: RunID, number: Int, fence: Fence, node: String, boot: String, startedAt: Timestamp) {
        self.run = run
        self.number = number
        self.fence = fence
        self.node = node
        self.boot = boot
        self.startedAt = startedAt
    }
}

extension Outcome {
    /// The word the store keeps.
    public var word: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .timedOut: "timed_out"
        case .cancelled: "cancelled"
        case .interrupted: "interrupted"
        case .lost, .lostAlone: "lost"
        case .notStarted: "not_started"
        }
    }

    /// What is known of the failure, when the outcome is one.
    public var failure: Failure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
