import Onebeat

/// What a seed stands for: a cluster, its jobs, and what goes wrong when.
public struct Scenario: Sendable, CustomStringConvertible {
    /// A node of the cluster.
    struct NodeShape: Sendable {
        var name: String
        var slots: Int
        /// How far its wall clock is off.
        var clockOffset: Duration
    }

    /// Something that happens to the cluster.
    enum Fault: Sendable, Equatable {
        /// A node vanishes and is started anew after a while; its guardian ends its jobs.
        case crash(node: Int, Duration)
        /// The leader vanishes, whoever it is.
        case crashLeader(Duration)
        /// All nodes vanish.
        case blackout(Duration)
        /// A node is frozen; its jobs go on until its guardian ends them.
        case freeze(node: Int, Duration)
        /// The store is unavailable for all.
        case outage(Duration)
        /// A job gets another definition.
        case edit(job: Int, JobDefinition)
        /// A job is paused for a while.
        case pause(job: Int, Duration)
        /// A job is removed and created again later.
        case remove(job: Int, Duration)
        /// A job is removed and created again while somebody else gives it another definition.
        case quarrel(job: Int, JobDefinition)
        /// A run is asked for by hand.
        case trigger(job: Int)
        /// A run that is open is cancelled.
        case cancel
        /// A run of a flow that has ended, or one that others need, is marked as something.
        case mark
        /// Past instants of a job are to be run.
        case backfill(Backfill)
        /// A backfill that goes on is paused for a while.
        case pauseBackfill(Duration)
        /// A backfill that goes on is cancelled.
        case cancelBackfill
        /// The store's clock is off by so much for a while.
        case storeClock(by: Duration, for: Duration)
        /// A node's clock is set, and stays so.
        case nodeClock(node: Int, by: Duration)
    }

    /// What decides everything below.
    public let seed: UInt64
    var nodes: [NodeShape]
    var jobs: [JobDefinition]
    var faults: [(at: Duration, what: Fault)]
    /// How the line between nodes and store is all along.
    var line: StoreFaults
    /// The longest a request or a reply of the people who change jobs is under way.
    var slowness: Duration
    /// How often a node freezes in the midst of a call.
    var freezes: Double
    /// The longest a run takes.
    var work: Duration

    /// How long things go wrong, and how long they are well after that.
    static let trouble = Duration.seconds(32)
    static let quiet = Duration.seconds(22)

    /// The scenario of a seed.
    public init(seed: UInt64) {
        let dice = Dice(seed: seed)
        self.seed = seed
        nodes = (1...dice.one(of: [1, 2, 2, 3, 3, 4, 5])).map { number in
            NodeShape(
                name: "n\(number)", slots: dice.number(1...4),
                clockOffset: dice.says(0.3) ? dice.length(.seconds(-3600), .seconds(3600)) : .zero)
        }
        jobs = (1...dice.number(2...4)).map { Self.job("job\($0)", dice) }
        line = StoreFaults(
            unavailable: dice.says(0.5) ? dice.fraction() * 0.08 : 0,
            lostRequest: dice.says(0.4) ? dice.fraction() * 0.05 : 0,
            lostReply: dice.says(0.6) ? dice.fraction() * 0.1 : 0,
            heldRequest: dice.says(0.3) ? dice.fraction() * 0.05 : 0,
            delay: dice.one(of: [.zero, .milliseconds(5), .milliseconds(200), .seconds(1)]))
        slowness = dice.one(of: [.zero, .seconds(1), .seconds(5)])
        freezes = dice.says(0.3) ? 0.003 : 0
        work = dice.one(of: [.milliseconds(500), .seconds(3), .seconds(9)])
        faults = []
        for _ in 0..<dice.number(0...7) {
            faults.append((dice.length(upTo: Self.trouble), Self.fault(dice, nodes: nodes.count, jobs: jobs.count)))
        }
        if dice.says(0.5) { addFlow(dice) }
        // Dice of their own, so that what else a seed stands for stays as it is.
        let others = Dice(seed: seed ^ 0xbac1_f111_0f0e_ed5e)
        if others.says(0.4) { addNeeds(others) }
        if others.says(0.4) { addBackfills(others) }
        faults.sort { $0.at < $1.at }
    }

