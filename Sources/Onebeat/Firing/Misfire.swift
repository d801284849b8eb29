// Firing: from schedules to planned runs. The leader plans every due instant a little before it is due; `Misfire`
// decides what becomes of instants that passed while nobody could. The store's unique key and watermark are
// authoritative: planning the same instant twice is harmless, and a leader is only there to save work.

/// What one turn of planning does to one job: the rows to insert and the watermark to move, in one transaction.
public struct FirePlan: Sendable, Equatable {
    /// The version the plan was made from; a plan for another one is stale.
    public var version: JobVersion
    /// The watermark the plan was made from; a plan from another one is stale.
    public var from: Timestamp
    /// The watermark after it: every due instant up to here has a row. Before ``from`` only for a job that a clock that was
    /// ahead had taken too far.
    public var through: Timestamp
    /// When to plan the job next; `nil` is never, or at the end of a run for a delay.
    public var nextAt: Timestamp?
    /// The rows, oldest first.
    public var fires: [PlannedFire]
    /// Rows of missed instants that are not over yet, and are taken back.
    public var withdrawn: [RunID]
    /// Those that follow the job: each run of it has one of theirs.
    public var followers: [Follower] = []
    /// The ``JobRecord/flowEdition`` they are of; a plan that has fires is stale where there is another one.
    public var flowEdition = 0

    /// Makes a plan.
    public init(
        version: JobVersion, from: Timestamp, through: Timestamp, nextAt: Timestamp?, fires: [PlannedFire],
        withdrawn: [RunID] = []
    ) {
        self.version = version
        self.from = from
        self.through = through
        self.nextAt = nextAt
        self.fires = fires
        self.withdrawn = withdrawn
    }
}

extension FirePlan {
    /// The plan of a root, with those that follow it.
    package func followed(by followers: [Follower], edition: Int) -> FirePlan {
        var plan = self
        plan.followers = followers
        plan.flowEdition = edition
        return plan
    }
}

/// A row to be: a run, or the record of instants that are missed.
public struct PlannedFire: Sendable, Equatable {
    /// The due instant; for a range of missed ones the first.
    public var scheduledAt: Timestamp
    /// When it may start: the due instant and its spread.
    public var dueAt: Timestamp
    /// The latest start.
    public var deadlineAt: Timestamp?
    /// Why it is missed; `nil` for a run.
    public var missed: Reason?
    /// The last instant of a range of missed ones.
    public var rangeEnd: Timestamp?
    /// How many due instants the row stands for.
    public var count: Int

    /// Makes a row.
    public init(
        scheduledAt: Timestamp, dueAt: Timestamp, deadlineAt: Timestamp? = nil, missed: Reason? = nil,
        rangeEnd: Timestamp? = nil, count: Int = 1
    ) {
        self.scheduledAt = scheduledAt
        self.dueAt = dueAt
        self.deadlineAt = deadlineAt
        self.missed = missed
        self.rangeEnd = rangeEnd
        self.count = count
    }
}

/// Turns a job's due instants into rows: on time, late, or missed.
package enum Misfire {
    /// How far ahead runs are planned.
    static let horizon = Duration.seconds(10)
    /// An instant this much past is still on time: it was due while leaders changed hands, and runs as if nothing happened.
    package static let tolerance = JobPolicies.punctual

    /// The most instants a turn looks at one by one, some tenths of a second: a month of a cron line that is due each second. A
    /// longer outage takes several turns.
    static let bound = 3_000_000

    /// What becomes of the job's due instants after its watermark and up to `horizon`.
    ///
    /// - Parameters:
    ///   - now: the store's time.
    ///   - horizon: plan up to and including this instant; not before `now`.
    ///   - most: how many instants are looked at.
    package static func decide(
        _ job: JobRecord, schedule: Schedule, at now: Timestamp, through horizon: Timestamp, lookingAt most: Int? = nil
    ) -> FirePlan {
        if schedule.isDelay { return planDelay(job, schedule: schedule, through: horizon) }

        let policies = job.definition.policies
        let due = Due(
            job, schedule: schedule, at: now, through: horizon, keep: policies.missed == .all ? policies.catchUp : 1,
            most: most ?? bound)
        let isStoodFor = due.onTime.contains { schedule.dueAt(for: $0) <= now }
        var missed = due.late
        var fires: [PlannedFire] = []

        func run(_ instant: Timestamp) -> PlannedFire {
            let dueAt = schedule.dueAt(for: instant)
            return PlannedFire(scheduledAt: instant, dueAt: dueAt, deadlineAt: dueAt + policies.deadline)
        }
        func isInTime(_ instant: Timestamp) -> Bool { now <= schedule.dueAt(for: instant) + policies.deadline }

        switch policies.missed {
        case .skip:
            fires += missed.row(.missedSkip)
        case .latest where due.isCut || isStoodFor:
            fires += missed.row(.coalesced)
        case .latest:
            if let newest = missed.last, isInTime(newest) {
                missed.removeNewest(1)
                fires += missed.row(.coalesced)
                fires.append(run(newest))
            } else {
                fires += missed.row(.tooLate)
            }
        case .all where due.isCut:
            // The newest of these may be among the newest of all: they are left to the next plan.
            missed.removeNewest(missed.newest.count)
            fires += missed.row(.catchUpLimit)
        case .all:
            let inTime = missed.newest.filter(isInTime)
            missed.removeNewest(inTime.count)
            let reason: Reason = missed.last.map(isInTime) == true ? .catchUpLimit : .tooLate
            fires += missed.row(reason)
            fires += inTime.map(run)
        }
        fires += due.onTime.map(run)

        let through = (due.isCut ? missed.last : due.last) ?? job.watermark
        return FirePlan(
            version: job.versionID, from: job.watermark, through: through,
            nextAt: schedule.next(after: through), fires: fires)
    }

    /// Whether the job was due at an instant that is not planned yet. A job whose schedule cannot be read here never is:
    /// its instants are for a node that can, and whoever mends it must not wait for one.
    static func isOverdue(_ job: JobRecord, at now: Timestamp, schedules: ScheduleCache) -> Bool {
        guard let next = job.nextAt, next <= now else { return false }
        return (try? schedules.schedule(for: job)) != nil
    }

    /// A fixed delay has one instant at a time; the end of its run sets the next, and the schedule has the last word on
    /// that: it may have ended, or make an exception.
    private static func planDelay(_ job: JobRecord, schedule: Schedule, through horizon: Timestamp) -> FirePlan {
        var plan = FirePlan(
            version: job.versionID, from: job.watermark, through: job.watermark, nextAt: job.nextAt, fires: [])
        guard case .delay(let length) = schedule.definition.rhythm, let wished = job.nextAt, wished <= horizon else {
            return plan
        }
        plan.nextAt = schedule.next(after: wished - length)
        guard let instant = plan.nextAt, instant <= horizon else { return plan }
        plan.through = max(job.watermark, instant)
        plan.nextAt = nil
        plan.fires = [PlannedFire(scheduledAt: instant, dueAt: schedule.dueAt(for: instant))]
        return plan
    }
}

