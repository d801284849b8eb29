import Onebeat

/// What to say about a row: what became of a due instant, and why.
struct RunStory {
    var verdict: Explanation.Verdict
    var sentences: [Telling] = []
    private let row: Run
    private let evidence: Evidence
    private var schedule: Schedule { evidence.schedule }
    private var policies: JobPolicies { evidence.job.definition.policies }

    init(_ row: Run, _ evidence: Evidence) {
        self.row = row
        self.evidence = evidence
        verdict = .ran
        introduce()
        switch row.state {
        case .waiting: tellOfFollowing()
        case .scheduled: tellOfWaiting()
        case .running: tellOfRunning()
        case .succeeded, .failed, .timedOut, .lost, .dead: tellOfEnd()
        case .cancelled: tellOfCancelled()
        case .skipped: tellOfSkipped()
        case .missed: tellOfMissed()
        case .unknown:
            say("It is in a state that a newer Onebeat wrote and this one does not know; upgrade to see more.")
        }
        if row.version != evidence.job.versionID {
            say(
                "It follows version \(row.version.version) of the definition; version \(evidence.job.version) is in"
                    + " force.")
        }
    }

    private mutating func say(_ sentence: Telling?) {
        if let sentence { sentences.append(sentence) }
    }

    private func at(_ moment: Timestamp) -> String { evidence.readable(moment) }

    private mutating func introduce() {
        defer {
            if let element = row.element, let each = evidence.job.definition.each {
                say("It is for element \(element) of \(each.words), counted from 0.")
            }
        }
        let moment = at(row.scheduledAt)
        switch RunOrigin(row) {
        case .told:
            let who: Telling = row.node.map { " by \($0)" } ?? .nothing
            say("Run \(row.id) was told of\(who) at \(moment); it runs elsewhere.")
        case .backfill: say("Run \(row.id) makes up for \(moment), by a backfill (\(row.requestID)).")
        case .again: say("Run \(row.id) was asked for by hand, for \(moment) (\(row.requestID)).")
        case .message(let number):
            say(
                "Run \(row.id) was made at \(moment) to send message \(number), of what was found then: `onebeat alerts` lists"
                    + " it.")
        case .remainder(let number):
            say(
                "Run \(row.id) was made at \(moment) to send message \(number) to those whom the mail server had refused."
            )
        case .sample: say("Run \(row.id) was asked for by hand at \(moment), to send a sample.")
        case .event:
            // A request may only be called like that of an event.
            if let name = evidence.job.definition.schedule.event {
                say("Run \(row.id) was started at \(moment) by the event \"\(name)\".")
            } else {
                say("Run \(row.id) was asked for by hand at \(moment).")
            }
        case .hand: say("Run \(row.id) was asked for by hand at \(moment).")
        case .due:
            if let end = row.rangeEnd {
                return say(
                    "\(row.count) due instants from \(moment) to \(at(end)) are recorded in one row, run"
                        + " \(row.id).")
            }
            say("Run \(row.id) was due at \(moment).")
            let due = schedule.dueAt(for: row.scheduledAt)
            if due > row.scheduledAt, row.attempt <= 1 { say("`spread` puts its start off to \(at(due)).") }
        }
    }

    // MARK: Not started yet

    private mutating func tellOfWaiting() {
        guard row.attempt == 0 else { return tellOfRetry() }
        if row.dueAt > evidence.now {
            verdict = .planned
            say("It is planned and starts \(row.dueAt, from: evidence.now).")
            if row.kind == .scheduled { say(evidence.pauseSentence) }
        } else {
            verdict = .waits
            say("It has been due for \(evidence.now.duration(since: row.dueAt)) and has not started.")
            say(whatItWaitsFor)
            if let deadline = row.deadlineAt {
                say("It may start until \(at(deadline)); after that it is recorded as missed.")
            }
        }
        if evidence.livingNodes.isEmpty { say(Evidence.nobody) }
    }

    private mutating func tellOfFollowing() {
        verdict = .waits
        guard case .after(let jobs) = evidence.job.definition.schedule.rhythm else { return }
        if let each = evidence.job.definition.each, row.startedAt != nil {
            say(
                "It stands for all elements of \(each.words), whose runs it waits for; `onebeat flow \(row.id)` shows how"
                    + " they stand.")
            return
        }
        say(
            "It follows \(jobs.joined(separator: ", ")) in flow \(row.flow ?? row.id) and starts by"
                + " `trigger_rule: \(policies.triggerRule.rawValue)`; `onebeat flow \(row.id)` shows how they stand.")
    }

