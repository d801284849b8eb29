import Onebeat

/// What must hold of every history; the numbers are those of the invariants that reliability engineering knows us by.
public enum Invariant: String, Sendable, Hashable, CaseIterable {
    /// One row for each due instant and for each request by hand.
    case unique = "I1 unique"
    /// Every due instant has its row, and there are no others.
    case complete = "I2 complete"
    /// Nothing starts before it is due.
    case notEarly = "I3 not early"
    /// Attempts are numbered 1, 2, 3 and fences only grow.
    case fences = "I4 fences"
    /// A run has one holder, and a job no more active runs than its limit.
    case oneHolder = "I5 one holder"
    /// A run is taken from a holder only after its lease.
    case lawfulTakeover = "I6 lawful takeover"
    /// A run has one outcome, the one that its newest attempt reported.
    case oneOutcome = "I7 one outcome"
    /// An attempt is gone before its lease is.
    case selfStop = "I8 self-stop"
    /// An at-most-once run is never started after an end that is not known.
    case atMostOnce = "I9 at most once"
    /// Only what was claimed runs.
    case noGhost = "I10 no ghost"
    /// No more attempts of a job really run than its limit.
    case noOverlap = "I11 no real overlap"
    /// Watermarks never go back.
    case watermark = "I12 watermark"
    /// Once all is well again, everything that is due ends.
    case eventual = "I13 eventual"
    /// A run follows the definition in force; removed and paused jobs start nothing.
    case versions = "I14 versions"
    /// With each run of a root goes one of each follower, and each starts, or ends unstarted, by its rule.
    case flows = "I15 flows"
    /// Catch-up and lateness keep their bounds, and what is skipped is skipped for a reason.
    case bounded = "I16 bounded"
    /// A run that needs another job starts after a success of that, or is missed for it at its deadline.
    case needs = "I17 needs"
    /// A backfill makes each of its instants once, no more at one time than it may, and never ahead of what is due.
    case backfills = "I18 backfills"
}

/// An invariant that does not hold, and how.
public struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
    /// Which one.
    public let invariant: Invariant
    /// What was seen.
    public let words: String
    /// When, by the store's clock.
    public let at: Timestamp

    /// The violation in one line.
    public var description: String { "\(invariant.rawValue) at \(at): \(words)" }
}

/// Watches a history and says where it breaks an invariant: after every observation what can be said cheaply, and at
/// the end the rest, from the store's rows. It keeps a model of its own and believes neither nodes nor store.
public struct Checker: Sendable {
    struct Version: Sendable {
        var id: JobVersion
        var definition: JobDefinition
        var from: Timestamp
        var until: Timestamp?
    }

    struct Job: Sendable {
        var versions: [Version] = []
        var isPaused = false
        var isRemoved = false
        var generation = 0
        var watermark = Timestamp.distantPast
        /// Runs that are claimed and not ended, by the store's answers.
        var open: Set<RunID> = []
        /// Attempts that really run.
        var active: Set<Fence> = []
        /// Those of backfills, which count for none of its limits.
        var beside: Set<Fence> = []
    }

    struct End: Sendable {
        /// `nil` for one that its node never got to know.
        var outcome: Outcome?
        var at: Timestamp
    }

    struct RunModel: Sendable {
        var attempts = 0
        var holder: (fence: Fence, boot: String)?
        var settled: [Fence: String] = [:]
        var terminal: RunState?
        var fence = Fence(0)
        /// When it may start again, after a retry was settled.
        var notBefore = Timestamp.distantPast
        var hasUnknownEnd = false
    }

    var jobs: [String: Job] = [:]
    var runs: [RunID: RunModel] = [:]
    /// Until when each life of a node can have trusted its lease.
    var leases: [String: Timestamp] = [:]
    /// Lives that were declared dead.
    var dead: Set<String> = []
    var lastFence = Fence(0)
    /// Attempts that really began.
    var begun: Set<Fence> = []
    /// The real end of each attempt.
    var ends: [Fence: End] = [:]
    var requests: [String: Set<String>] = [:]
    /// What counts as a success now, by job.
    var successes: [String: [RunID: Success]] = [:]
    var backfills: [Int64: BackfillModel] = [:]
    /// What happened so far, for a report that says how much was tried.
    public private(set) var counts: [String: Int] = [:]
    var now = Timestamp.distantPast

