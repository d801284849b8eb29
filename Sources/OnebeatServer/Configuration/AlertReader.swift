import Onebeat

/// Reads `alerts`: each way in an entry becomes a job that tells people, `alerts/NAME/CHANNEL`.
struct AlertReader {
    let findings: Findings
    /// The file's zone.
    var timezone = "UTC"
    /// Reads a zone.
    let zone: (YAMLNode) throws(Misfit) -> String

    private static let keys =
        ["name", "on", "jobs", "tags", "after", "group", "repeat", "quiet", "output", "queue", "timeout"]
        + AlertChannel.allCases.map(\.rawValue)

    /// What the names of all jobs of alerts begin with.
    static let prefix = "alerts/"

    /// How often a message is tried, and with which pauses: for a working day.
    static let retry = RetryPolicy(limit: 60, backoff: .seconds(10), max: .seconds(600), jitter: 0.2)

    func read(_ node: YAMLNode) -> [JobDefinition] {
        guard case .sequence(let list) = node else {
            findings.problem(
                "is \(node.kind) where a list of alerts belongs, such as [{on: [failed], webhook: …}]",
                at: node.position,
                Place(path: ["alerts"]))
            return []
        }
        if list.nodes.isEmpty {
            findings.problem(
                "is an empty list; give it an alert or leave the key out", at: node.position, Place(path: ["alerts"]))
        }
        var jobs: [JobDefinition] = []
        // Also of entries that have other problems.
        var makers: [String: Int] = [:]
        for (index, entry) in list.nodes.enumerated() where !findings.isFull {
            let number = index + 1
            jobs += read(entry, number: number) { name in
                if let first = makers[name] {
                    findings.problem(
                        "makes \"\(name)\", as entry \(first) does; give each a `name` of its own", at: entry.position,
                        Place(path: ["alerts", "\(number)"]))
                }
                makers[name] = makers[name] ?? number
            }
        }
        return jobs
    }

    /// Of jobs that another file may define, and that more likely are misspelt.
    static func warn(
        of alerts: [JobDefinition], among jobs: [JobDefinition], at mark: Position?, _ findings: Findings
    ) {
        // A file of alerts alone tells of the jobs of others.
        guard !jobs.isEmpty else { return }
        let names = (jobs + alerts).map(\.name)
        var wanted: Set<String> = []
        for alert in alerts { if case .alert(let rule) = alert.work { wanted.formUnion(rule.jobs) } }
        for pattern in wanted.sorted() where !names.contains(where: { NamePattern.fits($0, pattern) }) {
            findings.warning(
                "jobs: \(quoted(pattern)) fits no job of this file; nobody is told of one until there is",
                at: mark, Place(path: ["alerts"]))
        }
    }

    /// - Parameter makes: told the name of each job that the entry makes.
    private func read(_ entry: YAMLNode, number: Int, makes: (String) -> Void) -> [JobDefinition] {
        let place = Place(path: ["alerts", "\(number)"])
        guard let map = MapReader(entry, place, keys: Self.keys, findings: findings) else { return [] }
        let name = map.value("name", Read.name) ?? "\(number)"
        var rule = AlertRule(channel: "")
        if let kinds = map.value("on", Read.list(of: Read.choice(of: AlertKind.self))) {
            rule.on = kinds.map(\.rawValue)
        }
        rule.jobs = map.value("jobs", Read.list(of: Read.name)) ?? []
        rule.tags = map.value("tags", Read.list(of: Read.name)) ?? []
        rule.after = map.value("after", Read.integer(1...1000)) ?? rule.after
        rule.group = map.value("group", Read.length) ?? rule.group
        rule.repeats = map.value("repeat", Self.repeats)
        rule.quiet = quiet(map)
        rule.output = map.value("output", Read.integer(0...AlertOutput.mostLines)) ?? 0
        if !map.has("on"), !rule.jobs.isEmpty || !rule.tags.isEmpty {
            // Who names jobs wants to hear of these.
            let whole = Set(AlertKind.ofTheWhole.map(\.rawValue))
            rule.on.removeAll(where: whole.contains)
        }
        var policies = JobPolicies()
        policies.retry = Self.retry
        policies.overlap = .allow
        policies.timeout = map.value("timeout", Read.positiveLength) ?? .seconds(60)
        if let queue = map.value("queue", Read.name) { policies.queue = queue }
        let channels = AlertChannel.allCases.filter { map.has($0.rawValue) }
        // A key that is misspelt may be the way to tell.
        if channels.isEmpty, Self.knowsAllKeys(of: entry) {
            let words = AlertChannel.allCases.map(\.rawValue).joined(separator: ", ")
            findings.problem("it tells nobody; give it a way to tell: \(words)", at: map.mark, place)
        }
        var told: Set<String> = []
        return channels.compactMap { channel -> JobDefinition? in
            makes("\(Self.prefix)\(name)/\(channel.rawValue)")
            guard let settings = settings(of: channel, map) else { return nil }
            rule.channel = channel.rawValue
            rule.settings = settings
            var job = JobDefinition(
                name: "\(Self.prefix)\(name)/\(channel.rawValue)",
                schedule: ScheduleDefinition(.manual, timezone: timezone),
                work: .alert(rule),
                policies: policies)
            if channel == .ping { job = Self.ping(job, rule) }
            do throws(DefinitionError) {
                return try job.validated()
            } catch {
                // What is wrong with the entry is wrong with each of its jobs.
                if told.insert("\(error.key) \(error.problem)").inserted {
                    findings.problem(
                        error.problem, at: map.node(error.key)?.position ?? map.mark, place.child(error.key))
                }
                return nil
            }
        }
    }

