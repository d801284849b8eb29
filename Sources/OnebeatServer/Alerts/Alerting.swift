import Onebeat

// Alerts: people are told of jobs that need a look. What is told follows from the jobs' health, so that an alert says what the
// pages say. Rules are jobs, and messages are runs of these: they survive the death of nodes, are tried again, and stand in
// the history. The store keeps each incident once.

/// What is to be told, and what is over.
struct Alerting: Equatable {
    /// What is kept from now on; of what is held back by quiet hours or a silence people are told when these end, where it is
    /// still so.
    var opened: [Incident] = []
    var closed: [Int64] = []
    /// What was held back and is told now, with the words of now.
    var released: [Incident] = []

    /// What is known when it is decided what to tell.
    struct View {
        var now: Timestamp
        /// When it was seen how the jobs are; now, where that is not older. It says nothing of what came after it.
        var readAt: Timestamp?
        var asOf: Timestamp { readAt ?? now }
        /// All jobs, those of alerts among them.
        var lines: [HealthReader.Line]
        /// Incidents that are not over, and the newest of those that are.
        var known: [Incident]
        /// Runs that lately ended badly.
        var troubles: [Run] = []
        /// Runs that lately ended well and took long, with what their job usually takes.
        var slow: [(run: Run, usual: Duration)] = []
        /// What is wrong with the whole.
        var whole: [WholeTrouble] = []
        /// Silences that hold, or lately did.
        var silences: [Silence] = []
        var zones = ZoneFiles.system
        /// Since when some node has lived without a break.
        var upSince: Timestamp?

        /// What kept a rule, the work of job `name`, from telling of a job at a moment; `nil` where nothing did.
        func hush(_ rule: AlertRule, _ name: String, _ job: String, at moment: Timestamp) -> String? {
            if let quiet = rule.quiet, quiet.hold(at: moment, zones: zones) { return "quiet hours, \(quiet.words)" }
            return silences.first { $0.holds(at: moment) && $0.covers(job, by: name) }.map { "silence \($0.id)" }
        }

        /// Whether it is kept already, as far as is known: the store knows all, and is not to be asked each time.
        func isKnown(_ incident: Incident) -> Bool {
            known.contains {
                $0.rule == incident.rule && $0.kind == incident.kind && $0.job == incident.job
                    && $0.since == incident.since
            }
        }
    }

    /// What waits, or has nobody, while nodes start and are replaced: how long that is no news.
    static let patience = Duration.seconds(30)

    /// How far back failures are looked for of jobs that did well again before anybody looked.
    static let lookBack = Duration.seconds(600)

    /// The rule. An incident of a job and a kind lasts until the job is well; one that is open is not opened again.
    static func decide(_ view: View) -> Alerting {
        var result = Alerting()
        let byName = Dictionary(view.lines.map { ($0.job.name, $0) }) { first, _ in first }
        var rules: [String: AlertRule] = [:]
        for line in view.lines where !line.job.isPaused {
            guard case .alert(let rule) = line.job.definition.work else { continue }
            let name = line.job.name
            rules[name] = rule
            let open = view.known.filter { $0.rule == name && $0.closedAt == nil }
            for watched in view.lines where rule.watches(watched.job) {
                for health in watched.health.troubles {
                    guard var incident = incident(health, watched, rule, name, view),
                        !open.contains(where: { $0.job == incident.job && $0.kind == incident.kind })
                    else { continue }
                    incident.heldBy = view.hush(rule, name, incident.job, at: view.now)
                    result.opened.append(incident)
                }
            }
            result.opened += passing(rule, name, storedAt: line.job.createdAt, byName, view)
            result.opened += slow(rule, name, byName, view)
            result.opened += WholeTrouble.incidents(rule, name, view)
            result.opened += open.compactMap { reminder(of: $0, rule, byName[$0.job], view) }
        }
        for incident in view.known where incident.closedAt == nil && incident.openedAt <= view.asOf {
            let line = byName[incident.job]
            if let rule = rules[incident.rule] {
                let isHushed = view.hush(rule, incident.rule, incident.job, at: view.now) != nil
                if incident.isHeld {
                    // Nobody was told of it: it is over as soon as it is, and nobody is told of that either.
                    if let still = still(incident, rule, line, view) {
                        if !isHushed { result.released.append(still) }
                    } else {
                        result.closed.append(incident.id)
                    }
                    continue
                }
                // What was told before is over, for people, when they may be told so.
                if WholeTrouble.isOne(incident) {
                    if isHushed || view.whole.contains(where: { $0.subject == incident.job }) { continue }
                } else if let line, isHushed || isOpen(incident, line) {
                    continue
                }
            }
            result.closed.append(incident.id)
            if incident.isHeld { continue }
            guard let rule = rules[incident.rule], rule.on.contains(AlertKind.recovered.rawValue),
                WholeTrouble.isOne(incident)
                    || line.map({ $0.health.state != .paused && rule.watches($0.job) }) ?? false
            else { continue }
            result.opened.append(
                Incident(
                    rule: incident.rule, kind: .recovered, job: incident.job, since: incident.openedAt,
                    run: line?.health.run, summary: "well again; it was \(incident.kind)", isNews: true))
        }
        return result
    }

