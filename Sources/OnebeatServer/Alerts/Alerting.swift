import Onebeat

// Alerts: people are told of jobs that need a look. What is told follows from the jobs' health, so that an alert says what the
// pages say. Rules are jobs, and messages are runs of these: they survive the death of nodes, are tried again, and stand in
// the history. The store keeps each incident once.

/// What is to be told, and what is over.
struct Alerting: Equatable {
    var opened: [Incident] = []
    var closed: [Int64] = []

    /// What is known when it is decided what to tell.
    struct View {
        var now: Timestamp
        /// All jobs, those of alerts among them.
        var lines: [HealthReader.Line]
        /// Incidents that are not over, and the newest of those that are.
        var known: [Incident]
        /// Runs that lately ended badly.
        var troubles: [Run] = []
    }

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
                if let incident = incident(of: watched, rule, name),
                    !open.contains(where: { $0.job == incident.job && $0.kind == incident.kind })
                {
                    result.opened.append(incident)
                }
            }
            result.opened += passing(rule, name, storedAt: line.job.createdAt, byName, view)
        }
        for incident in view.known where incident.closedAt == nil {
            let line = byName[incident.job]
            if let line, rules[incident.rule] != nil, isOpen(incident, line) { continue }
            result.closed.append(incident.id)
            guard let line, let rule = rules[incident.rule], rule.on.contains(AlertKind.recovered.rawValue),
                line.health.state != .paused, rule.watches(line.job)
            else { continue }
            result.opened.append(
                Incident(
                    rule: incident.rule, kind: .recovered, job: incident.job, since: incident.openedAt,
                    run: line.health.run, summary: "well again; it was \(incident.kind)", isNews: true))
        }
        return result
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

    private static func incident(of line: HealthReader.Line, _ rule: AlertRule, _ name: String) -> Incident? {
        let health = line.health
        guard let kind = health.alertKind, rule.on.contains(kind.rawValue) else { return nil }
        // Those that come in streaks have one; a run that hangs is one at once.
        guard health.streak == 0 || health.streak >= rule.after else { return nil }
        return Incident(
            rule: name, kind: kind, job: line.job.name, since: line.status?.lastSuccessAt ?? line.job.createdAt,
            run: health.run, summary: health.why)
    }

    /// Failures that were over before anybody looked.
    private static func passing(
        _ rule: AlertRule, _ name: String, storedAt: Timestamp, _ byName: [String: HealthReader.Line], _ view: View
    ) -> [Incident] {
        guard rule.after == 1 else { return [] }
        return view.troubles.compactMap { run in
            guard let line = byName[run.job], rule.watches(line.job), !line.health.needsLook,
                let end = run.finishedAt, end > max(storedAt, view.now - lookBack),
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
            return Incident(
                rule: name, kind: kind, job: run.job, since: end, run: run.id,
                summary: "\(run.state.words)\(why.map { ": \($0)" } ?? ""); it has done well since", isNews: true)
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
    /// What a job that needs a look is told as.
    var alertKind: AlertKind? {
        switch state {
        case .failing: outcome.flatMap(AlertKind.init(of:)) ?? .failed
        case .missing: .missed
        case .stuck: .stuck
        case .skipping: .skipping
        case .unserved: .queueUnserved
        case .waiting, .overdue: .late
        case .invalid: .invalid
        case .running, .new, .well, .paused: nil
        }
    }
}

extension JobRecord {
    /// Whether it tells people of other jobs.
    package var isAlert: Bool { if case .alert = definition.work { true } else { false } }
}