    /// A checker that has seen nothing.
    public init() {}

    /// Takes in what was seen at `now`, by the store's clock.
    /// - Throws: ``Violation`` for the first invariant that it breaks.
    public mutating func observe(_ observation: Observation, at now: Timestamp) throws(Violation) {
        self.now = now
        switch observation {
        case .applied(let changes): for change in changes { try apply(change) }
        case .paused(let job, let isPaused): jobs[job]?.isPaused = isPaused
        case .planned(let plans, let records): try plan(plans, records)
        case .triggered(let run): requests[run.job, default: []].insert(run.requestID)
        case .cancelled(let run): if run.state.isTerminal { runs[run.id, default: RunModel()].terminal = run.state }
        case .marked(let run, let state): marked(run, as: state)
        case .backfillAdded(let backfill): try added(backfill)
        case .backfillChanged(let backfill): backfills[backfill.id]?.state = backfill.state
        case .backfilled(let step, let open): try backfilled(step, open)
        case .preferred(let claims, let due): try preferred(claims, to: due)
        case .claimed(let result, let node):
            for claim in result.claims { try claimed(claim, by: node) }
            for run in result.refused { try refused(run) }
        case .settled(let report, let result): try settled(report, result)
        case .reaped(let result): try reaped(result)
        case .leased(let node, let length): try leased(node, now + length)
        case .started(let claim): try started(claim)
        case .ended(let claim, let outcome): try ended(claim, outcome)
        }
    }

    func require(
        _ holds: Bool, _ invariant: Invariant, _ words: @autoclosure () -> String
    ) throws(Violation) {
        if !holds { throw Violation(invariant: invariant, words: words(), at: now) }
    }

    mutating func count(_ what: String) { counts[what, default: 0] += 1 }

    private mutating func apply(_ change: JobChange) throws(Violation) {
        let record = change.record
        var job = jobs[change.job] ?? Job()
        switch change.kind {
        case .unchanged, .kept: return
        case .removed:
            job.isRemoved = true
            job.versions[job.versions.count - 1].until = now
        case .added, .changed:
            if change.kind == .added {
                try require(
                    record.generation == job.generation + 1, .versions,
                    "\(change.job) was added as generation \(record.generation) after \(job.generation)")
                job.watermark = .distantPast
                job.isPaused = false
            } else if let last = job.versions.indices.last {
                job.versions[last].until = now
            }
            try require(
                record.watermark >= job.watermark, .watermark, "\(change.job) was set back to \(record.watermark)")
            job.watermark = record.watermark
            job.isRemoved = false
            job.generation = record.generation
            job.versions.append(Version(id: record.versionID, definition: record.definition, from: now, until: nil))
        }
        jobs[change.job] = job
        count("definition \(change.kind.rawValue)")
    }

    private mutating func plan(_ plans: [FirePlan], _ records: [JobRecord]) throws(Violation) {
        for record in records {
            guard let job = jobs[record.name], job.generation == record.generation else { continue }
            try require(
                record.watermark >= job.watermark, .watermark,
                "\(record.name) went back from \(job.watermark) to \(record.watermark)")
            jobs[record.name]?.watermark = record.watermark
        }
        for plan in plans {
            guard let policies = version(plan.version)?.definition.policies else { continue }
            let late = plan.fires.filter { $0.missed == nil && $0.dueAt < now - .seconds(30) }.count
            let most: Int =
                switch policies.missed {
                case .latest: 1
                case .all: policies.catchUp
                case .skip: 0
                }
            let isDelay = if case .delay = version(plan.version)?.definition.schedule.rhythm { true } else { false }
            try require(isDelay || late <= most, .bounded, "\(plan.version.job) was to catch up on \(late) at once")
        }
        count("plan")
    }

    private mutating func leased(_ node: NodeID, _ until: Timestamp) throws(Violation) {
        try require(!dead.contains(node.boot), .lawfulTakeover, "the lease of \(node) was declared over and regained")
        if leases[node.boot] == nil { count("join") }
        leases[node.boot] = max(leases[node.boot] ?? until, until)
    }

    func version(_ id: JobVersion) -> Version? { jobs[id.job]?.versions.last { $0.id == id } }
}
