// Move: what one transaction changes, as values. A store locks, reads, asks a move, and writes what it gives; nothing here
// knows of a store. Every end of a run passes `Changes.settle` or `Changes.end`, and through them one function that says
// what hangs on an end.

/// What one transaction changes of runs, and of what hangs on them.
package struct Changes: Sendable, Equatable {
    /// The store's time.
    package var now: Timestamp
    /// Runs of which an attempt begins, as they are then.
    package private(set) var starts: [Run] = []
    /// Due runs that wait from now on.
    package private(set) var holds: [Hold] = []
    /// Jobs whose running runs are asked to end, since a newer run takes their place.
    package private(set) var replaced: Set<String> = []
    /// Running runs whose attempt ended, as they are now.
    package private(set) var settled: [Settled] = []
    /// Runs that ended before an attempt began, as they are now.
    package private(set) var ended: [Run] = []
    /// Runs that waited for others and are due now, as they are now.
    package private(set) var letGo: [Run] = []
    /// Runs whose elements are due now, each in a run of its own.
    package private(set) var fanOuts: [FanOut] = []
    /// Runs of flows that ended, whose followers are not decided on yet.
    private var parents: [Run] = []
    /// How many waiting runs of a job may be claimed again, the longest due first.
    package private(set) var releases: [String: Int] = [:]
    /// Jobs of which a run succeeded, so that runs which need one are worth another look.
    package private(set) var succeeded: Set<String> = []
    /// Generations of jobs with a delay, if they have one: the end of the only open run starts its countdown.
    package private(set) var delays: Set<JobVersion> = []
    /// Rows of `scheduled_job_status`, one for each job.
    package private(set) var status: [String: StatusChange] = [:]
    /// What happened, for people.
    package var events: [Event] = []

    package init(at now: Timestamp) { self.now = now }

    /// A run that waits.
    package struct Hold: Sendable, Equatable {
        package var run: RunID
        /// Its deadline no longer counts.
        package var waivesDeadline: Bool
        /// Words on why; without, it keeps those it has.
        package var message: String?
    }

    /// The runs of a list's elements, made like the run that stands for the whole of them. They follow what it followed, and
    /// it follows them from now on.
    package struct FanOut: Sendable, Equatable {
        /// The whole, as it is now: it waits.
        package var whole: Run
        /// How many elements there are.
        package var count: Int
        /// When the elements are too late to start.
        package var deadlineAt: Timestamp
    }

    /// The end of an attempt.
    package struct Settled: Sendable, Equatable {
        package var run: Run
        /// As the store keeps it.
        package var outcome: String
        /// What the run hands on.
        package var value: RunValue?
    }

    /// Takes what is to be written now. Rows of `scheduled_job_status` stay for the end of the transaction: moves that share
    /// no lock meet there.
    package mutating func takeAllButStatus() -> Changes {
        var taken = self
        self = Changes(at: now)
        swap(&status, &taken.status)
        return taken
    }

    /// Whether a further attempt, or a run that waited for others, is due by `moment`.
    /// - Parameter room: of whoever will claim those that waited, where they are no more than that.
    package func hasDue(by moment: Timestamp, beyond room: OwnRoom? = nil) -> Bool {
        let forOthers = room?.holds(letGo) == true ? [] : letGo
        return forOthers.contains { $0.dueAt <= moment } || fanOuts.contains { $0.whole.dueAt <= moment }
            || settled.contains { $0.run.state == .scheduled && $0.run.dueAt <= moment }
    }
}

extension Changes {
    /// Begins an attempt.
    package mutating func start(_ run: Run, by node: NodeID, fence: Fence) -> Run {
        let run = run.started(by: node, fence: fence, at: now)
        starts.append(run)
        note(run)
        return run
    }

    /// Lets a due run wait.
    package mutating func hold(_ run: Run, waivingDeadline: Bool, _ message: String?) {
        // A further attempt keeps the words on the one before.
        holds.append(Hold(run: run.id, waivesDeadline: waivingDeadline, message: run.attempt == 0 ? message : nil))
    }

    /// Asks the job's running runs to end.
    package mutating func replaceRunning(of job: String) { replaced.insert(job) }

    /// One waiting run of the job may go, after the others that may.
    package mutating func release(heldOf job: String) { releases[job, default: 0] += 1 }