    private static func knowsAllKeys(of entry: YAMLNode) -> Bool {
        guard case .mapping(let mapping) = entry else { return true }
        return mapping.pairs.allSatisfy { keys.contains($0.key.string) }
    }

    /// It tells nothing of any job: it is due by itself, and says that all is well.
    private static func ping(_ job: JobDefinition, _ rule: AlertRule) -> JobDefinition {
        var (job, rule) = (job, rule)
        rule.on = []
        let every = rule.settings.removeValue(forKey: "every").flatMap { Duration(text: $0) } ?? .seconds(60)
        job.work = .alert(rule)
        job.schedule.rhythm = .every(every)
        job.policies.retry = RetryPolicy(limit: 2, backoff: .seconds(2), max: .seconds(10), jitter: 0.2)
        job.policies.overlap = .skip
        job.policies.missed = .skip
        return job
    }

    private static func repeats(_ node: YAMLNode) throws(Misfit) -> Duration {
        let length = try Read.length(node)
        guard length >= .seconds(60) else { throw Misfit("is \(length.text); 1m is the shortest, as in 4h") }
        return length
    }

    private func quiet(_ map: MapReader) -> QuietHours? {
        guard let inner = map.map("quiet", keys: ["from", "to", "timezone", "days"]) else { return nil }
        for key in ["from", "to"] where !inner.has(key) {
            inner.problem("is missing; write a time such as 22:00", key: key)
        }
        let days = inner.value("days", Read.list(of: Read.choice(of: Day.self))) ?? []
        let timezone = inner.value("timezone", zone) ?? timezone
        let (from, to) = (inner.value("from", Read.time), inner.value("to", Read.time))
        guard let from, let to else { return nil }
        return QuietHours(
            from: from, to: to, timezone: timezone,
            days: Set(days.compactMap { QuietHours.dayNames.firstIndex(of: $0.rawValue) }))
    }

    private enum Day: String, CaseIterable { case mon, tue, wed, thu, fri, sat, sun }

    /// A plain value is the first of the channel's settings.
    private func settings(of channel: AlertChannel, _ map: MapReader) -> [String: String]? {
        let key = channel.rawValue
        guard let node = map.node(key) else { return nil }
        let known = channel.keys
        if case .scalar = node {
            let missing = known.dropFirst().first { $0.isRequired }
            if let missing {
                map.problem(
                    "needs \(missing.name) as well; write it as a map, {\(known[0].name): …, \(missing.name): …}",
                    key: key)
                return nil
            }
            guard let text = map.value(key, Self.reader(of: known[0].name, channel)) else { return nil }
            return [known[0].name: text]
        }
        guard let inner = map.map(key, keys: known.map(\.name)) else { return nil }
        var settings: [String: String] = [:]
        var isWhole = true
        for (name, isRequired) in known {
            if let text = inner.value(name, Self.reader(of: name, channel)) {
                settings[name] = text
            } else if isRequired, !inner.has(name) {
                inner.problem("is missing", key: name)
                isWhole = false
            } else if inner.has(name) {
                isWhole = false
            }
        }
        return isWhole ? settings : nil
    }

    /// What can be told without the secrets is told where the file is read.
    private static func reader(of name: String, _ channel: AlertChannel) -> (YAMLNode) throws(Misfit) -> String {
        switch (channel, name) {
        case (.run, _): Read.words
        case (.ping, "every"):
            { (node) throws(Misfit) in
                let length = try Read.length(node)
                guard length >= .seconds(10) else { throw Misfit("is \(length.text); 10s is the shortest, as in 1m") }
                return length.text
            }
        case (_, "url"):
            { (node) throws(Misfit) in
                let text = try text(node)
                let isCall = ["http://", "https://", "${"].contains { text.lowercased().hasPrefix($0) }
                guard isCall else {
                    throw Misfit("is no address that can be called; it begins with https:// or http://")
                }
                return text
            }
        case (.email, "to"):
            { (node) throws(Misfit) in
                let text = try Read.list(of: text)(node).joined(separator: ", ")
                if text.contains("${") { return text }
                do {
                    _ = try Mailbox.list(text)
                } catch {
                    throw Misfit("\(error)")
                }
                return text
            }
        case (.email, "smtp"):
            { (node) throws(Misfit) in
                let text = try text(node)
                if text.hasPrefix("${") { return text }
                do {
                    _ = try SMTPAddress(text) { $0.contains("${") ? "x" : $0 }
                } catch {
                    throw Misfit("\(error)")
                }
                return text
            }
        default: text
        }
    }

    private static func text(_ node: YAMLNode) throws(Misfit) -> String {
        let text = try Read.words(node)
        try Read.checkVariables(text)
        return text
    }
}