    /// A root, two that follow it and one that follows both, and what people do to them.
    private mutating func addFlow(_ dice: Dice) {
        let first = jobs.count
        jobs.append(Self.job("root", dice))
        jobs.append(Self.follower("left", after: ["root"], dice))
        jobs.append(Self.follower("right", after: ["root"], dice))
        jobs.append(Self.follower("last", after: ["left", "right"], dice))
        for _ in 0..<dice.number(0...4) {
            let fault: Fault =
                switch dice.number(1...6) {
                case 1: .edit(job: first, Self.job("root", dice))
                case 2: .edit(job: first + 1, Self.follower("left", after: ["root"], dice))
                case 3: .pause(job: first + dice.number(0...3), dice.length(.seconds(1), .seconds(15)))
                case 4: .remove(job: first + 3, dice.length(.seconds(1), .seconds(10)))
                case 5: .trigger(job: first)
                default: .cancel
                }
            faults.append((dice.length(upTo: Self.trouble), fault))
        }
        if dice.says(0.5) { addList(dice) }
        for _ in 0..<dice.number(0...2) { faults.append((dice.length(upTo: Self.trouble), .mark)) }
    }

    /// A job that runs for each element of what the root hands on, and one that follows the whole of them.
    private mutating func addList(_ dice: Dice) {
        var spread = Self.follower("spread", after: ["root"], dice)
        spread.each = Each(in: "root")
        spread.policies.triggerRule = dice.one(of: [.allSuccess, .allDone, .oneSuccess, .noneFailed])
        spread.policies.overlap = dice.one(of: [.allow, .allow, .skip, .queue])
        jobs += [spread, Self.follower("gather", after: ["spread"], dice)]
    }

    /// A job that others wait for, one with a schedule of its own that waits for it, and now and then a follower that does.
    private mutating func addNeeds(_ dice: Dice) {
        let first = jobs.count
        jobs += [Self.job(Self.feed, dice), Self.needing("report", dice)]
        if dice.says(0.5), let left = jobs.firstIndex(where: { $0.name == "left" }) {
            jobs[left].needs = [Self.feed: Self.need(dice)]
        }
        for _ in 0..<dice.number(0...4) {
            let fault: Fault =
                switch dice.number(1...8) {
                case 1: .edit(job: first, Self.job(Self.feed, dice))
                case 2: .edit(job: first + 1, Self.needing("report", dice))
                case 3: .edit(job: first + 1, Self.job("report", dice))
                case 4: .pause(job: first + dice.number(0...1), dice.length(.seconds(1), .seconds(15)))
                case 5: .remove(job: first + dice.number(0...1), dice.length(.seconds(1), .seconds(10)))
                case 6: .trigger(job: first + dice.number(0...1))
                case 7: .cancel
                default: .mark
                }
            faults.append((dice.length(upTo: Self.trouble), fault))
        }
    }

    private static func needing(_ name: String, _ dice: Dice) -> JobDefinition {
        var job = job(name, dice)
        job.needs = [feed: need(dice)]
        return job
    }

    private static func need(_ dice: Dice) -> Need {
        dice.one(of: [.within(.seconds(4)), .within(.seconds(12)), .within(.seconds(3600)), .sameDay])
    }

    /// The job that others need.
    static let feed = "feed"

    /// People who have past instants run, of jobs that a clock decides on, and change their minds.
    private mutating func addBackfills(_ dice: Dice) {
        let clocked = jobs.indices.filter { index in
            switch jobs[index].schedule.rhythm {
            case .every, .cron: true
            case .delay, .manual, .event, .after, .at, .repeat, .solar: false
            }
        }
        guard !clocked.isEmpty else { return }
        for _ in 0..<dice.number(1...3) {
            let at = dice.length(upTo: Self.trouble)
            let to = ManualTime.start + at - dice.length(upTo: .seconds(60))
            let job = dice.one(of: clocked)
            var backfill = Backfill(
                of: jobs[job].name, from: to - .seconds(dice.one(of: [10, 20, 40])), to: to, by: "operator")
            backfill.order = dice.one(of: Backfill.Order.allCases)
            backfill.repeats = dice.one(of: Backfill.Repeats.allCases)
            backfill.limit = dice.number(1...3)
            faults.append((at, .backfill(backfill)))
            switch dice.number(1...6) {
            case 1, 2:
                let pause = Fault.pauseBackfill(dice.length(.seconds(1), .seconds(10)))
                faults.append((at + dice.length(upTo: .seconds(6)), pause))
            case 3: faults.append((at + dice.length(upTo: .seconds(6)), .cancelBackfill))
            case 4: faults.append((at + dice.length(upTo: .seconds(6)), .pause(job: job, .seconds(5))))
            default: break
            }
        }
    }

