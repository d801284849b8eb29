import Onebeat

/// Why a job ran, ran late, did not run, or when it will, in sentences an operator can act on.
package struct Explanation: Sendable, Equatable {
    /// The answer in one word.
    package enum Verdict: String, Sendable, Codable {
        /// It started in time; how it ended is in the sentences.
        case ran
        /// It started, but later than it was due.
        case ranLate = "ran_late"
        /// It runs now.
        case running
        /// It is due and has not started.
        case waits
        /// It is still to come.
        case planned
        /// It was not started, for a reason the user chose.
        case skipped
        /// It was not started, since it was too late.
        case missed
        /// It was withdrawn, or stopped by someone.
        case cancelled
        /// The job was not due then.
        case notDue = "not_due"
        /// The job was due and there is no row.
        case unrecorded
    }

    /// The answer in one word.
    package var verdict: Verdict
    /// The answer in full, for pages in every language.
    package var told: [Telling]
    /// The answer in full, in English.
    package var sentences: [String] { told.map(\.text) }
    /// The row it rests on.
    package var run: Run?

    /// Explains what the evidence holds.
    package init(_ evidence: Evidence) {
        if let row = evidence.row {
            let story = RunStory(row, evidence)
            verdict = story.verdict
            told = story.sentences
            run = row
        } else if let moment = evidence.moment {
            let story = AbsenceStory(moment, evidence)
            verdict = story.verdict
            told = story.sentences
        } else {
            verdict = .planned
            let isGone = evidence.removal != nil || evidence.lastSuccessAt != nil
            let unheard: Telling =
                evidence.job.definition.signal == nil
                ? "The job has not been due since it was stored." : "No word of the job has come since it was stored."
            told = [isGone ? "No run of it is kept." : unheard]
        }
        if evidence.subject == nil, let near = evidence.nearestByHand, near.id != run?.id {
            told.append(
                "A run was asked for near that, at \(evidence.readable(near.scheduledAt)): \(evidence.fate(of: near))."
            )
        }
        if let own = evidence.ownSentence(of: run.map(\.scheduledAt) ?? evidence.moment ?? evidence.now) {
            told.insert(own, at: min(1, told.count))
        }
        if let removal = evidence.removal {
            told.insert(
                "The job is not in force: it was removed by \(removal.actor) at \(evidence.readable(removal.at)). What"
                    + " follows goes by its last definition.", at: 0)
            return
        }
        if evidence.moment == nil {
            let outlook = Self.outlook(evidence)
            told += outlook.filter { !told.contains($0) }
            if let lock = evidence.lock {
                let name = LockName(job: evidence.job.name)
                told.append(
                    "Its lock \(name.description) ends by itself after \(english: lock.words); it is extended while a run goes on."
                )
            }
        }
    }

    /// A run may start this late before it counts as late: one second, which is the step of cron's clock.
    static let punctual = Duration.seconds(1)

    /// What comes next.
    private static func outlook(_ evidence: Evidence) -> [Telling] {
        let schedule = evidence.schedule
        let pause = evidence.pauseSentence.map { [$0] } ?? []
        if evidence.job.definition.signal != nil {
            return ["It runs \(english: evidence.job.definition.words(schedule))."]
                + (SignalStory(evidence)?.present ?? []) + pause
                + ["`onebeat signal \(evidence.job.name) success` tells of a run that ended well."]
        }
        switch schedule.definition.rhythm {
        case .event(let name): return ["It runs on the event \"\(name)\": `onebeat emit \(name)`."] + pause
        case .manual where evidence.job.isAlert:
            return [
                "It sends a message when there is something to tell; `onebeat alerts test \(evidence.job.name)` sends a"
                    + " sample."
            ] + pause
        case .manual: return ["It runs by hand only: `onebeat trigger \(evidence.job.name)`."] + pause
        case .after: return ["It is due \(english: schedule.words)."] + pause
        case .delay where evidence.job.nextAt == nil:
            return ["It is due \(english: schedule.words); the run before has not ended yet."] + pause
        case .cron, .every, .at, .repeat, .solar, .delay: break
        }
        let next = schedule.isDelay ? evidence.job.nextAt : schedule.next(after: evidence.now)
        guard let next else { return ["It will not be due again: \(english: schedule.words)."] + pause }
        var sentences: [Telling] = ["It is next due at \(evidence.readable(next)), \(next, from: evidence.now)."]
        sentences += pause
        if evidence.livingNodes.isEmpty { sentences.append(Evidence.nobody) }
        return sentences
    }
}

extension Evidence {
    /// What to say where no node holds a lease.
    static let nobody: Telling =
        "No node is up now, or none can write to the store: nothing starts until one can (`onebeat up`, "
        + "`onebeat doctor`)."

    /// Who paused the job, if it is paused.
    var pauseSentence: Telling? {
        guard job.isPaused else { return nil }
        let who: Telling? = event("job.paused", before: now).map { ", by \($0.actor) at \(readable($0.at))" }
        if job.definition.signal != nil {
            return
                "The job is paused\(who ?? .nothing): nobody is told where word of it does not come, until `onebeat resume"
                + " \(job.name)`."
        }
        if job.isAlert {
            return "The job is paused\(who ?? .nothing): nothing is told by it until `onebeat resume \(job.name)`."
        }
        if case .manual = schedule.definition.rhythm {
            return
                "The job is paused\(who ?? .nothing): what is asked for by hand runs nonetheless; `onebeat resume"
                + " \(job.name)` ends that."
        }
        return
            "The job is paused\(who ?? .nothing): what falls due is recorded as skipped until `onebeat resume \(job.name)`."
    }
}

