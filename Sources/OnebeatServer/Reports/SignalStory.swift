import Onebeat

/// What to say of the word that is expected of a job that runs elsewhere. Lateness goes by the rule that health goes by:
/// a success is expected after the last one, or since the job is known.
struct SignalStory {
    private let evidence: Evidence
    private let watch: SignalWatch
    private let expected: Schedule

    /// - Returns: `nil` for jobs that run here.
    init?(_ evidence: Evidence) {
        guard let watch = evidence.job.definition.signal,
            let expected = try? Schedule(watch.expected, jobName: evidence.job.name)
        else { return nil }
        self.evidence = evidence
        self.watch = watch
        self.expected = expected
    }

    /// When a success is expected, as things stand now.
    var present: [Telling] {
        let last = (successes + [evidence.lastSuccessAt].compactMap(\.self)).max()
        guard let due = watch.next(after: max(last ?? .distantPast, evidence.job.createdAt), by: expected) else {
            return []
        }
        let (now, name) = (evidence.now, evidence.readable(due))
        if due > now {
            return ["A success is expected at \(name), \(due, from: now), \(watch.grace.text) late at most."]
        }
        if due + watch.grace >= now {
            return ["A success was expected at \(name), and may come until \(evidence.readable(due + watch.grace))."]
        }
        return [
            "A success was expected at \(name), \(watch.grace.text) late at most: it is \(now.duration(since: due)) late.",
            last.map { "The last success came at \(evidence.readable($0))." } ?? "No success ever came.",
        ]
    }

    /// What was expected about a moment that is over, and what came.
    func past(_ moment: Timestamp) -> [Telling] {
        let stored = evidence.job.createdAt
        guard moment > stored else {
            return ["The job was stored only at \(evidence.readable(stored)), and no word was expected before."]
        }
        let known = (successes + [evidence.lastSuccessAt].compactMap(\.self)).filter { $0 < moment }.max()
        // Of a job that was removed it is not known since when it was.
        if known == nil, stored == .distantPast { return [] }
        let next = watch.next(after: max(known ?? .distantPast, stored), by: expected)
        // By a cron line each instant is one of its own, though one before was missed as well.
        guard let due = isInstant(moment) ? moment.wholeSecond : next else { return [] }
        if due > evidence.now { return present }
        let before: Telling? = known.map { "The success before came at \(evidence.readable($0))." }
        return [
            before ?? "No success from before is known.",
            "One was expected at \(evidence.readable(due)), \(watch.grace.text) late at most.",
            whatCame(after: moment, due),
        ]
    }

    private func whatCame(after moment: Timestamp, _ due: Timestamp) -> Telling {
        let latest = due + watch.grace
        if let came = successes.filter({ $0 >= moment }).min() {
            return came <= latest
                ? "It came at \(evidence.readable(came)), in time."
                : "It was missed: word came only at \(evidence.readable(came)), \(came.duration(since: due)) late."
        }
        if let last = evidence.lastSuccessAt, last >= moment {
            return "Word of a success has come since, the last at \(evidence.readable(last))."
        }
        return latest < evidence.now
            ? "It was missed: none has come, and it is \(evidence.now.duration(since: due)) late."
            : "None has come yet; it may come until \(evidence.readable(latest))."
    }

    private func isInstant(_ moment: Timestamp) -> Bool {
        if case .cron = watch.expected.rhythm { return evidence.isDue(moment, by: expected) }
        return false
    }

    /// When runs that are known ended well.
    private var successes: [Timestamp] {
        evidence.runs.filter { $0.state == .succeeded }.compactMap(\.finishedAt)
    }
}
