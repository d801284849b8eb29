import Onebeat

// Health: whether each job lately did what it is for, in one word and one sentence. The rule is pure; the reader beside
// it asks the store in a few bounded questions. Pages, commands, metrics and alerts all say what stands here.

/// How a job is.
package struct JobHealth: Sendable, Equatable {
    /// In one word; what needs a look first stands first.
    package enum State: String, Sendable, CaseIterable, Codable {
        /// The newest of its runs that were started did not end well.
        case failing
        /// What was due lately was not started in time, and nothing has ended well since.
        case missing
        /// What was due did not end well by the time of day that the job names; or no word came of a job that runs elsewhere.
        case late
        /// A run goes on far longer than usual.
        case stuck
        /// What falls due is skipped again and again.
        case skipping
        /// No living node serves its queue, or can do its work.
        case unserved
        /// A run is due, and does not get to start.
        case waiting
        /// It was due, and nobody plans it.
        case overdue
        /// Its stored definition cannot be read here.
        case invalid
        /// It runs now, and nothing is wrong.
        case running
        /// It has not been due yet.
        case new
        /// It did what it is for.
        case well
        /// Somebody paused it.
        case paused

        /// Whether somebody should look.
        package var needsLook: Bool {
            switch self {
            case .failing, .missing, .late, .stuck, .skipping, .unserved, .waiting, .overdue, .invalid: true
            case .running, .new, .well, .paused: false
            }
        }
    }

    /// The job's name.
    package var job: String
    /// How it is.
    package var state: State
    /// Why, for states that need a look; otherwise empty or a remark.
    package var why = ""
    /// Since when it has been so, as far as is known.
    package var since: Timestamp?
    /// The run that says so.
    package var run: RunID?
    /// How many runs in a row failed, or were skipped or missed.
    package var streak = 0
    /// How the newest run that did not end well ended, for a job that is failing.
    package var outcome: RunState?
    /// What else is wrong with a job that is failing, and is not told by its failures: ``why`` names it, too.
    package var also: [JobHealth] = []
    /// Why without that, for whoever tells of each by itself.
    package private(set) var ownWhy: String?

    /// Whether somebody should look.
    package var needsLook: Bool { state.needsLook }

    package init(
        job: String, _ state: State, _ why: String = "", since: Timestamp? = nil, run: RunID? = nil, streak: Int = 0
    ) {
        self.job = job
        self.state = state
        self.why = why
        self.since = since
        self.run = run
        self.streak = streak
    }
}

/// What is known of a job when its health is asked for.
package struct JobFacts: Sendable {
    /// The job in force.
    package var job: JobRecord
    /// Its row of `scheduled_job_status`.
    package var status: JobStatus?
    /// Its newest run that has ended.
    package var newestEnd: Run?
    /// Its newest runs, the newest first; of use only where ``isSuspect(at:)`` says so.
    package var recent: [Run] = []
    /// Its newest runs that succeeded; of use only where ``isSuspect(at:)`` or ``isOwed(at:)`` says so.
    package var successes: [Run] = []
    /// The oldest of its runs that run.
    package var running: Run?
    /// The longest due of its runs that have not started.
    package var waiting: Run?
    /// What was due last before the time of day by which it is to be done, and that moment; for a job that names one.
    package var duty: (due: Timestamp, by: Timestamp)?
    /// The time between its next two due instants.
    package var rhythm: Duration?
    /// When a success is expected next, of a job that runs elsewhere.
    package var expectedAt: Timestamp?
    /// When word of any end is expected next, of a job that runs elsewhere: a failure that was told of is word, too.
    package var wordExpectedAt: Timestamp?
    /// The run of an alert that failed and is due again.
    package var retrying: Run?

    package init(_ job: JobRecord) { self.job = job }

    /// When a success is expected next by the schedule of a job that runs elsewhere: after the last one, or since it is known.
    func expected(by schedule: Schedule) -> Timestamp? {
        let last = max(status?.lastSuccessAt ?? .distantPast, job.createdAt)
        return job.definition.signal?.next(after: last, by: schedule)
    }

    /// When word of any end is expected next.
    func wordExpected(by schedule: Schedule) -> Timestamp? {
        let last = max(status?.lastSuccessAt ?? .distantPast, newestEnd?.finishedAt ?? .distantPast, job.createdAt)
        return job.definition.signal?.next(after: last, by: schedule)
    }

    /// Whether it must be seen which runs ended well: one of an instant before may have, since.
    func isOwed(at now: Timestamp) -> Bool {
        guard !job.isPaused, let duty, duty.by <= now else { return false }
        return status?.lastSuccessAt.map { $0 >= duty.due } ?? false
    }

    /// Whether what was due at this moment, or later, ended well. A late success of an instant before is none.
    func hasDone(since due: Timestamp) -> Bool {
        guard let last = status?.lastSuccessAt, last >= due else { return false }
        // Where its runs are not kept, or were not looked at, the success itself has to do.
        return successes.isEmpty || successes.contains { $0.scheduledAt >= due }
    }

    /// Whether the rule needs to see its newest runs.
    package func isSuspect(at now: Timestamp) -> Bool {
        if job.isPaused { return false }
        if newestEnd?.state == .skipped || newestEnd?.state == .missed { return true }
        return running?.startedAt.map { now.duration(since: $0) > JobHealth.patience } ?? false
    }
}