    /// What was held back, in the words of now, where it is still so; `nil` where it is over, or has become something else, which
    /// is an incident of its own.
    private static func still(
        _ incident: Incident, _ rule: AlertRule, _ line: HealthReader.Line?, _ view: View
    ) -> Incident? {
        var still = incident
        if WholeTrouble.isOne(incident) {
            guard let trouble = view.whole.first(where: { $0.subject == incident.job }) else { return nil }
            still.summary = trouble.why
            return still
        }
        guard let line else { return nil }
        if let health = line.health.troubles.first(where: { $0.alertKind?.rawValue == incident.kind }) {
            (still.summary, still.run) = (health.why(toldBy: rule), health.run)
            return still
        }
        return !line.health.needsLook && isOpen(incident, line) ? still : nil
    }

    /// A run that runs is no word on what was missed or skipped before: its end is.
    private static func isOpen(_ incident: Incident, _ line: HealthReader.Line) -> Bool {
        if line.health.needsLook { return true }
        guard line.health.state == .running, [AlertKind.missed, .skipping].map(\.rawValue).contains(incident.kind)
        else {
            return false
        }
        return (line.status?.lastSuccessAt ?? .distantPast) < incident.openedAt
    }

    private static func incident(
        _ health: JobHealth, _ line: HealthReader.Line, _ rule: AlertRule, _ name: String, _ view: View
    ) -> Incident? {
        guard let kind = health.alertKind, rule.on.contains(kind.rawValue) else { return nil }
        // Those that come in streaks have one; a run that hangs is one at once.
        guard health.streak == 0 || health.streak >= rule.after else { return nil }
        switch health.state {
        case .waiting, .overdue:
            // Whoever has just started has not had the time to plan and to begin.
            if let up = view.upSince, view.asOf.duration(since: up) < patience { return nil }
        case .unserved:
            if let since = health.since, view.asOf.duration(since: since) < patience { return nil }
        case .failing, .missing, .late, .stuck, .skipping, .invalid, .running, .new, .well, .paused: break
        }
        // One that was over before, for another reason than that the job did well, was another incident.
        let over = view.known.filter {
            $0.rule == name && $0.kind == kind.rawValue && $0.job == line.job.name && !$0.isNews
        }
        .compactMap(\.closedAt).max()
        if let over, over > view.asOf { return nil }
        let success = line.status?.lastSuccessAt ?? line.job.createdAt
        return Incident(
            rule: name, kind: kind, job: line.job.name, since: max(success, over ?? .distantPast), run: health.run,
            summary: health.why(toldBy: rule))
    }

    /// Runs that ended well and took far longer than usual.
    private static func slow(
        _ rule: AlertRule, _ name: String, _ byName: [String: HealthReader.Line], _ view: View
    ) -> [Incident] {
        guard rule.on.contains(AlertKind.slow.rawValue) else { return [] }
        return view.slow.compactMap { run, usual in
            guard let line = byName[run.job], rule.watches(line.job), let end = run.finishedAt,
                let start = run.startedAt
            else { return nil }
            var incident = Incident(
                rule: name, kind: .slow, job: run.job, since: end, run: run.id,
                summary: "run \(run.id) took \(end.duration(since: start).brief); usually it takes \(usual.brief)",
                isNews: true)
            incident.heldBy = view.hush(rule, name, run.job, at: view.now) ?? view.hush(rule, name, run.job, at: end)
            return view.isKnown(incident) ? nil : incident
        }
    }

    /// Of a job's newest runs that ended well those that ended after `start` and took three times what nineteen of twenty
    /// others took, and more than a moment. A job that has run only a few times has no usual length.
    static func slow(among runs: [Run], from start: Timestamp) -> [(run: Run, usual: Duration)] {
        runs.compactMap { run in
            guard let begin = run.startedAt, let end = run.finishedAt, end > start else { return nil }
            guard let usual = UsualLength.of(run, among: runs) else { return nil }
            return UsualLength.isFar(end.duration(since: begin), beyond: usual) ? (run, usual) : nil
        }
    }

