// Admission: whether a due run starts. It is decided when a worker claims the run, inside the store's transaction, so
// that overlap, limits, pause and lateness are judged by what is true then and not by what was true at planning.

/// What the store knows of a job at the moment one of its runs is claimed.
public struct JobState: Sendable, Equatable {
    /// Whether the job was removed since the run was planned.
    public var isRemoved: Bool
    /// Whether the job is paused.
    public var isPaused: Bool
    /// Runs of the job that are running.
    public var activeRuns: Int
    /// Those among them that were started by hand.
    public var activeManualRuns: Int
    /// Other due runs of the job that wait for their turn.
    public var heldRuns: Int
    /// Who holds the job's lock, where that is another program.
    public var lockHolder: String?
    /// Whether the definition that the run follows cannot be read here.
    public var isUnreadable = false
    /// The jobs that must have succeeded before the run starts, and have not, in words.
    public var unmetNeeds: [String] = []
    /// An earlier flow that is open, of which the run's job is the root; looked for where its overlap policy asks for it.
    public var openFlow: RunID?

    /// Makes a state; stores and tests do.
    public init(
        isRemoved: Bool = false, isPaused: Bool = false, activeRuns: Int = 0, activeManualRuns: Int = 0,
        heldRuns: Int = 0, lockHolder: String? = nil
    ) {
        self.isRemoved = isRemoved
        self.isPaused = isPaused
        self.activeRuns = activeRuns
        self.activeManualRuns = activeManualRuns
        self.heldRuns = heldRuns
        self.lockHolder = lockHolder
    }
}

extension JobState {
    /// Words on a run that was missed since what it needs did not come.
    package func unmetWords(for reason: Reason) -> String? {
        reason == .upstream && !unmetNeeds.isEmpty ? "\(unmetNeeds.joined(separator: ", ")) did not succeed" : nil
    }
}

/// What becomes of a due run when a worker reaches for it.
public enum Admission: Sendable, Equatable {
    /// It starts.
    case start
    /// It waits until a run of the job ends. Where only runs by hand are in its way its deadline no longer counts,
    /// since they must never cost a due run its place.
    case hold(waivingDeadline: Bool)
    /// It waits, and the job's other runs, active or waiting, are cancelled for it.
    case replace
    /// It does not start, for a reason the user chose.
    case skip(Reason)
    /// It does not start, since it is too late.
    case miss(Reason)
    /// It does not start, since its job or a person withdrew it.
    case cancel(Reason)

    /// Whether nothing stands in a run's way. ``decide(_:of:for:at:)`` starts it then whatever its job's policies are, so
    /// that a store may start it without asking.
    public static func isClear(_ run: Run, for job: JobState, at now: Timestamp) -> Bool {
        (!job.isRemoved || run.isFollower) && !job.isPaused && !job.isUnreadable && job.activeRuns == 0
            && job.lockHolder == nil && job.unmetNeeds.isEmpty && job.openFlow == nil
            && !run.isCancelRequested && run.deadlineAt.map { now <= $0 } ?? true
    }

    /// The rule.
    ///
    /// A flow goes on as it was planned: the removal of a job changes those to come.
    /// A run that was attempted before is past skipping: it waits for its turn instead, and lateness no longer counts.
    /// Another program's lock stands in the way as an active run of the job would. Who asked for a run by hand wants that
    /// run: it waits where a due one would be skipped, and so do the instants of an outage that `missed: all` runs.
    public static func decide(_ run: Run, of policies: JobPolicies, for job: JobState, at now: Timestamp) -> Admission {
        let isFirst = run.attempt == 0
        // What somebody else's workers have is watched on, or ended, by whoever adopts it.
        if run.isUnderWay, job.isRemoved || run.isCancelRequested { return .start }
        if job.isRemoved, !run.isFollower { return .cancel(.removed) }
        if run.isCancelRequested { return .cancel(.requested) }
        // It has a limit of its own, and stands in nobody's way.
        if run.kind == .backfill, !job.isUnreadable { return .start }
        // Its policies are not known either. A node that can read them may come, and whatever is held is looked at again.
        if job.isUnreadable { return .hold(waivingDeadline: false) }
        if job.isPaused, run.kind == .scheduled, isFirst { return .skip(.paused) }
        let waits = isFirst && run.kind == .scheduled && !job.unmetNeeds.isEmpty
        if isFirst, let deadline = run.deadlineAt, now > deadline { return .miss(waits ? .upstream : .tooLate) }
        if waits { return .hold(waivingDeadline: false) }
        let isLocked = job.lockHolder != nil && policies.effectiveLimit == 1
        let meetsFlow = job.openFlow != nil && run.kind == .scheduled && isFirst
        if job.activeRuns < policies.effectiveLimit, !isLocked, !meetsFlow { return .start }
        if !isFirst { return .hold(waivingDeadline: false) }
        // The elements of a list wait for one another, however long that takes.
        if run.element != nil { return .hold(waivingDeadline: true) }
        if run.kind == .scheduled, job.activeRuns > 0, job.activeManualRuns == job.activeRuns {
            return .hold(waivingDeadline: true)
        }
        let mayWait = run.kind == .manual || isCatchingUp(run, policies, job, at: now)
        switch policies.overlap {
        case .skip: return mayWait ? .hold(waivingDeadline: false) : .skip(.overlap)
        case .queue: return job.heldRuns == 0 || mayWait ? .hold(waivingDeadline: false) : .skip(.overlap)
        case .queueAll, .allow: return .hold(waivingDeadline: false)
        case .cancel: return .replace
        }
    }

    /// Whether a due run is one of those that `missed: all` makes up for, or comes while they wait. They run one after the
    /// other, the oldest first: to skip them for one another would leave one of all.
    private static func isCatchingUp(
        _ run: Run, _ policies: JobPolicies, _ job: JobState, at now: Timestamp
    ) -> Bool {
        policies.missed == .all && (now.duration(since: run.dueAt) > JobPolicies.punctual || job.heldRuns > 0)
    }
}