/// What is known of the nodes when a job's health is asked for.
package struct ClusterFacts: Sendable {
    /// The store's time.
    package var now: Timestamp
    /// The nodes that live.
    package var living: [NodeRecord]
    /// Those that lived before, as far as is known.
    package var gone: [NodeRecord]
    /// Runs that run.
    package var running: [Run]

    package init(now: Timestamp, nodes: [NodeRecord], running: [Run] = []) {
        self.now = now
        living = nodes.filter { $0.standing(at: now) == "alive" }
        gone = nodes.filter { $0.standing(at: now) != "alive" }
        self.running = running
    }

    /// Since when some node has lived without a break.
    package var upSince: Timestamp? { living.map(\.joinedAt).min() }
}

extension JobHealth {
    /// What is due, or runs, for no longer than this is not worth a word.
    package static let patience = Duration.seconds(60)
    /// How long an instant that is due may have no row: longer than a leader takes to be replaced.
    static let planning = Duration.seconds(30)
    /// How many skips in a row count; of a job that is due only twice a day or less each one does.
    static let skips = 3
    static let rare = Duration.seconds(12 * 3600)
    /// A run that takes so many times its usual length is stuck.
    static let stuckFactor = 3

    /// The rule. What a person chose (a pause) goes before what went wrong, and what went wrong before what may.
    package static func decide(_ facts: JobFacts, _ cluster: ClusterFacts) -> JobHealth {
        let job = facts.job
        let name = job.name
        if let trouble = job.definition.trouble { return JobHealth(job: name, .invalid, trouble) }
        if job.isPaused { return JobHealth(job: name, .paused, "what falls due is recorded as skipped") }
        if let failing = failing(facts) ?? untold(facts) { return failing.beside(present(facts, cluster)) }
        if let present = present(facts, cluster) { return present }
        if let run = facts.running { return JobHealth(job: name, .running, since: run.startedAt, run: run.id) }
        let isNew = facts.status == nil && facts.newestEnd == nil
        return JobHealth(
            job: name, isNew ? .new : .well, since: facts.status?.lastSuccessAt ?? facts.newestEnd?.finishedAt,
            run: facts.newestEnd?.id)
    }

    /// The same, where something is wrong besides what has failed.
    private func beside(_ other: JobHealth?) -> JobHealth {
        guard let other else { return self }
        var health = self
        health.also = [other]
        health.ownWhy = why
        health.why += "; and \(other.state.rawValue): \(other.why)"
        return health
    }

    /// What is wrong at the moment, whatever has failed before: the first that holds, since it explains those after it.
    private static func present(_ facts: JobFacts, _ cluster: ClusterFacts) -> JobHealth? {
        let (job, now) = (facts.job, cluster.now)
        if let unheard = unheard(facts, now) { return unheard }
        if job.definition.signal == nil, let unserved = unserved(facts, cluster) { return unserved }
        if let next = job.nextAt, next < now - planning, !cluster.living.isEmpty {
            return JobHealth(
                job: job.name, .overdue, "it was due at \(next.words) and nobody planned it; does a node lead?",
                since: next)
        }
        if facts.running == nil, let missing = missing(facts) { return missing }
        if let late = late(facts, now) { return late }
        if let stuck = stuck(facts, now) { return stuck }
        if let skipping = skipping(facts, now) { return skipping }
        return waiting(facts, cluster)
    }

    private static func failing(_ facts: JobFacts) -> JobHealth? {
        guard let status = facts.status, status.failuresInARow > 0 else { return nil }
        let word = RunState(stored: status.status)
        // The newest end may be another one: of what was missed since, which is told as that.
        let end = facts.newestEnd.flatMap { end in
            RunState.troubles.contains(end.state) && (end.state == word || !RunState.troubles.contains(word))
                ? end : nil
        }
        let how = RunState.troubles.contains(word) ? word.words : end?.state.words ?? "failed"
        let count = status.failuresInARow
        var why = count == 1 ? how : "\(how), \(count) times in a row"
        if let message = end?.message ?? end?.reason?.sentence { why += ": \(message)" }
        var health = JobHealth(
            job: facts.job.name, .failing, why, since: end?.finishedAt ?? status.lastRunAt, run: end?.id ?? status.run,
            streak: count)
        health.outcome = RunState.troubles.contains(word) ? word : end?.state
        return health
    }

