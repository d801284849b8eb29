import Onebeat

// Reports: what the command and the pages say about jobs and runs, worked out from values. Nothing here reads a store
// or a clock, so each sentence has a test.

/// A definition as the keys and values of its YAML, in the order of the reference, so that two can be compared and one
/// can be shown. Values of the environment, headers and bodies may be secrets: they are compared and never shown.
package struct DefinitionKeys: Sendable, Equatable {
    /// One key and its value.
    package struct Entry: Sendable, Equatable {
        /// As in YAML; a dot leads into a map.
        package var key: String
        /// As in YAML, in one line.
        package var value: String
        /// Whether it is what the key has when left out.
        package var isDefault: Bool
        /// Whether the value may be shown.
        package var isSecret = false
        /// The value for people.
        package var shown: String { isSecret ? "(not shown)" : value }
    }

    /// All keys that have a value.
    package private(set) var entries: [Entry] = []

    /// The keys of a definition.
    package init(_ definition: JobDefinition) {
        if let description = definition.description { add("description", description) }
        if !definition.tags.isEmpty { add("tags", flow(definition.tags)) }
        if let owner = definition.owner { add("owner", owner) }
        if let each = definition.each { add("each", each.words) }
        for (job, need) in definition.needs.sorted(by: { $0.key < $1.key }) { add("needs.\(job)", need.words) }
        if definition.hasSecretOutput { add("secret", flow(["output"])) }
        if let by = definition.by { add("by", "\(by)") }
        add(definition.schedule)
        add(definition.work)
        add(definition.policies)
    }

    private mutating func add(_ key: String, _ value: String, default usual: String? = nil, isSecret: Bool = false) {
        entries.append(Entry(key: key, value: value, isDefault: value == usual, isSecret: isSecret))
    }

    private mutating func add(_ schedule: ScheduleDefinition) {
        switch schedule.rhythm {
        case .cron(let expressions): add("cron", flow(expressions))
        case .every(let length): add("every", length.text)
        case .delay(let length): add("delay", length.text)
        case .at(let moments): add("at", flow(moments.map(\.description)))
        case .repeat(let interval): add("repeat", interval)
        case .solar(let event):
            add("solar.event", event.kind.rawValue)
            add("solar.latitude", "\(event.latitude)")
            add("solar.longitude", "\(event.longitude)")
        case .event(let name): add("on.event", name)
        case .after(let jobs): add("after", flow(jobs))
        case .manual: break
        }
        let usual = ScheduleDefinition(.manual)
        add("timezone", schedule.timezone, default: usual.timezone)
        if let start = schedule.start { add("start", start.description) }
        if let end = schedule.end { add("end", end.description) }
        add("spread", schedule.spread.text, default: usual.spread.text)
        if !schedule.except.isEmpty { add("except", flow(schedule.except)) }
        add("dialect", schedule.dialect.rawValue, default: usual.dialect.rawValue)
        let clocks = schedule.daylightSaving
        add("dst.gap", clocks.gap.rawValue, default: usual.daylightSaving.gap.rawValue)
        add("dst.overlap", clocks.overlap.rawValue, default: usual.daylightSaving.overlap.rawValue)
    }

    private mutating func add(_ work: Work) {
        switch work {
        case .shell(let line, let settings):
            add("run", line)
            add(settings)
        case .command(let arguments, let settings):
            add("exec", flow(arguments))
            add(settings)
        case .http(let call): add(call)
        case .alert(let rule): add(rule)
        case .celery(let call): add(call)
        case .handler: add("handler", "a closure of the program")
        case .signal(let watch):
            switch watch.expected.rhythm {
            case .every(let length): add("signal.every", length.text)
            case .cron(let expressions): add("signal.cron", flow(expressions))
            case .delay, .at, .repeat, .solar, .event, .after, .manual: break
            }
            add("signal.timezone", watch.expected.timezone, default: ScheduleDefinition(.manual).timezone)
            add("signal.grace", watch.grace.text)
        case .unknown(let kind): add("kind", kind)
        }
    }

    private mutating func add(_ rule: AlertRule) {
        let usual = AlertRule(channel: "")
        add("on", flow(rule.on), default: flow(usual.on))
        if !rule.jobs.isEmpty { add("jobs", flow(rule.jobs)) }
        if !rule.tags.isEmpty { add("alert_tags", flow(rule.tags)) }
        add("after", "\(rule.after)", default: "\(usual.after)")
        add("group", rule.group.text, default: usual.group.text)
        if let length = rule.repeats { add("repeat", length.text) }
        if rule.output > 0 { add("output", "\(rule.output)") }
        if let quiet = rule.quiet { add("quiet", quiet.words) }
        add("channel", rule.channel)
        for (name, value) in rule.settings.sorted(by: { $0.key < $1.key }) {
            add("\(rule.channel).\(name)", value, isSecret: true)
        }
    }

    private mutating func add(_ call: HTTPCall) {
        let usual = HTTPCall(url: "")
        add("http.url", "\(SecretAddress(call.url))")
        add("http.method", call.method, default: usual.method)
        for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
            add("http.headers.\(name)", value, isSecret: true)
        }
        if let body = call.body { add("http.body", body, isSecret: true) }
        if !call.expected.isEmpty { add("http.expect", flow(call.expected.map(String.init))) }
        add("http.timeout", call.timeout.text, default: usual.timeout.text)
        add("http.redirects", "\(call.redirects)", default: "\(usual.redirects)")
        if let authorities = call.authorities { add("http.ca", authorities) }
        if call.handsOnBody { add("http.output", "body") }
    }

    private mutating func add(_ call: CeleryCall) {
        add("celery.task", call.task)
        if !call.arguments.isEmpty { add("celery.args", JSONValue.array(call.arguments).text, isSecret: true) }
        for (name, value) in call.keywords.sorted(by: { $0.key < $1.key }) {
            add("celery.kwargs.\(name)", value.text, isSecret: true)
        }
        if let queue = call.queue { add("celery.queue", queue) }
        if let priority = call.priority { add("celery.priority", "\(priority)") }
        if let expires = call.expires { add("celery.expires", expires.text) }
        if let countdown = call.countdown { add("celery.countdown", countdown.text) }
        if let limit = call.timeLimit { add("celery.time_limit", limit.text) }
        if let limit = call.softTimeLimit { add("celery.soft_time_limit", limit.text) }
        for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
            add("celery.headers.\(name)", value.text, isSecret: true)
        }
        add("celery.outcome", call.outcome.rawValue, default: CeleryCall.End.result.rawValue)
    }

    private mutating func add(_ settings: ProcessSettings) {
        let usual = ProcessSettings()
        add("environment", settings.base.rawValue, default: usual.base.rawValue)
        for (name, value) in settings.environment.sorted(by: { $0.key < $1.key }) {
            add("env.\(name)", value, isSecret: true)
        }
        if let directory = settings.directory { add("dir", directory) }
        if let user = settings.user { add("user", user) }
        if let memory = settings.memory { add("limits.memory", ByteCount.text(memory)) }
        if let cpu = settings.cpu { add("limits.cpu", Duration.seconds(cpu).text) }
        if let nice = settings.nice { add("limits.nice", "\(nice)") }
        add("grace", settings.grace.text, default: usual.grace.text)
        add("leave", "\(settings.leave)", default: "\(usual.leave)")
        add("output", settings.output.rawValue, default: usual.output.rawValue)
    }

    private mutating func add(_ policies: JobPolicies) {
        let usual = JobPolicies()
        let overlap = policies.overlapScope == .flow ? "{flow: skip}" : policies.overlap.rawValue
        add("overlap", overlap, default: usual.overlap.rawValue)
        if let limit = policies.limit { add("limit", "\(limit)") }
        add("missed", policies.missed.rawValue, default: usual.missed.rawValue)
        add("deadline", policies.deadline.text, default: usual.deadline.text)
        add("catch_up", "\(policies.catchUp)", default: "\(usual.catchUp)")
        add("retry.limit", "\(policies.retry.limit)", default: "\(usual.retry.limit)")
        add("retry.backoff", policies.retry.backoff.text, default: usual.retry.backoff.text)
        add("retry.max", policies.retry.max.text, default: usual.retry.max.text)
        add("retry.jitter", "\(policies.retry.jitter)", default: "\(usual.retry.jitter)")
        if let timeout = policies.timeout { add("timeout", timeout.text) }
        add("delivery", policies.delivery.rawValue, default: usual.delivery.rawValue)
        add("priority", "\(policies.priority)", default: "\(usual.priority)")
        add("queue", policies.queue, default: usual.queue)
        if let expect = policies.expect { add("expect", expect.text) }
        add("trigger_rule", policies.triggerRule.rawValue, default: usual.triggerRule.rawValue)
    }

    /// One value as it is, several in brackets.
    private func flow(_ values: [String]) -> String {
        values.count == 1 ? values[0] : "[\(values.joined(separator: ", "))]"
    }
}

/// Sizes as people write them.
package enum ByteCount {
    /// `512MiB`, where that is exact, else a smaller unit.
    package static func text(_ bytes: Int) -> String {
        for (name, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(name)"
        }
        return "\(bytes)B"
    }
}