    private mutating func tellOfRetry() {
        verdict = .waits
        switch row.reason {
        case .workerLost: say("The worker of attempt \(row.attempt) vanished, so it is to be started again.")
        case .handedBack: say("Attempt \(row.attempt) was handed back by its node, so it is to be started again.")
        default:
            let left = max(0, policies.retry.limit - row.failures + 1)
            say("Attempt \(row.attempt) failed\(message); \(left) more may follow.")
        }
        let isToCome = row.dueAt > evidence.now
        say(isToCome ? "The next attempt starts \(row.dueAt, from: evidence.now)." : whatItWaitsFor)
        if evidence.livingNodes.isEmpty { say(Evidence.nobody) }
    }

    private var whatItWaitsFor: Telling? {
        let living = evidence.livingNodes
        if living.isEmpty { return nil }
        if case .handingOver(let start)? = evidence.standby {
            return
                "The work has been handed over since \(at(start)): what falls due waits until `onebeat take-over` has"
                + " come to its end."
        }
        if evidence.job.isPaused, row.kind == .scheduled, row.attempt == 0 { return evidence.pauseSentence }
        let serving = living.filter { $0.queues.contains(row.queue) }
        let able = serving.filter { $0.abilities.cover(row.need) }
        if !serving.isEmpty, able.isEmpty {
            let unserved = Unserved(queue: row.queue, need: row.need, among: living, at: evidence.now)
            return unserved.map { "It waits: \(english: $0.sentence)." }
        }
        if serving.isEmpty {
            let served = Set(living.flatMap(\.queues)).sorted().joined(separator: ", ")
            if served.isEmpty {
                return "No living node serves any queue; start one that does with `onebeat up --queue \(row.queue)`."
            }
            return "No living node serves its queue \"\(row.queue)\" (they serve \(served)); start one with"
                + " `onebeat up --queue \(row.queue)`."
        }
        if row.attempt == 0, let message = row.message, !evidence.job.definition.needs.isEmpty {
            return "It is held: \(english: message). `needs` lets it go when that has succeeded."
        }
        if row.attempt == 0, let message = row.message {
            return "\(english: message); `overlap: \(policies.overlap.rawValue)` lets it wait until that lock is free."
        }
        let active = evidence.runs.filter { $0.id != row.id && $0.state == .running }
        if active.count >= policies.effectiveLimit, let active = active.first {
            return "Run \(active.id) of the job is still running; `overlap: \(policies.overlap.rawValue)` lets this one"
                + " wait."
        }
        if row.mustBeAlone {
            return "It lost \(row.crashes) workers beside other runs, so it starts where nothing else runs, or"
                + " \(Solitude.patience.text) after it is due: alone, it shows whether it is what ends them."
        }
        return whoTakesSlots(of: able)
    }

    private func whoTakesSlots(of nodes: [NodeRecord]) -> Telling {
        let slots = nodes.reduce(0) { $0 + $1.slots }
        let busy = Evidence.holders(among: evidence.running, on: nodes)
        guard busy.count >= slots, let oldest = busy.first, let start = oldest.startedAt else {
            return "A node that serves it will claim it within a second: \(busy.count) of \(slots) slots are taken."
        }
        if slots == 1 {
            return
                "The only slot of queue \"\(row.queue)\" is taken by run \(oldest.id) of job \(oldest.job), since"
                + " \(at(start))."
        }
        let own = busy.count { $0.job == oldest.job }
        return
            "All \(slots) slots of queue \"\(row.queue)\" are taken; longest by run \(oldest.id) of job \(oldest.job), since"
            + " \(at(start)). That job has \(own) of them."
    }

    // MARK: Started