    /// A message that does not go out is tried for hours, and nobody is told meanwhile.
    private static func untold(_ facts: JobFacts) -> JobHealth? {
        guard facts.job.isAlert, let run = facts.retrying, run.failures >= skips else { return nil }
        let why = "message of run \(run.id) was tried \(run.failures) times and is not sent"
        var health = JobHealth(
            job: facts.job.name, .failing, why + (run.message.map { ": \($0)" } ?? ""), since: run.scheduledAt,
            run: run.id, streak: run.failures)
        health.outcome = .failed
        return health
    }

    /// No word came of what runs elsewhere.
    private static func unheard(_ facts: JobFacts, _ now: Timestamp) -> JobHealth? {
        guard let signal = facts.job.definition.signal else { return nil }
        let grace = signal.grace
        if let run = facts.running, let start = run.startedAt, start + grace < now {
            return JobHealth(
                job: facts.job.name, .late,
                "run \(run.id) began at \(start.words) and no word of its end came within \(grace.text)",
                since: start + grace, run: run.id)
        }
        // Where a failure was told of, that is what is wrong: until the next word does not come.
        let isFailing = facts.status.map { $0.failuresInARow > 0 } ?? false
        let awaited = isFailing ? facts.wordExpectedAt : facts.expectedAt
        guard let expected = facts.expectedAt, let awaited, awaited + grace < now else { return nil }
        let last = facts.status?.lastSuccessAt
        let heard = last.map { "the last came at \($0.words)" } ?? "none ever came"
        return JobHealth(
            job: facts.job.name, .late,
            "word of a success was expected at \(expected.words), \(grace.text) late at most; \(heard)",
            since: expected + grace, run: facts.newestEnd?.id)
    }

    private static func unserved(_ facts: JobFacts, _ cluster: ClusterFacts) -> JobHealth? {
        // Where nobody is up at all, that goes without saying for each job.
        guard !cluster.living.isEmpty else { return nil }
        let definition = facts.job.definition
        let run = facts.waiting
        let unserved = Unserved(
            queue: run?.queue ?? definition.policies.queue, need: run?.need ?? definition.need, among: cluster.living,
            at: cluster.now)
        return unserved.map { unserved in
            let served = cluster.gone.filter { $0.serves(unserved.queue, need: unserved.need) }.map(\.leaseUntil).max()
            let since = max(facts.job.createdAt, served ?? .distantPast, cluster.upSince ?? .distantPast)
            return JobHealth(job: facts.job.name, .unserved, unserved.sentence, since: since, run: run?.id)
        }
    }

    private static func missing(_ facts: JobFacts) -> JobHealth? {
        guard let end = facts.newestEnd, end.state == .missed, !hasSucceeded(facts, since: end.finishedAt) else {
            return nil
        }
        let streak = facts.streak(of: .missed)
        let why = streak.count == 1 ? "missed" : "missed \(facts.words(for: streak.count)) in a row"
        return JobHealth(
            job: facts.job.name, .missing, why + ": \(end.reason?.sentence ?? "it was too late")",
            since: streak.first?.scheduledAt ?? end.scheduledAt, run: end.id, streak: streak.count)
    }

    private static func hasSucceeded(_ facts: JobFacts, since moment: Timestamp?) -> Bool {
        guard let moment, let success = facts.status?.lastSuccessAt else { return false }
        return success >= moment
    }

    private static func late(_ facts: JobFacts, _ now: Timestamp) -> JobHealth? {
        guard facts.job.definition.by != nil, let duty = facts.duty, duty.by <= now, duty.due > facts.job.createdAt,
            !facts.hasDone(since: duty.due)
        else { return nil }
        var why = "what was due at \(duty.due.words) was to be done by \(duty.by.words) and is not"
        if let run = facts.running, let start = run.startedAt {
            why += ": run \(run.id) has been running since \(start.words)"
        } else if let end = facts.newestEnd, end.state == .skipped {
            why += ": \(end.message ?? end.reason?.sentence ?? "it was skipped")"
        } else if let run = facts.waiting {
            why += ": run \(run.id) has not started"
        }
        return JobHealth(job: facts.job.name, .late, why, since: duty.by, run: facts.running?.id ?? facts.newestEnd?.id)
    }