    /// Brings a running attempt to its settlement.
    /// - Parameter isGuarded: whether the job's row is locked, so that its waiting runs and its delay are ours.
    /// - Returns: the run after it.
    /// - Throws: ``IllegalMove`` when it cannot go where the settlement sends it.
    package mutating func settle(
        _ run: Run, _ outcome: Outcome, as settlement: Settlement, words: String? = nil, value: RunValue? = nil,
        isGuarded: Bool = true
    ) throws(IllegalMove) -> Run {
        let run = try run.settled(outcome, as: settlement, words: words, at: now)
        settled.append(
            Settled(run: run, outcome: outcome.word, value: run.state == .succeeded ? value : nil))
        note(run)
        if isGuarded { release(heldOf: run.job) }
        conclude(run, isGuarded: isGuarded)
        return run
    }

    /// Ends a run that has not started.
    /// - Parameter isGuarded: whether the job's row is locked.
    /// - Returns: the run after it.
    /// - Throws: ``IllegalMove`` when it cannot end so.
    package mutating func end(
        _ run: Run, as state: RunState, _ reason: Reason?, message: String? = nil, isGuarded: Bool = true
    ) throws(IllegalMove) -> Run {
        let run = try run.ended(as: state, reason, message: message, at: now)
        ended.append(run)
        conclude(run, isGuarded: isGuarded)
        return run
    }

    /// What a run hands on by this.
    package func value(of run: RunID) -> RunValue? { settled.first { $0.run.id == run }?.value }

    /// Runs of flows that ended: those that wait for them are to be decided on (``follow(_:)``), until there are none.
    package mutating func takeParents() -> [Run] {
        defer { parents = [] }
        return parents
    }

    /// A run that ended before counts as something else from now on: those that wait for it are to be decided on.
    package mutating func reconsider(_ run: Run) {
        if run.flow != nil { parents.append(run) }
        if run.state == .succeeded { succeeded.insert(run.job) }
    }

    /// A run that waited for others is due.
    mutating func letGo(_ run: Run) { letGo.append(run) }

    /// A run's elements are due.
    mutating func fanOut(_ fanOut: FanOut) { fanOuts.append(fanOut) }

    /// What hangs on the end of a run, whichever way it ended.
    private mutating func conclude(_ run: Run, isGuarded: Bool) {
        guard run.state.isTerminal else { return }
        if run.flow != nil { parents.append(run) }
        if run.state == .succeeded { succeeded.insert(run.job) }
        if isGuarded, run.kind == .scheduled {
            delays.insert(JobVersion(job: run.job, generation: run.version.generation, version: 0))
        }
    }

    /// Takes a run's newest word into the row of its job. An older fence never overwrites a newer one's.
    mutating func note(_ run: Run) {
        // What is made up for says nothing of how the job is now, and an element's end nothing of how the whole ends.
        if run.kind == .backfill || run.element != nil && run.state != .running { return }
        var change = status[run.job] ?? StatusChange(run)
        change.take(run, at: now)
        status[run.job] = change
    }
}

/// The change of a row of `scheduled_job_status`: several runs of a job make one.
package struct StatusChange: Sendable, Equatable {
    /// The newest run.
    package private(set) var run: Run
    /// The word on it.
    package private(set) var status: String
    /// When a run ended well, if one did.
    package private(set) var successAt: Timestamp?
    /// How many failures are added.
    package private(set) var failures = 0
    /// Whether the failures before this change no longer count.
    package private(set) var isReset = false

    fileprivate init(_ run: Run) {
        self.run = run
        status = run.state.rawValue
    }

    fileprivate mutating func take(_ run: Run, at now: Timestamp) {
        guard run.fence >= self.run.fence else { return }
        self.run = run
        switch run.state {
        case .succeeded:
            status = "success"
            successAt = now
            failures = 0
            isReset = true
        case .scheduled: status = "retrying"
        case .waiting, .running, .cancelled, .unknown: status = run.state.rawValue
        case .failed, .timedOut, .lost, .dead, .skipped, .missed:
            status = run.state.rawValue
            failures += 1
        }
    }
}

extension Event {
    /// An attempt whose worker vanished.
    package static func lost(_ run: Run, now state: RunState) -> Event {
        Event(
            "run.lost", job: run.job, run: run.id, actor: run.node ?? "",
            message: "attempt \(run.attempt) of \(run.key); now \(state.rawValue)")
    }
}