/// The due instants of one plan, those past the tolerance apart from the others.
private struct Due {
    var late: Missed
    var onTime: [Timestamp] = []
    var last: Timestamp?
    /// Whether there are more than one plan looks at; then even the newest late one is not the newest.
    var isCut = false

    init(_ job: JobRecord, schedule: Schedule, at now: Timestamp, through horizon: Timestamp, keep: Int, most: Int) {
        late = Missed(keep: keep)
        var instant = schedule.next(after: job.watermark)
        if let first = instant, let period = schedule.period {
            let end = min(now - Misfire.tolerance, schedule.definition.end ?? .distantFuture)
            instant = late.skip(from: first, every: period, before: end).flatMap { schedule.next(after: $0) } ?? instant
        }
        var seen = 0
        while let due = instant, due <= horizon {
            seen += 1
            if seen > most {
                isCut = onTime.isEmpty
                break
            }
            if schedule.dueAt(for: due) < now - Misfire.tolerance { late.append(due) } else { onTime.append(due) }
            last = due
            instant = schedule.next(after: due)
        }
    }
}

/// Late instants: all are counted, the newest few are kept by name.
private struct Missed {
    private let keep: Int
    private var kept: [Timestamp] = []
    private var first: Timestamp?
    private var beforeKept: Timestamp?
    private var count = 0

    init(keep: Int) { self.keep = keep }

    var last: Timestamp? { kept.last ?? beforeKept }

    /// The newest, as many as were to be kept at most.
    var newest: ArraySlice<Timestamp> { kept.suffix(keep) }

    mutating func append(_ instant: Timestamp) {
        first = first ?? instant
        count += 1
        kept.append(instant)
        // Trimmed in halves, so that a long outage costs one move an instant and not `keep` of them.
        if kept.count > 2 * max(keep, 1) { trim() }
    }

    /// Counts instants that are all late, but for the newest ones, which are looked at one by one.
    /// - Returns: the last of them.
    mutating func skip(from first: Timestamp, every period: Duration, before end: Timestamp) -> Timestamp? {
        let (length, step) = (end.duration(since: first).wholeMicroseconds, period.wholeMicroseconds)
        guard length > 0, step > 0 else { return nil }
        let number = length / step - Int64(keep) - 2
        guard number > 0 else { return nil }
        let last = first + .microseconds((number - 1) * step)
        self.first = first
        beforeKept = last
        count += Int(number)
        return last
    }

    mutating func removeNewest(_ number: Int) {
        trim()
        kept.removeLast(number)
        count -= number
    }

    /// One row for all that is left.
    func row(_ reason: Reason) -> [PlannedFire] {
        guard let first, let last, count > 0 else { return [] }
        return [
            PlannedFire(
                scheduledAt: first, dueAt: first, missed: reason, rangeEnd: count > 1 ? last : nil, count: count)
        ]
    }

    private mutating func trim() {
        let surplus = kept.count - keep
        guard surplus > 0 else { return }
        beforeKept = kept[surplus - 1]
        kept.removeFirst(surplus)
    }
}
