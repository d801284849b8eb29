import Onebeat

/// Reads `alerts`: each way in an entry becomes a job that tells people, `alerts/NAME/CHANNEL`.
struct AlertReader {
    let findings: Findings

    private static let keys =
        ["name", "on", "jobs", "tags", "after", "group", "queue", "timeout"] + AlertChannel.allCases.map(\.rawValue)

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
        for (index, entry) in list.nodes.enumerated() where !findings.isFull { jobs += read(entry, number: index + 1) }
        let names = Dictionary(grouping: jobs, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
        for name in names {
            findings.problem(
                "two entries make \"\(name)\"; give each a `name` of its own", at: node.position,
                Place(path: ["alerts"]))
        }
        return jobs
    }

    private func read(_ entry: YAMLNode, number: Int) -> [JobDefinition] {
        let place = Place(path: ["alerts", "\(number)"])
        let before = findings.problemCount
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
        var policies = JobPolicies()
        policies.retry = Self.retry
        policies.overlap = .allow
        policies.timeout = map.value("timeout", Read.positiveLength) ?? .seconds(60)
        if let queue = map.value("queue", Read.name) { policies.queue = queue }
        let channels = AlertChannel.allCases.filter { map.has($0.rawValue) }
        if channels.isEmpty, findings.problemCount == before {
            let words = AlertChannel.allCases.map(\.rawValue).joined(separator: ", ")
            findings.problem("it tells nobody; give it a way to tell: \(words)", at: map.mark, place)
        }
        return channels.compactMap { channel -> JobDefinition? in
            guard let settings = settings(of: channel, map) else { return nil }
            rule.channel = channel.rawValue
            rule.settings = settings
            let job = JobDefinition(
                name: "\(Self.prefix)\(name)/\(channel.rawValue)", schedule: .manual, work: .alert(rule),
                policies: policies)
            do throws(DefinitionError) {
                return try job.validated()
            } catch {
                findings.problem(
                    error.problem, at: map.node(error.key)?.position ?? map.mark, place.child(error.key))
                return nil
            }
        }
    }

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