    private mutating func tellOfRunning() {
        verdict = .running
        if row.isReported { return tellOfOpen() }
        tellOfStart()
        tellOfAttempts()
        if let start = row.startedAt {
            say("It is running: for \(evidence.now.duration(since: start)), since \(at(start)).")
        }
        if let word = evidence.taskWord { say("The newest word on its task: \(word).") }
        if evidence.livingNodes.isEmpty { say(Evidence.nobody) }
        if row.isCancelRequested { say("Someone asked to cancel it; its worker stops it.") }
        if let timeout = policies.timeout, let start = row.startedAt {
            say("It is stopped at \(at(start + timeout)) if it has not ended (timeout: \(timeout.text)).")
        }
    }

    /// Of what runs elsewhere, only words are known.
    private mutating func tellOfOpen() {
        guard let start = row.startedAt else { return }
        say("It is open since \(at(start)): no word of its end has come.")
        guard let grace = evidence.job.definition.signal?.grace, start + grace < evidence.now else { return }
        say("That word was to come by \(at(start + grace)): it is \(evidence.now.duration(since: start + grace)) late.")
    }

    /// What became of the attempts before the newest one, and that this is another.
    private mutating func tellOfAttempts() {
        for attempt in evidence.attempts.dropLast() { say("Attempt \(attempt.number) \(words(of: attempt)).") }
        guard evidence.attempts.count > 1, let newest = evidence.attempts.last else { return }
        say("Attempt \(newest.number) was started at \(at(newest.startedAt)) on node \(newest.node).")
    }

    private mutating func tellOfStart() {
        // When it was told of is said, and it is due at no time.
        if row.isReported { return }
        guard let start = evidence.attempts.first?.startedAt ?? row.startedAt else { return }
        let due =
            switch row.kind {
            case .scheduled: schedule.dueAt(for: row.scheduledAt)
            // It was made long after its instant; of further attempts the row has no other time.
            case .backfill, .manual, .unknown:
                row.isForPastInstant || row.kind == .backfill ? (row.attempt > 1 ? start : row.dueAt) : row.scheduledAt
            }
        let lateness = start.duration(since: due)
        let name = evidence.attempts.first?.node ?? row.node
        let node: Telling = name.map { " on node \($0)" } ?? .nothing
        guard lateness > Explanation.punctual else { return say("It started on time\(node), at \(at(start)).") }
        if verdict == .ran { verdict = .ranLate }
        say("It started \(lateness) late\(node), at \(at(start)).")
        say(whyLate(due: due, start: start))
    }

    private func whyLate(due: Timestamp, start: Timestamp) -> Telling {
        if let other = evidence.run(activeAt: due, otherThan: row), (other.finishedAt ?? start) <= start {
            return "Run \(other.id) of the job was still active when it was due, and `overlap:"
                + " \(policies.overlap.rawValue)` let it wait."
        }
        // A node that is gone may have gone before or after: only one that lives still is known to have been there.
        let livedThrough = evidence.nodes.contains { !$0.isGone && $0.joinedAt <= due }
        let joined = evidence.nodes.filter { $0.joinedAt <= start && $0.joinedAt > due }.map(\.joinedAt).min()
        if let joined, !livedThrough {
            let before = evidence.nodes.contains { $0.joinedAt <= due }
            return before
                ? "Of the nodes that were up before, none is known to have been up when it was due; the next one joined at"
                    + " \(at(joined)): it started when the outage was over."
                : "The earliest node known to have been up by then joined at \(at(joined)), after it was due."
        }
        if row.attempt > 1 || (row.dueAt > due && row.attempt == 1) {
            return "It had been put off to \(at(row.dueAt))."
        }
        if let holder = whoTookSlots(due: due, start: start) { return holder }
        return
            "Nodes were up, and the rows do not say more: all slots taken, a store that could not be reached, or a node"
            + " that was frozen are the usual causes. `onebeat events` and `onebeat runs` around \(at(due)) tell."
    }