/// What to say about a moment without a row.
struct AbsenceStory {
    var verdict = Explanation.Verdict.notDue
    var sentences: [Telling] = []
    private let moment: Timestamp
    private let evidence: Evidence
    private var schedule: Schedule { evidence.schedule }

    init(_ moment: Timestamp, _ evidence: Evidence) {
        self.moment = moment.wholeSecond
        self.evidence = evidence
        if evidence.isDue { tellOfDue() } else { tellOfNotDue() }
    }

    private mutating func tellOfDue() {
        let job = evidence.job
        let name = evidence.readable(moment)
        if moment > evidence.now {
            verdict = .planned
            sentences = ["The job will be due at \(name), \(moment, from: evidence.now): \(english: schedule.words)."]
            if let pause = evidence.pauseSentence { sentences.append(pause) }
            if evidence.livingNodes.isEmpty { sentences.append(Evidence.nobody) }
            return
        }
        if moment <= job.createdAt {
            sentences = [
                "The job was stored at \(evidence.readable(job.createdAt)), after that moment; a job's first fire is the"
                    + " first due instant after it was stored."
            ]
            return
        }
        verdict = .unrecorded
        sentences = ["The job's present schedule is due at \(name), but there is no row for that instant."]
        if moment > job.watermark {
            let nodes = evidence.livingNodes
            let living: Telling = nodes.count == 1 ? "1 living node" : "\(nodes.count) living nodes"
            sentences.append(
                nodes.isEmpty
                    ? "No node is up to plan it. When one is, `missed: \(job.definition.policies.missed.rawValue)`"
                        + " decides what becomes of it; start one with `onebeat up`."
                    : "It is past what is planned so far (\(evidence.readable(job.watermark))); the leader among"
                        + " \(living) should plan it within seconds.")
        } else if let change = evidence.event("job.changed", before: evidence.now), change.at >= moment {
            sentences.append(
                "The definition was changed by \(change.actor) at \(evidence.readable(change.at)); the one in force"
                    + " before need not have been due then.")
        } else {
            sentences.append("Rows are removed after the node's `keep`; it may have been one of them.")
        }
    }

    private mutating func tellOfNotDue() {
        let name = evidence.readable(moment)
        if let story = SignalStory(evidence) {
            if moment > evidence.now {
                sentences = ["It runs \(english: evidence.job.definition.words(schedule))."] + story.present
                return
            }
            sentences = [
                "No word of the job came at \(name), and it is not started here: it runs"
                    + " \(english: evidence.job.definition.words(schedule))."
            ]
            sentences += story.past(moment)
            return
        }
        sentences = ["The job is not due at \(name): it is due \(english: schedule.words)."]
        if let other = sameReading {
            let fate: Telling? = evidence.fate(of: other).map { "; \($0)" }
            sentences.append(
                "It is due when the job's own clock, \(schedule.definition.timezone), shows that time: at"
                    + " \(evidence.readable(other))\(fate ?? .nothing).")
        }
        if let rule = ruleThatTookItAway { sentences.append(rule) }
        if let note = clockChange { sentences.append("The clocks change near that moment: \(english: note).") }
        let stored = evidence.job.createdAt
        if let before = evidence.lastDue(before: moment) {
            let fate: Telling? = evidence.fate(of: before).map { ": \($0)" }
            // What was due before may be of another time under the same name, where it has a row.
            if before > stored || fate != nil {
                sentences.append("The due instant before is \(evidence.readable(before))\(fate ?? .nothing).")
            } else {
                sentences.append(
                    "The job was stored only at \(evidence.readable(stored)), and was due at no instant before.")
            }
        }
        if let after = schedule.next(after: max(moment, stored)), !schedule.isDelay {
            let fate: Telling? = evidence.fate(of: after).map { ": \($0)" }
            sentences.append("The one after is \(evidence.readable(after))\(fate ?? .nothing).")
        }
        if let other = evidence.runs.first(where: { run in
            guard let start = run.startedAt else { return false }
            return start <= moment && moment <= run.finishedAt ?? evidence.now
        }) {
            sentences.append("Run \(other.id), due at \(evidence.readable(other.scheduledAt)), was running then.")
        }
    }

    /// The instant at which the job's clock shows what the reader's shows at the moment, if the job is due then.
    private var sameReading: Timestamp? {
        guard let clock = evidence.clock, clock.format(moment) != schedule.format(moment),
            let other = schedule.moment(String(clock.format(moment).prefix(19))), other != moment
        else { return nil }
        return evidence.isDue(other, by: schedule) ? other : nil
    }

    private var ruleThatTookItAway: Telling? {
        let definition = schedule.definition
        if let start = definition.start, moment < start {
            return "The schedule starts at \(evidence.readable(start))."
        }
        if let end = definition.end, moment > end { return "The schedule ended at \(evidence.readable(end))." }
        guard !definition.except.isEmpty else { return nil }
        var without = definition
        without.except = []
        guard let whole = try? Schedule(without, jobName: evidence.job.name), evidence.isDue(moment, by: whole) else {
            return nil
        }
        return "`except` takes that instant away (\(definition.except.joined(separator: ", ")))."
    }

    /// What a change of the clocks within three hours did to the schedule.
    private var clockChange: String? {
        let near = Duration.seconds(3 * 3600)
        return schedule.preview(after: moment - near, count: 20).first { occurrence in
            occurrence.note != nil && occurrence.instant <= moment + near
        }?.note
    }
}