    private static func follower(_ name: String, after parents: [String], _ dice: Dice) -> JobDefinition {
        var job = job(name, dice)
        job.schedule = ScheduleDefinition(.after(parents))
        job.policies.triggerRule = dice.one(of: TriggerRule.allCases)
        return job
    }

    private static func job(_ name: String, _ dice: Dice) -> JobDefinition {
        let seconds = dice.number(2...12)
        let rhythm: ScheduleDefinition.Rhythm =
            switch dice.number(1...10) {
            case 1...5: .every(.seconds(seconds))
            case 6: .cron(["*/1 * * * *"])
            case 7, 8: .cron(["*/\(dice.one(of: [3, 5, 10, 15])) * * * * *"])
            case 9: .delay(.seconds(seconds))
            default: .manual
            }
        var policies = JobPolicies()
        policies.overlap = dice.one(of: OverlapPolicy.allCases)
        policies.limit = dice.one(of: [nil, nil, 1, 2])
        policies.missed = dice.one(of: MissedPolicy.allCases)
        policies.deadline = .seconds(dice.one(of: [5, 15, 3600]))
        policies.catchUp = dice.number(0...3)
        policies.retry = RetryPolicy(limit: dice.number(0...2), backoff: .seconds(1), max: .seconds(3))
        policies.delivery = dice.one(of: [.atLeastOnce, .atLeastOnce, .atMostOnce])
        policies.priority = dice.number(0...1)
        let spread: Duration = dice.says(0.2) ? .seconds(2) : .zero
        return JobDefinition(
            name: name, schedule: ScheduleDefinition(rhythm, spread: spread), work: .handler, policies: policies)
    }

    private static func fault(_ dice: Dice, nodes: Int, jobs: Int) -> Fault {
        let node = dice.number(0...nodes - 1)
        let job = dice.number(0...jobs - 1)
        return switch dice.number(1...17) {
        case 1, 2: .crash(node: node, dice.length(.seconds(1), .seconds(15)))
        case 3: .crashLeader(dice.length(.seconds(1), .seconds(15)))
        case 4: .blackout(dice.length(.seconds(5), .seconds(45)))
        case 5, 6: .freeze(node: node, dice.length(.seconds(1), .seconds(25)))
        case 7: .outage(dice.length(.seconds(1), .seconds(20)))
        case 8, 9: .edit(job: job, self.job("job\(job + 1)", dice))
        case 10: .pause(job: job, dice.length(.seconds(1), .seconds(15)))
        case 11: .remove(job: job, dice.length(.seconds(1), .seconds(10)))
        case 12: .quarrel(job: job, self.job("job\(job + 1)", dice))
        case 13: .trigger(job: job)
        case 14, 15: .storeClock(by: step(dice), for: dice.length(.seconds(1), .seconds(20)))
        case 16: .nodeClock(node: node, by: step(dice))
        default: .cancel
        }
    }

    private static func step(_ dice: Dice) -> Duration {
        dice.one(of: [3, 15, 20, 3600, 315_360_000].flatMap { [Duration.seconds($0), .seconds(-$0)] })
    }

    /// The scenario in words, for whoever has to find out what a seed broke.
    public var description: String {
        var lines = [
            "seed \(seed): \(nodes.count) nodes, line \(line), people up to \(slowness.text), freezes \(freezes), "
                + "work up to \(work.text)"
        ]
        lines += nodes.map { "  \($0.name): \($0.slots) slots, clock off by \($0.clockOffset.text)" }
        for job in jobs { lines.append("  \(Self.words(job))") }
        for fault in faults {
            let what =
                switch fault.what {
                case .edit(_, let job): "edit \(Self.words(job))"
                case .quarrel(_, let job): "quarrel about \(Self.words(job))"
                default: "\(fault.what)"
                }
            lines.append("  \(fault.at.text): \(what)")
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ job: JobDefinition) -> String {
        let p = job.policies
        let needs = job.needs.map { "\($0.key) \($0.value.words)" }.sorted().joined(separator: ", ")
        return """
            \(job.name): \(job.schedule.rhythm) spread \(job.schedule.spread.text), \(p.overlap), limit \
            \(p.limit.map(String.init) ?? "none"), missed \(p.missed), deadline \(p.deadline.text), catch_up \
            \(p.catchUp), retries \(p.retry.limit), \(p.delivery)\(needs.isEmpty ? "" : ", needs \(needs)")
            """
    }
}
