import Onebeat

/// What is known of a job around one moment: all that an ``Explanation`` may rest on.
package struct Evidence: Sendable {
    /// The job in force.
    package var job: JobRecord
    /// Its schedule.
    package var schedule: Schedule
    /// The moment in question; `nil` asks about the newest due instant and the next.
    package var moment: Timestamp?
    /// The store's time.
    package var now: Timestamp
    /// The row in question, where the question is about one and not about a moment.
    package var subject: Run?
    /// Runs of the job around the moment, in any order.
    package var runs: [Run] = []
    /// The attempts of ``row``, first to newest.
    package var attempts: [Attempt] = []
    /// The newest word on the task of ``row``, where somebody else's workers have it.
    package var taskWord: String?
    /// What the store does with what is due, where it ever left that to another scheduler.
    package var standby: Standby?
    /// Events of the job, in any order.
    package var events: [Event] = []
    /// The nodes that are known.
    package var nodes: [NodeRecord] = []
    /// Runs of all jobs that run; read where the row waits for a slot.
    package var running: [Run] = []
    /// Runs of all jobs that were due before the row started; read where it started late.
    package var neighbours: [Run] = []
    /// When a run of the job last ended well, of a job that runs elsewhere.
    package var lastSuccessAt: Timestamp?
    /// The reader's wall clock; the job's own where there is none.
    package var clock: Schedule?
    /// Who removed the job and when, where it is not in force any more.
    package var removal: Event?
    /// How long the job's lock lasts, where the job may not overlap and locks are kept.
    package var lock: LockLength?

    /// Evidence on a job; the lists are filled in by whoever has the store.
    package init(job: JobRecord, schedule: Schedule, moment: Timestamp?, now: Timestamp) {
        self.job = job
        self.schedule = schedule
        self.moment = moment
        self.now = now
    }

    /// The row that answers for the moment: of that due instant itself, else of a range that holds it, else of a run by
    /// hand that was asked for in that second. Without a moment the newest row that is not still to come.
    package var row: Run? {
        if let subject { return subject }
        guard let moment else {
            let past = runs.filter { $0.scheduledAt <= now }
            return past.max { ($0.scheduledAt, $0.id) < ($1.scheduledAt, $1.id) }
        }
        let second = moment.wholeSecond
        let exact = runs.filter { $0.scheduledAt.wholeSecond == second }
        if let due = exact.first(where: { $0.kind == .scheduled && $0.count == 1 }) { return due }
        let ranges = runs.filter { $0.scheduledAt <= moment && moment <= $0.rangeEnd ?? $0.scheduledAt }
        if let range = ranges.first(where: { $0.rangeEnd != nil }), isDue { return range }
        return exact.first
    }

    /// Whether the schedule in force is due at the moment.
    var isDue: Bool { moment.map { isDue($0, by: schedule) } ?? false }

    /// Whether a schedule is due in this second.
    func isDue(_ moment: Timestamp, by schedule: Schedule) -> Bool {
        let second = moment.wholeSecond
        guard let next = schedule.next(after: second - .microseconds(1)) else { return false }
        return next < second + .seconds(1)
    }

    /// The last due instant before the moment, looked for over ever longer stretches.
    func lastDue(before moment: Timestamp) -> Timestamp? {
        for seconds in [60, 3600, 86_400, 31 * 86_400, 366 * 86_400, 1462 * 86_400] as [Int64] {
            let stretch = Duration.seconds(seconds)
            let end = moment - .microseconds(1)
            let found = schedule.occurrences(after: moment - stretch, through: end, limit: 100_000)
            if let last = found.last { return last }
        }
        return nil
    }

    /// A moment as the reader's clock shows it.
    func readable(_ moment: Timestamp) -> String { (clock ?? schedule).readable(moment) }

    /// The same moment on the job's own clock, where that shows another time.
    func ownSentence(of moment: Timestamp) -> Telling? {
        guard let clock, clock.format(moment) != schedule.format(moment) else { return nil }
        return "On the job's clock, \(schedule.definition.timezone), that is \(schedule.readable(moment))."
    }

    /// What became of a due instant, in a few words.
    func fate(of instant: Timestamp) -> Telling? {
        var evidence = self
        evidence.moment = instant
        evidence.subject = nil
        return evidence.row.map { fate(of: $0) }
    }

    /// What became of a run, in a few words.
    func fate(of run: Run) -> Telling {
        let end: Telling? =
            run.startedAt == nil || !run.state.isTerminal ? nil : run.finishedAt.map { " at \(readable($0))" }
        return "run \(run.id), \(Telling(word: run.state.words))\(end ?? .nothing)\(run.whyTold)"
    }

    /// Nodes that live as far as the store knows.
    var livingNodes: [NodeRecord] { nodes.filter { !$0.isGone && $0.leaseUntil > now } }

    /// The run by hand, or of an event, that began nearest to the moment and within the same minute.
    var nearestByHand: Run? {
        guard let moment else { return nil }
        let minute = Duration.seconds(60)
        return runs.filter { $0.kind == .manual && !$0.isForPastInstant && !$0.isReported }
            .map { (run: $0, distance: $0.scheduledAt.duration(since: moment)) }
            .filter { $0.distance > .zero - minute && $0.distance < minute }
            .min { max($0.distance, .zero - $0.distance) < max($1.distance, .zero - $1.distance) }?.run
    }

    /// Runs that took a slot of one of these nodes. Tasks of somebody else's workers, and what is only told of, have none.
    static func holders(among runs: [Run], on nodes: [NodeRecord]) -> [Run] {
        let names = Set(nodes.map(\.id.name))
        return runs.filter { !$0.isRemote && !$0.isReported && $0.node.map(names.contains) ?? false }
    }

    /// Another run of the job that was active at a moment.
    func run(activeAt moment: Timestamp, otherThan row: Run) -> Run? {
        runs.first { other in
            guard other.id != row.id, let start = other.startedAt else { return false }
            return start <= moment && moment <= other.finishedAt ?? .distantFuture
        }
    }

    /// The newest event of a kind at or before a moment.
    func event(_ kind: String, before moment: Timestamp) -> Event? {
        events.filter { $0.kind == kind && $0.at <= moment }.max { $0.at < $1.at }
    }
}

extension Run {
    /// Behind a colon, why it is as it is: its message, or the reason of its end; nothing where there is neither.
    var whyTold: Telling {
        if let message { return ": \(english: message)" }
        guard state.isTerminal, let reason else { return .nothing }
        return ": \(reason.told)"
    }
}

extension Reason {
    var told: Telling { Telling(word: sentence) }
}
