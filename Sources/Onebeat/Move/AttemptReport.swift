/// An ended attempt, as its worker reports it.
public struct AttemptReport: Sendable, Equatable {
    /// The claim it ran under.
    public var claim: Claim
    /// How it ended.
    public var outcome: Outcome
    /// What it hands on. Kept where it succeeded.
    public var value: RunValue?
    /// What its executor has to say of a good end.
    public var remark: String?

    /// Makes a report.
    public init(_ claim: Claim, _ outcome: Outcome, value: RunValue? = nil, remark: String? = nil) {
        self.claim = claim
        self.outcome = outcome
        self.value = value
        self.remark = remark
    }

    /// Words on the end, for people.
    public var words: String? {
        switch outcome {
        case .failed(let failure): failure.message
        case .timedOut: claim.definition.timeout.map { "stopped after \($0.text), its time-out" }
        case .succeeded: remark
        case .cancelled, .interrupted, .lost, .lostAlone, .notStarted: nil
        }
    }
}

/// What a node has room for while it settles: of what that makes due, as much is its own to claim.
public struct OwnRoom: Sendable, Equatable {
    /// How many slots are free.
    public var slots: Int
    /// The queues it serves.
    public var queues: [String]
    /// What it can do.
    public var abilities: Abilities

    /// Room for so many runs of these queues.
    public init(slots: Int, queues: [String], abilities: Abilities) {
        self.slots = slots
        self.queues = queues
        self.abilities = abilities
    }

    func holds(_ runs: [Run]) -> Bool {
        runs.count <= slots && runs.allSatisfy { queues.contains($0.queue) && abilities.cover($0.need) }
    }
}

/// What became of a report.
public enum SettleResult: Sendable, Equatable {
    /// It was settled, now or before under the same fence; the run after it.
    case settled(Run)
    /// Another attempt holds the run, or the run has its outcome from one: the report changes nothing.
    case fenced
    /// Somebody else has its row, or its job's, for longer than others should wait: report it again.
    case later
}