    /// What lasts is told again, until somebody has seen it: the same for all who look.
    private static func reminder(
        of incident: Incident, _ rule: AlertRule, _ line: HealthReader.Line?, _ view: View
    ) -> Incident? {
        guard let pause = rule.repeats, let kind = AlertKind(rawValue: incident.kind), !incident.isHeld,
            view.hush(rule, incident.rule, incident.job, at: view.now) == nil
        else { return nil }
        let why: String
        if let line, isOpen(incident, line) {
            let troubles = line.health.troubles
            let same = troubles.first { $0.alertKind == kind }
            // What it has become since is told as that.
            if !troubles.isEmpty, same == nil { return nil }
            why = same?.why(toldBy: rule) ?? incident.summary
        } else if let trouble = view.whole.first(where: { $0.subject == incident.job }) {
            why = trouble.why
        } else {
            return nil
        }
        let age = view.now.duration(since: incident.toldFrom)
        let count = age.wholeMicroseconds / max(1, pause.wholeMicroseconds)
        // By whichever alert somebody was told, as long as it is the same trouble: one that was over before is not.
        let isSeen = view.known.contains {
            guard $0.acknowledgedBy != nil, $0.job == incident.job, $0.kind == incident.kind else { return false }
            return $0.isNews ? $0.openedAt >= incident.openedAt : $0.closedAt ?? .distantFuture > incident.openedAt
        }
        guard count > 0, !isSeen else { return nil }
        let again = Incident(
            rule: incident.rule, kind: kind, job: incident.job,
            since: incident.toldFrom + .microseconds(count * pause.wholeMicroseconds), run: line?.health.run,
            summary: "still so at \(view.now.words), since \(incident.openedAt.words): \(why)", isNews: true)
        return view.isKnown(again) ? nil : again
    }

    /// Failures that were over before anybody looked.
    private static func passing(
        _ rule: AlertRule, _ name: String, storedAt: Timestamp, _ byName: [String: HealthReader.Line], _ view: View
    ) -> [Incident] {
        guard rule.after == 1 else { return [] }
        return view.troubles.compactMap { run in
            guard let line = byName[run.job], rule.watches(line.job), !line.health.needsLook,
                let end = run.finishedAt, end > max(storedAt, view.now - lookBack), end <= view.asOf,
                run.version.generation == line.job.generation,
                let kind = AlertKind(of: run.state), rule.on.contains(kind.rawValue)
            else { return nil }
            // What was told while it lasted is told.
            let isTold = view.known.contains { incident in
                guard incident.rule == name, incident.job == run.job, incident.kind != AlertKind.recovered.rawValue
                else {
                    return false
                }
                if incident.run == run.id { return true }
                return !incident.isNews && incident.since <= end && end <= incident.closedAt ?? .distantFuture
            }
            guard !isTold else { return nil }
            let why = run.message ?? run.reason?.sentence
            var incident = Incident(
                rule: name, kind: kind, job: run.job, since: end, run: run.id,
                summary: "\(run.state.words)\(why.map { ": \($0)" } ?? ""); it has done well since", isNews: true)
            incident.heldBy = view.hush(rule, name, run.job, at: view.now) ?? view.hush(rule, name, run.job, at: end)
            return incident
        }
    }
}

extension AlertRule {
    /// Whether it tells of a job. An alert tells of another one only where that is named.
    func watches(_ job: JobRecord) -> Bool {
        let isNamed = jobs.contains { NamePattern.fits(job.name, $0) }
        if job.isAlert { return jobs.contains(job.name) }
        if jobs.isEmpty, tags.isEmpty { return true }
        return isNamed || tags.contains(where: job.definition.tags.contains)
    }
}

extension AlertKind {
    /// What a bad end is told as.
    init?(of state: RunState) {
        switch state {
        case .failed, .timedOut: self = .failed
        case .lost: self = .lost
        case .dead: self = .dead
        case .missed: self = .missed
        case .waiting, .scheduled, .running, .succeeded, .cancelled, .skipped, .unknown: return nil
        }
    }
}

extension JobHealth {
    /// What is wrong with a job: nothing, or more than one thing. A worker that vanished and took its queue along is one.
    var troubles: [JobHealth] {
        guard needsLook else { return [] }
        let hasLostWorker = outcome == .lost || outcome == .dead
        return [self] + also.filter { !(hasLostWorker && $0.state == .unserved) }
    }

    /// Why, in the words of an alert: what it tells of by itself is not said twice.
    func why(toldBy rule: AlertRule) -> String {
        let isToldOfAll = also.allSatisfy { $0.alertKind.map { rule.on.contains($0.rawValue) } ?? true }
        return isToldOfAll ? ownWhy ?? why : why
    }

    /// What a job that needs a look is told as.
    var alertKind: AlertKind? {
        switch state {
        case .failing: outcome.flatMap(AlertKind.init(of:)) ?? .failed
        case .missing: .missed
        case .stuck: .stuck
        case .skipping: .skipping
        case .unserved: .queueUnserved
        case .waiting, .overdue, .late: .late
        case .invalid: .invalid
        case .running, .new, .well, .paused: nil
        }
    }
}

extension JobRecord {
    /// Whether it tells people of other jobs.
    package var isAlert: Bool { definition.isAlert }
}