    private static func stuck(_ facts: JobFacts, _ now: Timestamp) -> JobHealth? {
        guard let run = facts.running, let start = run.startedAt, let usual = facts.usualLength else { return nil }
        let length = now.duration(since: start)
        guard length > patience, length > usual * stuckFactor else { return nil }
        return JobHealth(
            job: facts.job.name, .stuck,
            "run \(run.id) has been running since \(start.words); usually it takes \(usual.brief)", since: start,
            run: run.id)
    }

    /// Short skips are what `overlap: skip` is for: they count when nothing has ended well for longer than the rhythm and
    /// the usual length explain.
    private static func skipping(_ facts: JobFacts, _ now: Timestamp) -> JobHealth? {
        guard let end = facts.newestEnd, end.state == .skipped, end.reason != .paused, end.reason != .observed else {
            return nil
        }
        // What waits for a failure is well while there is none.
        let isForTrouble = [.oneFailed, .allFailed].contains(facts.job.definition.policies.triggerRule)
        if isForTrouble, end.reason == .upstreamSkipped { return nil }
        let streak = facts.streak(of: .skipped)
        let rhythm = facts.rhythm ?? rare
        if rhythm >= rare {
            if hasSucceeded(facts, since: end.finishedAt) { return nil }
            if let usual = facts.usualLength, let start = facts.running?.startedAt,
                now.duration(since: start) <= usual * stuckFactor
            {
                return nil
            }
        } else {
            let quiet = now.duration(since: facts.status?.lastSuccessAt ?? facts.job.createdAt)
            let explained = max(rhythm, facts.usualLength ?? .zero, .seconds(15)) * 2
            guard streak.count >= skips, quiet > explained else { return nil }
        }
        var why = streak.count == 1 ? "skipped" : "skipped \(facts.words(for: streak.count)) in a row"
        why += ": \(end.message ?? end.reason?.sentence ?? "for a reason of its own")"
        if let run = facts.running, let start = run.startedAt {
            why += "; run \(run.id) has been running since \(start.words)"
        }
        return JobHealth(
            job: facts.job.name, .skipping, why, since: streak.first?.scheduledAt ?? end.scheduledAt, run: end.id,
            streak: streak.count)
    }

    private static func waiting(_ facts: JobFacts, _ cluster: ClusterFacts) -> JobHealth? {
        guard let run = facts.waiting, cluster.now.duration(since: run.dueAt) > patience else { return nil }
        // Waiting for its own turn is what the job's overlap policy says.
        if facts.running != nil, run.message == nil { return nil }
        let why =
            run.message.map { "\($0)" } ?? (cluster.living.isEmpty ? "no node is up" : cluster.whoTakesSlots(of: run))
        return JobHealth(
            job: facts.job.name, .waiting,
            "run \(run.id) has been due since \(run.dueAt.words) and has not started: \(why)",
            since: run.dueAt, run: run.id)
    }
}

extension ClusterFacts {
    /// Why a run that nodes serve does not start, as far as slots tell.
    package func whoTakesSlots(of run: Run) -> String {
        let serving = living.filter { $0.serves(run.queue, need: run.need) }
        let names = Set(serving.map(\.id.name))
        let slots = serving.reduce(0) { $0 + $1.slots }
        let busy = running.filter { $0.node.map(names.contains) ?? false }
        guard busy.count >= slots else {
            return "\(busy.count) of the \(slots) slots of queue \"\(run.queue)\" are taken; see `onebeat events`"
        }
        let most = Dictionary(grouping: busy, by: \.job).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        let whose = most.map { ", \($0.value.count) of them by job \($0.key)" } ?? ""
        return "all \(slots) slots of queue \"\(run.queue)\" are taken\(whose)"
    }
}

extension JobFacts {
    /// What the job says it takes, else what nineteen of twenty of its runs took.
    var usualLength: Duration? { job.definition.policies.expect ?? LockLength.p95(of: successes) }

    /// How many of a suspect's newest runs are looked at.
    static let mostRecent = 50

    /// `7 times`; of runs that go on beyond what was looked at, that there are more.
    func words(for count: Int) -> String {
        recent.count >= Self.mostRecent && count >= recent.count ? "\(count) times or more" : "\(count) times"
    }

    /// How many of the newest runs in a row ended so, and the first of them.
    func streak(of state: RunState) -> (count: Int, first: Run?) {
        var (count, first): (Int, Run?) = (0, nil)
        for run in recent.isEmpty ? newestEnd.map({ [$0] }) ?? [] : recent where run.state.isTerminal {
            guard run.state == state else { break }
            count += run.count
            first = run
        }
        return (count, first)
    }
}