    /// Who held all slots when it was due, as far as the rows tell: of each run the newest attempt.
    private func whoTookSlots(due: Timestamp, start: Timestamp) -> Telling? {
        let serving = evidence.nodes.filter {
            $0.joinedAt <= due && $0.leaseUntil >= start && $0.serves(row.queue, need: row.need)
        }
        let slots = serving.reduce(0) { $0 + $1.slots }
        let busy = Evidence.holders(among: evidence.neighbours, on: serving).filter { other in
            guard other.id != row.id, let begun = other.startedAt else { return false }
            guard let end = other.finishedAt else {
                return other.state == .running && begun <= due + Explanation.punctual
            }
            return begun <= due + Explanation.punctual && end > due + Explanation.punctual
        }
        let first = busy.min { $0.finishedAt ?? .distantFuture < $1.finishedAt ?? .distantFuture }
        guard slots > 0, busy.count >= slots, let first, let end = first.finishedAt else { return nil }
        return slots == 1
            ? "The only slot of queue \"\(row.queue)\" was taken then by run \(first.id) of job \(first.job), until \(at(end))."
            : "All \(slots) slots of queue \"\(row.queue)\" were taken then; the first to end was run \(first.id) of job"
                + " \(first.job), at \(at(end))."
    }

    private mutating func tellOfEnd() {
        tellOfStart()
        tellOfAttempts()
        let took: Telling = row.length.map { " after \($0)" } ?? .nothing
        if let each = evidence.job.definition.each, row.element == nil, row.attempt == 0 {
            let outcome = Telling(word: row.state.words)
            return say("It stands for all elements of \(each.words), and ended as \(outcome)\(took)\(message).")
        }
        let number: Telling = row.attempt > 1 ? "Attempt \(row.attempt)" : "It"
        switch row.state {
        case .succeeded: say("\(number) succeeded\(took)\(message).")
        case .failed:
            say("\(number) failed\(took)\(message).")
            say(whyNoFurtherAttempt)
        case .timedOut:
            let limit: Telling? = policies.timeout.map { " of \($0.text)" }
            say("\(number) was stopped at its time-out\(limit ?? .nothing).")
            say(whyNoFurtherAttempt)
        case .lost where row.isReported:
            let end: Telling = row.finishedAt.map { "; it was given up at \(at($0))" } ?? .nothing
            say("No word of its end came, so how it ended is not known\(end).")
        case .lost:
            say(
                "Its worker vanished and how it ended is unknown; `delivery: at_most_once` forbids to start it again."
                    + " Check its effects, then `onebeat retry \(row.id)` if it must run.")
        case .dead:
            say(
                "Its worker vanished \(row.crashes) times; it is not tried again, since it may be what ends the worker."
            )
        case .waiting, .scheduled, .running, .cancelled, .skipped, .missed, .unknown: break
        }
    }

    /// Behind a colon.
    private var message: Telling { row.message.map { ": \(english: $0)" } ?? .nothing }

    private var whyNoFurtherAttempt: Telling? {
        // What runs elsewhere is tried again by whoever runs it, or not.
        if row.isReported { return nil }
        return policies.retry.limit == 0
            ? "`retry` is not set, so there was no further attempt."
            : "`retry.limit` is \(policies.retry.limit), and that many further attempts were made."
    }

    private func words(of attempt: Attempt) -> Telling {
        let message: Telling = attempt.message.map { ": \(english: $0)" } ?? .nothing
        switch attempt.outcome {
        case nil: return "has no recorded end"
        case "timed_out": return "was stopped at its time-out"
        case "not_started": return "was handed back by node \(attempt.node), which had not begun it"
        case "interrupted": return "was handed back when node \(attempt.node) stopped"
        case "lost": return "was lost with node \(attempt.node)"
        case let outcome?: return "\(Telling(word: outcome))\(message)"
        }
    }

    // MARK: Not started, or stopped

    private mutating func tellOfCancelled() {
        verdict = .cancelled
        if row.startedAt != nil { tellOfStart() }
        let end: Telling = row.finishedAt.map { " at \(at($0))" } ?? .nothing
        switch row.reason {
        case .requested:
            let request = evidence.events.first { $0.kind == "run.cancel_requested" && $0.run == row.id }
            let who: Telling = request.map { ", as \($0.actor) asked" } ?? " on request"
            say("It was cancelled\(end)\(who).")
        case .removed: say("It was withdrawn\(end), since the job was removed.")
        case .replaced: say("A newer run took its place\(end) (overlap: cancel).")
        default: say("It was cancelled\(end)\(reason).")
        }
    }

    private mutating func tellOfSkipped() {
        verdict = .skipped
        let moment = row.finishedAt ?? row.dueAt
        switch row.reason {
        case .overlap where row.message != nil:
            say(
                "It was skipped, because \(english: row.message ?? ""); `overlap: \(policies.overlap.rawValue)` skips in that case."
                    + " `overlap: queue` would let it wait.")
        case .overlap:
            let other: Telling? = evidence.run(activeAt: moment, otherThan: row).map {
                "run \($0.id), due at \(at($0.scheduledAt))\(ended($0)),"
            }
            say(
                "It was skipped, because \(other ?? "an earlier run of the job") was still active; `overlap:"
                    + " \(policies.overlap.rawValue)` skips in that case. `overlap: queue` would let it wait.")
        case .paused:
            let pause: Telling? = evidence.event("job.paused", before: moment).map {
                " (by \($0.actor) at \(at($0.at)))"
            }
            say("It was skipped, because the job was paused\(pause ?? .nothing).")
        case .upstream, .upstreamSkipped:
            say(
                "It was skipped, because \(messageOr("a job that it follows did not succeed")); `trigger_rule:"
                    + " \(policies.triggerRule.rawValue)` cannot come true then. `onebeat flow \(row.id)` shows the others."
            )
        case .observed:
            say(
                "It was not started, because this store only observes: it \(messageOr("would have started")), and another"
                    + " scheduler does the work until `onebeat take-over`.")
        default: say("It was skipped\(reason).")
        }
    }

    /// Behind a colon.
    private var reason: Telling { row.reason.map { ": \($0.told)" } ?? .nothing }

    private func messageOr(_ other: Telling) -> Telling { row.message.map { "\(english: $0)" } ?? other }

    private func ended(_ run: Run) -> Telling {
        run.finishedAt.map { " and ended at \(at($0))" } ?? " and still running"
    }

    private mutating func tellOfMissed() {
        verdict = .missed
        let what: Telling = row.count == 1 ? "It was" : "They were"
        switch row.reason {
        case .tooLate:
            let deadline: Telling? = row.deadlineAt.map { " by \(at($0))" }
            say("\(what) missed: no node could start it\(deadline ?? .nothing) (deadline: \(policies.deadline.text)).")
            say(whoWasUp)
        case .upstream:
            say(
                "It was missed, because \(messageOr("what it needs did not succeed")) by its deadline"
                    + " (\(row.deadlineAt.map(at) ?? policies.deadline.text)); `needs` says what it waits for.")
        case .coalesced:
            say("\(what) missed while no node could plan; `missed: latest` keeps only the newest instant of an outage.")
            say(standIn)
            say(whoWasPaused)
            say(whoWasUp)
        case .catchUpLimit:
            say(
                "\(what) missed while no node could plan, and are more than `catch_up: \(policies.catchUp)` runs"
                    + " again.")
            say(whoWasUp)
        case .missedSkip:
            say("\(what) missed while no node could plan; `missed: skip` runs none of them.")
            say(whoWasUp)
        default: say("\(what) missed\(reason).")
        }
    }

    /// What became of the instant after the missed ones, which stands for them.
    private var standIn: Telling? {
        let end = row.rangeEnd ?? row.scheduledAt
        let next = evidence.runs.filter { $0.kind == .scheduled && $0.scheduledAt > end }
            .min { $0.scheduledAt < $1.scheduledAt }
        guard let next else { return nil }
        let name: Telling = "Run \(next.id), due at \(at(next.scheduledAt)),"
        if next.startedAt != nil { return "\(name) ran in that place." }
        return next.state.isTerminal
            ? "\(name) stood for them, and was \(Telling(word: next.state.words)) too\(next.whyTold)."
            : "\(name) stands for them, and is to run."
    }

    /// A pause holds through an outage as well: what fell due then would not have run.
    private var whoWasPaused: Telling? {
        guard let pause = evidence.event("job.paused", before: row.scheduledAt) else { return nil }
        if let resume = evidence.event("job.resumed", before: row.scheduledAt), resume.at > pause.at { return nil }
        return "The job was paused then (by \(pause.actor) at \(at(pause.at))), so it would not have run anyway."
    }

    private var whoWasUp: Telling? {
        let end = row.rangeEnd ?? row.deadlineAt ?? row.dueAt
        guard let joined = evidence.nodes.map(\.joinedAt).min(), joined > end else { return nil }
        return "The earliest node still known joined at \(at(joined)), after that."
    }
}
